"""Checkpoints are those of transformers, and what is wrong with one is named."""

from __future__ import annotations

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from collapse.opt import load_opt, save_opt
from collapse.opt.checkpoints import _FIELDS, _read_config
from support.language_models import tokens


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
    with pytest.raises(ValueError, match=rf"{name} must hold weights, and is dam"):
        load_opt(tmp_path)


def test_a_mark_of_old_checkpoints_is_no_weight(small, tmp_path):
    save_opt(small[1], tmp_path)
    file = tmp_path / "model.safetensors"
    marked = load_file(file) | {"model.decoder.version": torch.ones(1)}
    file.unlink()
    torch.save(marked, tmp_path / "pytorch_model.bin")
    again = load_opt(tmp_path)
    assert torch.equal(again.tokens.weight, small[1].tokens.weight)
