"""What of a style sheet stays: what can apply to a page, now or after a script."""

from __future__ import annotations

import pytest

from used_rules import Names, used_rules

PAGE = """
<!DOCTYPE html><html data-theme="light"><body>
<main id="main"><p class="intro wide">A table, and .card in prose.</p>
<svg viewBox="0 0 1 1"><linearGradient/></svg>
<button onclick="later.classList.add('pressed')"></button></main>
<script>
document.write(`<img class="only-dark">`);
element.classList.add(`bs-${kind}-auto`, "kind-" + kind);
element.dataset.bsPopper = "";
</script></body></html>
"""


@pytest.fixture(scope="module")
def names() -> Names:
    names = Names()
    names.add_page(PAGE)
    names.add_script("menu.classList.toggle('show')")
    return names


def kept(css: str, names: Names) -> str:
    return "".join(used_rules(css, names).split())


@pytest.mark.parametrize(
    "selector",
    [
        "*",
        ":root",
        "p",
        ".intro.wide",
        "#main > p::before",
        "tbody",  # what a browser adds
        "[open] p",
        "linearGradient",
        "P.intro",
        "[data-theme=dark] p:hover",
        "p:not(.never, #there)",
        ":is(.never, .intro) p",
        "p:nth-child(odd)",
        ".only-dark",  # what a script writes
        ".show",
        ".pressed",
        ".bs-tooltip-auto",
        ".kind-title",
        "[data-bs-popper]",
        "p::-moz-anything",
        "&",
    ],
)
def test_what_may_apply_stays(selector: str, names: Names) -> None:
    css = f"{selector}{{color:red}}"
    assert used_rules(css, names).replace(" ", "") == css.replace(" ", "")


@pytest.mark.parametrize(
    "selector",
    [
        "table",  # only in prose
        ".card",
        "#intro-2",
        "p .never",
        ".never p",
        "p.never:hover",
        "[data-never]",
        ":is(.never, #there)",
        ":where(.never) p",
        "p:has(> .never)",
        "p:is(.intro, .wide) .never",
    ],
)
def test_what_applies_nowhere_goes(selector: str, names: Names) -> None:
    assert used_rules(f"{selector}{{color:red}}", names) == ""


def test_of_a_list_what_may_apply_stays(names: Names) -> None:
    assert kept(".never, p, table > p, main{color:red}", names) == "p,main{color:red}"


def test_a_list_that_a_browser_may_refuse_stays_whole(names: Names) -> None:
    """Without its other half, what Firefox wants would apply in Chromium."""
    css = "p::-moz-x,.never::-webkit-y{color:red}"
    assert kept(css, names) == css
    assert kept(".never::-webkit-y{color:red}", names) == ""


def test_media_and_layers_stay_around_what_stays(names: Names) -> None:
    css = """
    @media print { p { color: red } .never { color: red } }
    @media screen { .never { color: red } }
    @supports (display: grid) { @layer a { main { color: red } } }
    @layer a, b;
    """
    assert kept(css, names) == (
        "@mediaprint{p{color:red}}"
        "@supports(display:grid){@layera{main{color:red}}}"
        "@layera,b;"
    )


def test_a_font_a_page_and_a_property_stay(names: Names) -> None:
    for rule in (
        '@font-face{font-family:F;src:url("f.woff")}',
        "@page{margin:1cm}",
        '@property --a{syntax:"<color>";inherits:true;initial-value:red}',
    ):
        assert kept(rule, names) == "".join(rule.split())


def test_a_movement_stays_where_it_is_used(names: Names) -> None:
    used = "p{animation:turn 1s}"
    turn = "@keyframes turn{to{opacity:0}}"
    assert kept(f"{turn}@-webkit-keyframes gone{{to{{top:0}}}}{used}", names) == (
        turn.replace(" ", "") + used.replace(" ", "")
    )


def test_strings_numbers_and_formulas_are_written_as_they_were(names: Names) -> None:
    css = (
        'p{content:"a  b /* no comment */";width:calc(1px  +  2px)!important;'
        "--x:{a b};background:url(\"data:image/svg+xml,%3csvg fill='%23a'/%3e\")}"
    )
    assert used_rules(f"/* a */ p /* b */ {css[1:]}", names) == css


def test_comments_and_white_space_go(names: Names) -> None:
    css = "/* a */\np  >\n\t:not( .x ) /* b */ {\n  color :  red ;/* c */\n}\n"
    assert used_rules(css, names) == "p > :not( .x ){color : red ;}"


@pytest.mark.parametrize("css", ["p { color: red }\n}", "@import 'a.css';"])
def test_what_is_no_whole_style_sheet_is_refused(css: str, names: Names) -> None:
    with pytest.raises(ValueError, match=r"line \d+"):
        used_rules(css, names)
