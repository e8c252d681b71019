"""The network against that of transformers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from collapse.opt import OPT, Cache, OPTConfig, load_opt, save_opt
from support.language_models import SHAPES, TINY, padded, rng, seeded, tokens


def test_logits_are_those_of_transformers(models):
    theirs, ours = models
    text = tokens(ours.config, 5, 30)
    with torch.no_grad():
        gap = (ours(text) - theirs(text).logits).abs().max()
    assert gap <= 1e-4, f"gap {gap:.1e}"


def test_logits_of_padded_text_are_those_of_transformers(models):
    theirs, ours = models
    text, mask = padded(ours.config)
    with torch.no_grad():
        expected = theirs(text, attention_mask=mask.long()).logits
        gap = (ours(text, mask) - expected)[mask].abs().max()
    assert gap <= 1e-4, f"gap {gap:.1e}"


def test_gradients_are_those_of_transformers(small):
    theirs, ours = (copy.deepcopy(model) for model in small)
    text = tokens(ours.config, 4, 20)
    theirs(text, labels=text).loss.backward()
    predicted = ours(text[:, :-1]).flatten(0, 1)
    F.cross_entropy(predicted, text[:, 1:].flatten()).backward()
    expected = theirs.model.decoder.layers[0].fc1.weight.grad
    gap = (ours.layers[0].feed_in.weight.grad - expected).abs().max()
    assert expected.abs().max() > 1e-3
    assert gap <= 1e-4, f"gap {gap:.1e}"


@pytest.mark.parametrize("steps", [[1] * 20, [7, 13], [1, 9, 10]])
def test_reading_bit_by_bit_is_reading_at_once(models, steps):
    _, ours = models
    text, mask = padded(ours.config, 20)
    for seen in (None, mask):
        memory, parts, end = Cache(ours, len(text), 20), [], 0
        with torch.no_grad():
            for step in steps:
                end += step
                part = None if seen is None else seen[:, :end]
                x = ours.read(text[:, end - step : end], part, memory)
                parts.append(ours.logits(x))
            gap = torch.cat(parts, 1) - ours(text, seen)
        gap = gap.abs()[mask].max()
        assert gap <= 1e-4, f"gap {gap:.1e}"


def test_first_weights_come_from_the_generator_alone():
    before = torch.random.get_rng_state()
    one, same, other = (OPT(TINY, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(one.tokens.weight, same.tokens.weight)
    assert not torch.equal(one.tokens.weight, other.tokens.weight)


def test_first_weights_have_the_sizes_that_are_promised():
    network = OPT(OPTConfig(500, embedding_width=32, feed_forward=100), seeded())
    for name, part in network.named_parameters():
        values = part.detach().double().flatten()
        if "norm" in name or name.endswith("bias"):
            assert (values == float("norm.weight" in name)).all(), name
            continue
        table = name in ("tokens.weight", "positions.weight")
        expected = 0.1 if table else part.shape[1] ** -0.5
        # Five standard errors of the deviation, and of the mean, of normal numbers.
        error = expected / len(values) ** 0.5
        assert abs(values.std() - expected) < 5 * error / 2**0.5, name
        assert abs(values.mean()) < 5 * error, name


def test_the_usual_shape():
    assert OPTConfig(97) == OPTConfig(
        97,
        width=64,
        layers=2,
        heads=4,
        feed_forward=256,
        positions=128,
        embedding_width=64,
        norm_first=True,
        padding_token=1,
        start_token=2,
        end_token=2,
    )


def test_narrow_whole_numbers_become_pythons(tmp_path):
    config = OPTConfig(
        np.int64(40), np.uint8(80), np.int8(1), heads=np.int16(2), norm_first=np.True_
    )
    assert config == OPTConfig(40, 80, 1, heads=2, norm_first=True)
    assert config.feed_forward == 320
    save_opt(OPT(config, torch.Generator()), tmp_path)
    assert load_opt(tmp_path).config == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary_size": 0}, "vocabulary_size must be"),
        ({"width": 2.5}, "width must be"),
        ({"heads": 5}, "heads must be a divisor of the width 64, got 5"),
        ({"layers": 0}, "layers must be"),
        ({"positions": 0}, "positions must be"),
        ({"feed_forward": 0}, "feed_forward must be"),
        ({"embedding_width": -1}, "embedding_width must be"),
        ({"norm_first": 1}, "norm_first must be"),
        ({"end_token": 20}, "end_token must be a token below 20, got 20"),
        ({"padding_token": 2}, "padding_token must be"),
        ({"padding_token": 0, "start_token": 0}, "padding_token must be no other"),
        ({"padding_token": 3, "end_token": 3}, "padding_token must be no other"),
    ],
)
def test_bad_shapes(change, message):
    with pytest.raises(ValueError, match=message):
        OPTConfig(**{"vocabulary_size": 20, **change})


@pytest.mark.parametrize("generator", [None, 0, rng()])
def test_weights_come_from_a_generator_that_is_handed_in(generator):
    before = torch.random.get_rng_state()
    with pytest.raises(ValueError, match=r"generator must be a torch\.Generator"):
        OPT(OPTConfig(9), generator)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_network_has_a_configuration():
    with pytest.raises(ValueError, match="config must be an OPTConfig"):
        OPT({"vocabulary_size": 9}, seeded())


@pytest.mark.parametrize(
    "sizes",
    [
        {"vocabulary_size": 10**12},
        {"vocabulary_size": 9, "positions": 10**11},
        {"vocabulary_size": 9, "layers": 10**9},
        {"vocabulary_size": 9, "feed_forward": 10**11},
        {"vocabulary_size": 9, "embedding_width": 10**11},
        {"vocabulary_size": 9, "width": 4 * 10**6},
    ],
)
def test_a_network_fits_into_some_memory(sizes):
    with pytest.raises(ValueError, match=r"at most 10\*\*12 weights"):
        OPTConfig(**sizes)
    OPTConfig(10**9)


def test_without_weights_it_has_the_same_shapes():
    for config in SHAPES.values():
        empty = OPT.without_weights(config).state_dict()
        full = OPT(config, seeded()).state_dict()
        assert [*empty] == [*full]
        for name, part in empty.items():
            assert part.is_meta
            assert part.shape == full[name].shape
