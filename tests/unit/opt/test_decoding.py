"""What is written is what transformers writes, or follows the network's law."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy

import numpy as np
import pytest
import torch
import transformers
from scipy import stats
from torch.nn import functional as F  # noqa: N812

from collapse.opt import OPT, Decoding, draw, generate, penalise, restrict
from support.language_models import TINY, padded, seeded, tokens

GREEDY = Decoding(temperature=0)


@pytest.fixture
def models(models):
    """In double precision: where two texts are as likely, rounding says who wins."""
    return tuple(deepcopy(model).double() for model in models)


@pytest.fixture
def small(small):
    return tuple(deepcopy(model).double() for model in small)


def continue_theirs(model, prompts, mask, new_tokens, end_token, **options):
    """Generate with transformers; filled up with padding to full length."""
    out = model.generate(
        prompts,
        attention_mask=mask.long(),
        max_new_tokens=new_tokens,
        eos_token_id=end_token,
        pad_token_id=1,
        do_sample=False,
        **options,
    )[:, prompts.shape[1] :]
    return F.pad(out, (0, new_tokens - out.shape[1]), value=1)


@pytest.mark.parametrize("end_token", [None, 2, 5])
@pytest.mark.parametrize("penalty", [1.0, 2.0])
@pytest.mark.parametrize("beams", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_what_is_written_is_what_transformers_writes(models, beams, penalty, end_token):
    theirs, ours = models
    prompts, mask = padded(ours.config)
    decoding = Decoding(
        temperature=0 if beams == 1 else 1, beams=beams, repetition_penalty=penalty
    )
    full = torch.ones_like(mask)
    for seen in (full, mask):
        expected = continue_theirs(
            theirs,
            prompts,
            seen,
            20,
            end_token,
            num_beams=beams,
            repetition_penalty=penalty,
        )
        written = generate(
            ours,
            prompts,
            new_tokens=20,
            decoding=decoding,
            mask=None if seen is full else seen,
            end_token=end_token,
        )
        wrong = (written != expected).any(1).nonzero().flatten().tolist()
        assert not wrong, f"rows {wrong} of {len(prompts)} differ"


@pytest.mark.parametrize("beams", [1, 5])
def test_searches_that_end_early_are_those_of_transformers(models, beams):
    theirs, ours = models
    prompts, mask = padded(ours.config)
    decoding = Decoding(temperature=0 if beams == 1 else 1, beams=beams)
    free = generate(ours, prompts, new_tokens=20, decoding=decoding)
    ended = 0
    for end_token, _ in Counter(free.flatten().tolist()).most_common(6):
        expected = continue_theirs(
            theirs, prompts, mask | True, 20, end_token, num_beams=beams
        )
        written = generate(
            ours, prompts, new_tokens=20, decoding=decoding, end_token=end_token
        )
        wrong = (written != expected).any(1).nonzero().flatten().tolist()
        assert not wrong, f"rows {wrong} of {len(prompts)} differ"
        ended += (written[:, :-1] == end_token).any(1).sum()
    assert ended > 0, "no search ended early"


def test_forbidden_tokens_are_those_of_transformers(small):
    theirs, ours = small
    prompts, mask = padded(ours.config)
    free = generate(ours, prompts, new_tokens=9, decoding=Decoding(beams=5))
    gone = [int(free[0, 0]), int(free[1, 0])]
    expected = continue_theirs(
        theirs,
        prompts,
        mask | True,
        9,
        None,
        num_beams=5,
        suppress_tokens=gone,
        renormalize_logits=True,  # the other tokens' probabilities add up to 1
    )
    written = generate(
        ours, prompts, new_tokens=9, decoding=Decoding(beams=5), forbidden=gone
    )
    assert torch.equal(written, expected)
    assert not torch.isin(written, torch.tensor(gone)).any()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7])
@pytest.mark.parametrize("top_p", [None, 0.01, 0.6, 1.0])
def test_restrictions_are_those_of_transformers(temperature, top_p):
    logits = 3 * torch.randn(50, 97, generator=seeded())
    said = torch.randint(97, (50, 12), generator=seeded())
    process = transformers.LogitsProcessorList(
        [
            transformers.RepetitionPenaltyLogitsProcessor(1.5),
            transformers.TemperatureLogitsWarper(temperature),
        ]
    )
    if top_p is not None:
        process.append(transformers.TopPLogitsWarper(top_p))
    expected = process(said, logits.clone())
    decoding = Decoding(temperature, top_p)
    found = restrict(penalise(logits, said, 1.5), decoding)
    assert torch.equal(found.isinf(), expected.isinf())
    torch.testing.assert_close(found, expected)


def test_a_nucleus_is_as_small_as_its_probability_allows():
    even = torch.zeros(1, 4)
    for top_p, kept in ((1e-17, 1), (0.5, 2), (0.51, 3), (1.0, 4)):
        logits = restrict(even, Decoding(top_p=top_p))
        assert logits.isfinite().sum() == kept, top_p


def test_draws_follow_their_law():
    logits = torch.tensor([1.0, -np.inf, 2.0, 0.5, -3.0, -np.inf])
    n = 40_000
    uniforms = torch.rand(n, generator=seeded(), dtype=torch.double)
    drawn = draw(logits.expand(n, 6), uniforms)
    counts = torch.bincount(drawn, minlength=6).numpy()
    alive = [0, 2, 3, 4]
    assert counts.sum() == counts[alive].sum() == n
    expected = n * logits.softmax(0).double().numpy()[alive]
    expected *= n / expected.sum()
    assert stats.chisquare(counts[alive], expected).pvalue > 1e-4


def test_extreme_draws_meet_living_tokens():
    logits = torch.tensor([[-np.inf, 0.0, -np.inf, 0.3, -np.inf]])
    ends = torch.tensor([0.0, np.nextafter(1, 0)], dtype=torch.double)
    drawn = draw(logits.expand(2, 5), ends)
    assert drawn.tolist() == [1, 3]


@pytest.mark.parametrize("temperature", [1e-6, 0.3, 1.0])
def test_each_sequence_has_its_row_of_the_generators_uniforms(small, temperature):
    _, ours = small
    prompts, decoding = tokens(ours.config, 50, 6), Decoding(temperature)
    uniforms = torch.rand((50, 2), generator=seeded(7), dtype=torch.double)
    texts = prompts
    with torch.no_grad():
        for column in uniforms.T:
            logits = restrict(ours(texts)[:, -1], decoding)
            texts = torch.cat([texts, draw(logits, column)[:, None]], 1)
    written = generate(
        ours, prompts, new_tokens=2, decoding=decoding, generator=seeded(7)
    )
    assert torch.equal(written, texts[:, 6:])


def test_single_precision_would_not_do_for_a_draw():
    """Of ever so many tokens a uniform meets the one that it belongs to."""
    n, chosen = 50_000, torch.arange(0, 50_000, 1_000)
    uniforms = (chosen.double() + 0.5) / n
    drawn = draw(torch.zeros(len(chosen), n), uniforms)
    assert torch.equal(drawn, chosen)


def test_all_positions_can_be_used(small):
    _, ours = small
    greedy = Decoding(temperature=0)
    written = generate(ours, [[3, 4]], new_tokens=127, decoding=greedy)
    assert written.shape == (1, 127)


def test_samples_follow_the_network(small):
    _, ours = small
    config, n = ours.config, 20_000
    prompt = tokens(config, 1, 6)
    two = generate(ours, prompt.expand(n, 6), new_tokens=2, generator=seeded(5)).numpy()
    with torch.no_grad():
        first = ours(prompt)[0, -1].softmax(-1).double().numpy()
        likely = int(first.argmax())
        longer = torch.cat([prompt, torch.tensor([[likely]])], 1)
        second = ours(longer)[0, -1].softmax(-1).double().numpy()
    after = two[two[:, 0] == likely, 1]
    for drawn, law in ((two[:, 0], first), (after, second)):
        expected = len(drawn) * law / law.sum()
        counts = np.bincount(drawn, minlength=len(law))
        # Rare tokens together, so that the chi-squared law holds.
        rare = expected < 5
        if rare.any():
            counts = np.append(counts[~rare], counts[rare].sum())
            expected = np.append(expected[~rare], expected[rare].sum())
        assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_a_sequence_keeps_its_draws_whatever_the_end_token(small):
    _, ours = small
    prompts = tokens(ours.config, 10, 4)
    free = generate(ours, prompts, new_tokens=12, generator=seeded())
    end = int(free[0, 5])
    ended = generate(ours, prompts, new_tokens=12, end_token=end, generator=seeded())
    for one, other in zip(free.tolist(), ended.tolist(), strict=True):
        stop = one.index(end) + 1 if end in one else 12
        assert other == one[:stop] + [1] * (12 - stop)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -1}, "temperature must be"),
        (
            {"temperature": 1e-40},
            r"temperature must be 0 or a number in \[1e-06, 1e\+06\]",
        ),
        ({"top_p": 0}, "top_p must be"),
        ({"top_p": 1.5}, "top_p must be"),
        ({"beams": 0}, "beams must be"),
        (
            {"temperature": 9e-7},
            r"temperature must be 0 or a number in \[1e-06, 1e\+06\]",
        ),
        ({"beams": 2, "temperature": 0.5}, "beams must be 1 where tokens are drawn"),
        ({"beams": 5, "top_p": 1.0}, "beams must be 1 where tokens are drawn"),
        ({"temperature": 4e38}, r"temperature must be 0 or a number in"),
        ({"repetition_penalty": 0}, "repetition_penalty must be"),
        ({"repetition_penalty": 1e-300}, "repetition_penalty must be a number in"),
    ],
)
def test_bad_decodings(change, message):
    with pytest.raises(ValueError, match=message):
        Decoding(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompts": [[3, 97]]}, r"prompts must be tokens in \[0, 97\)"),
        ({"prompts": [3, 4]}, "prompts must have at least 2 axes"),
        ({"prompts": [[0.5, 1]]}, "prompts must be whole numbers"),
        ({"new_tokens": 0}, "new_tokens must be"),
        ({"new_tokens": 128}, "fit into 128 positions, got 2 \\+ 128"),
        ({"decoding": 0.5}, "decoding must be"),
        ({"mask": [[True]]}, "mask must have the prompts' shape"),
        ({"mask": [[True, False]]}, "True in the last column"),
        (
            {"prompts": [[3, 4]] * 2, "mask": [[True, True], [False, False]]},
            "True in the last column",
        ),
        (
            {"prompts": [[3, 4, 5]], "mask": [[True, False, True]]},
            "mask must be False on the left of each row only",
        ),
        ({"end_token": 97}, "end_token must be a token below 97, got 97"),
        ({"end_token": -1}, "end_token must be"),
        ({"forbidden": [2, 97]}, "forbidden must be a token below 97, got 97"),
        ({"forbidden": range(97)}, "forbidden must leave a token to choose"),
        ({"generator": None}, "generator must be a torch.Generator"),
    ],
)
def test_bad_arguments(small, change, message):
    good = {"prompts": [[3, 4]], "new_tokens": 5, "generator": seeded()}
    arguments = good | change
    with pytest.raises(ValueError, match=message):
        generate(small[1], arguments.pop("prompts"), **arguments)


@pytest.mark.parametrize(
    "mask",
    [
        [[0.0, 1.0, 1.0]],
        [[-1e9, 0.0, 0.0]],
        [[0, 1, 2]],
        [[0, 1, -1]],
        [["a", "b", "c"]],
        [[True], [True, False]],
        torch.ones(1, 3),
        np.ones((1, 3), np.complex64),
    ],
)
def test_a_mask_is_true_or_false(mask):
    model = OPT(TINY, seeded())
    with pytest.raises(ValueError, match="mask must be an array of True and False"):
        generate(model, [[3, 4, 5]], new_tokens=2, mask=mask, decoding=GREEDY)


def test_no_value_of_a_mask_is_missing():
    mask = np.ma.array([[True, True, True]], mask=[[True, False, False]])
    with pytest.raises(ValueError, match=r"mask must be an array without masked"):
        generate(OPT(TINY, seeded()), [[3, 4, 5]], new_tokens=2, mask=mask)


@pytest.mark.parametrize("kind", [np.bool_, np.int64, np.uint8, torch.tensor, list])
def test_a_mask_may_be_of_any_kind(kind):
    model = OPT(TINY, seeded())
    rows = [[0, 1, 1]]
    mask = kind(rows) if kind in (torch.tensor, list) else np.array(rows, kind)
    found = generate(model, [[1, 4, 5]], new_tokens=2, mask=mask, decoding=GREEDY)
    plain = generate(model, [[4, 5]], new_tokens=2, decoding=GREEDY)
    assert torch.equal(found, plain)


@pytest.mark.parametrize(
    "decoding", [Decoding(), GREEDY, Decoding(beams=2), Decoding(top_p=0.9)]
)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["tokens", "positions", "final_norm"])
def test_a_network_of_no_numbers_writes_nothing(decoding, bad, part):
    model = OPT(TINY, seeded())
    getattr(model, part).weight.data[-1] = bad
    with pytest.raises(ValueError, match="model must predict finite logits"):
        generate(model, [[3, 4]], new_tokens=11, decoding=decoding, generator=seeded())
