"""Decoding: how text is written, by chance or by search.

It knows the network and what it predicts, and not how that was learned.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ..validation import real_number, refuse, settled, whole_number
from .network import IMPOSSIBLE, OPT, Cache
from .tokens import one_token, prompt_mask, token_rows

_TEMPERATURES = 1e-6, 1e6
"""All but 0. Logits divided by less may be infinite; by more, all alike."""

_PENALTIES = 1e-6, 1e6
"""Beyond these, too, logits in single precision are infinite, or nothing."""


@dataclass(frozen=True)
class Decoding:
    """How the next token is chosen from a network's predictions.

    Parameters
    ----------
    temperature : float
        Logits are divided by it; at 0 the most probable token is always taken.
        Otherwise in [1e-6, 1e6].
    top_p : float, optional
        Only the most probable tokens that together reach this probability; (0, 1].
    beams : int
        From 2 on, beam search: the so many most probable beginnings are kept.
    repetition_penalty : float
        By how much a token becomes less likely if it has occurred: a positive logit is
        divided by this, a negative one multiplied; 1 changes nothing. In [1e-6, 1e6].

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
    top_p: float | None = None
    beams: int = 1
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        low, high = _TEMPERATURES
        temperature = real_number("temperature", self.temperature, 0)
        if temperature and not low <= temperature <= high:
            allowed = f"0 or a number in [{low:g}, {high:g}]"
            raise refuse("temperature", self.temperature, allowed)
        if self.top_p is not None and real_number("top_p", self.top_p, 0, 1) == 0:
            raise refuse("top_p", self.top_p, "a number in (0, 1]")
        settled(self, "beams", whole_number, 1)
        real_number("repetition_penalty", self.repetition_penalty, *_PENALTIES)
        if self.beams > 1 and (self.temperature != 1 or self.top_p is not None):
            raise refuse("beams", self.beams, "1 where tokens are drawn")

    @property
    def draws(self) -> bool:
        """Whether tokens are drawn at random."""
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
    """Apply temperature and nucleus, in this order; (B, V) to the same.

    What is not to be drawn becomes minus infinity.
    """
    if decoding.temperature != 1:
        logits = logits / decoding.temperature
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
    targets = uniforms[:, None] * below[:, -1:]
    return torch.searchsorted(below, targets, right=True)[:, 0]


@torch.inference_mode()
def generate(
    model: OPT,
    prompts: Any,
    *,
    new_tokens: int,
    decoding: Decoding | None = None,
    mask: Any = None,
    end_token: int | None = None,
    forbidden: Sequence[int] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue each prompt.

    Parameters
    ----------
    model : OPT
    prompts : array or tensor of int, shape (B, P)
        Shorter prompts are padded on the left.
    new_tokens : int
        How many tokens are added.
    decoding : Decoding, optional
        By default tokens are drawn with the probabilities that the model gives them.
    mask : array or tensor of bool, shape (B, P), optional
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
        If an argument is out of range, the model has too few positions, or it predicts
        what is not finite.
    """
    vocabulary = model.config.vocabulary_size
    decoding = Decoding() if decoding is None else decoding
    if not isinstance(decoding, Decoding):
        raise refuse("decoding", decoding, "a Decoding or None")
    whole_number("new_tokens", new_tokens, 1)
    prompts = token_rows("prompts", prompts, vocabulary).to(model.device)
    # The last token that is chosen is never read.
    if prompts.shape[1] + new_tokens - 1 > model.config.positions:
        raise ValueError(
            f"prompts and new_tokens must fit into {model.config.positions} positions, "
            f"got {prompts.shape[1]} + {new_tokens}"
        )
    if mask is not None:
        mask = prompt_mask(mask, prompts)
    if end_token is not None:
        one_token("end_token", end_token, vocabulary)
    never = {one_token("forbidden", token, vocabulary) for token in forbidden}
    if len(never) == vocabulary:
        raise ValueError("forbidden must leave a token to choose, got all of them")
    if decoding.draws and not isinstance(generator, torch.Generator):
        raise refuse("generator", generator, "a torch.Generator, to draw tokens")
    reader = _Reader(model, prompts, new_tokens, mask, never)
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
        uniforms = uniforms.to(model.device)
    return _continue(reader, logits, prompts, new_tokens, decoding, end_token, uniforms)


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
        self.model = model
        self.cache = Cache(model, len(prompts), prompts.shape[1] + new_tokens)
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
        # The greatest is not a number where any is none.
        if not (logits.amax(-1) < math.inf).all():
            raise ValueError(
                "model must predict finite logits, and does not: its training diverged"
            )
        if self.forbidden:
            logits[:, self.forbidden] = -math.inf
        return logits

    def repeat(self, times: int) -> None:
        """Read so many continuations of each prompt from now on."""
        self.cache.repeat(times)
        if self.mask is not None:
            self.mask = self.mask.repeat_interleave(times, dim=0)


def _continue(
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
    for index in range(P, P + new_tokens):
        logits = penalise(logits, sequences[:, :index], decoding.repetition_penalty)
        if uniforms is not None:
            chosen = draw(restrict(logits, decoding), uniforms[:, index - P])
        else:
            chosen = logits.argmax(-1)
        if end_token is not None:
            chosen = chosen.masked_fill(ended, padding)
            ended |= chosen == end_token
        sequences[:, index] = chosen
        if index == P + new_tokens - 1 or (end_token is not None and ended.all()):
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
    scores = torch.full((B, K), IMPOSSIBLE, device=device)
    scores[:, 0] = 0
    finished_scores = torch.full((B, K), IMPOSSIBLE, device=device)
    is_finished = torch.zeros((B, K), dtype=torch.bool, device=device)
    can_improve = torch.ones((B, 1), dtype=torch.bool, device=device)
    rows = torch.arange(B, device=device)[:, None]
    is_top = torch.arange(2 * K, device=device) < K

    logits = logits.repeat_interleave(K, dim=0)
    reader.repeat(K)
    for length in range(1, new_tokens + 1):
        index = P + length - 1
        gain = logits.log_softmax(-1)  # (B K, V)
        read = running[:, :, :index].flatten(0, 1)
        gain = penalise(gain, read, decoding.repetition_penalty)
        V = gain.shape[-1]
        total = (gain.view(B, K, V) + scores[:, :, None]).view(B, K * V)
        # If the first K of 2 K all end, K others are there to be continued.
        best, flat = total.topk(2 * K)
        parent, token = flat // V, flat % V
        candidates = running[rows, parent]  # (B, 2 K, P + new tokens)
        candidates[:, :, index] = token
        ends = torch.full_like(token, length == new_tokens, dtype=torch.bool)
        if end_token is not None:
            ends |= token == end_token

        open_scores = best + ends * IMPOSSIBLE
        scores, kept = open_scores.topk(K)
        running = candidates[rows, kept]

        mean = best / length + ~can_improve * IMPOSSIBLE + ~(ends & is_top) * IMPOSSIBLE
        finished_scores, kept_ends = torch.cat([finished_scores, mean], 1).topk(K)
        finished = torch.cat([finished, candidates], 1)[rows, kept_ends]
        is_finished = torch.cat([is_finished, ends & is_top], 1)[rows, kept_ends]

        worst = finished_scores.min(1, keepdim=True)[0]
        worst = torch.where(is_finished, worst, IMPOSSIBLE)
        can_improve &= (scores[:, :1] / length > worst).any(1, keepdim=True)
        if length == new_tokens or not can_improve.any():
            break
        reader.cache.reorder((rows * K + parent.gather(1, kept)).flatten(), P)
        logits = reader(running[:, :, index].reshape(B * K, 1))
    return finished[:, 0, P:]
