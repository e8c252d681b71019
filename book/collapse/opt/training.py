"""Training: fitting a network to blocks of tokens, and scoring them.

It knows the network, and not where blocks come from.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..validation import real_number, refuse, settled, whole_number
from .network import OPT
from .states import read_state, task_of, write_state
from .tokens import token_rows


@dataclass(frozen=True)
class Training:
    """How a network is fitted: Adam, a short warm-up, then a cosine to nothing.

    Parameters
    ----------
    steps : int
        Batches that are learned from; each point is used once before any again.
    batch_size : int
        Sequences in a batch.
    learning_rate : float
        The greatest one, reached after a tenth of the steps.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization"; Loshchilov &
    Hutter (2017), "SGDR: stochastic gradient descent with warm restarts" (the cosine).
    """

    steps: int = 300
    batch_size: int = 16
    learning_rate: float = 1.5e-2

    def __post_init__(self) -> None:
        settled(self, "steps", whole_number, 1)
        settled(self, "batch_size", whole_number, 1)
        real_number("learning_rate", self.learning_rate, 0)

    def rate(self, step: int) -> float:
        """Return the share of the learning rate at a step, counted from 0."""
        warm_up = max(1, self.steps // 10)
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 + 0.5 * math.cos(math.pi * (step - warm_up) / (self.steps - warm_up))


def train(
    model: OPT,
    blocks: Any,
    training: Training,
    generator: torch.Generator,
    *,
    state: str | Path | None = None,
    save_every: float = 300,
    after_step: Callable[[int], None] | None = None,
) -> list[float]:
    """Fit a network to blocks of tokens, in place.

    With a `state`, a training that was stopped goes on where it was last saved, and
    ends with the same weights to the last bit, on the same machine with as many
    threads.

    Parameters
    ----------
    model : OPT
    blocks : array or tensor of int, shape (n, T)
        Shorter ones are padded on the right; padding is not learned. Blocks in which
        nothing follows the first token are left out.
    training : Training
    generator : torch.Generator
        On the CPU, for the order of the blocks.
    state : str or Path, optional
        A file that keeps how far the training has come. If it is there, the training
        goes on from it: call with the same arguments as before, the network and the
        generator as they were before the first step. It is left behind at the end.
    save_every : float
        Seconds between two savings; the last step is saved in any case.
    after_step : callable, optional
        Called with the number of steps that are done, to look at the network.

    Returns
    -------
    list of float
        The loss of each step, in nats a token.

    Raises
    ------
    ValueError
        If an argument is of the wrong kind, a token is not in the vocabulary, a block
        is too long for the network, or nothing is left to learn; if the training
        diverges, so that weights or losses are not finite; if `state` is damaged or
        of another training.
    """
    if not isinstance(training, Training):
        raise refuse("training", training, "a Training")
    if not isinstance(generator, torch.Generator):
        raise refuse("generator", generator, "a torch.Generator")
    save_every = real_number("save_every", save_every, 0)
    blocks = token_rows("blocks", blocks, model.config.vocabulary_size)
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
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    order = batches(len(blocks), training.batch_size, generator)
    losses: list[Tensor] = []
    path, saved = None if state is None else Path(state), time.monotonic()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Before the order is drawn.
        task = task_of(model, blocks, training, generator)
        if path.exists():
            losses = read_state(path, model, optimizer, task)
            for _ in losses:
                next(order)
    for step in range(len(losses), training.steps):
        optimizer.param_groups[0]["lr"] = training.learning_rate * training.rate(step)
        batch = blocks[next(order)].to(model.device)
        loss = -log_probabilities(model, batch).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        losses.append(loss.detach())
        if after_step is not None:
            after_step(step + 1)
        last = step + 1 == training.steps
        if path is not None and (last or time.monotonic() - saved > save_every):
            write_state(path, model, optimizer, losses, task)
            saved = time.monotonic()
    course = torch.stack(losses).tolist()
    _check_converged(model, course, training)
    return course


def _check_converged(model: OPT, losses: list[float], training: Training) -> None:
    bad = [step for step, loss in enumerate(losses) if not math.isfinite(loss)]
    found = "weights that are not finite"
    if bad:
        found = f"a loss that is not finite, {losses[bad[0]]} at step {bad[0]}"
    elif all(part.isfinite().all() for part in model.parameters()):
        return
    raise ValueError(
        f"training must lead to finite weights and losses, got {found}: it diverged, "
        f"perhaps by its learning rate of {training.learning_rate:g}"
    )


def batches(n: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield indices in random orders of n, one order after the other, for ever.

    Parameters
    ----------
    n : int
        How many there are to choose from.
    batch_size : int
        How many are yielded at a time; each is used once before any again.
    generator : torch.Generator
        On the CPU.

    Yields
    ------
    tensor of int, shape (batch_size,)
    """
    order = torch.empty(0, dtype=torch.int64)
    while True:
        while len(order) < batch_size:
            order = torch.cat([order, torch.randperm(n, generator=generator)])
        yield order[:batch_size]
        order = order[batch_size:]


def log_probabilities(model: OPT, blocks: Tensor) -> Tensor:
    """Return the log probability of each token but the first ones and padding.

    Parameters
    ----------
    model : OPT
    blocks : tensor of int, shape (B, T)
        Padded on the right; in some block something follows the first token.

    Returns
    -------
    tensor, shape (tokens,)
        Block after block, in one row.
    """
    padding = model.config.padding_token
    longest = int((blocks != padding).any(0).nonzero().max()) + 1
    blocks = blocks[:, :longest]
    targets = blocks[:, 1:].flatten()
    x = model.read(blocks[:, :-1]).flatten(0, 1)  # (B (T - 1), width)
    # The comparison with all embeddings is the costliest part: not for padding.
    learned = (targets != padding).nonzero()[:, 0]
    x, targets = x.index_select(0, learned), targets[learned]
    return -F.cross_entropy(model.logits(x), targets, reduction="none")
