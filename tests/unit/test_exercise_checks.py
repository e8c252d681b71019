"""Cells that check: what the site, an e-book and paper show of them."""

import json
from html import unescape
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document
from myst_nb.sphinx_ import HideCodeCellNode

import exercise_checks
from collapse.exercises import check
from collapse.exercises.check import checker_of

NUMBER, CODE = "mixtures-keep", "mixtures-choosing"


def cell(source):
    """A cell that has run, as MyST-NB makes it."""
    code = nodes.container(nb_element="cell_code_source")
    code += nodes.literal_block(source, source)
    output = nodes.container(nb_element="cell_code_output")
    output += nodes.literal_block("", f"shown by {source}")
    made = nodes.container(nb_element="cell_code")
    made += [code, output]
    return made


def on(builder, *sources):
    """The cells of a page as a builder writes them."""
    kind = SimpleNamespace(
        name=builder,
        format=builder,
        get_target_uri=lambda name: f"{name}.html",
    )
    document = new_document("mixtures")
    document.settings.env = SimpleNamespace(
        app=SimpleNamespace(builder=kind), docname="mixtures"
    )
    document += [cell(source) for source in sources]
    exercise_checks.CheckOnPage(document).run()
    return document.children


@pytest.mark.parametrize("builder", ["html", "latex"])
def test_what_a_check_showed_is_taken_away_and_nothing_else(builder):
    source = f'answer = ...\ncheck("{NUMBER}", answer)'
    other = 'print("a check")'
    checked, plain = on(builder, source, other)
    assert source in checked.astext()
    assert "shown by" not in checked.astext()
    assert plain.astext() == cell(other).astext()


def test_only_the_site_folds_and_asks():
    sources = [f'check("{name}", answer)' for name in (NUMBER, CODE)]
    number, code = on("html", *sources)
    assert number[0].astext().startswith('<div class="static-form exercise-check"')
    assert isinstance(number[1], HideCodeCellNode)
    assert isinstance(code[0], HideCodeCellNode)
    assert code[0]["prompt_show"] == exercise_checks.TAKES_CODE
    assert len(code) == 1
    for each in on("latex", *sources):
        assert [child["nb_element"] for child in each] == ["cell_code_source"]


def test_an_exercise_that_nobody_checks_stops_the_build():
    with pytest.raises(ValueError, match="got 'mixtures-kept'"):
        on("html", 'check("mixtures-kept", answer)')


def test_a_form_holds_the_table_as_strict_json():
    """JSON has no infinity: an end that is none is null."""
    form = exercise_checks.box(NUMBER, checker_of(NUMBER), "mixtures.html")
    text = unescape(form.partition('data-checker="')[2].partition('"')[0])
    known = json.loads(text, parse_constant=pytest.fail)
    assert known["isShare"] is True
    assert known["table"][0][:2] == [1.0000000000000002, None]
    assert known["table"][-1][4] == check(NUMBER, 0.1).text
    assert known["noNumber"] in check(NUMBER, "x").text


def test_a_figure_of_another_page_has_its_address():
    lead, state = exercise_checks.lead, "#gaussian-walks?generation=35"
    assert lead(f"gaussian.html{state}", "gaussian.html") == state
    assert lead(f"gaussian.html{state}", "vae.html") == f"gaussian.html{state}"
    assert (
        lead(f"gaussian.html{state}", "appendix/a.html") == f"../gaussian.html{state}"
    )
    assert lead("", "vae.html") == ""
