"""Checkpoints: the files that transformers reads and writes, and `load_opt`, too.

They know the network and the names that transformers gives its parts.
"""

import json
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..validation import refuse
from .network import OPT, OPTConfig

_NAMES = {
    "tokens": "embed_tokens",
    "positions": "embed_positions",
    "final_norm": "final_layer_norm",
}
"""What transformers calls the network's own parts."""

_LAYER_NAMES = {
    "attention_norm": "self_attn_layer_norm",
    "attention_out": "self_attn.out_proj",
    "feed_norm": "final_layer_norm",
    "feed_in": "fc1",
    "feed_out": "fc2",
}
"""What it calls the parts of a layer; query, key and value are three there."""

_FIELDS = {
    "vocabulary_size": "vocab_size",
    "width": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "feed_forward": "ffn_dim",
    "positions": "max_position_embeddings",
    "embedding_width": "word_embed_proj_dim",
    "norm_first": "do_layer_norm_before",
    "padding_token": "pad_token_id",
    "start_token": "bos_token_id",
    "end_token": "eos_token_id",
}
"""What it calls the fields of a configuration."""

_REQUIRED = {
    "model_type": "opt",
    "activation_function": "relu",
    "enable_bias": True,
    "layer_norm_elementwise_affine": True,
    "tie_word_embeddings": True,
    "_remove_final_layer_norm": False,
}
"""Fields of a checkpoint's configuration that may have only one value here."""

_DEFAULTS = {
    "vocab_size": 50272,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "ffn_dim": 3072,
    "max_position_embeddings": 2048,
    "word_embed_proj_dim": None,
    "do_layer_norm_before": True,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 2,
}
"""What a field means that a checkpoint's configuration leaves out."""


def load_opt(folder: str | Path) -> OPT:
    """Read a checkpoint that transformers or `save_opt` wrote.

    Parameters
    ----------
    folder : path
        Holds config.json and either model.safetensors or pytorch_model.bin.

    Returns
    -------
    OPT
        In single precision, on the CPU.

    Raises
    ------
    ValueError
        If a file is missing or damaged, the configuration asks for what this network
        has not, or a tensor is missing, unknown or of another shape; the message
        names it.
    """
    folder = Path(folder)
    config = _read_config(folder / "config.json")
    found = {_short(name): tensor for name, tensor in _read_tensors(folder).items()}
    found.pop("version", None)  # a mark in old checkpoints, not a weight
    head = found.pop("lm_head.weight", None)
    table = found.get("embed_tokens.weight")
    if head is not None and table is not None and not torch.equal(head, table):
        raise ValueError(
            f"{folder}: lm_head.weight must equal the embedding it is tied to"
        )
    model = OPT(config, torch.Generator())
    expected = {name: tuple(part.shape) for name, part in _export(model).items()}
    _check_tensors(folder, found, expected)
    own = {name: _import(name, found).float() for name in model.state_dict()}
    model.load_state_dict(own)
    return model


def save_opt(model: OPT, folder: str | Path) -> None:
    """Write a checkpoint that transformers and `load_opt` read.

    Parameters
    ----------
    model : OPT
    folder : path
        Made if it is missing; receives config.json and model.safetensors.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fields = {theirs: getattr(model.config, ours) for ours, theirs in _FIELDS.items()}
    # This network drops nothing out in training; transformers would by default.
    extra = {"architectures": ["OPTForCausalLM"], "dropout": 0.0}
    text = json.dumps(_REQUIRED | extra | fields, indent=2) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")
    tensors = {
        f"model.decoder.{name}": tensor.detach().cpu().contiguous()
        for name, tensor in _export(model).items()
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _read_config(path: Path) -> OPTConfig:
    if not path.is_file():
        raise ValueError(f"{path.parent} must hold a {path.name}, and has none")
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # undecodable text, or no JSON
        raise ValueError(f"{path} must hold JSON, and does not: {error}") from None
    if not isinstance(given, dict):
        raise ValueError(f"{path} must hold a JSON object, got {given!r:.60}")
    fields: dict[str, Any] = _DEFAULTS | given
    for name, value in _REQUIRED.items():
        if fields.get(name, value) != value:
            raise refuse(f"{name} in {path}", fields[name], repr(value))
    try:
        return OPTConfig(**{ours: fields[theirs] for ours, theirs in _FIELDS.items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    safe, pickled = folder / "model.safetensors", folder / "pytorch_model.bin"
    if not safe.is_file() and not pickled.is_file():
        raise ValueError(
            f"{folder} must hold {safe.name} or {pickled.name}, and has neither"
        )
    try:
        if safe.is_file():
            return load_file(safe)
        return torch.load(pickled, map_location="cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError) as error:
        path = safe if safe.is_file() else pickled
        raise ValueError(f"{path} must hold weights, and is damaged: {error}") from None


def _short(name: str) -> str:
    """Leave out what older checkpoints leave out, too."""
    return name.removeprefix("model.").removeprefix("decoder.")


def _check_tensors(
    folder: Path, found: dict[str, Tensor], expected: dict[str, tuple[int, ...]]
) -> None:
    missing, unknown = expected.keys() - found.keys(), found.keys() - expected.keys()
    if missing or unknown:
        raise ValueError(
            f"{folder}: missing tensors {sorted(missing)}, unknown {sorted(unknown)}"
        )
    for name, shape in expected.items():
        if tuple(found[name].shape) != shape:
            raise ValueError(
                f"{folder}: {name} must have shape {shape}, "
                f"got {tuple(found[name].shape)}"
            )


def _theirs(name: str) -> list[str]:
    """Translate a parameter's name: three names for query, key and value."""
    if not name.startswith("layers."):
        part, kind = name.split(".")
        return [f"{_NAMES.get(part, part)}.{kind}"]
    _, number, part, kind = name.split(".")
    parts = [_LAYER_NAMES.get(part)]
    if part == "query_key_value":
        parts = [f"self_attn.{letter}_proj" for letter in "qkv"]
    return [f"layers.{number}.{part}.{kind}" for part in parts]


def _export(model: OPT) -> dict[str, Tensor]:
    """Return all tensors under the names that transformers gives them."""
    exported: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        names = _theirs(name)
        exported.update(zip(names, tensor.chunk(len(names)), strict=True))
    return exported


def _import(name: str, found: dict[str, Tensor]) -> Tensor:
    """Return one of our parameters from a checkpoint's tensors."""
    return torch.cat([found[theirs] for theirs in _theirs(name)])
