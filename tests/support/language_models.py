"""Small networks, and the same ones of transformers, for the tests of `opt`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

# transformers would look for models on a server; none is needed.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
import transformers

from collapse.opt import OPT, OPTConfig, Training, load_opt, save_opt, train

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

SHAPES = {
    "small": OPTConfig(97),
    "odd": OPTConfig(50, width=48, layers=3, heads=2, feed_forward=100, positions=40),
    "one head": OPTConfig(20, width=16, layers=1, heads=1),
    "as 350m": OPTConfig(50, width=32, embedding_width=16, norm_first=False),
    "projected": OPTConfig(50, width=32, embedding_width=48),
    "few tokens": OPTConfig(9),
}
TINY = OPTConfig(12, width=16, layers=1, heads=2, positions=12)
QUICK = Training(steps=20, batch_size=8)


def seeded(seed: int = 0) -> torch.Generator:
    """Return torch's generator."""
    return torch.Generator().manual_seed(seed)


def rng(seed: int = 1) -> np.random.Generator:
    """Return numpy's generator."""
    return np.random.default_rng(seed)


def tokens(config: OPTConfig, *shape: int) -> torch.Tensor:
    """Return random tokens, none of them special."""
    return torch.randint(3, config.vocabulary_size, shape, generator=seeded())


def padded(config: OPTConfig, length: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    """Return 24 prompts, two of them padded on the left, and their mask."""
    prompts = tokens(config, 24, length)
    mask = torch.ones_like(prompts, dtype=torch.bool)
    mask[3, :4] = mask[5, :9] = False
    return prompts.masked_fill(~mask, config.padding_token), mask


def counting(n: int, length: int = 8) -> np.ndarray:
    """Return documents that count upwards from a random token, and end or are cut."""
    first = rng().integers(3, 9, n)
    values = first[:, None] + np.arange(length)
    return np.where(values < 11, values, np.where(values == 11, 2, 1))


@cache
def pair(
    shape: str, folder: Path, trained: bool = False
) -> tuple[transformers.OPTForCausalLM, OPT]:
    """Return their model with random weights of some size, and ours that has read it.

    A trained one has gone the other way.
    """
    config = SHAPES[shape]
    theirs = transformers.OPTForCausalLM(
        transformers.OPTConfig(
            vocab_size=config.vocabulary_size,
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            ffn_dim=config.feed_forward,
            max_position_embeddings=config.positions,
            word_embed_proj_dim=config.embedding_width,
            do_layer_norm_before=config.norm_first,
            dropout=0.0,
        )
    ).eval()
    with torch.no_grad():
        for part in theirs.parameters():
            part.normal_(0, 0.2, generator=seeded(part.numel()))
    theirs.save_pretrained(folder)
    ours = load_opt(folder)
    if trained:
        ours = OPT(config, seeded())
        train(ours, tokens(config, 20, 16), Training(steps=30), seeded())
        save_opt(ours, folder / "trained")
        theirs = transformers.OPTForCausalLM.from_pretrained(folder / "trained")
    return theirs.eval(), ours
