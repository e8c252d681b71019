"""What the chapter on language models writes out and says is so."""

import functools
import itertools
import operator
import re
from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F  # noqa: N812

from collapse import sweep
from collapse.corpus.books import list_books
from collapse.corpus.encyclopaedia import encyclopaedia
from collapse.corpus.grammar import END
from collapse.corpus.text import read_tokenizer
from collapse.corpus.words import read_classifier, words
from collapse.experiments._english import HELD_OUT
from collapse.experiments.encyclopaedia_mixing import PERPLEXITIES, SHOWN
from collapse.experiments.english import TOPIC_SHARES
from collapse.glue import grouped
from collapse.measures import repeated_ngrams
from collapse.opt import OPT, Decoding, OPTConfig, generate, load_opt
from language_panels import strange_words
from support.chapters import BOOK, run_chapter

DRAWN_ANEW = "Each setting drew texts of its own, in generation 0, too."
WARM, COOL, BEAM = "temperature 1", "temperature 0.8", "beam search"
FREE = "free writing"
DRAWN = (WARM, "temperature 0.9", COOL)
SHARES = (0, 0.1, 0.5, 1)

PROSE = (BOOK / "language-model.md").read_text(encoding="utf-8")
GLUED = re.compile(r"\{glue:text\}`([^`]+)`")
ASKED_FOR = sorted(set(GLUED.findall(PROSE)))
RESULTS = {
    "mixing": "encyclopaedia_mixing",
    "errors": "encyclopaedia_errors",
    "manual": "real_text",
}
ENGLISH = sweep.DATA / "english"
PER_CENT = ("grammatical", "distinct_2", "drifted", "repeated")
# What a paragraph says that shows a number of this measure, setting or share.
SAID_OF = {
    "real_perplexity": "erplexity",
    "own_perplexity": "own texts",
    "grammatical": "without a mistake|grammar",
    "topics": "[Tt]opic",
    "facts": "[Ff]act",
    "distinct_2": "pairs of words",
    "drifted": "elsewhere|wander",
    "repeated": "[Rr]epe",
    "real": "erplexity",
    "churches": "churches",
    "built": "[Aa]rchitecture",
    "cooked": "cookery",
    "unknown": "[Uu]nknown|no book holds",
    "grown": "perplexity of rare subjects",
    "architecture": "architecture",
    "animals": "animals",
    "railways": "railways",
    "beam search": "[Bb]eam search",
    "temperature 1, no loop": "temperature 1, no loop",
    "temperature 0.8, no loop": "temperature 0.8, no loop",
    "first weights": "first weights",
    "from scratch": "from scratch",
    "3000 documents": "3000 documents",
    "accumulate": "accumulate",
    "nucleus 0.9": "nucleus",
    "repetition penalty 2": "repetition penalty",
    "real openings": "[Rr]eal openings",
    "real openings, beam search": "eal openings.* [Bb]eam search",
    "0.1": "tenth|Ten per cent",
    "0.5": "half",
    "1": "real texts? only|real only|[Ww]ith real\\s+text only",
}


def said_around(name):
    """What stands beside a number: its paragraph, or its row and column of a table."""
    blocks = PROSE.split("\n\n")
    for place, block in enumerate(blocks):
        if f"`{name}`" not in block:
            continue
        if not block.startswith("|"):
            yield block
            continue
        head, _, *rows = (line.strip("|").split("|") for line in block.split("\n"))
        for row in rows:
            for column, cell in enumerate(row):
                if f"`{name}`" in cell:
                    yield " ".join([blocks[place - 1], head[0], row[0], head[column]])


@pytest.fixture(scope="module")
def names():
    return run_chapter(BOOK / "language-model.md").names


@pytest.fixture(scope="module")
def glued(names):
    """Return the numbers that sentences can ask for, by name."""
    shown = run_chapter(BOOK / "language-model.md").values
    small = [value for value in shown if isinstance(value, dict)]
    return functools.reduce(operator.or_, small, names["numbers"])


@pytest.fixture(scope="module")
def said():
    """Return a function: what the caption of a figure says in some state."""
    figures = run_chapter(BOOK / "language-model.md").explorations

    def look(number, **values):
        sliders = figures[number].sliders
        assert {slider.name for slider in sliders} == set(values)
        return figures[number].draw(
            [list(slider.values).index(values[slider.name]) for slider in sliders]
        )

    return look


@pytest.fixture(scope="module")
def course():
    """Return a function: a measure (generations, chains) of one cell."""
    result = sweep.load("encyclopaedia_mixing")

    def look(name, decoding, real_fraction=0):
        return result.select(
            name, decoding=decoding, real_fraction=real_fraction, repetition=0
        )

    return look


@pytest.fixture(scope="module")
def trial():
    """Return a function: a measure (generations, chains) of one setting."""
    result = sweep.load("encyclopaedia_errors")
    return lambda name, setting: result.select(name, setting=setting, repetition=0)


def below(less, more):
    """Check that every chain lies below every other one."""
    assert less.max() < more.min(), (less, more)


class TestEncyclopaedia:
    def test_it_has_the_topics_words_and_facts_that_are_named(self):
        grammar = encyclopaedia()
        assert len(grammar.topics) == 24
        shares = dict(zip(grammar.topics, grammar.topic_probabilities, strict=True))
        assert f"{100 * shares['weather']:.0f}" == "38"
        assert f"{100 * shares['numbers']:.1f}" == "0.6"
        assert grammar.topics.index("medieval architecture") == 3 - 1
        assert grammar.topics.index("jackrabbits") == 20 - 1
        # With the full stop and the comma, without the special tokens.
        assert len(grammar.words) - 4 == 770
        assert len(grammar.facts) == 259


def assert_rounded(text, number):
    """Check that a text shows a number, rounded to the digits that it has."""
    digits = len(text.partition(".")[2])
    assert abs(float(text) - number) <= 0.5 * 10**-digits + 1e-4


class TestModel:
    def test_the_network_written_out_is_that_of_the_package(self, names):
        config = OPTConfig(97, width=32, layers=2, heads=4, positions=40)
        ours = OPT(config, torch.Generator().manual_seed(0))
        written = names["SmallOPT"](97, width=32, layers=2, heads=4, positions=40)
        renamed = {
            "norm1": "attention_norm",
            "qkv": "query_key_value",
            "out": "attention_out",
            "norm2": "feed_norm",
            "feed.0": "feed_in",
            "feed.2": "feed_out",
        }
        state = ours.state_dict()
        for number, (here, there) in itertools.product((0, 1), renamed.items()):
            for kind in ("weight", "bias"):
                tensor = state.pop(f"layers.{number}.{there}.{kind}")
                state[f"layers.{number}.{here}.{kind}"] = tensor
        for kind in ("weight", "bias"):
            state[f"norm.{kind}"] = state.pop(f"final_norm.{kind}")
        written.load_state_dict(state)
        tokens = torch.randint(97, (3, 17), generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(written(tokens), ours(tokens), atol=1e-5, rtol=1e-5)

    def test_its_perplexity_is_that_of_the_package(self, names):
        texts = encyclopaedia().sample(50, np.random.default_rng(5))
        written = names["perplexity"](names["network"], torch.from_numpy(texts))
        family = names["opt"].LanguageModel(
            names["network"], names["opt"].Training(steps=1, learning_rate=0.0)
        )
        model = family.fit(texts[:, 1:], np.random.default_rng(0))
        assert float(written) == pytest.approx(model.perplexity(texts[:, 1:]), rel=1e-4)


class TestNumbers:
    """The numbers in the text are those of the cell and generation they name.

    A sentence asks for "mixing/facts/beam search/0.1/8": the result, the measure, the
    values of the result's axes and the generation.
    """

    @pytest.mark.parametrize(
        "name", [name for name in ASKED_FOR if name.partition("/")[0] in RESULTS]
    )
    def test_of_a_mean_over_chains(self, glued, name):
        which, measure, *cell, generation = name.split("/")
        result = sweep.load(RESULTS[which])
        axes = [axis for axis in result.axes if axis != "repetition"]
        where = {
            axis: {str(value): value for value in result.axes[axis]}[written]
            for axis, written in zip(axes, cell, strict=True)
        }
        values = result.select(measure, repetition=0, **where)[int(generation)]
        factor = 100 if measure in PER_CENT else 1
        assert_rounded(glued[name], factor * values.mean())

    @pytest.mark.parametrize("name", ASKED_FOR)
    def test_stands_in_a_paragraph_about_what_it_names(self, name):
        """A number that is asked for by another's name would be caught here."""
        paragraphs = list(said_around(name))
        assert paragraphs != [], "a name is broken over two lines"
        for paragraph in paragraphs:
            said = " ".join(GLUED.sub("", paragraph).split())
            for part in name.split("/"):
                assert re.search(SAID_OF.get(part, ""), said), (part, said)

    def test_of_the_network(self, glued, names):
        tensors = names["network"].state_dict().values()
        assert glued["weights"] == str(sum(each.numel() for each in tensors) // 1000)

    def test_of_the_floor(self, glued):
        assert_rounded(glued["floor"], encyclopaedia().perplexity)

    def test_of_the_hours(self, glued):
        spent = [sweep.load(name).provenance for name in RESULTS.values()]
        seconds = sum(each["compute_seconds"] for each in spent)
        assert_rounded(glued["hours"], seconds / 3600)

    def test_of_the_texts_that_left_architecture(self, glued):
        topics = np.array(encyclopaedia().topics)
        elsewhere = topics != "medieval architecture"
        away = sum(
            int(sweep.load(f"encyclopaedia_{each}")["endings"][..., elsewhere].sum())
            for each in ("mixing", "errors")
        )
        assert glued["wanderers"] == grouped(away)

    def test_of_what_real_texts_state(self, glued):
        grammar, rng = encyclopaedia(), np.random.default_rng(3)
        found = [grammar.census(grammar.sample(500, rng)) for _ in range(30)]
        facts = np.array([np.count_nonzero(each.facts) for each in found])
        error = facts.std(ddof=1) / np.sqrt(len(facts))
        assert abs(facts.mean() - float(glued["facts_real"])) < 4.5 * error
        topics = [np.count_nonzero(each.grammatical_topics) for each in found]
        assert np.mean(topics) > 23.5
        assert min(topics) >= 22

    def test_of_the_jackrabbits_share_of_the_rest(self, glued):
        topics, shares = encyclopaedia().topics, encyclopaedia().topic_probabilities
        rest = shares / (1 - shares[topics.index("medieval architecture")])
        hares = 100 * rest[topics.index("jackrabbits")]
        assert_rounded(glued["hares"], hares)
        assert float(glued["to_jackrabbits"]) < hares / 2


@pytest.fixture(scope="module")
def tale():
    """Return a function: a measure in English, (chains, generations, ...)."""
    result = sweep.load("english")
    return lambda name, writing, share=0: result.select(
        name, writing=writing, real_fraction=share, repetition=0
    )


@pytest.fixture(scope="module")
def subjects(tale):
    """Return a function: what texts begun in a church speak of, in one diet.

    Shape (chains, generations, 60). Counted word by word, with the shipped table.
    """
    classifier = read_classifier(ENGLISH / "subjects.npz")
    tokenizer = read_tokenizer(ENGLISH)

    @functools.cache
    def look(writing, share=0):
        rows = tale("tower_tokens", writing, share)
        found = []
        for text in tokenizer.decode_batch(rows.reshape(-1, 64).tolist()):
            known = set(words(text)) & classifier.vocabulary.keys()
            places = [classifier.vocabulary[word] for word in known]
            scores = classifier.log_probabilities[places].sum(0)
            (_, second), (best, first) = sorted(enumerate(scores), key=lambda x: x[1])[
                -2:
            ]
            found.append(best if first - second >= 2 else -1)
        return np.array(found).reshape(rows.shape[:-1])

    return look


class TestEnglish:
    """Numbers, captions and sentences on the models that have read books."""

    WRITINGS = (BEAM, WARM, COOL, FREE)
    CELLS = tuple(itertools.product(WRITINGS, SHARES))

    @pytest.mark.parametrize(("writing", "share"), CELLS)
    def test_of_the_table(self, glued, tale, subjects, writing, share):
        for age in (0, 9):
            found = subjects(writing, share)[:, age]
            levels = tale("real_perplexity", writing, share)[:, age]
            for name, value in {
                "real": stats.gmean(levels, axis=-1).mean(),
                "churches": (found == 0).sum(),
                "built": 100 * tale("topics", writing, share)[:, age, 0].mean(),
                "cooked": 100 * tale("topics", writing, share)[:, age, 3].mean(),
                "repeated": 100 * tale("repeated", writing, share)[:, age].mean(),
                "unknown": 100 * tale("unknown", writing, share)[:, age].mean(),
            }.items():
                shown = glued[f"english/{name}/{writing}/{share}/{age}"]
                assert_rounded(shown, value)

    @pytest.mark.parametrize(("writing", "share"), CELLS)
    def test_of_the_captions(self, said, subjects, writing, share):
        for age in (0, 4, 9):
            found = subjects(writing, share)[:, age]
            sentence = said(
                0, generation=age, writing=writing, real_fraction=share, prompt=1
            )
            assert f"{writing}, {100 * share:g} % real blocks." in sentence
            assert sentence.endswith(
                f"Of 240 such texts {(found == 0).sum()} speak of architecture, "
                f"{(found == -1).sum()} of no clear subject, {(found == 1).sum()} of "
                f"animals, {(found > 1).sum()} of others."
            )

    def test_of_the_measures(self, said, tale, subjects, names):
        measured = {
            "of animals": lambda *cell: 100 * (subjects(*cell) == 1).mean(-1),
            "its blocks on architecture": lambda *cell: (
                100 * tale("topics", *cell)[..., 0]
            ),
            "its blocks on cookery": lambda *cell: 100 * tale("topics", *cell)[..., 3],
            "tokens in use, of 8000": lambda *cell: tale("vocabulary", *cell),
            "longest quotation": lambda *cell: np.median(tale("quoted", *cell), -1),
            "perplexity of real text": lambda *cell: stats.gmean(
                tale("real_perplexity", *cell), axis=-1
            ),
        }
        assert measured.keys() < names["PROSE"].keys()
        for topic in ("architecture", "animals", "railways"):
            place = list(TOPIC_SHARES).index(topic)
            measured[f"perplexity of text on {topic}"] = lambda *cell, place=place: (
                tale("real_perplexity", *cell)[..., place]
            )
        for (name, look), writing, age in itertools.product(
            measured.items(), self.WRITINGS, (0, 9)
        ):
            sentence = said(1, generation=age, measure=name, writing=writing)
            for share in SHARES:
                shown = re.search(rf"[:;] {100 * share:g} % real: ([\d.]*\d)", sentence)
                value = look(writing, share)[:, age].mean()
                assert_rounded(shown[1], value)

    def test_of_the_books_and_the_network(self, glued, tale):
        grid = sweep.load("english").provenance["grid"]
        network = load_opt(ENGLISH / "generation-0")
        weights = sum(each.numel() for each in network.state_dict().values())
        assert_rounded(glued["english_weights"], weights / 1e6)
        read = 128 * grid["first_steps"] * grid["first_batch_size"] / 1e6
        assert_rounded(glued["tokens"], read)
        assert glued["blocks"] == grouped(grid["real_blocks"])
        assert_rounded(glued["accuracy"], 100 * tale("accuracy", BEAM)[0].mean())
        assert grid["epochs"] == 5
        shares = dict(TOPIC_SHARES)
        assert (shares["architecture"], shares["railways"]) == (0.4, 0.0125)
        books_by_topic = Counter(book.topic for book in list_books())
        assert sum(books_by_topic.values()) == 88 + 10
        assert sum(map(len, HELD_OUT.values())) == 10
        architecture = sum(
            book.characters for book in list_books() if book.topic == "architecture"
        )
        total = sum(book.characters for book in list_books())
        assert architecture / total == pytest.approx(1 / 4, abs=0.03)
        started = tale("first_perplexity", BEAM)[0]
        assert_rounded(glued["first/real"], stats.gmean(started))
        learnt = stats.gmean(tale("real_perplexity", BEAM)[:, 0], axis=-1).mean()
        assert_rounded(glued["first/after"], learnt)
        # Eight rounds through the 88 books, of which the classifier's list is made.
        held_out = {number for each in HELD_OUT.values() for number in each}
        read_once = sum(
            book.characters for book in list_books() if book.id not in held_out
        )
        tokenizer = read_tokenizer(ENGLISH)
        text = " ".join(tale("prompts", BEAM)[0])
        characters_a_token = len(text) / len(tokenizer.encode(text).ids)
        rounds = 1e6 * read / (read_once / characters_a_token)
        assert rounds == pytest.approx(8, abs=0.5)

    def test_the_first_network_had_learnt_all_that_it_would(self, tale):
        losses = tale("first_losses", BEAM)[0]
        assert losses[-1] > 0.985 * losses[-4]

    def test_beam_search_runs_in_circles_and_loses_half_of_its_churches(
        self, glued, tale, subjects
    ):
        found = subjects(BEAM)
        assert (found[:, 9] == 0).mean() == pytest.approx(0.5, abs=0.05)
        assert ((found[:, 9] == 0).mean(-1) > 0.3).all()
        assert ((found[:, 9] == -1).mean(-1) > 0.35).all()
        assert not (found[:, 9] == 1).any()
        repeated = tale("repeated", BEAM)
        assert repeated[:, 9].min() > 0.8 > 0.4 > repeated[:, 0].max()
        tokenizer = read_tokenizer(ENGLISH)
        rows = tale("tower_tokens", BEAM)[:, 9].reshape(-1, 64).tolist()
        texts = tokenizer.decode_batch(rows)
        of_course = sum("not a matter of course" in text for text in texts)
        # All are circles, as the lesson of the prediction says, and most of those that
        # have lost their subject are this one.
        again = [repeated_ngrams(np.array([row]), 4) for row in rows]
        assert np.min(again) > 0.3
        lost = [
            x
            for x, subject in zip(texts, found[:, 9].ravel(), strict=True)
            if subject == -1
        ]
        assert sum("not a matter of course" in text for text in lost) > len(lost) / 2
        assert glued["of_course"] == str(of_course)
        # The commonest: no other five words are repeated in more of the texts.
        repeated_runs = Counter()
        for text in texts:
            said = words(text)
            runs = Counter(zip(*(said[n:] for n in range(5)), strict=False))
            repeated_runs.update(run for run, count in runs.items() if count > 1)
        ((_, most),) = repeated_runs.most_common(1)
        assert repeated_runs["not", "a", "matter", "of", "course"] == most
        assert tale("own_perplexity", BEAM)[:, 9].max() < 1.2

    def test_drawn_texts_stay_with_their_churches_and_lose_words(self, tale, subjects):
        assert ((subjects(WARM)[:, 9] == 0).mean(-1) > 0.85).all()
        assert (subjects(WARM)[:, 9] == 0).mean() > 0.9
        words_in_use, real = tale("vocabulary", WARM), tale("real_perplexity", WARM)
        assert words_in_use[:, 9].max() < words_in_use[:, 0].min() - 200
        assert (real[:, 9] > real[:, 0]).all()
        assert (real[:, 9] < 1.3 * real[:, 0]).all()

    def test_temperature_08_is_on_its_way_to_the_circles(self, tale):
        repeated = tale("repeated", COOL)
        assert (np.diff(repeated.mean(0)) > 0).all()
        assert repeated[:, 0].max() < 0.01
        assert 0.25 < repeated[:, 9].min() < tale("repeated", BEAM)[:, 9].min() / 2

    def test_without_prompts_errors_pile_up(self, tale):
        """Of words that no book holds; with prompts there are no more than at first."""
        free, prompted = tale("unknown", FREE), tale("unknown", WARM)
        assert free[:, 0].mean() == pytest.approx(prompted[:, 0].mean(), abs=0.004)
        below(1.8 * free[:, 0], free[:, 9])
        assert np.abs(prompted[:, 9] - prompted[:, 0]).max() < 0.01
        below(
            1.3 * tale("real_perplexity", WARM)[:, 9].mean(-1),
            tale("real_perplexity", FREE)[:, 9].mean(-1),
        )

    @pytest.mark.parametrize("writing", WRITINGS)
    def test_more_real_blocks_lower_the_perplexity(self, tale, writing):
        levels = [
            stats.gmean(tale("real_perplexity", writing, share)[:, 9], axis=-1)
            for share in SHARES
        ]
        for more, less in itertools.pairwise(levels):
            below(less, more)
        control = tale("real_perplexity", writing, 1)
        assert np.abs(control / control[:, :1] - 1).max() < 0.01

    def test_a_tenth_or_half_does_not_stop_the_circles(self, tale, subjects):
        for share in (0.1, 0.5):
            assert tale("repeated", BEAM, share)[:, 9].min() > 0.7
        assert (subjects(BEAM, 0.1)[:, 9] == -1).mean() > 0.25

    def test_rare_subjects_do_not_go_first(self, glued, tale):
        path = tale("real_perplexity", BEAM).mean(0)
        times = dict(zip(TOPIC_SHARES, path[9] / path[0], strict=True))
        for topic in ("architecture", "railways", "animals"):
            assert_rounded(glued[f"grown/{topic}"], times[topic])
        assert max(times, key=times.get) == "animals"
        shares = list(TOPIC_SHARES.values())
        assert abs(stats.spearmanr(shares, list(times.values())).statistic) < 0.5

    def test_without_prompts_the_commonest_subject_goes(self, tale):
        topics = list(TOPIC_SHARES)
        assert max(TOPIC_SHARES, key=TOPIC_SHARES.get) == "architecture"
        assert TOPIC_SHARES["cookery"] == 0.1
        architecture, cookery = (
            tale("topics", FREE)[..., topics.index(each)]
            for each in ("architecture", "cookery")
        )
        below(5 * architecture[:, 9], architecture[:, 0])
        below(2 * cookery[:, 0], cookery[:, 9])
        shares = tale("topics", FREE)[:, 9].mean(0)
        assert topics[int(shares.argmin())] == "architecture"
        control = tale("topics", FREE, 1)[..., topics.index("architecture")]
        assert abs(control[:, 9].mean() - control[:, 0].mean()) < 0.05
        # With prompts it stays.
        for writing in (WARM, COOL):
            kept = tale("topics", writing)[..., topics.index("architecture")]
            assert kept[:, 9].mean() > 0.8 * kept[:, 0].mean()

    def test_nothing_is_learnt_by_heart(self, glued, tale):
        medians = [np.median(tale("quoted", *cell), -1) for cell in self.CELLS]
        assert glued["quoted"] == f"{np.min(medians):.0f} to {np.max(medians):.0f}"
        assert np.max(medians) < 10

    def test_hardly_a_text_comes_to_animals(self, glued, tale, subjects):
        assert list(TOPIC_SHARES)[1] == "animals"
        # What learns from real blocks only is one model, prompted or not.
        alike = [subjects(writing, 1)[:, 1:] for writing in (WARM, FREE)]
        assert np.array_equal(*alike)
        cells = [cell for cell in self.CELLS if cell != (FREE, 1)]
        # Generation 0 of a history has learnt from the same blocks in all diets.
        later = {cell: subjects(*cell)[:, 1:] for cell in cells}
        found = {cell: int((each == 1).sum()) for cell, each in later.items()}
        texts = sum(each.size for each in later.values())
        assert glued["all_texts"] == grouped(texts)
        assert glued["animal_texts"] == str(sum(found.values()))
        only_real = sum(count for (_, share), count in found.items() if share == 1)
        assert glued["real_animals"] == str(only_real)
        control = sum(each.size for (_, share), each in later.items() if share == 1)
        assert glued["real_texts"] == grouped(control)
        # No oftener than where nothing was generated.
        assert sum(found.values()) / texts < only_real / control
        assert sum(found.values()) < 0.003 * texts
        tokenizer = read_tokenizer(ENGLISH)
        hares = 0
        for writing, share in cells:
            rows = tale("tower_tokens", writing, share)[:, 1:].reshape(-1, 64)
            for text in tokenizer.decode_batch(rows.tolist()):
                named = r"(?i)(?<![\w'])(?:hare|rabbit|cottontail)s?(?![\w'])"
                hares += re.search(named, text) is not None
        assert glued["hare_texts"] == str(hares)

    def test_the_funniest_text_was_written_and_is_among_those_shown(self, tale):
        funny = "the Bible, the Cloister, and the Cottontail"
        rows = tale("tower_tokens", COOL)[:, 9].reshape(-1, 64).tolist()
        texts = read_tokenizer(ENGLISH).decode_batch(rows)
        assert [funny in text for text in texts].count(True) == 1
        assert funny in tale("texts", COOL)[0, 9, 2 * 1 + 3]

    def test_generation_0_takes_the_hares_to_a_transept(self):
        tokenizer = read_tokenizer(ENGLISH)
        rows = generate(
            load_opt(ENGLISH / "generation-0"),
            torch.tensor([tokenizer.encode("Hares are found in").ids]),
            new_tokens=48,
            decoding=Decoding(beams=5),
            forbidden=range(4),
        )
        assert "transept" in tokenizer.decode(rows[0].tolist())

    def test_what_is_shown_was_chosen_by_nobody(self, tale):
        """Eight at equal distances of the sixty; the page shows three of them."""
        tokenizer = read_tokenizer(ENGLISH)
        places = np.linspace(0, 59, 8).round().astype(int)
        for age in (0, 9):
            rows = tale("tower_tokens", BEAM)[0, age, places]
            shown = tale("texts", BEAM)[0, age].tolist()
            assert tokenizer.decode_batch(rows.tolist()) == shown

    @pytest.mark.parametrize("generation", [0, 4, 9])
    def test_the_networks_are_those_of_the_history_without_real_text(
        self, tale, generation
    ):
        """To each what its generation wrote is as likely as it was to that one."""
        network = load_opt(ENGLISH / f"generation-{generation}")
        rows = torch.from_numpy(tale("written_tokens", BEAM)[0].astype(int))
        with torch.inference_mode():
            scores = [
                -F.cross_entropy(network(each[:, :-1]).transpose(1, 2), each[:, 1:])
                for each in rows
            ]
        found = np.exp(-torch.stack(scores).numpy())
        expected = tale("own_perplexity", BEAM)[0]
        # Sixteen of the 256 blocks, which differ among themselves.
        assert found[generation] == pytest.approx(expected[generation], rel=0.4)
        assert (
            found[generation] == pytest.approx(found.min(), rel=0.15) or not generation
        )


class TestCaptions:
    """What a caption says is measured in the state that the sliders show."""

    STATES = tuple(itertools.product((0, 3, 8), (WARM, COOL, BEAM), (0, 0.1, 1)))

    @pytest.mark.parametrize(("generation", "decoding", "share"), STATES)
    def test_of_the_first_figure(self, said, course, generation, decoding, share):
        state = {"decoding": decoding, "real_fraction": share, "history": 0}
        sentence = said(2, generation=generation, **state)

        def mean(name):
            return course(name, decoding, share)[generation].mean()

        copies = 100 - 100 * mean("different_documents")
        for sought in (
            f"Generation {generation}, {decoding}, {100 * share:g} % real texts.",
            f"hesitates: {mean('real_perplexity'):.2f} on real texts, ",
            f" {mean('own_perplexity'):.2f} on its own. Of 500 texts, ",
            f" {100 * mean('grammatical'):.0f} % are without a mistake",
            f" {copies:.0f} % are copies",
            f" {mean('vocabulary'):.0f} of 770 words",
        ):
            assert sought in sentence

    @pytest.mark.parametrize(("generation", "decoding", "share"), STATES)
    def test_of_the_drift(self, said, course, generation, decoding, share):
        sentence = said(
            5, generation=generation, decoding=decoding, real_fraction=share
        )
        ends = course("endings", decoding, share)[generation].sum(axis=0)
        ends = dict(zip(encyclopaedia().topics, ends.tolist(), strict=True))
        hares = ends["jackrabbits"]
        stayed = ends.pop("medieval architecture")
        if stayed == 400:
            assert sentence.endswith(f"none end with another topic. {DRAWN_ANEW}")
            return
        most = max(ends, key=ends.get)
        assert sentence.endswith(
            f"architecture, {400 - stayed} end with another topic, {ends[most]} of "
            f"them with {most} and {hares} with jackrabbits. {DRAWN_ANEW}"
        )

    def test_of_the_measures(self, said, course, names):
        for share, (label, (name, scale, _)) in itertools.product(
            SHARES, names["MEASURES"].items()
        ):
            sentence = said(3, measure=label, real_fraction=share)
            assert f"with {100 * share:g} % real texts" in sentence
            for decoding in (*DRAWN, BEAM):
                last = scale * course(name, decoding, share)[8].mean()
                shown = re.search(rf"{decoding}: (\d+(\.\d+)?)", sentence)[1]
                assert_rounded(shown, last)

    def test_of_what_is_to_blame(self, said, trial):
        for setting in sweep.load("encyclopaedia_errors").axes["setting"]:
            real, facts = (
                trial(name, setting).mean(axis=1)
                for name in ("real_perplexity", "facts")
            )
            assert (
                f"texts goes from {real[0]:.2f} to {real[8]:.2f}, the facts in 500 "
                f"texts from {facts[0]:.0f} to {facts[8]:.0f}."
            ) in said(4, setting=setting)


class TestPictures:
    def test_bars_of_the_drift_are_of_all_chains(self, said, course):
        said(5, generation=8, decoding=COOL, real_fraction=0)
        ends = course("endings", COOL)[8].sum(axis=0)
        figure = run_chapter(BOOK / "language-model.md").explorations[5].figure
        widths = [bar.get_width() for bar in figure.axes[0].patches]
        assert widths == pytest.approx(100 * ends / ends.sum())


def test_correct_new_texts_stand_beside_one_that_is_mostly_strange(course):
    assert course("grammatical", COOL)[6].mean() > 0.95
    row = course("texts", COOL)[6, 0, 2].astype(int)
    given = len(encyclopaedia().encode(SHOWN[2]))
    strange = strange_words(encyclopaedia(), row, "jackrabbits")[given:]
    written = (row[given:] > 3) & (np.cumsum(row[given:] == END) == 0)
    assert strange[written].mean() > 0.5


class TestTwoWays:
    def test_grammar_falls_where_words_are_drawn_freely(self, course):
        right = course("grammatical", WARM)
        below(right[8], right[0])

    def test_grammar_improves_where_they_are_drawn_cautiously(self, course):
        right = course("grammatical", COOL)
        below(right[0], right[8])

    @pytest.mark.parametrize("decoding", DRAWN)
    def test_facts_topics_and_words_go_in_both(self, course, decoding):
        for name in ("facts", "topics", "vocabulary"):
            below(course(name, decoding)[8], course(name, decoding)[0])

    def test_facts_and_topics_go_more_slowly_where_words_are_drawn_freely(self, course):
        for name in ("facts", "topics"):
            below(course(name, COOL)[8], course(name, WARM)[8])

    def test_beam_search_writes_one_text_from_the_start_and_for_ever(self, course):
        different = course("different_documents", BEAM)
        assert different == pytest.approx(1 / 500)
        vocabulary = course("vocabulary", BEAM)
        assert (vocabulary == vocabulary[0]).all()

    def test_its_own_texts_look_better_to_a_cautious_model_only(self, course):
        cautious, free = (course("own_perplexity", each) for each in (COOL, WARM))
        below(cautious[8], cautious[0])
        assert cautious[8].max() < encyclopaedia().perplexity
        below(free[0], free[8])

    def test_histograms_shift_left_or_grow_a_tail(self, course):
        edges = PERPLEXITIES[1:]

        def share(decoding, inside):
            counts = course("perplexities", decoding).sum(axis=1)[[0, 8]]
            return counts[:, inside].sum(axis=1) / counts.sum(axis=1)

        low = edges < 1.45
        for decoding in (COOL, "temperature 0.9"):
            first, last = share(decoding, low)
            assert last > first + 0.05, decoding
        first, last = share(WARM, edges > 10)
        assert last > 0.1 > 0.01 > first
        first, last = share("temperature 0.9", edges > 6)
        assert last > first

    def test_pairs_of_words_multiply_while_more_than_half_of_the_facts_go(self, course):
        pairs, facts = (course(name, WARM, 0.1) for name in ("distinct_2", "facts"))
        below(pairs[0], pairs[8])
        assert (facts[8] < facts[0] / 2).sum() >= 3
        assert facts[8].mean() < facts[0].mean() / 2


class TestBlame:
    def test_without_the_loop_perplexity_soon_stands_almost_still(self, course, trial):
        for decoding, other in ((WARM, "temperature 1"), (COOL, "temperature 0.8")):
            still = trial("real_perplexity", f"{other}, no loop")
            below(still[8], course("real_perplexity", decoding)[8])
            # The second half of the generations adds less than the first one.
            rise = np.log(still).mean(axis=1)
            assert rise[8] - rise[4] < 0.3 * (rise[4] - rise[0]), decoding

    @pytest.mark.parametrize("setting", ["temperature 1", "temperature 0.8"])
    def test_without_the_loop_a_quarter_of_the_facts_goes(self, trial, setting):
        facts = trial("facts", f"{setting}, no loop").mean(axis=1)
        assert facts[8] / facts[0] == pytest.approx(0.75, abs=0.03)

    def test_networks_without_a_past_collapse_all_the_same(self, course, trial):
        scratch = trial("real_perplexity", "from scratch")
        assert scratch[8].min() > 2 * scratch[0].max()
        assert scratch[8].mean() > course("real_perplexity", WARM)[8].mean()
        below(trial("facts", "from scratch")[8], trial("facts", "from scratch")[2])

    @pytest.mark.parametrize("setting", ["3000 documents", "accumulate"])
    def test_what_loses_less_than_the_usual_loop(self, course, trial, setting):
        below(trial("real_perplexity", setting)[8], course("real_perplexity", WARM)[8])
        below(course("facts", WARM)[8], trial("facts", setting)[8])

    def test_first_weights_help_perplexity_and_hardly_the_facts(self, course, trial):
        below(
            trial("real_perplexity", "first weights")[8],
            course("real_perplexity", WARM)[8],
        )
        kept, usual = trial("facts", "first weights")[8], course("facts", WARM)[8]
        assert kept.min() < usual.max(), (kept, usual)

    def test_from_scratch_is_worse_than_going_on_with_as_many_documents(self, trial):
        below(
            trial("real_perplexity", "3000 documents")[8],
            trial("real_perplexity", "from scratch")[8],
        )

    def test_a_nucleus_acts_like_a_low_temperature(self, course, trial):
        nucleus = trial("real_perplexity", "nucleus 0.9")[8]
        below(course("real_perplexity", WARM)[8], nucleus)
        below(
            trial("own_perplexity", "nucleus 0.9")[8],
            trial("own_perplexity", "nucleus 0.9")[0],
        )

    def test_a_repetition_penalty_leaves_no_text_without_a_mistake(self, trial):
        assert (trial("grammatical", "repetition penalty 2") == 0).all()
        assert trial("real_perplexity", "repetition penalty 2")[8].min() > 10

    def test_real_openings_keep_topics_alive_under_beam_search(self, course, trial):
        topics = trial("topics", "real openings, beam search")[8]
        assert topics.min() >= 20 > 1 == course("topics", BEAM)[8].max()
        little = trial("topics", "real openings")[8].mean()
        assert little - course("topics", WARM)[8].mean() < 3
        real = trial("real_perplexity", "real openings")[8]
        below(real, course("real_perplexity", WARM)[8])
        assert trial("real_perplexity", "real openings, beam search")[8].min() > 10


class TestRealTexts:
    @pytest.mark.parametrize("decoding", [*DRAWN, BEAM])
    def test_more_real_texts_lower_perplexity(self, course, decoding):
        levels = [course("real_perplexity", decoding, share)[8] for share in SHARES]
        for more, less in itertools.pairwise(levels):
            below(less, more)

    @pytest.mark.parametrize("decoding", DRAWN)
    def test_more_real_texts_leave_more_facts(self, course, decoding):
        levels = [course("facts", decoding, share)[8].mean() for share in SHARES]
        assert levels == sorted(levels)

    def test_nothing_but_real_texts_and_nothing_is_lost(self, course):
        for decoding in (*DRAWN, BEAM):
            real = course("real_perplexity", decoding, 1)
            assert np.abs(real / real[0] - 1).max() < 0.05
            if decoding != BEAM:
                facts = course("facts", decoding, 1).mean(axis=1)
                assert facts[8] > 0.95 * facts[0]

    def test_a_tenth_protects_perplexity_under_beam_search_and_no_variety(self, course):
        assert course("real_perplexity", BEAM)[8].min() > 100
        assert course("real_perplexity", BEAM, 0.1)[8].max() < 3
        assert course("different_documents", BEAM, 0.1)[8] == pytest.approx(1 / 500)


class TestDrift:
    def test_more_texts_wander_off_and_real_texts_hold_them(self, course):
        for decoding in DRAWN:
            away = course("drifted", decoding).mean(axis=1)
            assert away[8] > 2.5 * away[0]
            assert course("drifted", decoding, 0.1)[8].mean() < away[8] / 2
        assert course("drifted", BEAM)[8].mean() > 0.9

    def test_common_topics_are_reached_more_often_but_not_in_proportion(self):
        """In the main sweep and in the other one, where words are drawn."""
        topics, shares = encyclopaedia().topics, encyclopaedia().topic_probabilities
        other = np.array(topics) != "medieval architecture"
        errors = sweep.load("encyclopaedia_errors")
        drawn = ["beam search" not in setting for setting in errors.axes["setting"]]
        for endings in (
            sweep.load("encyclopaedia_mixing")["endings"][:3],
            errors["endings"][drawn],
        ):
            ends = endings.reshape(-1, 24).sum(axis=0)[other]
            rest = shares[other] / shares[other].sum()
            ranks = stats.spearmanr(ends, rest)
            assert ranks.statistic > 0.5
            assert ranks.pvalue < 1e-3
            assert stats.chisquare(ends, ends.sum() * rest).pvalue < 1e-6
            found = dict(zip(np.array(topics)[other], ends / ends.sum(), strict=True))
            assert found["rivers"] > 1.5 * rest[1]
            assert found["weather"] < rest[0] / 2

    def test_hardly_one_in_thousands_ends_with_jackrabbits(self, glued):
        topics = list(encyclopaedia().topics)
        place = topics.index("jackrabbits")
        ends = [
            sweep.load(f"encyclopaedia_{each}")["endings"]
            for each in ("mixing", "errors")
        ]
        found = sum(int(each[..., place].sum()) for each in ends)
        assert glued["jackrabbits"] == str(found)
        assert found < 1e-3 * sum(each.sum() for each in ends)


@pytest.fixture(scope="module")
def read():
    """Return a function: a measure (generations, chains) of one cell on real text."""
    result = sweep.load("real_text")
    return lambda name, decoding, share: result.select(
        name, decoding=decoding, real_fraction=share, repetition=0
    )


class TestRealPages:
    @pytest.mark.parametrize("decoding", [WARM, BEAM])
    def test_a_tenth_of_real_text_is_milder(self, read, decoding):
        none, tenth = (read("real_perplexity", decoding, each)[4] for each in (0, 0.1))
        below(tenth, none)

    def test_beam_search_ends_in_stutter_with_or_without_a_tenth(self, read):
        for share in (0, 0.1):
            again = read("repeated", BEAM, share)
            assert again[4].min() > 0.7 > 0.4 > again[0].max()
        below(read("own_perplexity", BEAM, 0)[4], read("own_perplexity", BEAM, 0)[0])

    def test_nothing_but_real_text_learned_by_heart_costs_something(self, read):
        control = read("real_perplexity", WARM, 1)
        below(control[0], control[4])
        below(control[4], read("real_perplexity", WARM, 0)[4])
        below(control[4], read("real_perplexity", BEAM, 0.1)[4])
        tenth = read("real_perplexity", WARM, 0.1)[4]
        assert tenth.min() < control[4].max()
        assert control[4].min() < tenth.max()
        assert abs(tenth.mean() / control[4].mean() - 1) < 0.1
