"""A little encyclopaedia written for this book: 24 topics, some common, some rare.

Every sentence it can write is meant to be true, and short enough for a small model to
learn; what is kept of it after some generations can be counted. Floor 1: it holds the
forms of sentences, takes the facts from `topics`, and leaves the mathematics to
`grammar`.
"""

from collections.abc import Sequence
from functools import cache
from itertools import permutations

from .grammar import Grammar, Line, Plan, expand
from .lines import in_order
from .topics import ARCHITECTURE, JACKRABBITS, PLURALS, TOPICS, Subject, Topic

__all__ = [
    "ARCHITECTURE",
    "FACT_EXPONENT",
    "JACKRABBITS",
    "TOPICS",
    "TOPIC_EXPONENT",
    "WORD_EXPONENT",
    "encyclopaedia",
]

TOPIC_EXPONENT = 1.3
"""Topic k of 24 has probability proportional to k**-1.3: from 38 % to 0.6 %."""

FACT_EXPONENT = 0.7
"""The same for the subjects of a topic, the facts of a subject and constructions."""

WORD_EXPONENT = 0.5
"""The same for the choices of words within a sentence."""

_QUANTITY = "{some|many|a few}"
_KNOW, _KNOWS = "{know|say|insist|agree}", "{knows|says|insists|agrees}"
_ADMIRE = "{admire|study|praise|love}"


@cache
def encyclopaedia() -> Grammar:
    """Return the grammar of the encyclopaedia.

    A document has three sentences about one subject. The first names it, the second
    speaks of *it* or of *them*, the third names it again; verbs and pronouns agree with
    the subject, or with whoever speaks about it.
    """
    plans = []
    for topic, share in zip(TOPICS, _zipf(len(TOPICS), TOPIC_EXPONENT), strict=True):
        shares = _zipf(len(topic.subjects), FACT_EXPONENT)
        for subject, part in zip(topic.subjects, shares, strict=True):
            slots = [_opening(topic, subject), _middle(topic, subject)]
            slots.append(_closing(topic, subject))
            plans.append(Plan(topic.name, slots, share * part))
    return Grammar(plans, WORD_EXPONENT)


def _opening(topic: Topic, subject: Subject) -> list[Line]:
    forms = {
        "plain opening": f"{subject.name} ~ .",
        "aside": f"{subject.name} , {subject.aside} , ~ .",
        "setting": f"{topic.setting} , {subject.name} ~ .",
        "report of many": f"{_people(topic)} {_KNOW} that {subject.name} ~ .",
        "report of one": f"any wise {_person(topic)} {_KNOWS} that {subject.name} ~ .",
    }
    return _lines(forms, subject, subject.opening)


def _middle(topic: Topic, subject: Subject) -> list[Line]:
    pronoun, object_ = ("they", "them") if subject.plural else ("it", "it")
    forms = {
        "plain pronoun": f"{pronoun} ~ .",
        "framed pronoun": f"{{besides|of course|in fact|what is more}} , {pronoun} ~ .",
        "two facts": f"{pronoun} ~ and ~ .",
        "praise": (f"{pronoun} ~ , and {_people(topic)} {_ADMIRE} {object_} ."),
        "pronoun in report": f"{_people(topic)} {_KNOW} that {pronoun} ~ .",
    }
    return _lines(forms, subject, subject.middle)


def _closing(topic: Topic, subject: Subject) -> list[Line]:
    forms = {
        "plain closing": f"{subject.short} ~ .",
        "framed closing": f"{{even so|all the same|in the end}} , {subject.short} ~ .",
        "relative clause": f"{_people(topic)} {_ADMIRE} {subject.short} , which ~ .",
        "condition of one": f"if the {_person(topic)} is right , {subject.short} ~ .",
        "condition of many": f"if the {_folk(topic)} are right , {subject.short} ~ .",
    }
    return _lines(forms, subject, subject.closing)


def _lines(forms: dict[str, str], subject: Subject, facts: Sequence[str]) -> list[Line]:
    """Put each fact, or each pair of facts, into each form."""
    shares = _zipf(len(facts), FACT_EXPONENT)
    names = [_in_words(f"{subject.short} {fact}") for fact in facts]
    lines = []
    weights = _zipf(len(forms), FACT_EXPONENT)
    for (construction, form), weight in zip(forms.items(), weights, strict=True):
        said = form.count("~")
        for chosen in permutations(range(len(facts)), said):
            text, share, left = form, weight, 1.0
            for fact in chosen:
                text = text.replace("~", facts[fact], 1)
                # Without replacement: the second fact is not the first one.
                share *= shares[fact] / left
                left -= shares[fact]
            stated = tuple(names[fact] for fact in chosen)
            lines.append(Line(text, construction, stated, share))
    return lines


def _people(topic: Topic) -> str:
    return f"{_QUANTITY} {_folk(topic)}"


def _folk(topic: Topic) -> str:
    return (
        "{"
        + "|".join(PLURALS.get(person, person + "s") for person in topic.people)
        + "}"
    )


def _person(topic: Topic) -> str:
    return "{" + "|".join(topic.people) + "}"


def _in_words(text: str) -> str:
    """Return a text with the first of its choices."""
    return " ".join(expand(text)[0][0])


def _zipf(count: int, exponent: float) -> list[float]:
    weights = [rank**-exponent for rank in range(1, count + 1)]
    return [weight / in_order(weights) for weight in weights]
