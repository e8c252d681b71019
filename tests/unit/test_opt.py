"""The language model against transformers, and the family in the loop."""

from __future__ import annotations

import copy
import json
import os
from functools import cache

# transformers would look for models on a server; none is needed.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from scipy import stats
from torch.nn import functional as F  # noqa: N812

from collapse.opt import (
    OPT,
    Cache,
    Decoding,
    LanguageModel,
    OPTConfig,
    TrainedLanguageModel,
    Training,
    draw,
    generate,
    load_opt,
    penalise,
    restrict,
    save_opt,
    train,
)
from collapse.recursion import Diet, recurse
from collapse.streams import Streams

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

SHAPES = {
    "small": OPTConfig(97),
    "odd": OPTConfig(50, width=48, layers=3, heads=2, feed_forward=100, positions=40),
    "one head": OPTConfig(20, width=16, layers=1, heads=1),
    "as 350m": OPTConfig(50, width=32, embedding_width=16, norm_first=False),
    "projected": OPTConfig(50, width=32, embedding_width=48),
    "few tokens": OPTConfig(9),
}
TINY = OPTConfig(12, width=16, layers=1, heads=2, positions=12)
QUICK = Training(steps=20, batch_size=8)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def rng(seed=1):
    return np.random.default_rng(seed)


def tokens(config, *shape, seed=0):
    return torch.randint(3, config.vocabulary_size, shape, generator=chance(seed))


@cache
def pair(shape, folder, trained=False):
    """Their model with random weights of some size, and ours that has read it."""
    config = SHAPES[shape]
    theirs = transformers.OPTForCausalLM(
        transformers.OPTConfig(
            vocab_size=config.vocabulary_size,
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            ffn_dim=config.feed_forward,
            max_position_embeddings=config.positions,
            word_embed_proj_dim=config.embedding_width,
            do_layer_norm_before=config.norm_first,
            dropout=0.0,
        )
    ).eval()
    with torch.no_grad():
        for part in theirs.parameters():
            part.normal_(0, 0.2, generator=chance(part.numel()))
    theirs.save_pretrained(folder)
    ours = load_opt(folder)
    if trained:
        ours = OPT(config, chance())
        train(ours, tokens(config, 20, 16), Training(steps=30), chance())
        save_opt(ours, folder / "trained")
        theirs = transformers.OPTForCausalLM.from_pretrained(folder / "trained")
    return theirs.eval(), ours


@pytest.fixture(params=[*SHAPES, "small, trained"])
def models(request, tmp_path_factory):
    shape = request.param.removesuffix(", trained")
    return pair(shape, tmp_path_factory.getbasetemp() / shape, shape != request.param)


@pytest.fixture
def small(tmp_path_factory):
    return pair("small", tmp_path_factory.getbasetemp() / "small")


def padded(config, rows=24, length=12):
    """Prompts, two of which are padded on the left, and their mask."""
    prompts = tokens(config, rows, length)
    mask = torch.ones_like(prompts, dtype=torch.bool)
    mask[3, :4] = mask[5, :9] = False
    return prompts.masked_fill(~mask, config.padding_token), mask


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


class TestNetwork:
    def test_logits_are_those_of_transformers(self, models):
        theirs, ours = models
        text = tokens(ours.config, 5, 30)
        with torch.no_grad():
            gap = (ours(text) - theirs(text).logits).abs().max()
        assert gap <= 1e-4, f"gap {gap:.1e}"

    def test_logits_of_padded_text_are_those_of_transformers(self, models):
        theirs, ours = models
        text, mask = padded(ours.config)
        with torch.no_grad():
            expected = theirs(text, attention_mask=mask.long()).logits
            gap = (ours(text, mask) - expected)[mask].abs().max()
        assert gap <= 1e-4, f"gap {gap:.1e}"

    def test_gradients_are_those_of_transformers(self, small):
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
    def test_reading_bit_by_bit_is_reading_at_once(self, models, steps):
        _, ours = models
        text, mask = padded(ours.config, length=20)
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

    def test_first_weights_come_from_the_generator_alone(self):
        before = torch.random.get_rng_state()
        one, same, other = (OPT(TINY, chance(seed)) for seed in (1, 1, 2))
        assert torch.equal(before, torch.random.get_rng_state())
        assert torch.equal(one.tokens.weight, same.tokens.weight)
        assert not torch.equal(one.tokens.weight, other.tokens.weight)

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
            ({"end_token": 20}, "end_token must be below 20"),
            ({"padding_token": 2}, "padding_token must be"),
        ],
    )
    def test_bad_shapes(self, change, message):
        with pytest.raises(ValueError, match=message):
            OPTConfig(**{"vocabulary_size": 20, **change})


class TestCheckpoints:
    def test_transformers_reads_what_we_write(self, models, tmp_path):
        _, ours = models
        save_opt(ours, tmp_path)
        theirs = transformers.OPTForCausalLM.from_pretrained(tmp_path).eval()
        text = tokens(ours.config, 3, 20)
        with torch.no_grad():
            gap = (ours(text) - theirs(text).logits).abs().max()
        assert gap <= 1e-4, f"gap {gap:.1e}"

    def test_we_read_what_we_write(self, models, tmp_path):
        _, ours = models
        save_opt(ours, tmp_path)
        again = load_opt(tmp_path)
        assert again.config == ours.config
        for name, part in ours.state_dict().items():
            assert torch.equal(part, again.state_dict()[name]), name

    @pytest.mark.parametrize("prefix", ["model.decoder.", "decoder.", ""])
    @pytest.mark.parametrize("head", [False, True])
    def test_older_checkpoints_are_read(self, small, tmp_path, prefix, head):
        _, ours = small
        save_opt(ours, tmp_path)
        file = tmp_path / "model.safetensors"
        old = {
            name.replace("model.decoder.", prefix): tensor.half()
            for name, tensor in load_file(file).items()
        }
        if head:
            old["lm_head.weight"] = old[f"{prefix}embed_tokens.weight"].clone()
        file.unlink()
        torch.save(old, tmp_path / "pytorch_model.bin")
        again = load_opt(tmp_path)
        assert again.tokens.weight.dtype == torch.float32
        expected = ours.tokens.weight.half().float()
        assert torch.equal(again.tokens.weight, expected)

    def test_a_configuration_may_leave_out_what_is_usual(self, small, tmp_path):
        _, ours = small
        save_opt(ours, tmp_path)
        path = tmp_path / "config.json"
        fields = json.loads(path.read_text())
        for name in ("word_embed_proj_dim", "do_layer_norm_before", "pad_token_id"):
            del fields[name]
        path.write_text(json.dumps(fields))
        assert load_opt(tmp_path).config == ours.config

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("activation_function", "gelu"),
            ("enable_bias", False),
            ("layer_norm_elementwise_affine", False),
            ("tie_word_embeddings", False),
            ("_remove_final_layer_norm", True),
            ("model_type", "gpt2"),
        ],
    )
    def test_what_the_network_has_not_is_refused(self, small, tmp_path, field, value):
        save_opt(small[1], tmp_path)
        path = tmp_path / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
        with pytest.raises(ValueError, match=f"{field} in .* must be"):
            load_opt(tmp_path)

    def test_wrong_tensors_are_named(self, small, tmp_path):
        save_opt(small[1], tmp_path)
        file = tmp_path / "model.safetensors"
        good = load_file(file)
        name = "model.decoder.layers.1.fc1.weight"
        short = name.removeprefix("model.decoder.")
        save_file({k: v for k, v in good.items() if k != name}, file)
        with pytest.raises(ValueError, match=rf"missing tensors \['{short}'\]"):
            load_opt(tmp_path)
        save_file(good | {"model.decoder.adapter": torch.ones(2)}, file)
        with pytest.raises(ValueError, match=r"unknown \['adapter'\]"):
            load_opt(tmp_path)
        save_file(good | {name: good[name][1:].clone()}, file)
        with pytest.raises(ValueError, match=rf"{short} must have shape \(256, 64\)"):
            load_opt(tmp_path)
        save_file(good | {"lm_head.weight": torch.ones(97, 64)}, file)
        with pytest.raises(ValueError, match=r"lm_head.weight must equal"):
            load_opt(tmp_path)

    def test_missing_files_are_named(self, small, tmp_path):
        with pytest.raises(ValueError, match=r"must hold a config\.json"):
            load_opt(tmp_path)
        save_opt(small[1], tmp_path)
        (tmp_path / "model.safetensors").unlink()
        with pytest.raises(ValueError, match=r"model\.safetensors or pytorch_model"):
            load_opt(tmp_path)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b'{"vocab_size": ', "must hold JSON, and does not"),
            (b"\xff\xfe{}", "must hold JSON, and does not"),
            (b"[1, 2]", r"must hold a JSON object, got \[1, 2\]"),
            (b'{"vocab_size": 97, "hidden_size": "wide"}', "width must be"),
        ],
    )
    def test_a_damaged_configuration_is_named(self, small, tmp_path, content, message):
        save_opt(small[1], tmp_path)
        (tmp_path / "config.json").write_bytes(content)
        with pytest.raises(ValueError, match=rf"config\.json.*{message}"):
            load_opt(tmp_path)

    @pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
    @pytest.mark.parametrize("left", [0, 7, 1000])
    def test_damaged_weights_are_named(self, small, tmp_path, name, left):
        save_opt(small[1], tmp_path)
        whole = tmp_path / "model.safetensors"
        tensors = load_file(whole)
        if name != whole.name:
            whole.unlink()
            torch.save(tensors, tmp_path / name)
        file = tmp_path / name
        file.write_bytes(file.read_bytes()[:left])
        with pytest.raises(ValueError, match=rf"{name} must hold weights, and is dam"):
            load_opt(tmp_path)

    def test_a_mark_of_old_checkpoints_is_no_weight(self, small, tmp_path):
        save_opt(small[1], tmp_path)
        file = tmp_path / "model.safetensors"
        marked = load_file(file) | {"model.decoder.version": torch.ones(1)}
        file.unlink()
        torch.save(marked, tmp_path / "pytorch_model.bin")
        again = load_opt(tmp_path)
        assert torch.equal(again.tokens.weight, small[1].tokens.weight)


class TestDecoders:
    @pytest.mark.parametrize("end_token", [None, 2, 5])
    @pytest.mark.parametrize("penalty", [1.0, 2.0])
    @pytest.mark.parametrize("beams", [1, 5])
    def test_what_is_written_is_what_transformers_writes(
        self, models, beams, penalty, end_token
    ):
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
    def test_searches_that_end_early_are_those_of_transformers(self, models, beams):
        theirs, ours = models
        prompts, mask = padded(ours.config)
        decoding = Decoding(temperature=0 if beams == 1 else 1, beams=beams)
        free = generate(ours, prompts, new_tokens=20, decoding=decoding)
        ended = 0
        for end_token in set(free[:6, 4].tolist()):
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

    def test_forbidden_tokens_are_those_of_transformers(self, small):
        theirs, ours = small
        prompts, mask = padded(ours.config)
        free = generate(ours, prompts, new_tokens=9, decoding=Decoding(beams=5))
        gone = [int(free[0, 0]), int(free[1, 0])]
        expected = continue_theirs(
            theirs, prompts, mask | True, 9, None, num_beams=5, suppress_tokens=gone
        )
        written = generate(
            ours, prompts, new_tokens=9, decoding=Decoding(beams=5), forbidden=gone
        )
        assert torch.equal(written, expected)
        assert not torch.isin(written, torch.tensor(gone)).any()

    @pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7])
    @pytest.mark.parametrize("top_k", [None, 1, 10, 500])
    @pytest.mark.parametrize("top_p", [None, 0.01, 0.6, 1.0])
    def test_restrictions_are_those_of_transformers(self, temperature, top_k, top_p):
        logits = 3 * torch.randn(50, 97, generator=chance())
        said = torch.randint(97, (50, 12), generator=chance())
        process = transformers.LogitsProcessorList(
            [
                transformers.RepetitionPenaltyLogitsProcessor(1.5),
                transformers.TemperatureLogitsWarper(temperature),
            ]
        )
        if top_k is not None:
            process.append(transformers.TopKLogitsWarper(top_k))
        if top_p is not None:
            process.append(transformers.TopPLogitsWarper(top_p))
        expected = process(said, logits.clone())
        decoding = Decoding(temperature, top_k, top_p)
        found = restrict(penalise(logits, said, 1.5), decoding)
        assert torch.equal(found.isinf(), expected.isinf())
        torch.testing.assert_close(found, expected)

    def test_draws_follow_their_law(self):
        logits = torch.tensor([1.0, -np.inf, 2.0, 0.5, -3.0, -np.inf])
        n = 40_000
        uniforms = torch.rand(n, generator=chance(), dtype=torch.double)
        drawn = draw(logits.expand(n, 6), uniforms)
        counts = torch.bincount(drawn, minlength=6).numpy()
        alive = [0, 2, 3, 4]
        assert counts.sum() == counts[alive].sum() == n
        expected = n * logits.softmax(0).double().numpy()[alive]
        expected *= n / expected.sum()
        assert stats.chisquare(counts[alive], expected).pvalue > 1e-4

    def test_extreme_draws_meet_living_tokens(self):
        logits = torch.tensor([[-np.inf, 0.0, -np.inf, 0.3, -np.inf]])
        ends = torch.tensor([0.0, np.nextafter(1, 0)], dtype=torch.double)
        drawn = draw(logits.expand(2, 5), ends)
        assert drawn.tolist() == [1, 3]

    def test_samples_follow_the_network(self, small):
        _, ours = small
        config, n = ours.config, 20_000
        prompt = tokens(config, 1, 6)
        two = generate(
            ours, prompt.expand(n, 6), new_tokens=2, generator=chance(5)
        ).numpy()
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

    def test_a_sequence_keeps_its_draws_whatever_the_end_token(self, small):
        _, ours = small
        prompts = tokens(ours.config, 10, 4)
        free = generate(ours, prompts, new_tokens=12, generator=chance())
        end = int(free[0, 5])
        ended = generate(
            ours, prompts, new_tokens=12, end_token=end, generator=chance()
        )
        for one, other in zip(free.tolist(), ended.tolist(), strict=True):
            stop = one.index(end) + 1 if end in one else 12
            assert other == one[:stop] + [1] * (12 - stop)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"temperature": -1}, "temperature must be"),
            ({"temperature": 1e-40}, "temperature must be 0 or at least 1e-06"),
            ({"top_k": 0}, "top_k must be"),
            ({"top_p": 0}, "top_p must be"),
            ({"top_p": 1.5}, "top_p must be"),
            ({"beams": 0}, "beams must be"),
            ({"beams": 5, "top_k": 3}, "beams must be 1 where tokens are drawn"),
            ({"repetition_penalty": 0}, "repetition_penalty must be"),
        ],
    )
    def test_bad_decodings(self, change, message):
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
    def test_bad_arguments(self, small, change, message):
        good = {"prompts": [[3, 4]], "new_tokens": 5, "generator": chance()}
        arguments = good | change
        with pytest.raises(ValueError, match=message):
            generate(small[1], arguments.pop("prompts"), **arguments)


def counting(n, length=8):
    """Documents that count upwards from a random token, and end or are cut."""
    first = rng().integers(3, 9, n)
    places = first[:, None] + np.arange(length)
    return np.where(places < 11, places, np.where(places == 11, 2, 1))


class TestTraining:
    def test_the_rate_warms_up_and_vanishes(self):
        rates = [Training(steps=100).rate(step) for step in range(100)]
        assert rates[9] == rates[10] == 1
        assert all(np.diff(rates[:10]) > 0)
        assert all(np.diff(rates[10:]) < 0)
        assert 0 < rates[-1] < 0.001
        assert Training(steps=1).rate(0) == 1

    def test_padding_is_not_learned(self):
        data = torch.from_numpy(counting(40))
        longer = F.pad(data, (0, 3), value=1)
        models = [OPT(TINY, chance()) for _ in range(2)]
        losses = [
            train(model, blocks, QUICK, chance())
            for model, blocks in zip(models, (data, longer), strict=True)
        ]
        assert losses[0] == losses[1]
        assert torch.equal(models[0].tokens.weight, models[1].tokens.weight)

    def test_one_step_is_the_step_of_plain_cross_entropy(self):
        data = torch.from_numpy(counting(8))
        ours, plain = OPT(TINY, chance()), OPT(TINY, chance())
        step = Training(steps=1, batch_size=8, learning_rate=0.01)
        (loss,) = train(ours, data, step, chance())
        optimizer = torch.optim.AdamW(plain.parameters(), 0.01, weight_decay=0)
        predicted = plain(data[:, :-1]).flatten(0, 1)
        expected = F.cross_entropy(predicted, data[:, 1:].flatten(), ignore_index=1)
        expected.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimizer.step()
        assert loss == pytest.approx(expected.item(), abs=1e-5)
        # Adam's first step divides each gradient by itself: tiny ones by rounding.
        gap = (ours.layers[0].feed_out.weight - plain.layers[0].feed_out.weight).abs()
        assert gap.median() < 1e-6

    def test_blocks_with_nothing_to_learn_are_left_out(self):
        data = torch.from_numpy(counting(12))
        nothing = torch.tensor([[3] + [1] * 7])
        between = torch.cat([nothing, data[:5], nothing, data[5:], nothing])
        models = [OPT(TINY, chance()) for _ in range(2)]
        losses = [
            train(model, blocks, Training(steps=9, batch_size=1), chance())
            for model, blocks in zip(models, (data, between), strict=True)
        ]
        assert losses[0] == losses[1]
        assert torch.equal(models[0].tokens.weight, models[1].tokens.weight)

    def test_steep_slopes_are_clipped(self):
        """Several steps are those of Adam with gradients of norm 1 at most."""

        def steep():
            network = OPT(TINY, chance())
            with torch.no_grad():
                network.tokens.weight.mul_(20)
            return network

        data, training = torch.from_numpy(counting(8)), Training(4, 8, 0.01)
        ours, clipped, free = steep(), steep(), steep()
        train(ours, data, training, chance())
        norms = []
        for network, largest in ((clipped, 1.0), (free, np.inf)):
            optimizer = torch.optim.AdamW(network.parameters(), 0.01, weight_decay=0)
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

    def test_weights_decay_by_a_share_of_the_learning_rate(self):
        data = torch.from_numpy(counting(8))
        before = OPT(TINY, chance()).layers[0].feed_in.weight
        kept, shrunk = OPT(TINY, chance()), OPT(TINY, chance())
        for network, decay in ((kept, 0.0), (shrunk, 0.5)):
            step = Training(1, 8, learning_rate=0.1, weight_decay=decay)
            train(network, data, step, chance())
        gap = kept.layers[0].feed_in.weight - shrunk.layers[0].feed_in.weight
        torch.testing.assert_close(gap, 0.1 * 0.5 * before, atol=1e-6, rtol=1e-4)

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
        ids=str,
    )
    def test_bad_arguments(self, change, message):
        good = {"blocks": [[3, 4]], "training": QUICK, "generator": chance()}
        with pytest.raises(ValueError, match=message):
            train(OPT(TINY, chance()), **(good | change))

    @pytest.mark.parametrize(
        "change",
        [{"steps": 0}, {"batch_size": 0}, {"learning_rate": -1}, {"weight_decay": -1}],
        ids=str,
    )
    def test_bad_options(self, change):
        with pytest.raises(ValueError, match=f"{next(iter(change))} must be"):
            Training(**change)


class TestFamily:
    def test_it_learns_to_count(self):
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

    def test_scores_are_those_of_transformers(self, small):
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

    def test_without_prompts_blocks_follow_the_start_token(self):
        model = LanguageModel(TINY, QUICK).fit(counting(40), rng())
        network, data = model.networks[0], torch.from_numpy(counting(5))
        with torch.no_grad():
            started = F.pad(data, (1, 0), value=2)
            logs = network(started[:, :-1]).log_softmax(-1)
        expected = (logs.gather(2, data[..., None])[..., 0] * (data != 1)).sum(1)
        np.testing.assert_allclose(model.log_prob(data), expected, atol=1e-4)

    def test_the_start_token_need_not_be_the_end_token(self):
        config = OPTConfig(12, 16, 1, 2, positions=12, start_token=0)
        network = OPT(config, chance())
        with torch.no_grad():
            for part in network.parameters():
                if part.ndim > 1:
                    part.normal_(0, 0.7, generator=chance(part.numel()))
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

    def test_padding_is_never_written_before_the_end(self):
        blocks = LanguageModel(TINY, QUICK).fit(counting(9), rng()).sample(300, rng())
        for block in blocks.tolist():
            written = block[: block.index(2) + 1] if 2 in block else block
            assert 1 not in written
            assert set(block[len(written) :]) <= {1}

    def test_each_prompt_is_continued_equally_often(self):
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
        assert ((np.diff(blocks) - 1) % 8 == 0).all()

    def test_each_opening_is_kept_and_completed_equally_often(self):
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
    def test_which_prompts_are_used_is_left_to_chance(self, kind):
        """Fewer blocks than prompts begin with any of these, not with the first."""
        pairs = np.array([[a, b] for a in range(3, 12) for b in range(3, 12)])
        greedy = Decoding(temperature=0)
        family = LanguageModel(TINY, QUICK, decoding=greedy, **{kind: pairs})
        model = family.fit(counting(40), rng())
        used = [model.sample(9, rng(seed)) for seed in (1, 2)]
        assert not np.array_equal(*used)
        if kind == "openings":
            places = [
                {(9 * (a - 3) + b - 3) for a, b in blocks[:, :2]} for blocks in used
            ]
            assert all(len(each) == 9 and max(each) > 20 for each in places)

    def test_each_chain_may_begin_with_a_network_of_its_own(self):
        chance = torch.Generator().manual_seed(0)
        networks = [OPT(TINY, chance), OPT(TINY, chance)]
        still = Training(steps=1, learning_rate=0.0)
        data = np.stack([counting(9)] * 2)
        model = LanguageModel(networks, still).fit(data, Streams(rng().spawn(2)))
        for network, given in zip(model.networks, networks, strict=True):
            assert network is not given
            assert torch.equal(network.tokens.weight, given.tokens.weight)
        with pytest.raises(ValueError, match="a chain for each of 2 networks, got 1"):
            LanguageModel(networks, still).fit(counting(9), rng())
        other = OPT(OPTConfig(12, width=8, layers=1, heads=1, positions=9), chance)
        with pytest.raises(ValueError, match="networks of one shape"):
            LanguageModel([networks[0], other], still)

    def test_the_same_seed_gives_the_same_text(self):
        def text(before):
            torch.manual_seed(before)
            np.random.seed(before)  # noqa: NPY002
            model = LanguageModel(TINY, QUICK).fit(counting(40), rng(3))
            return model.sample(30, rng(4))

        assert np.array_equal(text(1), text(2))

    def test_a_chain_does_not_depend_on_its_neighbours(self):
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

    def test_processes_change_nothing(self):
        data = np.stack([counting(30)] * 3)
        one, two = (
            LanguageModel(TINY, QUICK, jobs=jobs).fit(data, Streams(rng().spawn(3)))
            for jobs in (1, 2)
        )
        assert np.array_equal(one.losses, two.losses)
        samples = [model.sample(9, Streams(rng(2).spawn(3))) for model in (one, two)]
        assert np.array_equal(*samples)

    def test_fine_tuning_goes_on_from_the_previous_weights(self):
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

    def test_a_given_network_is_where_every_chain_begins(self):
        network = OPT(TINY, chance(8))
        still = Training(steps=1, learning_rate=0.0)
        model = LanguageModel(network, still).fit(counting(9), rng())
        assert torch.equal(model.networks[0].tokens.weight, network.tokens.weight)
        assert model.networks[0] is not network

    @pytest.mark.parametrize("memory", ["replace", "accumulate"])
    @pytest.mark.parametrize("fine_tuning", [None, Training(steps=5)])
    @pytest.mark.parametrize("prompts", [None, counting(10)[:, :3]])
    def test_the_whole_loop(self, memory, fine_tuning, prompts):
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
    def test_bad_data(self, data):
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
    def test_bad_options(self, change, message):
        with pytest.raises(ValueError, match=message):
            LanguageModel(**{"network": TINY, **change})

    def test_bad_calls(self):
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
