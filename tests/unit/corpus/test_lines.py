"""Lines written out, and those that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from collapse.corpus.grammar import Grammar, Line, Plan, expand


def test_choices_nest_and_may_be_empty():
    found = {" ".join(words): p for words, p in expand("{a|b {c|}} d .")}
    assert found == pytest.approx({"a d .": 0.5, "b c d .": 0.25, "b d .": 0.25})


def test_later_choices_are_rarer():
    found = [p for _, p in expand("{a|b|c} .", exponent=1.0)]
    assert found == pytest.approx(np.array([6, 3, 2]) / 11)


@pytest.mark.parametrize("torn", ["{a|b .", "a} .", "a | b ."])
def test_torn_braces_are_refused(torn):
    with pytest.raises(ValueError, match="matching braces"):
        expand(torn)


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ([], "plans must be at least one"),
        ([Plan("t", [])], "slots must be"),
        ([Plan("t", [[]])], "slots must be"),
        ([Plan("t", [[Line("no stop")]])], "text must be words that end"),
        ([Plan("t", [[Line("a . b .")]])], "text must be words that end"),
        ([Plan("t", [[Line(".")]])], "text must be words that end"),
        ([Plan("t", [[Line("</s> .")]])], "text must be without"),
        ([Plan("t", [[Line("a .", weight=0.0)]])], "weight must be above 0"),
        ([Plan("t", [[Line("a .")]], weight=-1.0)], "weight must be"),
        (["a ."], "plans must be made of Plan"),
    ],
)
def test_a_grammar_without_sentences_is_refused(plans, message):
    with pytest.raises(ValueError, match=message):
        Grammar(plans)
