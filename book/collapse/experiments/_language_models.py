"""What both experiments with language models share: how chains begin, who reads whom.

Floor 3.
"""

from collections.abc import Callable

import numpy as np
import torch

from .. import measures
from ..opt import OPT, Decoding, LanguageModel, TrainedLanguageModel, generate

SEED = 2024
"""Of all histories; chain 0 of every setting begins with one and the same model."""


def chain_generators(chains: int) -> list[np.random.Generator]:
    """Return the generator of each chain; the same for every cell."""
    return [np.random.default_rng([SEED, chain]) for chain in range(chains)]


def first_network(
    family: LanguageModel,
    chain: int,
    blocks: Callable[[np.random.Generator], np.ndarray],
) -> OPT:
    """Train the network that a chain begins with; the same for every cell.

    Parameters
    ----------
    family : LanguageModel
        How it learns.
    chain : int
    blocks : callable
        Draws what it learns from.
    """
    rng = np.random.default_rng([SEED, chain, 1])
    return family.fit(blocks(rng), rng).networks[0]


class FirstReader:
    """The model of generation 0, which reads what all generations write.

    Parameters
    ----------
    edges : array
        Of the bins of its histograms of perplexities.

    Attributes
    ----------
    model : TrainedLanguageModel or None
        None until there is one.
    """

    def __init__(self, edges: np.ndarray) -> None:
        self.edges = edges
        self.model: TrainedLanguageModel | None = None

    def perplexities(
        self, model: TrainedLanguageModel, blocks: np.ndarray
    ) -> np.ndarray:
        """Return a histogram of each chain's blocks, (chains, bins).

        The first model by which it is called is that of generation 0.
        """
        self.model = self.model or model
        return measures.histogram(self.model.block_perplexity(blocks), self.edges)


def continued(
    model: TrainedLanguageModel,
    prompts: np.ndarray,
    new_tokens: int,
    decoding: Decoding,
    seed: int,
) -> np.ndarray:
    """Let each network continue the same prompts, with the same random numbers.

    Parameters
    ----------
    model : TrainedLanguageModel
    prompts : array of int, shape (n, P)
        Padding on the left does not count.
    new_tokens : int
    decoding : Decoding
    seed : int

    Returns
    -------
    array of int, shape (chains, n, new_tokens)
        Without the prompts.
    """
    config = model.family.config
    texts = [
        generate(
            network,
            torch.from_numpy(prompts),
            new_tokens=new_tokens,
            decoding=decoding,
            mask=torch.from_numpy(prompts != config.padding_token),
            end_token=config.end_token,
            forbidden=[config.padding_token],
            generator=torch.Generator().manual_seed(seed),
        ).numpy()
        for network in model.networks
    ]
    return np.stack(texts)
