"""Checkpoints are those of transformers, and what is wrong with one is named."""

from __future__ import annotations

import json
import pickle
from contextlib import contextmanager

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from collapse.opt import OPT, OPTConfig, generate, load_opt, save_opt, train
from collapse.opt.checkpoints import _FIELDS, _export, _read_config
from support.language_models import QUICK, TINY, counting, seeded, tokens


def test_transformers_reads_what_we_write(models, tmp_path):
    _, ours = models
    save_opt(ours, tmp_path)
    theirs = transformers.OPTForCausalLM.from_pretrained(tmp_path).eval()
    text = tokens(ours.config, 3, 20)
    with torch.no_grad():
        gap = (ours(text) - theirs(text).logits).abs().max()
    assert gap <= 1e-4, f"gap {gap:.1e}"


def test_we_read_what_we_write(models, tmp_path):
    _, ours = models
    save_opt(ours, tmp_path)
    again = load_opt(tmp_path)
    assert again.config == ours.config
    for name, part in ours.state_dict().items():
        assert torch.equal(part, again.state_dict()[name]), name


def test_half_precision_takes_half_the_room_and_writes_the_same_text(tmp_path):
    ours = OPT(TINY, seeded())
    train(ours, counting(40), QUICK, seeded())
    save_opt(ours, tmp_path / "whole")
    save_opt(ours, tmp_path / "half", half=True)
    whole, half = (
        sum(part.nbytes for part in load_file(path / "model.safetensors").values())
        for path in (tmp_path / "whole", tmp_path / "half")
    )
    assert half == whole / 2
    again = load_opt(tmp_path / "half")
    for name, part in ours.state_dict().items():
        assert again.state_dict()[name].dtype == torch.float32
        # Eleven bits of a number, and none of the least of them.
        torch.testing.assert_close(
            again.state_dict()[name], part, rtol=2**-11, atol=2**-25
        )
    asked = counting(30)[:, :3]
    texts = [
        generate(model, asked, new_tokens=8, generator=seeded())
        for model in (ours, again)
    ]
    assert (texts[0] == texts[1]).float().mean() > 0.99


@pytest.mark.parametrize("prefix", ["model.decoder.", "decoder.", ""])
@pytest.mark.parametrize("head", [False, True])
def test_older_checkpoints_are_read(small, tmp_path, prefix, head):
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


def test_what_a_configuration_leaves_out_is_what_transformers_takes(tmp_path):
    theirs = transformers.OPTConfig()
    (tmp_path / "config.json").write_text("{}")
    ours = _read_config(tmp_path / "config.json")
    for name, field in _FIELDS.items():
        assert getattr(ours, name) == getattr(theirs, field), name


def test_a_checkpoint_drops_nothing_out(small, tmp_path):
    folder = tmp_path / "new" / "deeper"
    save_opt(small[1], folder)
    assert transformers.OPTForCausalLM.from_pretrained(folder).config.dropout == 0


def test_a_configuration_may_leave_out_what_is_usual(small, tmp_path):
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
def test_what_the_network_has_not_is_refused(small, tmp_path, field, value):
    save_opt(small[1], tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(ValueError, match=f"{field} in .* must be"):
        load_opt(tmp_path)


def test_wrong_tensors_are_named(small, tmp_path):
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


def test_missing_files_are_named(small, tmp_path):
    with pytest.raises(ValueError, match=r"must hold a config\.json"):
        load_opt(tmp_path)
    save_opt(small[1], tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"model\.safetensors or pytorch_model"):
        load_opt(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"vocab_size": ', "must hold JSON, and is damaged"),
        (b"\xff\xfe{}", "must hold JSON, and is damaged"),
        (b"[1, 2]", r"must hold a JSON object, got \[1, 2\]"),
        (b'{"vocab_size": 97, "hidden_size": "wide"}', "width must be"),
    ],
)
def test_a_damaged_configuration_is_named(small, tmp_path, content, message):
    save_opt(small[1], tmp_path)
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=rf"config\.json.*{message}"):
        load_opt(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("left", [0, 7, 1000])
def test_damaged_weights_are_named(small, tmp_path, name, left):
    save_opt(small[1], tmp_path)
    whole = tmp_path / "model.safetensors"
    tensors = load_file(whole)
    if name != whole.name:
        whole.unlink()
        torch.save(tensors, tmp_path / name)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(ValueError, match=rf"{name} must hold weights, .* is dam"):
        load_opt(tmp_path)


def test_a_mark_of_old_checkpoints_is_no_weight(small, tmp_path):
    save_opt(small[1], tmp_path)
    file = tmp_path / "model.safetensors"
    marked = load_file(file) | {"model.decoder.version": torch.ones(1)}
    file.unlink()
    torch.save(marked, tmp_path / "pytorch_model.bin")
    again = load_opt(tmp_path)
    assert torch.equal(again.tokens.weight, small[1].tokens.weight)


def state(model, prefix="model.decoder."):
    """Return the tensors under the names that transformers gives them."""
    return {f"{prefix}{name}": part.clone() for name, part in _export(model).items()}


@pytest.fixture
def pickled(tmp_path):
    """A folder whose weights are in a file of torch's own; the file."""
    model = OPT(OPTConfig(30, width=8, layers=1, heads=2, positions=8), seeded())
    save_opt(model, tmp_path)
    (tmp_path / "model.safetensors").unlink()
    file = tmp_path / "pytorch_model.bin"
    torch.save(state(model), file)
    return file


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_is_cut_anywhere_is_damaged(pickled, zipped):
    tensors = torch.load(pickled, weights_only=True)
    torch.save(tensors, pickled, _use_new_zipfile_serialization=zipped)
    whole = pickled.read_bytes()
    assert load_opt(pickled.parent)
    for size in range(0, len(whole) - 1, 173):
        pickled.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"pytorch_model\.bin must.* is damaged"):
            load_opt(pickled.parent)


def test_one_tensor_under_two_names_is_ambiguous(pickled):
    tensors = torch.load(pickled, weights_only=True)
    name = "model.decoder.embed_tokens.weight"
    torch.save(tensors | {"decoder.embed_tokens.weight": tensors[name] + 1}, pickled)
    with pytest.raises(ValueError, match=r"embed_tokens\.weight is there twice"):
        load_opt(pickled.parent)


@contextmanager
def suppress_named(folder):
    """Let a ValueError pass that names a folder, and no other."""
    try:
        yield
    except ValueError as error:
        if str(folder) not in str(error):
            raise


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_flipped_bits_are_read_or_refused_by_name(pickled, name):
    file = pickled.with_name(name)
    if file != pickled:
        save_opt(load_opt(pickled.parent), pickled.parent)
        pickled.unlink()
    whole = file.read_bytes()
    for place in np.random.default_rng(2).integers(8 * len(whole), size=300):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        file.write_bytes(damaged)
        with suppress_named(file.parent):
            load_opt(file.parent)


@pytest.mark.parametrize(
    "content",
    [
        b".",
        b"hello",
        b"\x80",
        b"PK\3\4",
        b"<!doctype html>",
        b"version https://git-lfs",
        pickle.dumps(np.ones(3), protocol=2),
    ],
)
@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_what_is_no_file_of_weights_is_named(pickled, name, content):
    pickled.with_name(name).write_bytes(content)
    message = rf"{name} must hold weights, .* is damaged"
    with pytest.raises(ValueError, match=message) as caught:
        load_opt(pickled.parent)
    # Torch would advise to run the code that such a file may hold.
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize(
    "thing",
    [[1], None, torch.ones(2), {"epoch": 3}, {1: torch.ones(2)}, {"model": {}}],
    ids=["list", "None", "tensor", "no tensors", "no names", "nested"],
)
def test_a_file_that_holds_something_else_is_named(pickled, thing):
    torch.save(thing, pickled)
    with pytest.raises(ValueError, match=r"model\.bin must hold weights, tensors by"):
        load_opt(pickled.parent)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda part: part * np.nan, "finite numbers"),
        (lambda part: part / 0.0, "finite numbers"),
        (lambda part: part.int(), "floating-point numbers, got torch.int32 on cpu"),
        (lambda part: part.to("meta"), "floating-point numbers, got torch.float32 on"),
        (lambda part: part.to_sparse(), "numbers in rows and columns, got a torch.spa"),
        (lambda part: part.to_sparse_csr(), "numbers in rows and columns, got a torch"),
        (
            lambda part: torch.nested.nested_tensor(list(part)),
            "numbers in rows and columns, got a nested tensor",
        ),
        (lambda part: part + 0j, "floating-point numbers, got torch.complex64"),
    ],
)
def test_tensors_without_ordinary_numbers_are_named(pickled, change, message):
    tensors = torch.load(pickled, weights_only=True)
    name = "model.decoder.layers.0.fc1.weight"
    torch.save(tensors | {name: change(tensors[name])}, pickled)
    with pytest.raises(ValueError, match=rf"layers.0.fc1.weight must hold {message}"):
        load_opt(pickled.parent)


def test_an_output_in_half_precision_may_be_tied(pickled):
    tensors = torch.load(pickled, weights_only=True)
    table = tensors["model.decoder.embed_tokens.weight"] = torch.ones(30, 8)
    torch.save(tensors | {"lm_head.weight": table.half()}, pickled)
    assert load_opt(pickled.parent).tokens.weight.eq(1).all()


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_shards_are_read(pickled, name):
    tensors = torch.load(pickled, weights_only=True)
    pickled.unlink()
    stem, end = name.split(".")
    places = {}
    for number, part in enumerate([slice(0, 7), slice(7, None)]):
        shard = f"{stem}-{number}.{end}"
        own = dict(list(tensors.items())[part])
        places |= dict.fromkeys(own, shard)
        if end == "bin":
            torch.save(own, pickled.with_name(shard))
        else:
            save_file(own, pickled.with_name(shard))
    index = pickled.with_name(f"{name}.index.json")
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    read = load_opt(pickled.parent)
    for ours, theirs in zip(_export(read).values(), tensors.values(), strict=True):
        assert torch.equal(ours, theirs)
    pickled.with_name(f"{stem}-1.{end}").unlink()
    with pytest.raises(ValueError, match=rf"lacks \['{stem}-1\.{end}'\]"):
        load_opt(pickled.parent)


def test_a_tensor_in_two_shards_is_refused(pickled):
    tensors = torch.load(pickled, weights_only=True)
    pickled.unlink()
    twice = next(iter(tensors))
    for shard, part in (("a", tensors), ("b", {twice: 3 * tensors[twice]})):
        save_file(part, pickled.with_name(f"{shard}.safetensors"))
    places = dict.fromkeys(tensors, "a.safetensors") | {"other": "b.safetensors"}
    index = pickled.with_name("model.safetensors.index.json")
    index.write_text(json.dumps({"weight_map": places}))
    with pytest.raises(ValueError, match=r"there twice, once in b\.safetensors"):
        load_opt(pickled.parent)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"weight_map": []}',
        '{"weight_map": {}}',
        '{"weight_map": {"a": 1}}',
        '{"weight_map": {"a": "../a.bin"}}',
    ],
)
def test_a_damaged_index_of_shards_is_named(pickled, content):
    pickled.unlink()
    pickled.with_name("pytorch_model.bin.index.json").write_text(content)
    with pytest.raises(ValueError, match=r"pytorch_model\.bin\.index\.json must hold"):
        load_opt(pickled.parent)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab_size": 10**9}, r"embed_tokens.weight must have shape \(1000000000,"),
        ({"vocab_size": 10**30}, "10\\*\\*12 weights"),
        ({"num_hidden_layers": 10**7}, "asks for 10000000 layers"),
        ({"hidden_size": 10**9}, "10\\*\\*12 weights"),
    ],
)
def test_a_configuration_of_a_giant_takes_no_memory(pickled, changes, message):
    config = json.loads(pickled.with_name("config.json").read_text())
    pickled.with_name("config.json").write_text(json.dumps(config | changes))
    with pytest.raises(ValueError, match=message):
        load_opt(pickled.parent)
