"""What a public docstring says of its parameters is what the signature takes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.hooks.validate_docstrings import parse_config
from numpydoc.validate import validate

import collapse

CHECKS = parse_config(Path(__file__).parents[2])["checks"]


def public_modules() -> list[str]:
    """Return the modules of the package that a reader may import."""
    found = pkgutil.walk_packages(collapse.__path__, "collapse.")
    return [each.name for each in found if "._" not in each.name]


def public_names(module: str) -> Iterator[str]:
    """Yield the classes, functions and methods that a module itself defines."""
    for name, value in vars(importlib.import_module(module)).items():
        own = getattr(value, "__module__", None) == module
        if own and not name.startswith("_"):
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{module}.{name}"
            if inspect.isclass(value):
                yield from (f"{module}.{name}.{each}" for each in public_methods(value))


def public_methods(kind: type) -> list[str]:
    """Return the methods a class defines, but for those its base class describes."""
    return [
        name
        for name, value in vars(kind).items()
        if not name.startswith("_")
        and (callable(value) or isinstance(value, classmethod | staticmethod))
        and not (value.__doc__ is None and inspect.getdoc(getattr(kind, name)))
    ]


def findings(name: str) -> list[str]:
    """Return what numpydoc finds of what pyproject.toml asks it to check.

    A docstring without a list of parameters names them in its sentence.
    """
    found = validate(name)
    listed = "\nParameters\n" in found["docstring"]
    return [
        f"{code} {message}"
        for code, message in found["errors"]
        if code in CHECKS and (listed or code != "PR01")
    ]


@pytest.mark.filterwarnings("ignore:Widget:DeprecationWarning")
@pytest.mark.parametrize("module", public_modules())
def test_docstrings_say_what_the_signatures_take(module: str) -> None:
    lagging = [
        f"{name}: {finding}"
        for name in public_names(module)
        for finding in findings(name)
    ]
    assert lagging == []


def one(a, b):
    """Return one.

    Parameters
    ----------
    b : float
        Half of one.
    c : float
        No parameter at all.
    """


def two(a):
    """Return a."""


def three(a):
    pass


@pytest.mark.parametrize(
    ("function", "codes"),
    [(one, {"PR01", "PR02"}), (two, set()), (three, {"GL08"})],
)
def test_a_docstring_that_lags_behind_is_found(function, codes, monkeypatch) -> None:
    monkeypatch.setattr(collapse, function.__name__, function, raising=False)
    found = findings(f"collapse.{function.__name__}")
    assert {each.split()[0] for each in found} == codes, found
