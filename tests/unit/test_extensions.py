"""The extensions that make the pages: formulas, icons, the ledger."""

from __future__ import annotations

import base64
import copy
import io
import re
from pathlib import Path

import pytest
import yaml
from fontTools.ttLib import TTFont

import claims_ledger
import lean_pages
import prerendered_math
from subset_font import glyphs_of, subset_font


def glyphs_in(address: str) -> set[int]:
    """The code points of a font in a ``data:`` address."""
    content = base64.b64decode(address.split("base64,")[1])
    return set(TTFont(io.BytesIO(content)).getBestCmap())


def test_formula_is_drawn_and_spoken() -> None:
    html = prerendered_math.formula(r"\frac{\sigma^2}{M}", display=True)
    drawn, spoken = html.split("<mjx-assistive-mml>")
    assert "<mjx-mfrac" in drawn
    assert 'aria-hidden="true"' in drawn
    assert "<mfrac><msup><mi>&#x3C3;</mi><mn>2</mn></msup><mi>M</mi></mfrac>" in spoken


@pytest.mark.parametrize(
    ("tex", "message"),
    [(r"\frac{1}", "Missing argument"), (r"\sgima", "Undefined control sequence")],
)
def test_mistake_in_a_formula_is_an_error(tex: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prerendered_math.formula(tex, display=False)


@pytest.mark.parametrize(
    "tex",
    [
        r"\mathcal{N}(\mu, \sigma^2)",
        r"\left\{\begin{bmatrix}a\\b\\c\\d\\e\\f\end{bmatrix}\right\}",
        r"\overbrace{a+b+c+d+e+f+g+h}^{\text{eight}} \to \mathbb{E}",
    ],
)
def test_style_sheet_draws_each_character_of_a_formula(
    tex: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(prerendered_math.formula(tex, display=True), encoding="utf-8")
    css = prerendered_math.math_style_sheet([page])

    drawn = set(re.findall(r'<mjx-c class="(mjx-c[0-9A-F]+)', page.read_text()))
    ruled = set(re.findall(r"\.(mjx-c[0-9A-F]+)", css))
    assert drawn
    assert drawn <= ruled
    held = set()
    for address in re.findall(r'url\("(data:[^"]*)"\)', css):
        held |= glyphs_in(address)
    shown = set()
    for declarations in re.findall(r'content: "[^"]*"', css):
        shown |= set(prerendered_math._content(declarations))
    assert shown <= held | {0x20, 0xA0}
    everything = prerendered_math.engine().call("styleSheet")
    assert len(css) < len(everything) / 4, "rules of other formulas are in there"


def test_page_without_a_formula_needs_no_style_sheet(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>No formula.</p>", encoding="utf-8")
    assert prerendered_math.math_style_sheet([page]) == ""


def test_icons_are_cut_to_those_that_a_page_shows(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<i class="fas fa-rocket"></i><span class="fa-brands fa-github"></span>'
        '<span class="other fa-play-not-an-icon"></span>',
        encoding="utf-8",
    )
    css = lean_pages.icon_style_sheet([page], [])
    rules = re.findall(r'\.fa-([a-z-]+)::before \{ content: "\\([0-9a-f]+)"', css)
    assert sorted(rules) == [("github", "f09b"), ("rocket", "f135")]
    fonts = [glyphs_in(address) for address in re.findall(r'url\("([^"]*)"\)', css)]
    assert fonts == [{0xF135}, {0xF09B}]


def test_font_without_a_wanted_glyph_is_refused() -> None:
    path = lean_pages.font_file("solid")
    absent = 0x4E2D
    assert absent not in glyphs_of(path)
    with pytest.raises(ValueError, match=r"fa-solid-900\.ttf has no glyph for U\+4E2D"):
        subset_font(path, [0xF135, absent])


@pytest.fixture
def claims(root: Path) -> list[dict]:
    text = (root / "book" / "appendix" / "claims.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def test_ledger_is_complete(claims: list[dict], root: Path) -> None:
    assert list(claims_ledger.faults(claims, root)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda claim: claim.pop("formula"), "'formula' is missing"),
        (lambda claim: claim.pop("test"), "'test' is missing"),
        (lambda claim: claim.update(kind="about"), "kind is none of equal, less"),
        (lambda claim: claim.update(false_alarm="1e-4"), "'false_alarm' is missing"),
        (lambda claim: claim["protocol"].update(experiment="none"), "no test"),
        (lambda claim: claim.update(test="tests/nowhere.py::test_it[x]"), "no test"),
        (lambda claim: claim.update(id="renamed"), "is the test of something else"),
    ],
)
def test_claim_without_a_part_or_a_test_fails_the_build(
    change, message: str, claims: list[dict], root: Path
) -> None:
    broken = copy.deepcopy(claims)
    change(broken[0])
    found = list(claims_ledger.faults(broken, root))
    assert len(found) >= 1
    assert any(message in fault for fault in found), found


def test_claim_that_is_there_twice_is_found(claims: list[dict], root: Path) -> None:
    (fault,) = claims_ledger.faults([*claims, claims[0]], root)
    assert fault == f"claim {claims[0]['id']}: the id is there 2 times"
