"""Training against plain cross-entropy and Adam."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from collapse.opt import OPT, Training, train
from support.language_models import QUICK, TINY, counting, rng, seeded


def test_the_rate_warms_up_and_vanishes():
    rates = [Training(steps=100).rate(step) for step in range(100)]
    assert rates[9] == rates[10] == 1
    assert all(np.diff(rates[:10]) > 0)
    assert all(np.diff(rates[10:]) < 0)
    assert 0 < rates[-1] < 0.001
    assert Training(steps=1).rate(0) == 1


def test_padding_is_not_learned():
    data = torch.from_numpy(counting(40))
    longer = F.pad(data, (0, 3), value=1)
    models = [OPT(TINY, seeded()) for _ in range(2)]
    losses = [
        train(model, blocks, QUICK, seeded())
        for model, blocks in zip(models, (data, longer), strict=True)
    ]
    assert losses[0] == losses[1]
    assert torch.equal(models[0].tokens.weight, models[1].tokens.weight)


def test_one_step_is_the_step_of_plain_cross_entropy():
    data = torch.from_numpy(counting(8))
    ours, plain = OPT(TINY, seeded()), OPT(TINY, seeded())
    step = Training(steps=1, batch_size=8, learning_rate=0.01)
    (loss,) = train(ours, data, step, seeded())
    optimizer = torch.optim.Adam(plain.parameters(), 0.01)
    predicted = plain(data[:, :-1]).flatten(0, 1)
    expected = F.cross_entropy(predicted, data[:, 1:].flatten(), ignore_index=1)
    expected.backward()
    torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
    optimizer.step()
    assert loss == pytest.approx(expected.item(), abs=1e-5)
    # Adam's first step divides each gradient by itself: tiny ones by rounding.
    gap = (ours.layers[0].feed_out.weight - plain.layers[0].feed_out.weight).abs()
    assert gap.median() < 1e-6


def test_blocks_with_nothing_to_learn_are_left_out():
    data = torch.from_numpy(counting(12))
    nothing = torch.tensor([[3] + [1] * 7])
    between = torch.cat([nothing, data[:5], nothing, data[5:], nothing])
    models = [OPT(TINY, seeded()) for _ in range(2)]
    losses = [
        train(model, blocks, Training(steps=9, batch_size=1), seeded())
        for model, blocks in zip(models, (data, between), strict=True)
    ]
    assert losses[0] == losses[1]
    assert torch.equal(models[0].tokens.weight, models[1].tokens.weight)


def test_steep_slopes_are_clipped():
    """Several steps are those of Adam with gradients of norm 1 at most."""

    def steep():
        network = OPT(TINY, seeded())
        with torch.no_grad():
            network.tokens.weight.mul_(20)
        return network

    data, training = torch.from_numpy(counting(8)), Training(4, 8, 0.01)
    ours, clipped, free = steep(), steep(), steep()
    train(ours, data, training, seeded())
    norms = []
    for network, largest in ((clipped, 1.0), (free, np.inf)):
        optimizer = torch.optim.Adam(network.parameters(), 0.01)
        for step in range(4):
            optimizer.param_groups[0]["lr"] = 0.01 * training.rate(step)
            predicted = network(data[:, :-1]).flatten(0, 1)
            target = data[:, 1:].flatten()
            optimizer.zero_grad()
            F.cross_entropy(predicted, target, ignore_index=1).backward()
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), largest)
            norms.append(float(norm))
            optimizer.step()
    # Adam does not see the size of slopes, only how it changes.
    assert min(norms) > 1
    assert max(norms) > 1.2 * min(norms)

    def gap(other):
        one, two = ours.layers[0].feed_out.weight, other.layers[0].feed_out.weight
        return (one - two).abs().median()

    assert gap(clipped) < 1e-5
    assert gap(free) > 10 * gap(clipped)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": torch.ones(0, 5)}, "blocks must"),
        ({"blocks": [3, 4]}, "blocks must have at least 2 axes"),
        ({"blocks": [[[3, 4]]]}, r"blocks must have shape \(n, T\)"),
        ({"blocks": [[3, 12]]}, r"blocks must be tokens in \[0, 12\)"),
        ({"blocks": [[3.5, 4]]}, "blocks must be whole numbers"),
        ({"blocks": [[3] * 14]}, "blocks must fit into 12 positions"),
        ({"blocks": [[3], [4]]}, "blocks must hold tokens to learn"),
        ({"blocks": [[3, 1, 1], [1, 1, 1]]}, "blocks must hold tokens to learn"),
        ({"training": 300}, "training must be a Training"),
        ({"generator": rng()}, "generator must be a torch.Generator"),
    ],
)
def test_bad_arguments(change, message):
    good = {"blocks": [[3, 4]], "training": QUICK, "generator": seeded()}
    with pytest.raises(ValueError, match=message):
        train(OPT(TINY, seeded()), **(good | change))


@pytest.mark.parametrize(
    "change",
    [{"steps": 0}, {"batch_size": 0}, {"learning_rate": -1}],
    ids=str,
)
def test_bad_options(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))} must be"):
        Training(**change)
