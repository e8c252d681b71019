"""Language models in the loop, one for each chain."""

from __future__ import annotations

import copy

import joblib
import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from collapse.opt import (
    OPT,
    Decoding,
    LanguageModel,
    OPTConfig,
    TrainedLanguageModel,
    Training,
    generate,
)
from collapse.opt.family import _for_each_chain
from collapse.recursion import Diet, recurse
from collapse.streams import Streams
from support.language_models import QUICK, TINY, counting, rng, seeded, tokens


def test_it_learns_to_count():
    family = LanguageModel(TINY, Training(steps=200))
    data = counting(300)
    model = family.fit(data, rng())
    # The first token is one of 6; all others follow from it.
    tokens_of_all = (data != 1).sum()
    best = 6 ** (len(data) / tokens_of_all)
    assert best * 0.98 < model.perplexity(data) < best * 1.1
    samples = model.sample(200, rng())
    assert samples.shape == (200, 8)
    steps = np.diff(samples)[(samples[:, :-1] > 2) & (samples[:, 1:] > 2)]
    assert (steps == 1).mean() > 0.97
    assert model.losses.shape == (200,)
    assert model.losses[-20:].mean() < model.losses[:20].mean() / 2


def test_scores_are_those_of_transformers(small):
    theirs, ours = small
    family = LanguageModel(ours, prompts=[[3, 4]])
    model = TrainedLanguageModel(family, (ours,), (), 10, np.zeros(1))
    data = tokens(ours.config, 300, 10)
    data[7, 4:] = 1
    with torch.no_grad():
        logs = theirs(data).logits[:, :-1].log_softmax(-1)
    each = logs.gather(2, data[:, 1:, None])[..., 0] * (data[:, 1:] != 1)
    expected = each.double().sum(1).numpy()
    counts = (data[:, 1:] != 1).sum(1).numpy()
    np.testing.assert_allclose(model.log_prob(data.numpy()), expected, atol=1e-3)
    np.testing.assert_allclose(
        model.block_perplexity(data.numpy()), np.exp(-expected / counts), rtol=1e-4
    )
    np.testing.assert_allclose(
        model.perplexity(data.numpy()),
        np.exp(-expected.sum() / counts.sum()),
        rtol=1e-4,
    )


def test_a_block_of_one_token_has_the_perplexity_of_that_token():
    model = LanguageModel(TINY, QUICK).fit(counting(40), rng())
    block = np.array([[5, 1, 1], [1, 1, 1]])
    expected = [np.exp(-model.log_prob(block)[0]), 1]
    assert model.log_prob(block)[1] == 0
    np.testing.assert_allclose(model.block_perplexity(block), expected)
    assert model.perplexity(block) == pytest.approx(expected[0])
    assert model.perplexity(block[1:]) == 1


def test_blocks_may_fill_all_positions():
    data = counting(9, TINY.positions)
    assert LanguageModel(TINY, QUICK).fit(data, rng()).length == TINY.positions


def test_without_prompts_blocks_follow_the_start_token():
    model = LanguageModel(TINY, QUICK).fit(counting(40), rng())
    network, data = model.networks[0], torch.from_numpy(counting(5))
    with torch.no_grad():
        started = F.pad(data, (1, 0), value=2)
        logs = network(started[:, :-1]).log_softmax(-1)
    expected = (logs.gather(2, data[..., None])[..., 0] * (data != 1)).sum(1)
    np.testing.assert_allclose(model.log_prob(data), expected, atol=1e-4)


def test_the_start_token_need_not_be_the_end_token():
    config = OPTConfig(12, 16, 1, 2, positions=12, start_token=0)
    network = OPT(config, seeded())
    with torch.no_grad():
        for part in network.parameters():
            if part.ndim > 1:
                part.normal_(0, 0.7, generator=seeded(part.numel()))
    still = Training(steps=1, learning_rate=0.0)
    model = LanguageModel(network, still).fit(counting(9), rng())
    data = torch.from_numpy(counting(5))
    scores, laws = [], []
    for start in (0, 2):
        with torch.no_grad():
            begun = F.pad(data, (1, 0), value=start)
            logs = network(begun[:, :-1]).log_softmax(-1)
        each = logs.gather(2, data[..., None])[..., 0]
        scores.append((each * (data != 1)).sum(1).numpy())
        law = np.delete(logs[0, 0].exp().double().numpy(), 1)  # never padding
        laws.append(law / law.sum())
    assert np.abs(scores[0] - scores[1]).min() > 0.01
    assert np.abs(laws[0] - laws[1]).max() > 0.1
    np.testing.assert_allclose(model.log_prob(data), scores[0], atol=1e-4)
    written = model.sample(3000, rng())[:, 0]
    shares = np.delete(np.bincount(written, minlength=12), 1) / 3000
    # Five standard errors of a share, for each of eleven.
    allowed = 5 * np.sqrt(laws[0] * (1 - laws[0]) / 3000) + 1e-3
    assert (np.abs(shares - laws[0]) < allowed).all()


def test_padding_is_never_written_before_the_end():
    blocks = LanguageModel(TINY, QUICK).fit(counting(9), rng()).sample(300, rng())
    for block in blocks.tolist():
        written = block[: block.index(2) + 1] if 2 in block else block
        assert 1 not in written
        assert set(block[len(written) :]) <= {1}


def test_each_prompt_is_continued_equally_often():
    prompts = np.array([[3, 4], [5, 6], [7, 8]])
    family = LanguageModel(
        TINY, Training(steps=150), decoding=Decoding(beams=3), prompts=prompts
    )
    running = (np.arange(40)[:, None] + np.arange(6)) % 8 + 3
    model = family.fit(running, rng())
    blocks = model.sample(9, rng())
    assert blocks.shape == (9, 6)
    first, counts = np.unique(blocks[:, 0], return_counts=True)
    assert first.tolist() == [5, 7, 9]
    assert counts.tolist() == [3, 3, 3]
    # Behind a prompt the last tokens lie where no block that was learnt from reaches.
    assert ((np.diff(blocks[:, :4]) - 1) % 8 == 0).all()


def test_each_opening_is_kept_and_completed_equally_often():
    openings = counting(30)[:, :2][:3]
    family = LanguageModel(TINY, Training(steps=150), openings=openings)
    model = family.fit(counting(40), rng())
    blocks = model.sample(9, rng())
    assert blocks.shape == (9, counting(40).shape[1])
    first, counts = np.unique(blocks[:, :2], axis=0, return_counts=True)
    assert first.tolist() == np.unique(openings, axis=0).tolist()
    assert counts.sum() == 9
    assert set(counts.tolist()) <= {3, 6, 9}
    # A block is a start token, an opening and what follows: what was learned.
    alone = LanguageModel(TINY, Training(steps=150)).fit(counting(40), rng())
    np.testing.assert_array_equal(
        model.log_prob(counting(7)), alone.log_prob(counting(7))
    )
    assert model.perplexity(blocks) < 3


@pytest.mark.parametrize("kind", ["prompts", "openings"])
def test_which_prompts_are_used_is_left_to_chance(kind):
    """Fewer blocks than prompts begin with any of these, not with the first."""
    pairs = np.array([[a, b] for a in range(3, 12) for b in range(3, 12)])
    greedy = Decoding(temperature=0)
    family = LanguageModel(TINY, QUICK, decoding=greedy, **{kind: pairs})
    model = family.fit(counting(40), rng())
    used = [model.sample(9, rng(seed)) for seed in (1, 2)]
    assert not np.array_equal(*used)
    if kind == "openings":
        places = [{(9 * (a - 3) + b - 3) for a, b in blocks[:, :2]} for blocks in used]
        assert all(len(each) == 9 and max(each) > 20 for each in places)


def test_each_chain_may_begin_with_a_network_of_its_own():
    generator = seeded()
    networks = [OPT(TINY, generator), OPT(TINY, generator)]
    still = Training(steps=1, learning_rate=0.0)
    data = np.stack([counting(9)] * 2)
    model = LanguageModel(networks, still).fit(data, Streams(rng().spawn(2)))
    for network, given in zip(model.networks, networks, strict=True):
        assert network is not given
        assert torch.equal(network.tokens.weight, given.tokens.weight)
    with pytest.raises(ValueError, match="a chain for each of 2 networks, got 1"):
        LanguageModel(networks, still).fit(counting(9), rng())
    other = OPT(OPTConfig(12, width=8, layers=1, heads=1, positions=9), generator)
    with pytest.raises(ValueError, match="networks of one shape"):
        LanguageModel([networks[0], other], still)


def from_one():
    return rng(4).integers(2**63, size=2).tolist(), rng(4)


def from_streams():
    one, other = (Streams(rng(4).spawn(2)) for _ in range(2))
    return one.each(lambda each: each.integers(2**63, size=())).tolist(), other


@pytest.mark.parametrize("randomness", [from_one, from_streams])
def test_a_chain_writes_with_a_seed_from_its_generator(randomness):
    data = np.stack([counting(9)] * 2)
    model = LanguageModel(TINY, QUICK).fit(data, Streams(rng().spawn(2)))
    seeds, given = randomness()
    written = model.sample(5, given)
    for network, blocks, seed in zip(model.networks, written, seeds, strict=True):
        expected = generate(
            network,
            torch.full((5, 1), 2),
            new_tokens=8,
            end_token=2,
            forbidden=[1],
            generator=seeded(seed),
        )
        assert np.array_equal(blocks, expected)


def test_the_same_seed_gives_the_same_text():
    def text(before):
        torch.manual_seed(before)
        np.random.seed(before)  # noqa: NPY002
        model = LanguageModel(TINY, QUICK).fit(counting(40), rng(3))
        return model.sample(30, rng(4))

    assert np.array_equal(text(1), text(2))


def test_a_chain_does_not_depend_on_its_neighbours():
    data = np.stack([counting(30), counting(30)[::-1], counting(30)])
    family = LanguageModel(TINY, QUICK)
    three = family.fit(data, Streams(rng().spawn(3)))
    alone = family.fit(data[1:2], Streams(rng().spawn(3)[1:2]))
    again = three.sample(20, Streams(rng(9).spawn(3)))[1]
    assert np.array_equal(again, alone.sample(20, Streams(rng(9).spawn(3)[1:2]))[0])
    assert three.losses.shape == (3, 20)
    assert three.log_prob(counting(7)).shape == (3, 7)
    assert three.perplexity(data).shape == (3,)
    np.testing.assert_array_equal(
        three.log_prob(data[1])[1], alone.log_prob(data[1])[0]
    )


@pytest.mark.slow
def test_processes_change_nothing():
    data = np.stack([counting(30)] * 3)
    one, two = (
        LanguageModel(TINY, QUICK, jobs=jobs).fit(data, Streams(rng().spawn(3)))
        for jobs in (1, 2)
    )
    assert np.array_equal(one.losses, two.losses)
    samples = [model.sample(9, Streams(rng(2).spawn(3))) for model in (one, two)]
    assert np.array_equal(*samples)


@pytest.mark.parametrize(("jobs", "share"), [(1, 4), (2, 2), (8, 1)])
def test_processes_share_the_threads(jobs, share):
    torch.set_num_threads(4)
    with joblib.parallel_config("threading"):
        found = _for_each_chain(torch.get_num_threads, [()] * 8, jobs)
    assert found == [share] * 8


def test_fine_tuning_goes_on_from_the_previous_weights():
    still = Training(steps=1, learning_rate=0.0)
    family = LanguageModel(TINY, QUICK, fine_tuning=still)
    first = family.fit(counting(30), rng())
    weights = copy.deepcopy(first.networks[0].state_dict())
    second = family.fit(counting(30)[:9], rng(2), previous=first)
    anew = LanguageModel(TINY, still).fit(counting(30), rng(2), previous=first)
    assert second.networks[0] is not first.networks[0]
    for name, part in weights.items():
        assert torch.equal(second.networks[0].state_dict()[name], part), name
    assert not torch.equal(anew.networks[0].tokens.weight, weights["tokens.weight"])
    moving = LanguageModel(TINY, QUICK, fine_tuning=QUICK)
    moving.fit(counting(30), rng(2), previous=first)
    assert torch.equal(first.networks[0].tokens.weight, weights["tokens.weight"])


def test_a_given_network_is_where_every_chain_begins():
    network = OPT(TINY, seeded(8))
    still = Training(steps=1, learning_rate=0.0)
    model = LanguageModel(network, still).fit(counting(9), rng())
    assert torch.equal(model.networks[0].tokens.weight, network.tokens.weight)
    assert model.networks[0] is not network


@pytest.mark.parametrize("memory", ["replace", "accumulate"])
@pytest.mark.parametrize("fine_tuning", [None, Training(steps=5)])
@pytest.mark.parametrize("prompts", [None, counting(10)[:, :3]])
def test_the_whole_loop(memory, fine_tuning, prompts):
    decoding = Decoding() if prompts is None else Decoding(beams=2)
    family = LanguageModel(TINY, QUICK, fine_tuning, decoding, prompts)
    real = counting(30)
    history = recurse(
        family,
        real,
        generations=2,
        sample_size=20,
        diet=Diet(real_fraction=[0.0, 0.5], memory=memory),
        chains=2,
        rng=rng(),
        measures={"perplexity": lambda model, data: model.perplexity(real)},
        keep_data=True,
    )
    assert history["perplexity"].shape == (3, 2)
    assert (history["perplexity"] > 1).all()
    assert history.data[-1].shape == (2, 60 if memory == "accumulate" else 20, 8)
    assert history.data[-1].dtype == np.int64
    assert history.real_counts[-1].tolist() == [0, 10]


@pytest.mark.parametrize(
    "data",
    [
        [],
        3,
        [3, 4],
        [[3.0, 4.0]],
        [[3, 12]],
        [[-1, 3]],
        [[1, 1]],
        [[3] * 13],
        [[[[3, 4]]]],
    ],
    ids=str,
)
def test_bad_data(data):
    with pytest.raises(ValueError, match="data must"):
        LanguageModel(TINY, QUICK).fit(data, rng())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": 64}, "network must be an OPTConfig, an OPT"),
        ({"network": []}, "network must be an OPTConfig, an OPT"),
        ({"network": [TINY]}, "network must be an OPTConfig, an OPT"),
        ({"training": 300}, "training must be"),
        ({"fine_tuning": 150}, "fine_tuning must be"),
        ({"decoding": 1.0}, "decoding must be"),
        ({"jobs": 0}, "jobs must be"),
        ({"device": "abacus"}, "device must be one that torch can use here"),
        ({"device": "cuda:99"}, "device must be one that torch can use here"),
        ({"device": 1.5}, "device must be one that torch can use here"),
        ({"prompts": [3, 4]}, "prompts must have"),
        ({"prompts": [[3, 12]]}, "prompts must be tokens"),
        ({"openings": [3, 4]}, "openings must have"),
        ({"openings": [[3, 12]]}, "openings must be tokens"),
        ({"openings": [[3]], "prompts": [[3]]}, "openings must be None where"),
    ],
)
def test_bad_options(change, message):
    with pytest.raises(ValueError, match=message):
        LanguageModel(**{"network": TINY, **change})


def test_bad_calls():
    with pytest.raises(ValueError, match="openings must be shorter than a block"):
        LanguageModel(TINY, QUICK, openings=counting(9)).fit(counting(9), rng())
    family = LanguageModel(TINY, QUICK, fine_tuning=QUICK)
    model = family.fit(np.stack([counting(9)] * 2), Streams(rng().spawn(2)))
    with pytest.raises(ValueError, match="n must be"):
        model.sample(0, rng())
    with pytest.raises(ValueError, match="rng must be"):
        family.fit(counting(9), 1)
    with pytest.raises(ValueError, match="stream for each of 2"):
        model.sample(3, Streams(rng().spawn(3)))
    with pytest.raises(ValueError, match="stream for each of 2"):
        family.fit(np.stack([counting(9)] * 2), Streams(rng().spawn(3)))
    with pytest.raises(ValueError, match="previous must be"):
        family.fit(counting(9), rng(), previous=3)
    with pytest.raises(ValueError, match="data must have the leading shape"):
        model.log_prob(np.stack([counting(9)] * 3))


@pytest.mark.parametrize(
    "other", [OPTConfig(12, width=8, layers=1, heads=2, positions=12), OPTConfig(15)]
)
def test_a_previous_model_of_another_shape_is_refused(other):
    first = LanguageModel(other, QUICK).fit(counting(20), rng())
    family = LanguageModel(TINY, QUICK, QUICK)
    with pytest.raises(ValueError, match="previous must have the networks' shape"):
        family.fit(counting(20), rng(), previous=first)


def test_the_loop_names_the_generation_in_which_a_training_diverges():
    steep = Training(steps=20, batch_size=8, learning_rate=1e9)
    for training, later, generation in ((steep, None, 0), (QUICK, steep, 1)):
        family = LanguageModel(TINY, training, later)
        with pytest.raises(ValueError, match=rf"generation {generation}: .* finite"):
            recurse(family, counting(30), generations=2, sample_size=10, rng=rng())
