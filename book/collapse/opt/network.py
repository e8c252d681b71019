"""The network: what ``OPTForCausalLM`` of transformers computes with the same weights.

It also remembers what it has read already, so that text can be written token by
token. It knows torch, and neither how text is chosen nor how weights are found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..validation import boolean, refuse, settled, whole_number
from .tokens import one_token

IMPOSSIBLE = -1e9
"""A score so low that nothing with it is chosen; finite, since 0 * inf is no number."""

_OFFSET = 2
"""OPT's table of positions begins with two rows that no token uses."""

_MOST_WEIGHTS = 10**12
"""More than any computer's memory holds; torch's own sizes end at 2**63."""

_Extend = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Takes new keys and values, returns those of all tokens so far."""


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
        If a number is too small, a token is not in the vocabulary, `heads` does not
        divide `width`, or there would be more than 10**12 weights.

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
            settled(self, name, whole_number, 1)
        if self.feed_forward is None:
            object.__setattr__(self, "feed_forward", 4 * self.width)
        if self.embedding_width is None:
            object.__setattr__(self, "embedding_width", self.width)
        settled(self, "feed_forward", whole_number, 1)
        settled(self, "embedding_width", whole_number, 1)
        settled(self, "norm_first", boolean)
        weights = cast(int, self.embedding_width) * self.vocabulary_size
        weights += self.width * (self.positions + cast(int, self.embedding_width))
        weights += (
            self.layers * self.width * (self.width + cast(int, self.feed_forward))
        )
        if weights > _MOST_WEIGHTS:
            raise ValueError(
                "vocabulary_size, width, layers, feed_forward and positions must lead "
                f"to at most 10**12 weights, got {weights:.1e}"
            )
        if self.width % self.heads:
            raise refuse("heads", self.heads, f"a divisor of the width {self.width}")
        for name in ("padding_token", "start_token", "end_token"):
            settled(self, name, one_token, self.vocabulary_size)
        if self.padding_token in (self.start_token, self.end_token):
            raise refuse("padding_token", self.padding_token, "no other special token")


class Cache:
    """Keys and values of the tokens that a network has read already.

    Parameters
    ----------
    model : OPT
    batch, length : int
        How many sequences there are, and the most tokens each may have.

    Attributes
    ----------
    used : int
        How many tokens of each sequence have been read.
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
    """Attention and feed-forward, each added to what comes in.

    Parameters
    ----------
    config : OPTConfig
    """

    def __init__(self, config: OPTConfig) -> None:
        super().__init__()
        width = config.width
        hidden = cast(int, config.feed_forward)  # filled in by the configuration
        self.heads, self.norm_first = config.heads, config.norm_first
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, hidden)
        self.feed_out = nn.Linear(hidden, width)

    def forward(
        self, x: Tensor, bias: Tensor | None, extend: _Extend | None = None
    ) -> Tensor:
        """Map (B, T, width) to the same shape."""
        if self.norm_first:
            x = x + self.attend(self.attention_norm(x), bias, extend)
            return x + self.feed(self.feed_norm(x))
        x = self.attention_norm(x + self.attend(x, bias, extend))
        return self.feed_norm(x + self.feed(x))

    def attend(self, x: Tensor, bias: Tensor | None, extend: _Extend | None) -> Tensor:
        """Mix the tokens: each looks at those before it that `bias` does not hide."""
        B, T, width = x.shape
        parts = self.query_key_value(x).chunk(3, dim=-1)  # (B, T, width) each
        query, key, value = (
            part.view(B, T, self.heads, width // self.heads).transpose(1, 2)
            for part in parts
        )  # (B, heads, T, width / heads) each
        if extend is not None:
            key, value = extend(key, value)  # (B, heads, S, .), S tokens so far
        # softmax(query keyᵀ / sqrt(width / heads) + bias) value
        x = F.scaled_dot_product_attention(
            query, key, value, attn_mask=bias, is_causal=bias is None and T > 1
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

    Raises
    ------
    ValueError
        If one of them is something else.
    """

    def __init__(self, config: OPTConfig, generator: torch.Generator) -> None:
        super().__init__()
        if not isinstance(config, OPTConfig):
            raise refuse("config", config, "an OPTConfig")
        # With None torch would take its own generator, which everybody shares.
        if not isinstance(generator, torch.Generator):
            raise refuse("generator", generator, "a torch.Generator")
        self.config = config
        self._build(config)
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

    @classmethod
    def without_weights(cls, config: OPTConfig) -> "OPT":
        """Return a network whose tensors have shapes, and take no memory."""
        network = cls.__new__(cls)
        nn.Module.__init__(network)
        network.config = config
        network._build(config)
        return network

    def _build(self, config: OPTConfig) -> None:
        """Make the parts, without weights."""
        width = config.width
        embedding = cast(int, config.embedding_width)  # filled in, too
        projected = embedding != width
        # torch fills new parts from a generator of its own; without memory it cannot.
        with torch.device("meta"):
            self.tokens = nn.Embedding(config.vocabulary_size, embedding)
            self.positions = nn.Embedding(config.positions + _OFFSET, width)
            self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
            self.project_in = self.project_out = None
            if projected:
                self.project_in = nn.Linear(embedding, width, bias=False)
                self.project_out = nn.Linear(width, embedding, bias=False)
            self.final_norm = nn.LayerNorm(width) if config.norm_first else None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.tokens.weight.device

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

        Parameters
        ----------
        tokens : tensor of int, shape (B, T)
        mask : tensor of bool, shape (B, S), optional
            As for `forward`, with a column for each token in the cache as well.
        cache : Cache, optional
            The tokens continue those it holds, and are added to them.
        """
        T = tokens.shape[1]
        first = cache.used if cache else 0
        x = self.tokens(tokens)  # (B, T, embedding width)
        if self.project_in is not None:
            x = self.project_in(x)  # (B, T, width)
        x = x + self.positions(self._position_ids(mask, first, T) + _OFFSET)
        bias = self._attention_bias(mask, first, T)
        for number, layer in enumerate(self.layers):
            x = layer(x, bias, None if cache is None else partial(cache.extend, number))
        if cache is not None:
            cache.used += T
        return x if self.final_norm is None else self.final_norm(x)

    def logits(self, x: Tensor) -> Tensor:
        """Compare with the embedding of each token, (..., width) to (..., V)."""
        if self.project_out is not None:
            x = self.project_out(x)
        return F.linear(x, self.tokens.weight)

    def _position_ids(self, mask: Tensor | None, first: int, T: int) -> Tensor:
        """Number the last T tokens of each sequence, padding left out: (B or 1, T)."""
        if mask is None:
            return torch.arange(first, first + T, device=self.device)
        return (mask.cumsum(1) * mask - 1)[:, first:]

    def _attention_bias(self, mask: Tensor | None, first: int, T: int) -> Tensor | None:
        """Return 0 where a token may look and -1e9 where not: (B or 1, 1, T, S).

        None where nothing but what comes later is hidden.
        """
        if mask is None and (T == 1 or first == 0):
            return None
        weight = self.tokens.weight
        ahead = weight.new_full((T, first + T), IMPOSSIBLE).triu(first + 1)
        if mask is None:
            return ahead[None, None]
        return ahead + weight.new_zeros(()).where(mask, IMPOSSIBLE)[:, None, None]
