"""Experiments of the chapter on language models, which all share one run."""

from __future__ import annotations

from functools import cache

import numpy as np

from claims.experiments.estimates import Estimate
from collapse.corpus.encyclopaedia import encyclopaedia
from collapse.opt import Decoding, LanguageModel, OPTConfig, Training
from collapse.recursion import Diet, recurse
from collapse.streams import Streams

ARMS = {"warm": (1.0, 0.0), "cool": (0.8, 0.0), "tenth": (0.8, 0.1)}
"""Temperature and real share of each arm."""


class _Documents:
    """The encyclopaedia as blocks for a language model, without their first token."""

    chain_axis = True

    def sample(self, n, rng):
        return encyclopaedia().sample(n, rng)[..., 1:]


@cache
def _language_models(
    refits: int,
    first_documents: int,
    first_steps: int,
    documents: int,
    steps: int,
    chains: int,
    seed: int,
) -> dict[str, dict[str, np.ndarray]]:
    """Follow the encyclopaedia in three arms; all entries use this one run.

    Returns
    -------
    dict
        For each arm ``real`` and ``own``, log perplexities; ``grammatical``, the share
        of texts without a mistake; and ``facts``, how many are stated: in the first and
        the last generation, shape (2, chains).
    """
    grammar, documents_of = encyclopaedia(), _Documents()
    config = OPTConfig(len(grammar.words), width=64, layers=2, positions=grammar.length)
    streams = _streams(seed, 0, chains)
    first = LanguageModel(config, Training(steps=first_steps), jobs=2).fit(
        documents_of.sample(first_documents, streams), streams
    )

    def measured(model):
        # Nothing is shared between chains: each is a seed of its own.
        real = documents_of.sample(400, _streams(seed, 1, chains))
        texts = model.sample(400, _streams(seed, 2, chains))
        counted = [grammar.census(each) for each in texts]
        return {
            "real": np.log(model.perplexity(real)),
            "own": np.log(model.perplexity(texts)),
            "grammatical": [
                each.grammatical_documents / each.documents for each in counted
            ],
            "facts": [np.count_nonzero(each.facts) for each in counted],
        }

    began = {}  # by temperature: no generation 0 has read another one's texts

    def follow(temperature, real_fraction):
        retraining = Training(steps=steps, learning_rate=5e-3)
        decoding = Decoding(temperature=temperature)
        models = recurse(
            LanguageModel(first.networks, retraining, retraining, decoding, jobs=2),
            documents_of,
            generations=refits - 1,
            sample_size=documents,
            diet=Diet(real_fraction=real_fraction),
            chains=chains,
            rng=np.random.default_rng([seed, 3]),
            keep_models=True,
        ).models
        if temperature not in began:
            began[temperature] = measured(models[0])
        ends = [began[temperature], measured(models[-1])]
        return {name: np.array([each[name] for each in ends]) for name in ends[0]}

    return {arm: follow(*knobs) for arm, knobs in ARMS.items()}


def _streams(seed: int, key: int, chains: int) -> Streams:
    return Streams(np.random.default_rng([seed, key]).spawn(chains))


def _measured(arm: str, name: str, *, seed, **arguments) -> np.ndarray:
    """Return what the shared run measured in an arm, shape (2, chains)."""
    return _language_models(**arguments, seed=seed[0])[arm][name]


def real_text_perplexity(**arguments) -> list[Estimate]:
    """Measure generation 0's perplexity of real texts, relative to the last one's."""
    real = _measured("cool", "real", **arguments)
    return [Estimate(np.exp(real[0] - real[-1]))]


def own_text_perplexity(**arguments) -> list[Estimate]:
    """Measure the last perplexity of the model's own texts, relative to the first."""
    own = _measured("cool", "own", **arguments)
    return [Estimate(np.exp(own[-1] - own[0]))]


def facts_kept(**arguments) -> list[Estimate]:
    """Measure which share of the facts of generation 0 the last one still states."""
    facts = _measured("cool", "facts", **arguments)
    return [Estimate(facts[-1] / facts[0])]


def grammar_lost(**arguments) -> list[Estimate]:
    """Measure how the share of texts without a mistake changes when drawn freely."""
    grammatical = _measured("warm", "grammatical", **arguments)
    return [Estimate(grammatical[-1] - grammatical[0])]


def perplexity_with_real_texts(**arguments) -> list[Estimate]:
    """Measure the last perplexity of real texts with a tenth real, relative to none."""
    tenth, none = (_measured(arm, "real", **arguments)[-1] for arm in ("tenth", "cool"))
    return [Estimate(np.exp(tenth - none))]


def facts_over_perplexity(**arguments) -> list[Estimate]:
    """Measure which share of the facts' loss a tenth prevents, less that of the loss.

    The second loss is that of real texts, in nats a word, since generation 0.
    """
    facts, loss = (_prevented(name, **arguments) for name in ("facts", "real"))
    return [Estimate(facts - loss)]


def _prevented(name: str, **arguments) -> np.ndarray:
    """Return which share of a change does not happen with a tenth of real texts."""
    none, tenth = (_measured(arm, name, **arguments) for arm in ("cool", "tenth"))
    return 1 - (tenth[-1] - tenth[0]) / (none[-1] - none[0])
