"""The extensions that make the pages: formulas, icons, the ledger."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace

import claims_ledger
import claims_reader
import collapse
import lean_pages
import prerendered_math
import printed_pages
import stacked_tables
import unbroken
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
    css = "".join(prerendered_math.math_style_sheets([page]))

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
    assert prerendered_math.math_style_sheets([page]) == ("", "")


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


def test_icons_of_a_newer_theme_are_found(tmp_path: Path, monkeypatch) -> None:
    """Older style sheets say ``content``, newer ones ``--fa``; fonts lie elsewhere."""
    lean_pages.icon_codepoints.cache_clear()
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "theme.css").write_text(
        r'.fa-rocket{--fa:"\f135"}.fa-a,.fa-b{--fa:"\f001"}.fa-spin{color:red}'
    )
    monkeypatch.setattr(lean_pages, "THEME", tmp_path)
    try:
        found = lean_pages.icon_codepoints()
    finally:
        lean_pages.icon_codepoints.cache_clear()
    assert found == {"rocket": 0xF135, "a": 0xF001, "b": 0xF001}


@pytest.mark.parametrize("ending", ["", ".git", "/", ".git/", "/.git"])
def test_links_begin_with_the_plain_address_of_the_repository(ending: str) -> None:
    plain = "https://github.com/someone/a.github.io"
    config = SimpleNamespace(html_theme_options={"repository_url": plain + ending})
    lean_pages.plain_address(None, config)
    assert config.html_theme_options["repository_url"] == plain


def test_the_version_on_paper_is_that_of_the_package(root: Path) -> None:
    assert printed_pages.version(root / "book") == collapse.__version__


def test_font_without_a_wanted_glyph_is_refused() -> None:
    path = lean_pages.font_file("solid")
    absent = 0x4E2D
    assert absent not in glyphs_of(path)
    with pytest.raises(ValueError, match=r"fa-solid-900\.ttf has no glyph for U\+4E2D"):
        subset_font(path, [0xF135, absent])


def test_a_font_cut_down_keeps_its_date() -> None:
    """Or every build would have another style sheet for browsers to load."""
    path = lean_pages.font_file("solid")
    content = base64.b64decode(subset_font(path, [0xF135]).split("base64,")[1])
    before, after = TTFont(path), TTFont(io.BytesIO(content))
    assert after["head"].modified == before["head"].modified


@pytest.fixture
def entries() -> list[dict]:
    """The entries of one chapter, as they are written."""
    path = claims_reader.APPENDIX / "claims" / "gaussian.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_ledger_is_complete(root: Path) -> None:
    for claim in claims_reader.read_claims():
        assert list(claims_ledger.test_faults(claim, root)) == []
        assert claim["bib"]
        assert claim["false_alarm"] <= 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda entry: entry.pop("id"), "'id' is a required property"),
        (lambda entry: entry.pop("formula"), "'formula' is a required property"),
        (lambda entry: entry.update(kind="about"), "not one of ['equal', 'less']"),
        (lambda entry: entry.update(false_alarm="1e-4"), "not of type 'number'"),
        (lambda entry: entry.update(false_alarm=0.01), "greater than the maximum"),
        (lambda entry: entry.update(expected=[1.0]), "not of type 'string'"),
        (lambda entry: entry.update(claim="No full stop"), "does not match"),
        (lambda entry: entry.update(note="why"), "'note' was unexpected"),
        (lambda entry: entry.update(chapter="vae"), "'chapter' was unexpected"),
        (lambda entry: entry["rival"].pop("text"), "'text' is a required property"),
        (lambda entry: entry["rival"]["values"].append(1), "as many rivals"),
        (lambda entry: entry.pop("theory"), "'theory' is a dependency"),
    ],
)
def test_an_entry_with_a_fault_is_refused(
    change, message: str, entries: list[dict], tmp_path: Path
) -> None:
    broken = next(entry for entry in entries if "theory_arguments" in entry)
    change(broken)
    file = tmp_path / "gaussian.yml"
    file.write_text(yaml.safe_dump(entries), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(message)) as failure:
        claims_reader.read_claims(tmp_path)
    begins = [
        number
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if line.startswith("- ")
    ]
    line = begins[entries.index(broken)]
    name = broken.get("id", "(without an id)")
    assert str(failure.value).startswith(f"{file}:{line}: claim {name}: ")
    assert len(str(failure.value).splitlines()) == 1


def test_a_claim_that_is_there_twice_is_found(entries: list[dict]) -> None:
    places = {"a:1": entries[0], "a:9": entries[1], "b:1": entries[0]}
    said = f"claim {entries[0]['id']}: the id is there 2 times"
    assert list(claims_reader.faults(places)) == [f"a:1: {said}", f"b:1: {said}"]


def test_a_file_of_the_ledger_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "claims.schema.yml"
    path.write_text("type: object\nproperties: [\n")
    with pytest.raises(ValueError, match=rf'"{path}", line 3'):
        claims_reader.read_yaml(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: a\n  expected: ['1'\n  kind: less\n", 'gaussian.yml", line 2'),
        ("- id: a\n\tkind: less\n", 'gaussian.yml", line 2'),
        ("- id: a\n- words\n", "gaussian.yml:2: claim (without an id): $: 'words'"),
        ("id: a\n", "gaussian.yml: a list of claims"),
        ("", "gaussian.yml: a list of claims"),
    ],
)
def test_what_is_no_list_of_claims_ends_the_build_and_is_named(
    text: str, said: str, tmp_path: Path
) -> None:
    """By an error that stands alone, not by a warning for each link to a claim."""
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "gaussian.yml").write_text(text)
    links = "".join(f"{{claim}}`{name}`\n\n" for name in "abc")
    ledger = "```{claims-ledger} gaussian\n```\n"
    (tmp_path / "index.md").write_text(f"# Claims\n\n{links}{ledger}")
    out, told = str(tmp_path / "out"), io.StringIO()
    with docutils_namespace(), pytest.raises(SphinxError) as failure:
        Sphinx(
            str(tmp_path),
            None,
            out,
            out,
            "html",
            {"extensions": ["myst_parser", "claims_ledger"]},
            status=None,
            warning=told,
        ).build()
    assert said in str(failure.value)
    assert "undefined label" not in told.getvalue()


@pytest.mark.parametrize("field", ["experiment", "chapter"])
def test_a_claim_without_an_experiment_is_found(field: str, root: Path) -> None:
    claim = {**claims_reader.read_claims()[0], field: "none"}
    (fault,) = claims_ledger.test_faults(claim, root)
    assert fault.startswith(f"claim {claim['id']}: no test: tests/claims/experiments/")


def test_a_claim_without_a_test_is_found(root: Path, monkeypatch) -> None:
    monkeypatch.setattr(claims_ledger, "TEST", "tests/claims/test_claims.py::test_no")
    (fault,) = claims_ledger.test_faults(claims_reader.read_claims()[0], root)
    assert "tests/claims/test_claims.py has no function 'test_no'" in fault


def test_a_claim_without_a_measured_power_is_found(root: Path) -> None:
    claim = {**claims_reader.read_claims()[0], "power": None}
    (fault,) = claims_ledger.test_faults(claim, root)
    assert fault == f"claim {claim['id']}: its power was not measured: make power"


def test_a_claim_without_a_measurement_is_found(root: Path) -> None:
    claim = {**claims_reader.read_claims()[0], "measured": None}
    (fault,) = claims_ledger.test_faults(claim, root)
    assert fault == f"claim {claim['id']}: nothing was measured: make measured"


@pytest.mark.parametrize(
    ("low", "value", "high", "text"),
    [
        (0.84213, 0.84337, 0.84461, "0.8434 (0.8421 to 0.8446)"),
        (-2.0312, -2.0179, -2.0046, "-2.018 (-2.031 to -2.005)"),
        (98.2, 110.0, 121.8, "110 (98 to 122)"),
        (0.121577, 0.121577, 0.121577, "0.1216, without scatter"),
    ],
)
def test_a_measurement_is_shown_as_far_as_it_is_known(low, value, high, text) -> None:
    assert claims_ledger.found(low, value, high) == text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arguments", {"refits": 3}),
        ("expected", ["0.6"]),
        ("kind", "less"),
        ("false_alarm", 1e-5),
        ("rival", {"values": [2.0], "text": "Another one."}),
    ],
)
def test_another_run_has_another_power(field: str, value: object) -> None:
    claim = claims_reader.read_claims()[0]
    run = claims_reader.run_of(claim)
    assert claims_reader.run_of({**claim, "claim": "Said in other words."}) == run
    assert claims_reader.run_of({**claim, field: value}) != run


def test_what_an_entry_leaves_out_follows(entries: list[dict]) -> None:
    (claim,) = (
        claim
        for claim in claims_reader.read_claims()
        if claim["id"] == "gaussian-mle-variance-decay"
    )
    follows = {
        "chapter": "gaussian",
        "test": f"{claims_reader.TEST}[gaussian-mle-variance-decay]",
        "kind": "equal",
        "false_alarm": 1e-4,
        "bib": "shumailov2024collapse",
    }
    for name, path in (
        ("power", claims_reader.POWER),
        ("measured", claims_reader.MEASURED),
    ):
        follows[name] = yaml.safe_load(path.read_text("utf-8"))[claim["id"]]
    assert claim == {**entries[0], **follows}


def test_a_number_and_its_per_cent_sign_stay_together_but_in_code() -> None:
    page = nodes.paragraph()
    page += [nodes.strong(text="67"), nodes.Text(" % of 10 000, x % y")]
    page += nodes.literal(text="100 % 7, 10 000")
    document = new_document("page")
    document += page
    unbroken.KeepTogether(document).run()
    assert page.astext() == "67\xa0% of 10\u202f000, x % y100 % 7, 10 000"


def test_what_ends_a_clause_stays_beside_its_formula() -> None:
    page = nodes.paragraph()
    page += [nodes.math(text="x"), nodes.Text("): and "), nodes.math(text="y")]
    page += nodes.Text(" is")
    document = new_document("page")
    document += page
    unbroken.KeepTogether(document).run()
    (whole,) = page.findall(nodes.inline)
    assert whole["classes"] == ["unbroken"]
    assert [part.astext() for part in whole] == ["x", "):"]
    assert page.astext() == "x): and y is"


def table(columns: list[str], *cells: str) -> str:
    heads = "".join(f"<th><p>{name}</p></th>" for name in columns)
    row = "".join(f"<td><p>{text}</p></td>" for text in cells)
    return (
        f'<table class="table"><thead><tr>{heads}</tr></thead>'
        f"<tbody><tr>{row}</tr></tbody></table>"
    )


def test_cells_of_a_wide_table_of_words_name_their_columns() -> None:
    words = [
        "a bell",
        "<a>its spread</a>, and more",
        "so fast as one can tell",
        "a few",
    ]
    context = {
        "body": "<p>1</p>" + table(["What", "Loses", "How fast", "Keeps"], *words)
    }
    stacked_tables.stack_tables(None, "page", "", context, None)
    body = BeautifulSoup(context["body"], "html.parser")
    assert body.table["class"] == ["table", "stacked"]
    named = [cell.get("data-column") for cell in body.select("td")]
    assert named == [None, "Loses", "How fast", "Keeps"]
    assert [cell.decode_contents() for cell in body.select("td p")] == words


@pytest.mark.parametrize(
    "as_it_is",
    [
        table(["a", "b", "c", "d"], "1", "2", "3", "4"),
        table(["a", "b"], "x " * 9, "y"),
        table(["a", "b", "c", "d"]),
    ],
)
def test_tables_of_numbers_and_narrow_ones_stay(as_it_is: str) -> None:
    context = {"body": as_it_is}
    stacked_tables.stack_tables(None, "page", "", context, None)
    assert context["body"] == as_it_is
