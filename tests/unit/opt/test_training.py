"""Training against plain cross-entropy and Adam."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from collapse.opt import OPT, Training, train
from collapse.opt.training import batches
from support.language_models import QUICK, TINY, counting, rng, seeded


def test_the_rate_warms_up_and_vanishes():
    rates = [Training(steps=100).rate(step) for step in range(100)]
    assert rates[9] == rates[10] == 1
    assert all(np.diff(rates[:10]) > 0)
    assert all(np.diff(rates[10:]) < 0)
    assert 0 < rates[-1] < 0.001
    assert Training(steps=1).rate(0) == 1


def test_the_usual_training():
    assert Training() == Training(steps=300, batch_size=16, learning_rate=0.015)


def test_each_block_is_used_once_before_any_again():
    generator, alone = seeded(), seeded()
    indices = batches(5, 3, generator)
    used = torch.cat([next(indices) for _ in range(5)])
    orders = [torch.randperm(5, generator=alone) for _ in range(3)]
    assert torch.equal(used, torch.cat(orders))
    # No order is drawn before it is needed.
    assert torch.equal(generator.get_state(), alone.get_state())


def test_blocks_may_fill_all_positions_and_one_more():
    """The last token is only predicted."""
    blocks = torch.arange(13)[None] % 9 + 3
    assert len(train(OPT(TINY, seeded()), blocks, QUICK, seeded())) == QUICK.steps


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
    data, training = torch.from_numpy(counting(8)), Training(8, 8, 0.01)

    def steep():
        network = OPT(TINY, seeded())
        with torch.no_grad():
            network.tokens.weight.mul_(4)
        return network

    def by_hand(largest):
        network, norms = steep(), []
        optimizer = torch.optim.Adam(network.parameters())
        for step in range(8):
            optimizer.param_groups[0]["lr"] = 0.01 * training.rate(step)
            predicted = network(data[:, :-1]).flatten(0, 1)
            optimizer.zero_grad()
            F.cross_entropy(predicted, data[:, 1:].flatten(), ignore_index=1).backward()
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), largest)
            norms.append(float(norm))
            optimizer.step()
        return network.layers[0].feed_out.weight, norms

    ours = steep()
    train(ours, data, training, seeded())
    clipped, norms = by_hand(1.0)
    # Adam does not see the size of slopes, only how it changes.
    assert norms[-1] < 1.5 < 2 < norms[0]
    gap = (ours.layers[0].feed_out.weight - clipped).abs().median()
    assert gap < 1e-5
    for largest in (2.0, np.inf):
        other, _ = by_hand(largest)
        assert (other - clipped).abs().median() > 10 * gap + 1e-5, largest


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


@pytest.mark.parametrize("rate", [1e6, 1e30])
def test_a_training_that_diverges_says_so(rate):
    model = OPT(TINY, seeded())
    training = Training(steps=20, batch_size=8, learning_rate=rate)
    with pytest.raises(ValueError, match=r"finite weights and losses, got .* 1e\+"):
        train(model, np.pad(counting(30), ((0, 0), (1, 0))), training, seeded())


@pytest.mark.parametrize("step", [0, 1])
def test_weights_may_diverge_in_the_last_step(step, monkeypatch):
    """The loss is computed before the weights change."""
    ruin = torch.optim.Adam.step

    def stop(self):
        ruin(self)
        if self.param_groups[0]["params"][0].grad is not None:
            self.count = getattr(self, "count", -1) + 1
            if self.count == step:
                self.param_groups[0]["params"][-1].data[:] = np.inf

    monkeypatch.setattr(torch.optim.Adam, "step", stop)
    model = OPT(TINY, seeded())
    with pytest.raises(ValueError, match="finite weights and losses, got weights"):
        train(model, counting(30), Training(steps=step + 1), seeded())


class TestState:
    """A training that is stopped goes on as if it had not been."""

    class StopError(Exception):
        """What stops it."""

    @staticmethod
    def learn(seed=0, training=QUICK, blocks=None, **options):
        model, generator = OPT(TINY, seeded(seed)), seeded(seed)
        blocks = counting(30) if blocks is None else blocks
        losses = train(model, blocks, training, generator, **options)
        return losses, model.state_dict(), generator.get_state()

    def stopped(self, path, after, **options):
        def stop(step):
            if step == after:
                raise self.StopError

        with pytest.raises(self.StopError):
            self.learn(state=path, after_step=stop, **options)

    @pytest.mark.parametrize("after", [2, 9, 20])
    def test_resumed_training_ends_in_the_same_bits(self, after, tmp_path):
        path = tmp_path / "new" / "state"
        self.stopped(path, after, save_every=0)
        done = []
        found = self.learn(state=path, after_step=done.append)
        # What the step in which it was stopped had learnt is not saved yet.
        assert done == list(range(after, 21))
        for whole, resumed in zip(self.learn(), found, strict=True):
            if isinstance(whole, dict):
                assert all(torch.equal(whole[name], resumed[name]) for name in whole)
            elif isinstance(whole, list):
                assert whole == resumed
            else:
                assert torch.equal(whole, resumed)

    def test_what_is_done_is_not_done_again(self, tmp_path):
        path, done = tmp_path / "state", []
        first, weights, _ = self.learn(state=path, save_every=1e9)
        again, same, _ = self.learn(state=path, after_step=done.append)
        assert (first, done) == (again, [])
        assert torch.equal(weights["tokens.weight"], same["tokens.weight"])

    def test_it_is_saved_as_seldom_as_is_asked_for(self, tmp_path):
        path = tmp_path / "state"
        self.stopped(path, 19, save_every=1e9)
        assert not path.exists()

    @pytest.mark.parametrize(
        "change",
        [
            {"seed": 1},
            {"training": Training(steps=21, batch_size=8)},
            {"blocks": counting(31)},
        ],
        ids=["weights and order", "steps", "blocks"],
    )
    def test_another_training_is_refused(self, change, tmp_path):
        path = tmp_path / "state"
        self.learn(state=path)
        before = path.read_bytes()
        with pytest.raises(ValueError, match="is the state of another training"):
            self.learn(state=path, **change)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
    def test_a_damaged_file_is_refused(self, damage, tmp_path):
        path = tmp_path / "state"
        self.learn(state=path)
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.write_bytes(
            {
                "cut": whole[:-1],
                "flipped": whole[:middle]
                + bytes([whole[middle] ^ 1])
                + whole[middle + 1 :],
                "empty": b"",
                "other": b"something else " * 10,
            }[damage]
        )
        with pytest.raises(ValueError, match="the state of a training, and is damaged"):
            self.learn(state=path)
