"""What the search shows: the words of articles, read from the built pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from claims_ledger import plain
from formula_text import in_one_line
from prerendered_math import formula as drawn
from site_search import words, words_of_all

PAGE = """<nav>Binder</nav><article class="bd-article"><section id="one"><h1>One<a
class="headerlink">#</a></h1><pre>import zipf</pre><p>Zipf &amp; <b>two</b></p><p>three
<mjx-container><svg>x</svg><mjx-assistive-mml><math><mi>n</mi></math></mjx-assistive-mml>
</mjx-container></p><span id="index-0"></span><form>Type</form><p hidden>not yet</p>
<dl><dt>Drift
</dt><dd>Chance.</dd></dl><table><tr><th>M</th><td>20</td><td>30</td></tr></table>
</section></article><footer>Repository</footer>"""


def test_words_are_those_of_the_article_in_sentences_first() -> None:
    assert words(PAGE) == (
        '<div id="one"> One Zipf &amp; two three n <div id="index-0"></div> '
        "Drift: Chance. M \N{MIDDLE DOT} 20 \N{MIDDLE DOT} 30 </div> import zipf"
    )


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (r"\sigma^2 = s_{n+1}^2", "σ² = s_(n+1)²"),
        (r"1 - 1/M", "1−1/M"),
        (r"\frac{kb^2}{1 + kb^2}", "kb²/(1+kb²)"),
        (r"\frac{3n}{2M}", "3n/(2M)"),
        (r"\sqrt{1 + 4m} \, \bar r", "√(1+4m)r̄"),
        (r"0.9^{-10}, x^{2k}, V^*, v'", "0.9⁻¹⁰,x^(2k),V*,v′"),
        (r"\log \sigma, \sum_{i=1}^n a", "log σ,∑_(i = 1)^na"),
    ],
)
def test_a_formula_is_said_in_one_line(formula: str, said: str) -> None:
    mathml = BeautifulSoup(drawn(formula, display=False), "html.parser").math
    assert in_one_line(mathml) == said


def test_pages_are_known_by_how_search_asks_for_them(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("index", "more/one", "404", "search"):
        (tmp_path / f"{name}.html").write_text("<article><p>Words</p></article>")
    (tmp_path / "more/frame.html").write_text("<p>no article</p>")
    script = words_of_all(tmp_path)
    known = json.loads(script.partition(" = ")[2].rstrip(";\n"))
    assert known == {"./index.html": "Words", "./more/one.html": "Words"}


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("It keeps 0.95 of it.", "It keeps 0.95 of it"),
        (
            r"At most $\pi^2/6$ of $0.9\,\sigma^2$ is left.",
            "At most π^2/6 of 0.9 σ^2 is left",
        ),
    ],
)
def test_a_claim_is_shown_without_marks_of_formulas(sentence: str, shown: str) -> None:
    assert plain(sentence) == shown
