"""A small language model of OPT's architecture, its decoders, and its family.

The network computes what ``OPTForCausalLM`` of the transformers library computes with
the same weights, and reads and writes that library's checkpoints. Floor 1: it knows
torch, numpy and the floor below, and no other family and no corpus.
"""

import copy
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import joblib
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .streams import Randomness, Streams
from .validation import (
    boolean,
    finite_array,
    generator,
    real_number,
    refuse,
    whole_number,
)

_OFFSET = 2
"""OPT's table of positions begins with two rows that no token uses."""

_FAR = -1e9
"""A score so low that nothing with it is chosen; finite, since 0 * inf is no number."""

_TOGETHER = 256
"""Sequences that are generated or scored in one batch."""

_COLDEST = 1e-6
"""The least temperature but 0; logits divided by less may be infinite."""


@dataclass(frozen=True)
class OPTConfig:
    """The shape of a network, and its special tokens.

    Parameters
    ----------
    vocabulary_size : int
        How many tokens there are.
    width : int
        Numbers that stand for a token between the layers; a multiple of `heads`.
    layers, heads : int
        Layers of the decoder, attention heads in each.
    feed_forward : int, optional
        Hidden units of each layer's feed-forward network; 4 times `width` if None.
    positions : int
        The most tokens that a sequence may have.
    embedding_width : int, optional
        Numbers in a token's embedding, where a projection leads to `width` and back
        (OPT-350m); without projection if None.
    norm_first : bool
        Normalise before attention and feed-forward, or after them (OPT-350m).
    padding_token, start_token, end_token : int
        OPT begins and ends a text with the same token.

    Raises
    ------
    ValueError
        If a number is too small, a token is not in the vocabulary, or `heads` does
        not divide `width`.

    References
    ----------
    Zhang et al. (2022), "OPT: Open Pre-trained Transformer Language Models".
    """

    vocabulary_size: int
    width: int = 64
    layers: int = 2
    heads: int = 4
    feed_forward: int | None = None
    positions: int = 128
    embedding_width: int | None = None
    norm_first: bool = True
    padding_token: int = 1
    start_token: int = 2
    end_token: int = 2

    def __post_init__(self) -> None:
        for name in ("vocabulary_size", "width", "layers", "heads", "positions"):
            whole_number(name, getattr(self, name), 1)
        if self.feed_forward is None:
            object.__setattr__(self, "feed_forward", 4 * self.width)
        if self.embedding_width is None:
            object.__setattr__(self, "embedding_width", self.width)
        whole_number("feed_forward", self.feed_forward, 1)
        whole_number("embedding_width", self.embedding_width, 1)
        boolean("norm_first", self.norm_first)
        if self.width % self.heads:
            raise refuse("heads", self.heads, f"a divisor of the width {self.width}")
        for name in ("padding_token", "start_token", "end_token"):
            token = whole_number(name, getattr(self, name), 0)
            if token >= self.vocabulary_size:
                raise refuse(name, token, f"below {self.vocabulary_size}")
        if self.padding_token in (self.start_token, self.end_token):
            raise refuse("padding_token", self.padding_token, "no other special token")


class Cache:
    """Keys and values of the tokens that a network has read already.

    Parameters
    ----------
    model : OPT
    batch, length : int
        How many sequences there are, and the most tokens each may have.
    """

    def __init__(self, model: "OPT", batch: int, length: int) -> None:
        config = model.config
        head_width = config.width // config.heads
        # (layers, keys and values, batch, heads, length, head width)
        shape = (config.layers, 2, batch, config.heads, length, head_width)
        like = model.tokens.weight
        self.store = torch.zeros(shape, dtype=like.dtype, device=like.device)
        self.used = 0

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add T tokens' keys and values; return those of all tokens so far."""
        end = self.used + key.shape[2]
        keys, values = self.store[layer]
        keys[:, :, self.used : end] = key
        values[:, :, self.used : end] = value
        return keys[:, :, :end], values[:, :, :end]

    def repeat(self, times: int) -> None:
        """Turn each sequence into so many equal ones, side by side."""
        self.store = self.store.repeat_interleave(times, dim=2)

    def reorder(self, rows: Tensor, first: int) -> None:
        """Let row i continue row ``rows[i]``; they agree before token `first`."""
        own = self.store[:, :, :, :, first : self.used]
        own.copy_(own.index_select(2, rows))


class Layer(nn.Module):
    """Attention and feed-forward, each added to what comes in."""

    def __init__(self, config: OPTConfig) -> None:
        super().__init__()
        width = config.width
        self.heads, self.norm_first = config.heads, config.norm_first
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, config.feed_forward)
        self.feed_out = nn.Linear(config.feed_forward, width)

    def forward(
        self, x: Tensor, mask: Tensor | None, extend: Callable | None = None
    ) -> Tensor:
        """Map (B, T, width) to the same shape."""
        if self.norm_first:
            x = x + self.attend(self.attention_norm(x), mask, extend)
            return x + self.feed(self.feed_norm(x))
        x = self.attention_norm(x + self.attend(x, mask, extend))
        return self.feed_norm(x + self.feed(x))

    def attend(self, x: Tensor, mask: Tensor | None, extend: Callable | None) -> Tensor:
        """Mix the tokens: each looks at those before it that `mask` does not hide."""
        B, T, width = x.shape
        parts = self.query_key_value(x).chunk(3, dim=-1)  # (B, T, width) each
        query, key, value = (
            part.view(B, T, self.heads, width // self.heads).transpose(1, 2)
            for part in parts
        )  # (B, heads, T, width / heads) each
        if extend is not None:
            key, value = extend(key, value)  # (B, heads, S, .), S tokens so far
        # softmax(query keyᵀ / sqrt(width / heads) + mask) value
        x = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None and T > 1
        )  # (B, heads, T, width / heads)
        x = x.transpose(1, 2).reshape(B, T, width)
        return self.attention_out(x)

    def feed(self, x: Tensor) -> Tensor:
        """Change each token by itself."""
        return self.feed_out(F.relu(self.feed_in(x)))


class OPT(nn.Module):
    """A decoder that predicts the next token.

    The weights begin as normal numbers of mean 0: those of a linear map with standard
    deviation 1 / sqrt(inputs), embeddings with 0.1; biases begin at 0.

    Parameters
    ----------
    config : OPTConfig
    generator : torch.Generator
        On the CPU, for the weights.
    """

    def __init__(self, config: OPTConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        # torch fills new parts from a generator of its own; without memory it cannot.
        with torch.device("meta"):
            self.build(config)
        self.to_empty(device="cpu")
        for part in self.modules():
            if isinstance(part, nn.LayerNorm):
                part.reset_parameters()
            if isinstance(part, nn.Embedding):
                nn.init.normal_(part.weight, std=0.1, generator=generator)
            if isinstance(part, nn.Linear):
                std = part.in_features**-0.5
                nn.init.normal_(part.weight, std=std, generator=generator)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)

    def build(self, config: OPTConfig) -> None:
        """Make the parts, without weights."""
        width = config.width
        self.tokens = nn.Embedding(config.vocabulary_size, config.embedding_width)
        self.positions = nn.Embedding(config.positions + _OFFSET, width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.project_in = self.project_out = self.final_norm = None
        if config.embedding_width != width:
            self.project_in = nn.Linear(config.embedding_width, width, bias=False)
            self.project_out = nn.Linear(width, config.embedding_width, bias=False)
        if config.norm_first:
            self.final_norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the logits of each next token, (B, T) to (B, T, vocabulary).

        Parameters
        ----------
        tokens : tensor of int, shape (B, T)
        mask : tensor of bool, shape (B, T), optional
            False where a token is padding on the left and nobody may look at it.
        """
        return self.logits(self.read(tokens, mask))

    def read(
        self, tokens: Tensor, mask: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Return what the layers make of each token, (B, T) to (B, T, width).

        With a `cache` the tokens continue those it holds, and `mask` has a column
        for each of these as well.
        """
        T = tokens.shape[1]
        first = cache.used if cache else 0
        x = self.tokens(tokens)  # (B, T, embedding width)
        if self.project_in is not None:
            x = self.project_in(x)  # (B, T, width)
        x = x + self.positions(self.place(mask, first, T) + _OFFSET)
        allowed = self.allowed(mask, first, T)
        for number, layer in enumerate(self.layers):
            extend = None
            if cache is not None:
                extend = lambda k, v, n=number: cache.extend(n, k, v)  # noqa: E731
            x = layer(x, allowed, extend)
        if cache is not None:
            cache.used += T
        return x if self.final_norm is None else self.final_norm(x)

    def logits(self, x: Tensor) -> Tensor:
        """Compare with the embedding of each token, (..., width) to (..., V)."""
        if self.project_out is not None:
            x = self.project_out(x)
        return F.linear(x, self.tokens.weight)

    def place(self, mask: Tensor | None, first: int, T: int) -> Tensor:
        """Number the last T tokens of each sequence, padding left out: (B or 1, T)."""
        if mask is None:
            return torch.arange(first, first + T, device=self.tokens.weight.device)
        return (mask.cumsum(1) * mask - 1)[:, first:]

    def allowed(self, mask: Tensor | None, first: int, T: int) -> Tensor | None:
        """Return 0 where a token may look and -1e9 where not: (B or 1, 1, T, S).

        None where nothing but what comes later is hidden.
        """
        if mask is None and (T == 1 or first == 0):
            return None
        weight = self.tokens.weight
        ahead = weight.new_full((T, first + T), _FAR).triu(first + 1)
        if mask is None:
            return ahead[None, None]
        return ahead + weight.new_zeros(()).where(mask, _FAR)[:, None, None]


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
    fields = _DEFAULTS | given
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
    exported = {}
    for name, tensor in model.state_dict().items():
        names = _theirs(name)
        exported.update(zip(names, tensor.chunk(len(names)), strict=True))
    return exported


def _import(name: str, found: dict[str, Tensor]) -> Tensor:
    """Return one of our parameters from a checkpoint's tensors."""
    return torch.cat([found[theirs] for theirs in _theirs(name)])


@dataclass(frozen=True)
class Decoding:
    """How the next token is chosen from a network's predictions.

    Parameters
    ----------
    temperature : float
        Logits are divided by it; at 0 the most probable token is always taken. Above
        0 it is at least 1e-6.
    top_k : int, optional
        Only the so many most probable tokens are drawn from, ties included.
    top_p : float, optional
        Only the most probable tokens that together reach this probability; (0, 1].
    beams : int
        From 2 on, beam search: the so many most probable beginnings are kept.
    repetition_penalty : float
        By how much a token becomes less likely if it has occurred: a positive logit is divided by
        this, a negative one multiplied; 1 changes nothing.

    Raises
    ------
    ValueError
        If a number is out of range, or beam search is asked to draw.

    References
    ----------
    Holtzman et al. (2020), "The curious case of neural text degeneration" (top_p);
    Keskar et al. (2019), "CTRL" (the penalty, here as in transformers).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    beams: int = 1
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if 0 < real_number("temperature", self.temperature, 0) < _COLDEST:
            raise refuse("temperature", self.temperature, f"0 or at least {_COLDEST}")
        if self.top_k is not None:
            whole_number("top_k", self.top_k, 1)
        if self.top_p is not None and real_number("top_p", self.top_p, 0, 1) == 0:
            raise refuse("top_p", self.top_p, "a number in (0, 1]")
        whole_number("beams", self.beams, 1)
        if real_number("repetition_penalty", self.repetition_penalty, 0) == 0:
            raise refuse("repetition_penalty", self.repetition_penalty, "positive")
        draws = self.temperature != 1 or self.top_k or self.top_p
        if self.beams > 1 and draws:
            raise refuse("beams", self.beams, "1 where tokens are drawn")

    @property
    def draws(self) -> bool:
        """Whether chance has a say."""
        return self.beams == 1 and self.temperature > 0


def penalise(logits: Tensor, tokens: Tensor, penalty: float) -> Tensor:
    """Make tokens that have occurred less probable, (B, V) with tokens (B, T)."""
    if penalty == 1:
        return logits
    seen = logits.gather(1, tokens)
    return logits.scatter(
        1, tokens, torch.where(seen < 0, seen * penalty, seen / penalty)
    )


def restrict(logits: Tensor, decoding: Decoding) -> Tensor:
    """Apply temperature, top-k and nucleus, in this order; (B, V) to the same.

    What is not to be drawn becomes minus infinity.
    """
    if decoding.temperature != 1:
        logits = logits / decoding.temperature
    if decoding.top_k is not None:
        least = logits.topk(min(decoding.top_k, logits.shape[-1]))[0][:, -1:]
        logits = logits.masked_fill(logits < least, -math.inf)
    if decoding.top_p is not None and decoding.top_p < 1:
        ascending, order = logits.sort(-1)
        below = ascending.softmax(-1).cumsum(-1)
        unlikely = below <= 1 - decoding.top_p
        unlikely[:, -1] = False
        logits = logits.masked_fill(unlikely.scatter(1, order, unlikely), -math.inf)
    return logits


def draw(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draw a token for each row of logits, (B, V) with uniforms (B,) to (B,)."""
    # In double precision no uniform below 1 reaches the last sum, and between two
    # equal sums, those of a token that cannot be drawn, none can fall.
    below = logits.double().softmax(-1).cumsum(-1)
    return torch.searchsorted(below, uniforms[:, None] * below[:, -1:], right=True)[
        :, 0
    ]


@torch.inference_mode()
def generate(
    model: OPT,
    prompts: Tensor,
    *,
    new_tokens: int,
    decoding: Decoding | None = None,
    mask: Tensor | None = None,
    end_token: int | None = None,
    forbidden: Sequence[int] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue each prompt.

    Parameters
    ----------
    model : OPT
    prompts : tensor of int, shape (B, P)
        Shorter prompts are padded on the left.
    new_tokens : int
        How many tokens are added.
    decoding : Decoding, optional
        By default tokens are drawn with the probabilities that the model gives them.
    mask : tensor of bool, shape (B, P), optional
        False where a prompt is padded.
    end_token : int, optional
        After it a sequence is filled up with the padding token.
    forbidden : sequence of int
        Tokens that are never chosen.
    generator : torch.Generator, optional
        On the CPU; needed where tokens are drawn. Each sequence takes `new_tokens`
        uniforms from it, wherever it ends.

    Returns
    -------
    tensor of int, shape (B, new_tokens)

    Raises
    ------
    ValueError
        If an argument is out of range, or the model has too few positions.
    """
    decoding = Decoding() if decoding is None else decoding
    if not isinstance(decoding, Decoding):
        raise refuse("decoding", decoding, "a Decoding or None")
    whole_number("new_tokens", new_tokens, 1)
    prompts, mask = _check_prompts(model, prompts, new_tokens, mask)
    if end_token is not None:
        _check_token("end_token", end_token, model.config)
    forbidden = {_check_token("forbidden", each, model.config) for each in forbidden}
    if len(forbidden) == model.config.vocabulary_size:
        raise ValueError("forbidden must leave a token to choose, got all of them")
    if decoding.draws and not isinstance(generator, torch.Generator):
        raise refuse("generator", generator, "a torch.Generator, to draw tokens")
    reader = _Reader(model, prompts, new_tokens, mask, forbidden)
    logits = reader(prompts)
    if mask is not None:
        # Padding has not been said: the penalty finds a token that was in its place.
        prompts = prompts.where(mask, prompts[:, -1:])
    if decoding.beams > 1:
        return _search(reader, logits, prompts, new_tokens, decoding, end_token)
    uniforms = None
    if decoding.draws:
        shape = len(prompts), new_tokens
        uniforms = torch.rand(shape, generator=generator, dtype=torch.double)
        uniforms = uniforms.to(prompts.device)
    return _draw_all(reader, logits, prompts, new_tokens, decoding, end_token, uniforms)


def _check_prompts(
    model: OPT, prompts: Any, new_tokens: int, mask: Any
) -> tuple[Tensor, Tensor | None]:
    device = model.tokens.weight.device
    prompts = _rows("prompts", prompts, model.config).to(device)
    # The last token that is chosen is never read.
    needed = prompts.shape[1] + new_tokens - 1
    if needed > model.config.positions:
        raise ValueError(
            f"prompts and new_tokens must fit into {model.config.positions} positions, "
            f"got {prompts.shape[1]} + {new_tokens}"
        )
    if mask is None:
        return prompts, None
    mask = torch.as_tensor(mask, dtype=torch.bool, device=device)
    if mask.shape != prompts.shape:
        raise ValueError(
            f"mask must have the prompts' shape {tuple(prompts.shape)}, "
            f"got {tuple(mask.shape)}"
        )
    if not mask[:, -1].all() or (mask[:, :-1] & ~mask[:, 1:]).any():
        raise ValueError(
            "mask must be False on the left of each row only, where the prompt is "
            "padded, and True in the last column"
        )
    return prompts, mask


class _Reader:
    """Feeds tokens to a network, and remembers what it has read."""

    def __init__(
        self,
        model: OPT,
        prompts: Tensor,
        new_tokens: int,
        mask: Tensor | None,
        forbidden: Iterable[int],
    ) -> None:
        self.model, self.prompts = model, prompts
        B, self.P = prompts.shape
        self.cache = Cache(model, B, self.P + new_tokens)
        self.mask = mask
        if mask is not None:
            self.mask = F.pad(mask, (0, new_tokens), value=True)
        self.forbidden = list(forbidden)

    def __call__(self, tokens: Tensor) -> Tensor:
        """Read (B, T) more tokens, return the logits after the last, (B, V)."""
        end = self.cache.used + tokens.shape[1]
        mask = None if self.mask is None else self.mask[:, :end]
        x = self.model.read(tokens, mask, self.cache)[:, -1]
        logits = self.model.logits(x).float()
        if self.forbidden:
            logits[:, self.forbidden] = -math.inf
        return logits

    def repeat(self, times: int) -> None:
        """Read so many continuations of each prompt from now on."""
        self.cache.repeat(times)
        if self.mask is not None:
            self.mask = self.mask.repeat_interleave(times, dim=0)


def _draw_all(
    reader: _Reader,
    logits: Tensor,
    prompts: Tensor,
    new_tokens: int,
    decoding: Decoding,
    end_token: int | None,
    uniforms: Tensor | None,
) -> Tensor:
    """Choose token after token: draw it, or take the most probable."""
    B, P = prompts.shape
    padding = reader.model.config.padding_token
    sequences = F.pad(prompts, (0, new_tokens), value=padding)
    ended = torch.zeros(B, dtype=torch.bool, device=prompts.device)
    for place in range(P, P + new_tokens):
        logits = penalise(logits, sequences[:, :place], decoding.repetition_penalty)
        if uniforms is not None:
            chosen = draw(restrict(logits, decoding), uniforms[:, place - P])
        else:
            chosen = logits.argmax(-1)
        if end_token is not None:
            chosen = chosen.masked_fill(ended, padding)
            ended |= chosen == end_token
        sequences[:, place] = chosen
        if place == P + new_tokens - 1 or (end_token is not None and ended.all()):
            break
        logits = reader(chosen[:, None])
    return sequences[:, P:]


def _search(
    reader: _Reader,
    logits: Tensor,
    prompts: Tensor,
    new_tokens: int,
    decoding: Decoding,
    end_token: int | None,
) -> Tensor:
    """Beam search; a finished sequence is scored by its mean log probability.

    Each row keeps two sets of K sequences: `running` ones, which are continued, and
    the best `finished` ones. All details are those of transformers, with its defaults
    ``length_penalty=1`` and ``early_stopping=False``.
    """
    (B, P), K, device = prompts.shape, decoding.beams, prompts.device
    padding = reader.model.config.padding_token
    running = F.pad(prompts, (0, new_tokens), value=padding)
    running = running[:, None].repeat(1, K, 1)  # (B, K, P + new tokens)
    finished = running.clone()
    # The K beams begin equal: only the first may be continued.
    scores = torch.full((B, K), _FAR, device=device)
    scores[:, 0] = 0
    finished_scores = torch.full((B, K), _FAR, device=device)
    is_finished = torch.zeros((B, K), dtype=torch.bool, device=device)
    hopeful = torch.ones((B, 1), dtype=torch.bool, device=device)
    rows = torch.arange(B, device=device)[:, None]
    is_top = torch.arange(2 * K, device=device) < K

    logits = logits.repeat_interleave(K, dim=0)
    reader.repeat(K)
    for length in range(1, new_tokens + 1):
        place = P + length - 1
        gain = logits.log_softmax(-1)  # (B K, V)
        read = running[:, :, :place].flatten(0, 1)
        gain = penalise(gain, read, decoding.repetition_penalty)
        V = gain.shape[-1]
        total = (gain.view(B, K, V) + scores[:, :, None]).view(B, K * V)
        # If the first K of 2 K all end, K others are there to be continued.
        best, index = total.topk(2 * K)
        parent, token = index // V, index % V
        candidates = running[rows, parent]  # (B, 2 K, P + new tokens)
        candidates[:, :, place] = token
        ends = torch.full_like(token, length == new_tokens, dtype=torch.bool)
        if end_token is not None:
            ends |= token == end_token

        open_scores = best + ends * _FAR
        scores, kept = open_scores.topk(K)
        running = candidates[rows, kept]

        mean = best / length + ~hopeful * _FAR + ~(ends & is_top) * _FAR
        finished_scores, kept_ends = torch.cat([finished_scores, mean], 1).topk(K)
        finished = torch.cat([finished, candidates], 1)[rows, kept_ends]
        is_finished = torch.cat([is_finished, ends & is_top], 1)[rows, kept_ends]

        worst = finished_scores.min(1, keepdim=True)[0]
        worst = torch.where(is_finished, worst, _FAR)
        hopeful &= (scores[:, :1] / length > worst).any(1, keepdim=True)
        if length == new_tokens or not hopeful.any():
            break
        reader.cache.reorder((rows * K + parent.gather(1, kept)).flatten(), P)
        logits = reader(running[:, :, place].reshape(B * K, 1))
    return finished[:, 0, P:]


def _tokens(name: str, array: Any, config: OPTConfig) -> Tensor:
    """Return an array of tokens as a tensor, if they are in the vocabulary."""
    array = finite_array(name, array, axes=1)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers, got dtype {array.dtype}")
    if array.min() < 0 or array.max() >= config.vocabulary_size:
        raise ValueError(
            f"{name} must be tokens in [0, {config.vocabulary_size}), "
            f"got {array.min()} to {array.max()}"
        )
    return torch.from_numpy(array.astype(np.int64))


def _rows(name: str, array: Any, config: OPTConfig) -> Tensor:
    """Return rows of tokens of equal length as a tensor, (n, T)."""
    if isinstance(array, Tensor):
        array = array.cpu().numpy()
    tokens = _tokens(name, finite_array(name, array, axes=2), config)
    if tokens.ndim != 2:
        raise ValueError(f"{name} must have shape (n, T), got {tuple(tokens.shape)}")
    return tokens


def _check_token(name: str, token: Any, config: OPTConfig) -> int:
    if whole_number(name, token, 0) >= config.vocabulary_size:
        raise refuse(name, token, f"a token below {config.vocabulary_size}")
    return int(token)


@dataclass(frozen=True)
class Training:
    """How a network is fitted: AdamW, a short warm-up, then a cosine to nothing.

    Parameters
    ----------
    steps : int
        Batches that are learned from; each point is used once before any again.
    batch_size : int
        Sequences in a batch.
    learning_rate : float
        The greatest one, reached after a tenth of the steps.
    weight_decay : float
        By how much of itself, times the learning rate, a weight shrinks each step.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Loshchilov & Hutter (2019), "Decoupled weight decay regularization".
    """

    steps: int = 300
    batch_size: int = 16
    learning_rate: float = 1.5e-2
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        whole_number("steps", self.steps, 1)
        whole_number("batch_size", self.batch_size, 1)
        real_number("learning_rate", self.learning_rate, 0)
        real_number("weight_decay", self.weight_decay, 0)

    def rate(self, step: int) -> float:
        """Return the share of the learning rate at a step, counted from 0."""
        warm_up = max(1, self.steps // 10)
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 + 0.5 * math.cos(math.pi * (step - warm_up) / (self.steps - warm_up))


def train(
    model: OPT, blocks: Tensor, training: Training, generator: torch.Generator
) -> list[float]:
    """Fit a network to blocks of tokens, in place.

    Parameters
    ----------
    model : OPT
    blocks : tensor of int, shape (n, T)
        Shorter ones are padded on the right; padding is not learned. Blocks in which
        nothing follows the first token are left out.
    training : Training
    generator : torch.Generator
        On the CPU, for the order of the blocks.

    Returns
    -------
    list of float
        The loss of each step, in nats a token.

    Raises
    ------
    ValueError
        If an argument is of the wrong kind, a token is not in the vocabulary, a block
        is too long for the network, or nothing is left to learn.
    """
    if not isinstance(training, Training):
        raise refuse("training", training, "a Training")
    if not isinstance(generator, torch.Generator):
        raise refuse("generator", generator, "a torch.Generator")
    blocks = _rows("blocks", blocks, model.config)
    # The last token of a block is predicted and never read.
    if blocks.shape[1] > model.config.positions + 1:
        raise ValueError(
            f"blocks must fit into {model.config.positions} positions, got shape "
            f"{tuple(blocks.shape)}"
        )
    blocks = blocks[(blocks[:, 1:] != model.config.padding_token).any(1)]
    if not len(blocks):
        raise ValueError(
            "blocks must hold tokens to learn, got nothing after the first ones"
        )
    device = model.tokens.weight.device
    optimizer = torch.optim.AdamW(
        model.parameters(), weight_decay=training.weight_decay, fused=True
    )
    batches = _batches(len(blocks), training.batch_size, generator)
    losses = []
    for step in range(training.steps):
        optimizer.param_groups[0]["lr"] = training.learning_rate * training.rate(step)
        batch = blocks[next(batches)].to(device)
        loss = -_log_probabilities(model, batch).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


def _batches(n: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield places in random orders of n, one order after the other, for ever."""
    order = torch.empty(0, dtype=torch.int64)
    while True:
        while len(order) < batch_size:
            order = torch.cat([order, torch.randperm(n, generator=generator)])
        yield order[:batch_size]
        order = order[batch_size:]


def _log_probabilities(model: OPT, blocks: Tensor) -> Tensor:
    """Return that of each token but the first ones and padding, in one row."""
    padding = model.config.padding_token
    longest = int((blocks != padding).any(0).nonzero().max()) + 1
    blocks = blocks[:, :longest]
    targets = blocks[:, 1:].flatten()
    x = model.read(blocks[:, :-1]).flatten(0, 1)  # (B (T - 1), width)
    # The comparison with all embeddings is the costliest part: not for padding.
    places = (targets != padding).nonzero()[:, 0]
    x, targets = x.index_select(0, places), targets[places]
    return -F.cross_entropy(model.logits(x), targets, reduction="none")


@dataclass(frozen=True, eq=False)
class TrainedLanguageModel:
    """Fitted networks, one for each chain, with the way they are spoken with.

    Parameters
    ----------
    family : LanguageModel
        What fitted them.
    networks : tuple of OPT
    leading : tuple of int
        () for a single network, or (chains,).
    length : int
        Tokens of a block.
    losses : array, shape (..., steps)
        How the fit went, in nats a token.
    """

    family: "LanguageModel"
    networks: tuple[OPT, ...]
    leading: tuple[int, ...]
    length: int
    losses: np.ndarray
    chain_axis = True

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Write `n` blocks with each network.

        With prompts, each block continues a prompt; the prompts are taken in random
        order, each equally often or once more. Otherwise it follows the start token,
        and an opening, if there are any, taken in the same way.

        Returns
        -------
        array of int, shape (..., n, length)
            With streams for `rng`, (chains, n, length).
        """
        n = whole_number("n", n, 1)
        seeds, leading = _seeds(rng, self.leading)
        networks = self._for_each(len(seeds))
        tasks = [
            (self.family, network, self.length, n, seed)
            for network, seed in zip(networks, seeds, strict=True)
        ]
        blocks = _side_by_side(_write, tasks, self.family.jobs)
        return np.stack(blocks).reshape(*leading, n, self.length)

    def log_prob(self, data: Any) -> np.ndarray:
        """Return the log probability of each block, in nats: (..., n, T) to (..., n).

        Blocks with padding on the right; padding does not count. With prompts, the
        first token of a block does not count either: nothing predicts it.

        Raises
        ------
        ValueError
            If they are no blocks of tokens, or too long for the network.
        """
        return self._score(data)[0]

    def block_perplexity(self, data: Any) -> np.ndarray:
        """Return the perplexity of each block, (..., n, T) to (..., n).

        The paper's histograms are of these, scored by generation 0.
        """
        total, count = self._score(data)
        return np.exp(-total / np.maximum(count, 1))

    def perplexity(self, data: Any) -> np.ndarray:
        """Return the perplexity over all tokens of all blocks, (..., n, T) to (...)."""
        total, count = self._score(data)
        return np.exp(-total.sum(-1) / np.maximum(count.sum(-1), 1))

    def _score(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return each block's log probability and number of tokens that count."""
        blocks = self.family.read(data)
        leading = blocks.shape[:-2]
        if leading and self.leading and leading != self.leading:
            raise ValueError(
                f"data must have the leading shape {self.leading} of the networks, "
                f"got {leading}"
            )
        shape = (*(leading or self.leading), *blocks.shape[-2:])
        rows = blocks.expand(shape).reshape(-1, *blocks.shape[-2:])
        scores = [
            _score_blocks(network, each)
            for network, each in zip(self._for_each(len(rows)), rows, strict=True)
        ]
        total = np.stack(scores).reshape(shape[:-1])
        count = (blocks[..., 1:] != self.family.config.padding_token).sum(-1).numpy()
        return total, np.broadcast_to(count, total.shape)

    def _for_each(self, chains: int) -> tuple[OPT, ...]:
        if len(self.networks) == 1:
            return self.networks * chains
        if len(self.networks) != chains:
            raise ValueError(
                f"rng must have a stream for each of {len(self.networks)} networks, "
                f"got {chains}"
            )
        return self.networks


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """The family of small OPTs, trained on blocks of tokens.

    A block is a row of tokens, padded on the right. The family puts the start token
    before each block, unless it works with prompts, as the paper does: then a block
    is a piece of running text, and every new block continues a real one. With
    openings the first words of every new block are real, and stay in it.

    Parameters
    ----------
    network : OPTConfig, OPT or sequence of OPT
        A shape, and every chain begins with random weights of its own; or a network,
        such as one that `load_opt` has read, and every chain begins with a copy; or
        a network for each chain.
    training : Training
    fine_tuning : Training, optional
        If given, each generation goes on from the weights of the one before, with
        this; otherwise each begins anew.
    decoding : Decoding
        How blocks are written.
    prompts : array of int, shape (N, P), optional
        Real text that the blocks continue.
    openings : array of int, shape (N, P), optional
        Real beginnings, which the new blocks keep and complete; not with `prompts`.
    jobs : int
        Processes among which the chains are shared out.
    device : str
        Where to compute, such as "cpu" or "cuda"; the random choices are made on
        the CPU and do not depend on it.

    Raises
    ------
    ValueError
        If an argument is of the wrong kind or out of range.

    References
    ----------
    Shumailov et al., Nature 631 (2024): blocks of 64 tokens, prompts of 64 tokens,
    ``Decoding(beams=5)``.
    """

    network: OPTConfig | OPT | Sequence[OPT]
    training: Training = Training()
    fine_tuning: Training | None = None
    decoding: Decoding = Decoding()
    prompts: Any = None
    openings: Any = None
    jobs: int = 1
    device: str = "cpu"
    chain_axis = True

    def __post_init__(self) -> None:
        if not isinstance(self.network, OPTConfig | OPT):
            self._check_networks()
        if not isinstance(self.training, Training):
            raise refuse("training", self.training, "a Training")
        if not isinstance(self.fine_tuning, Training | None):
            raise refuse("fine_tuning", self.fine_tuning, "a Training or None")
        if not isinstance(self.decoding, Decoding):
            raise refuse("decoding", self.decoding, "a Decoding")
        whole_number("jobs", self.jobs, 1)
        for name in ("prompts", "openings"):
            if getattr(self, name) is not None:
                rows = _rows(name, getattr(self, name), self.config)
                object.__setattr__(self, name, rows)
        if self.prompts is not None and self.openings is not None:
            raise ValueError("openings must be None where there are prompts")
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError, TypeError) as error:
            reason = str(error).splitlines()[0]
            allowed = f"one that torch can use here ({reason})"
            raise refuse("device", self.device, allowed) from None

    def _check_networks(self) -> None:
        given = self.network
        several = isinstance(given, Sequence) and len(given) > 0
        if not several or not all(isinstance(one, OPT) for one in given):
            raise refuse(
                "network", given, "an OPTConfig, an OPT, or OPTs for the chains"
            )
        if any(one.config != given[0].config for one in given):
            raise ValueError("network must hold networks of one shape")
        object.__setattr__(self, "network", tuple(given))

    @property
    def config(self) -> OPTConfig:
        """The shape of the networks."""
        given = self.network
        if isinstance(given, tuple):
            given = given[0]
        return given if isinstance(given, OPTConfig) else given.config

    def fit(
        self,
        data: Any,
        rng: Randomness,
        previous: TrainedLanguageModel | None = None,
    ) -> TrainedLanguageModel:
        """Train one network on the blocks of each chain.

        Parameters
        ----------
        data : array of int, shape (n, T) or (chains, n, T)
        rng : Generator or Streams
            For the first weights and the order of the blocks.
        previous : TrainedLanguageModel, optional
            With `fine_tuning`, the weights to begin with.

        Returns
        -------
        TrainedLanguageModel

        Raises
        ------
        ValueError
            If the data are no blocks of tokens, too long for the network, or hold
            nothing to learn.
        """
        blocks = self.read(data)
        leading, length = blocks.shape[:-2], blocks.shape[-1]
        if self.prompts is None:
            length -= 1
        if self.openings is not None and self.openings.shape[1] >= length:
            raise ValueError(
                f"openings must be shorter than a block of {length} tokens, "
                f"got shape {tuple(self.openings.shape)}"
            )
        blocks = blocks.reshape(-1, *blocks.shape[-2:])
        if not (blocks[..., 1:] != self.config.padding_token).any(-1).any(-1).all():
            raise ValueError("data must hold tokens to learn, got only padding")
        seeds, _ = _seeds(rng, leading)
        if len(seeds) != len(blocks):
            raise ValueError(
                f"rng must have a stream for each of {len(blocks)} chains, "
                f"got {len(seeds)}"
            )
        starts = self._starts(len(blocks))
        training = self.training
        if self.fine_tuning is not None and previous is not None:
            if not isinstance(previous, TrainedLanguageModel):
                raise refuse("previous", previous, "a TrainedLanguageModel or None")
            starts = previous._for_each(len(blocks))
            training = self.fine_tuning
        tasks = [
            (start, each, training, seed, self.device)
            for start, each, seed in zip(starts, blocks, seeds, strict=True)
        ]
        fitted = _side_by_side(_learn, tasks, self.jobs)
        networks, losses = zip(*fitted, strict=True)
        losses = np.array(losses).reshape(*leading, -1)
        return TrainedLanguageModel(self, tuple(networks), leading, length, losses)

    def _starts(self, chains: int) -> Sequence[OPT | OPTConfig]:
        """Return what each chain begins with."""
        if not isinstance(self.network, tuple):
            return [self.network] * chains
        if len(self.network) != chains:
            raise ValueError(
                f"data must have a chain for each of {len(self.network)} networks, "
                f"got {chains}"
            )
        return self.network

    def read(self, data: Any) -> Tensor:
        """Check blocks of tokens and put the start token before them, if it belongs.

        Raises
        ------
        ValueError
            If they are no blocks of tokens, or too long for the network.
        """
        blocks = _tokens("data", finite_array("data", data, axes=2), self.config)
        if self.prompts is None:
            blocks = F.pad(blocks, (1, 0), value=self.config.start_token)
        # The last token of a block is predicted and never read.
        if not 2 <= blocks.shape[-1] <= self.config.positions + 1 or blocks.ndim > 3:
            raise ValueError(
                f"data must have shape (n, T) or (chains, n, T) and fit into "
                f"{self.config.positions} positions, got {np.shape(data)}"
            )
        return blocks


def _seeds(rng: Any, leading: tuple[int, ...]) -> tuple[list[int], tuple[int, ...]]:
    """Draw a seed for each chain from its own generator."""
    if isinstance(rng, Streams):
        seeds = rng.each(lambda one: one.integers(2**63))
        return seeds.tolist(), (rng.chains,)
    shape = leading or (1,)
    return generator("rng", rng).integers(2**63, size=shape).ravel().tolist(), leading


def _learn(
    start: OPT | OPTConfig, blocks: Tensor, training: Training, seed: int, device: str
) -> tuple[OPT, list[float]]:
    """Train one network."""
    chance = torch.Generator().manual_seed(seed)
    fresh = isinstance(start, OPTConfig)
    network = (OPT(start, chance) if fresh else copy.deepcopy(start)).to(device)
    losses = train(network, blocks, training, chance)
    return network, losses


def _write(
    family: LanguageModel, network: OPT, length: int, n: int, seed: int
) -> np.ndarray:
    """Write `n` blocks with one network, (n, length)."""
    chance = torch.Generator().manual_seed(seed)
    config = family.config
    prompts = torch.full((n, 1), config.start_token)
    kept = prompts[:, :0]
    if family.prompts is not None:
        prompts = family.prompts[next(_batches(len(family.prompts), n, chance))]
    if family.openings is not None:
        kept = family.openings[next(_batches(len(family.openings), n, chance))]
        prompts = torch.cat([prompts, kept], 1)
    together = max(1, _TOGETHER // family.decoding.beams)
    blocks = [
        generate(
            network,
            some,
            new_tokens=length - kept.shape[1],
            decoding=family.decoding,
            end_token=config.end_token,
            forbidden=[config.padding_token],
            generator=chance,
        ).cpu()
        for some in prompts.split(together)
    ]
    return torch.cat([kept, torch.cat(blocks)], 1).numpy()


@torch.inference_mode()
def _score_blocks(network: OPT, blocks: Tensor) -> np.ndarray:
    """Return the log probability of each block, (n,)."""
    padding, scores = network.config.padding_token, []
    for some in blocks.to(network.tokens.weight.device).split(_TOGETHER):
        counted = some[:, 1:] != padding
        totals = torch.zeros(counted.shape, dtype=torch.double, device=some.device)
        if counted.any():
            totals[counted] = _log_probabilities(network, some).double()
        scores.append(totals.sum(1))
    return torch.cat(scores).cpu().numpy()


def _side_by_side(work: Callable, tasks: list[tuple], jobs: int) -> list:
    """Do the same work for each chain, in so many processes."""
    jobs = min(jobs, len(tasks))
    if jobs == 1:
        return [work(*task) for task in tasks]
    threads = max(1, torch.get_num_threads() // jobs)
    return joblib.Parallel(jobs)(
        joblib.delayed(_alone)(work, task, threads) for task in tasks
    )


def _alone(work: Callable, task: tuple, threads: int) -> Any:
    """Work in a process of its own, with its share of the threads."""
    torch.set_num_threads(threads)
    return work(*task)
