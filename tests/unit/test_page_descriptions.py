"""Every page says of itself what it holds, each something else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document
from sphinx_external_toc.parsing import parse_toc_yaml

import page_descriptions
from page_descriptions import WITHOUT_A_SOURCE, describe, fault_of


def descriptions(root: Path) -> dict[str, str]:
    """Page -> its description; those of chapters as their front matter has them."""
    found = dict(WITHOUT_A_SOURCE)
    for name in parse_toc_yaml(root / "_toc.yml"):
        text = (root / "book" / f"{name}.md").read_text(encoding="utf-8")
        _, head, _ = text.split("---\n", 2)
        found[name] = yaml.safe_load(head)["myst"]["html_meta"]["description"]
    return found


def test_every_page_has_a_description_of_its_own(root: Path) -> None:
    found = descriptions(root)
    assert {name: fault_of(text) for name, text in found.items()} == dict.fromkeys(
        found, ""
    )
    assert len(set(found.values())) == len(found)
    assert [name for name, text in found.items() if not text.endswith(".")] == []


def a_page(**meta: str) -> nodes.document:
    document = new_document("page.md")
    for name, content in meta.items():
        document += nodes.meta("", name=name, content=content)
    return document


def warnings_about(
    monkeypatch: pytest.MonkeyPatch, pagename: str, doctree: nodes.document | None
) -> tuple[list[str], dict]:
    """What the build says of a page, and the page's context after it."""
    said: list[str] = []
    logger = SimpleNamespace(warning=lambda text, **_: said.append(text))
    monkeypatch.setattr(page_descriptions, "logger", logger)
    app = SimpleNamespace(builder=SimpleNamespace(name="html"))
    context: dict = {}
    describe(app, pagename, "page.html", context, doctree)
    return said, context


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"keywords": "x" * 100}, "no description"),
        ({"description": "Too short."}, "10 characters; 50 to 160 are wanted"),
        ({"description": "x" * 161}, "161 characters"),
    ],
)
def test_a_page_without_a_whole_sentence_is_a_warning(
    meta: dict, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (said,), _ = warnings_about(monkeypatch, "vae", a_page(**meta))
    assert message in said


def test_a_page_with_one_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    page = a_page(keywords="none", description="x" * 100)
    assert warnings_about(monkeypatch, "vae", page) == ([], {})


def test_a_page_without_a_source_is_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    said, context = warnings_about(monkeypatch, "search", None)
    assert said == []
    assert (
        f'name="description" content="{WITHOUT_A_SOURCE["search"]}"'
        in (context["metatags"])
    )
    (fault,), _ = warnings_about(monkeypatch, "unheard-of", None)
    assert "no description" in fault
