"""The family: language models, one for each chain, that fit blocks and write them.

It puts the other rooms together, and knows no corpus.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ..streams import Randomness, Streams
from ..validation import finite_array, generator, refuse, settled, whole_number
from .decoding import Decoding, generate
from .network import OPT, OPTConfig
from .tokens import token_array, token_rows
from .training import Training, batches, log_probabilities, train

_BATCH = 256
"""Sequences that are generated or scored at once."""


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

        Parameters
        ----------
        n : int
        rng : Generator or Streams
            For the order of the prompts, and the tokens.

        Returns
        -------
        array of int, shape (..., n, length)
            With streams for `rng`, (chains, n, length).
        """
        n = whole_number("n", n, 1)
        seeds, leading = _seeds(rng, self.leading)
        networks = self._networks_for(len(seeds))
        tasks = [
            (self.family, network, self.length, n, seed)
            for network, seed in zip(networks, seeds, strict=True)
        ]
        blocks = _for_each_chain(_write, tasks, self.family.jobs)
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
            _score(network, each)
            for network, each in zip(self._networks_for(len(rows)), rows, strict=True)
        ]
        total = np.stack(scores).reshape(shape[:-1])
        count = (blocks[..., 1:] != self.family.config.padding_token).sum(-1).numpy()
        return total, np.broadcast_to(count, total.shape)

    def _networks_for(self, chains: int) -> tuple[OPT, ...]:
        """Return the network of each of so many chains: a single one serves all."""
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
    training: Training = field(default_factory=Training)
    fine_tuning: Training | None = None
    decoding: Decoding = field(default_factory=Decoding)
    prompts: Any = None
    openings: Any = None
    jobs: int = 1
    device: str = "cpu"
    chain_axis = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "network", _checked_networks(self.network))
        if not isinstance(self.training, Training):
            raise refuse("training", self.training, "a Training")
        if not isinstance(self.fine_tuning, Training | None):
            raise refuse("fine_tuning", self.fine_tuning, "a Training or None")
        if not isinstance(self.decoding, Decoding):
            raise refuse("decoding", self.decoding, "a Decoding")
        settled(self, "jobs", whole_number, 1)
        for name in ("prompts", "openings"):
            if getattr(self, name) is not None:
                rows = token_rows(
                    name, getattr(self, name), self.config.vocabulary_size
                )
                object.__setattr__(self, name, rows)
        if self.prompts is not None and self.openings is not None:
            raise ValueError("openings must be None where there are prompts")
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError, TypeError) as error:
            reason = str(error).splitlines()[0]
            allowed = f"one that torch can use here ({reason})"
            raise refuse("device", self.device, allowed) from None

    @property
    def config(self) -> OPTConfig:
        """The shape of the networks."""
        network = self.network
        first = network[0] if isinstance(network, Sequence) else network
        return first.config if isinstance(first, OPT) else first

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
            nothing to learn; if `previous` is of another shape; if the training
            diverges.
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
            if any(each.config != self.config for each in previous.networks):
                raise ValueError(
                    f"previous must have the networks' shape {self.config}, "
                    f"got {previous.networks[0].config}"
                )
            starts = previous._networks_for(len(blocks))
            training = self.fine_tuning
        tasks = [
            (start, each, training, seed, self.device)
            for start, each, seed in zip(starts, blocks, seeds, strict=True)
        ]
        networks, losses = zip(*_for_each_chain(_fit, tasks, self.jobs), strict=True)
        courses = np.array(losses).reshape(*leading, -1)
        return TrainedLanguageModel(self, networks, leading, length, courses)

    def _starts(self, chains: int) -> Sequence[OPT | OPTConfig]:
        """Return what each chain begins with."""
        if not isinstance(self.network, Sequence):
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
        rows = finite_array("data", data, axes=2)
        blocks = token_array("data", rows, self.config.vocabulary_size)
        if self.prompts is None:
            blocks = F.pad(blocks, (1, 0), value=self.config.start_token)
        # The last token of a block is predicted and never read.
        if not 2 <= blocks.shape[-1] <= self.config.positions + 1 or blocks.ndim > 3:
            raise ValueError(
                f"data must have shape (n, T) or (chains, n, T) and fit into "
                f"{self.config.positions} positions, got {np.shape(data)}"
            )
        return blocks


def _checked_networks(given: Any) -> OPTConfig | OPT | tuple[OPT, ...]:
    """Return a shape, a network, or networks of one shape."""
    if isinstance(given, OPTConfig | OPT):
        return given
    several = isinstance(given, Sequence) and len(given) > 0
    if not several or not all(isinstance(each, OPT) for each in given):
        raise refuse("network", given, "an OPTConfig, an OPT, or OPTs for the chains")
    if any(each.config != given[0].config for each in given):
        raise ValueError("network must hold networks of one shape")
    return tuple(given)


def _seeds(rng: Any, leading: tuple[int, ...]) -> tuple[list[int], tuple[int, ...]]:
    """Draw a seed for each chain from its own generator."""
    if isinstance(rng, Streams):
        seeds = rng.each(lambda each: each.integers(2**63, size=1))
        return seeds.ravel().tolist(), (rng.chains,)
    shape = leading or (1,)
    return generator("rng", rng).integers(2**63, size=shape).ravel().tolist(), leading


def _fit(
    start: OPT | OPTConfig, blocks: Tensor, training: Training, seed: int, device: str
) -> tuple[OPT, list[float]]:
    """Train one network; return it with its losses."""
    generator = torch.Generator().manual_seed(seed)
    if isinstance(start, OPTConfig):
        network = OPT(start, generator)
    else:
        network = copy.deepcopy(start)
    losses = train(network.to(device), blocks, training, generator)
    return network, losses


def _write(
    family: LanguageModel, network: OPT, length: int, n: int, seed: int
) -> np.ndarray:
    """Write `n` blocks with one network, (n, length)."""
    generator = torch.Generator().manual_seed(seed)
    config = family.config
    prompts = torch.full((n, 1), config.start_token)
    kept = prompts[:, :0]
    if family.prompts is not None:
        prompts = family.prompts[next(batches(len(family.prompts), n, generator))]
    if family.openings is not None:
        kept = family.openings[next(batches(len(family.openings), n, generator))]
        prompts = torch.cat([prompts, kept], 1)
    blocks = [
        generate(
            network,
            batch,
            new_tokens=length - kept.shape[1],
            decoding=family.decoding,
            end_token=config.end_token,
            forbidden=[config.padding_token],
            generator=generator,
        ).cpu()
        for batch in prompts.split(max(1, _BATCH // family.decoding.beams))
    ]
    return torch.cat([kept, torch.cat(blocks)], 1).numpy()


@torch.inference_mode()
def _score(network: OPT, blocks: Tensor) -> np.ndarray:
    """Return the log probability of each block, (n,)."""
    totals = []
    for batch in blocks.to(network.device).split(_BATCH):
        counted = batch[:, 1:] != network.config.padding_token
        scores = torch.zeros(counted.shape, dtype=torch.double, device=batch.device)
        if counted.any():
            scores[counted] = log_probabilities(network, batch).double()
        totals.append(scores.sum(1))
    return torch.cat(totals).cpu().numpy()


def _for_each_chain(work: Callable, tasks: list[tuple], jobs: int) -> list:
    """Do the same work for each chain, in so many processes."""
    jobs = min(jobs, len(tasks))
    if jobs == 1:
        return [work(*task) for task in tasks]
    threads = max(1, torch.get_num_threads() // jobs)
    return joblib.Parallel(jobs)(
        joblib.delayed(_with_threads)(threads, work, task) for task in tasks
    )


def _with_threads(threads: int, work: Callable, task: tuple) -> Any:
    """Work in a process of its own, with its share of the threads."""
    torch.set_num_threads(threads)
    return work(*task)
