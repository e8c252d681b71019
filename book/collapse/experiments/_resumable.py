"""Language models that are kept on disk, so that a chain goes on where it was stopped.

What a model has learnt, written and what was measured on it is found again in the
chain's folder. Floor 3.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from ..opt import OPT, LanguageModel, TrainedLanguageModel, generate, train
from ..streams import Randomness
from ..whole_file import replace_file

_AT_ONCE = 128
"""So many blocks are written at once, and then kept."""


@dataclass(frozen=True, eq=False)
class ResumableModel:
    """A trained network with its files.

    Attributes
    ----------
    trained : TrainedLanguageModel
        Of a single network.
    generation, seed : int
        The seed is that of all it writes.
    folder : Path
    """

    trained: TrainedLanguageModel
    generation: int
    seed: int
    folder: Path

    @property
    def network(self) -> OPT:
        """What has learnt."""
        return self.trained.networks[0]

    def sample(self, n: int, rng: Randomness) -> np.ndarray:
        """Return the first `n` blocks that it writes, whatever `rng` holds."""
        return self.written(n)

    def written(self, n: int) -> np.ndarray:
        """Return the first `n` blocks that it writes, (n, length).

        Each continues one of the family's prompts, in random order; no prompt is used
        twice. No block ends early.

        Raises
        ------
        ValueError
            If there are fewer prompts.
        """
        family, length = self.trained.family, self.trained.length
        if n > len(family.prompts):
            raise ValueError(
                f"n must be at most the number of prompts, {len(family.prompts)}, "
                f"got {n}"
            )
        order = np.random.default_rng(self.seed).permutation(len(family.prompts))
        path = self.folder / f"{self.generation}.npy"
        rows = np.load(path) if path.exists() else np.empty((0, length), dtype=int)
        while len(rows) < n:
            chosen = order[len(rows) : len(rows) + _AT_ONCE]
            seed = np.random.default_rng([self.seed, len(rows)]).integers(2**63)
            part = continue_each(self.trained, family.prompts[chosen], int(seed))
            rows = np.concatenate([rows, part])
            _save(path, rows)
        return rows[:n]

    def recall(
        self, name: str, make: Callable[[], Mapping[str, Any]]
    ) -> dict[str, np.ndarray]:
        """Return what `make` returns, or what it has returned before."""
        path = self.folder / f"{self.generation}.{name}.npz"
        if not path.exists():
            made = dict(make())

            def write(unfinished: Path) -> None:
                with unfinished.open("wb") as file:
                    np.savez(file, **made)

            replace_file(path, write)
        with np.load(path, allow_pickle=False) as file:
            return {each: file[each] for each in file.files}


@dataclass(frozen=True, eq=False)
class ResumableFamily:
    """Fits the networks of one chain, generation after generation.

    Parameters
    ----------
    family : LanguageModel
        With prompts and one network, which is what each generation begins with.
    goes_on : bool
        Whether each generation begins with the one before instead.
    folder : Path
        Of this chain alone; made if it is missing.
    """

    family: LanguageModel
    goes_on: bool
    folder: Path

    def fit(
        self,
        data: np.ndarray,
        rng: np.random.Generator,
        previous: ResumableModel | None = None,
    ) -> ResumableModel:
        """Train a network on blocks, (n, T), or find the one that was trained so."""
        generation = 0 if previous is None else previous.generation + 1
        # For the order of the blocks, and for what is written.
        order, seed = rng.integers(2**63, size=2).tolist()
        start = cast(OPT, self.family.network)
        if self.goes_on and previous is not None:
            start = previous.network
        network = copy.deepcopy(start)
        losses = train(
            network,
            self.family.read(data),
            self.family.training,
            torch.Generator().manual_seed(order),
            state=self.folder / f"{generation}.state",
            save_every=120,
        )
        trained = TrainedLanguageModel(
            self.family, (network,), (), data.shape[-1], np.array(losses)
        )
        return ResumableModel(trained, generation, seed, self.folder)


def continue_each(
    trained: TrainedLanguageModel, prompts: torch.Tensor, seed: int
) -> np.ndarray:
    """Let a single network continue prompts with as many tokens as a block has."""
    config = trained.family.config
    special = {config.padding_token, config.start_token, config.end_token}
    rows = generate(
        trained.networks[0],
        prompts,
        new_tokens=trained.length,
        decoding=trained.family.decoding,
        forbidden=sorted(special | {0, 3}),
        generator=torch.Generator().manual_seed(seed),
    )
    return rows.cpu().numpy()


def _save(path: Path, rows: np.ndarray) -> None:
    def write(unfinished: Path) -> None:
        with unfinished.open("wb") as file:
            np.save(file, rows)

    replace_file(path, write)
