"""Checkpoints: the files that transformers reads and writes, and `load_opt`, too.

They know the network and the names that transformers gives its parts.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..validation import boolean, refuse, shown
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

_WEIGHTS = "model.safetensors", "pytorch_model.bin"
"""Where transformers keeps weights; the first that is there is read."""

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
        Holds config.json and either model.safetensors or pytorch_model.bin, whole or
        in shards.

    Returns
    -------
    OPT
        In single precision, on the CPU.

    Raises
    ------
    ValueError
        If a file is missing, damaged or something else, the configuration asks for
        what this network has not, or a tensor is missing, unknown, of another shape
        or not finite; the message names it.
    """
    folder = Path(folder)
    config = _read_config(folder / "config.json")
    found: dict[str, Tensor] = {}
    for name, tensor in _read_tensors(folder).items():
        if found.setdefault(_short(name), tensor) is not tensor:
            raise ValueError(f"{folder}: {_short(name)} is there twice, once as {name}")
    found.pop("version", None)  # a mark in old checkpoints, not a weight
    if config.layers > len(found):
        raise ValueError(
            f"{folder}: missing tensors, its configuration asks for {config.layers} "
            f"layers and it holds {len(found)} tensors"
        )
    # Without memory: a configuration of other weights may ask for any amount.
    model = OPT.without_weights(config)
    expected = {name: tuple(part.shape) for name, part in _export(model).items()}
    head, table = "lm_head.weight", "embed_tokens.weight"
    if head in found:
        expected[head] = expected[table]
    _check_tensors(folder, found, expected)
    if head in found and not torch.equal(found[head].float(), found[table].float()):
        raise ValueError(f"{folder}: {head} must equal the embedding it is tied to")
    own = {name: _import(name, found).float() for name in model.state_dict()}
    model.load_state_dict(own, assign=True)
    return model


def save_opt(model: OPT, folder: str | Path, *, half: bool = False) -> None:
    """Write a checkpoint that transformers and `load_opt` read.

    Parameters
    ----------
    model : OPT
    folder : path
        Made if it is missing; receives config.json and model.safetensors.
    half : bool
        Whether the numbers are kept in half precision: three digits, half the room.
    """
    boolean("half", half)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fields = {theirs: getattr(model.config, ours) for ours, theirs in _FIELDS.items()}
    # This network drops nothing out in training; transformers would by default.
    extra = {"architectures": ["OPTForCausalLM"], "dropout": 0.0}
    text = json.dumps(_REQUIRED | extra | fields, indent=2) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")
    tensors = {
        f"model.decoder.{name}": _kept(tensor, half)
        for name, tensor in _export(model).items()
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _kept(tensor: Tensor, half: bool) -> Tensor:
    """Return a tensor as a file keeps it."""
    whole = tensor.detach().cpu().contiguous()
    return whole.half() if half else whole


def _read_object(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    # Undecodable text, no JSON, or JSON that is nested without end.
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} must hold JSON, and is damaged: {error}") from None
    if not isinstance(given, dict):
        raise ValueError(f"{path} must hold a JSON object, got {shown(given)}")
    return given


def _read_config(path: Path) -> OPTConfig:
    if not path.is_file():
        raise ValueError(f"{path.parent} must hold a {path.name}, and has none")
    fields: dict[str, Any] = _DEFAULTS | _read_object(path)
    for name, value in _REQUIRED.items():
        if fields.get(name, value) != value:
            raise refuse(f"{name} in {path}", fields[name], repr(value))
    try:
        return OPTConfig(**{ours: fields[theirs] for ours, theirs in _FIELDS.items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for path in _weight_files(folder):
        part = _read_weights(path)
        if twice := sorted(found.keys() & part.keys()):
            raise ValueError(
                f"{folder}: {twice[0]} is there twice, once in {path.name}"
            )
        found |= part
    return found


def _weight_files(folder: Path) -> list[Path]:
    """Return the file of all weights, or the shards that an index names."""
    for name in _WEIGHTS:
        whole, index = folder / name, folder / f"{name}.index.json"
        if whole.is_file():
            return [whole]
        if index.is_file():
            return _shards(index)
    raise ValueError(f"{folder} must hold {' or '.join(_WEIGHTS)}, and has neither")


def _shards(index: Path) -> list[Path]:
    places = _read_object(index).get("weight_map")
    names = places.values() if isinstance(places, dict) else []
    # Files beside the index, and no paths that lead elsewhere.
    if not names or not all(isinstance(x, str) and Path(x).name == x for x in names):
        raise ValueError(
            f"{index} must hold a weight_map to files beside it, and is damaged"
        )
    files = [index.parent / name for name in sorted(set(names))]
    if missing := [path.name for path in files if not path.is_file()]:
        raise ValueError(f"{index.parent} must hold all shards, and lacks {missing}")
    return files


def _read_weights(path: Path) -> dict[str, Tensor]:
    with path.open("rb"):
        pass  # what cannot be opened is not damaged
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    # Of a damaged file the libraries raise almost anything.
    except Exception as error:
        raise ValueError(
            f"{path} must hold weights, tensors by name, and is damaged or of another "
            f"kind ({type(error).__name__})"
        ) from None
    tensors = isinstance(found, dict) and all(
        isinstance(name, str) and isinstance(tensor, Tensor)
        for name, tensor in found.items()
    )
    if not tensors:
        raise ValueError(
            f"{path} must hold weights, tensors by name, and is damaged or of another "
            f"kind: it holds {shown(found)}"
        )
    return found


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
        # Numbers in rows and columns: a tensor may be sparse, nested or quantised.
        if found[name].is_nested or found[name].layout is not torch.strided:
            raise ValueError(
                f"{folder}: {name} must hold numbers in rows and columns, got a "
                f"{'nested' if found[name].is_nested else found[name].layout} tensor"
            )
        if tuple(found[name].shape) != shape:
            raise ValueError(
                f"{folder}: {name} must have shape {shape}, "
                f"got {tuple(found[name].shape)}"
            )
        if not found[name].is_floating_point() or found[name].is_meta:
            raise ValueError(
                f"{folder}: {name} must hold floating-point numbers, "
                f"got {found[name].dtype} on {found[name].device}"
            )
        if not found[name].float().isfinite().all():
            raise ValueError(f"{folder}: {name} must hold finite numbers")


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
