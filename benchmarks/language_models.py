"""The book's OPT against that of transformers: training, sampling, a grid of models."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator

# transformers would look for models on a server; none is needed.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
import transformers

from collapse.opt import (
    OPT,
    Decoding,
    LanguageModel,
    OPTConfig,
    Training,
    generate,
    save_opt,
    train,
)
from collapse.streams import Streams

from .table import Row, ratio

CONFIG = OPTConfig(538, width=64, layers=2, positions=128)
TRAINING = Training(steps=15)
MODELS = 8
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def pair() -> tuple[OPT, transformers.OPTForCausalLM]:
    """Return our network and theirs, with the same weights."""
    ours = OPT(CONFIG, torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder:
        save_opt(ours, folder)
        theirs = transformers.OPTForCausalLM.from_pretrained(folder)
    return ours, theirs


def train_theirs(
    model: transformers.OPTForCausalLM, blocks: torch.Tensor, training: Training
) -> None:
    """Make the steps that `train` makes, with the loss of transformers."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.0, fused=True)
    generator = torch.Generator().manual_seed(0)
    for step in range(training.steps):
        optimizer.param_groups[0]["lr"] = training.learning_rate * training.rate(step)
        chosen = torch.randperm(len(blocks), generator=generator)[: training.batch_size]
        batch = blocks[chosen]
        loss = model(input_ids=batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()


def sample_theirs(
    model: transformers.OPTForCausalLM, prompts: torch.Tensor, **options: object
) -> torch.Tensor:
    """Continue the prompts by 64 tokens, whatever the tokens are."""
    return model.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        min_new_tokens=64,
        max_new_tokens=64,
        pad_token_id=1,
        **options,
    )


def on_one_core(work: Callable[[], object]) -> Callable[[], object]:
    """Let the work use a single thread."""

    def alone() -> object:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return work()
        finally:
            torch.set_num_threads(threads)

    return alone


def measure() -> Iterator[Row]:
    """Time both in turn, on one core; then eight models on two."""
    ours, theirs = pair()
    blocks = torch.from_numpy(np.random.default_rng(0).integers(3, 538, (256, 64)))

    def our_training() -> None:
        train(ours, blocks, TRAINING, torch.Generator().manual_seed(0))

    def their_training() -> None:
        train_theirs(theirs, blocks, TRAINING)

    yield Row(
        "transformers / ours, training, batch 16, blocks of 64 tokens",
        ratio(on_one_core(their_training), on_one_core(our_training), repeats=15),
        "times",
        at_least=1,
    )
    for batch, least in ((16, 1.5), (256, 1)):
        yield Row(
            f"transformers / ours, sampling 64 tokens, batch {batch}",
            sampling(batch, Decoding(), do_sample=True, top_k=0),
            "times",
            at_least=least,
        )
    yield Row(
        "transformers / ours, beam search of 5, 64 tokens, batch 16",
        sampling(16, Decoding(beams=5), do_sample=False, num_beams=5),
        "times",
    )
    # Theirs one after the other: which is faster, one core or two, varies.
    for cores, grid in ((1, on_one_core(their_grid)), (2, their_grid)):
        yield Row(
            f"transformers on {cores} / ours on 2 cores, training {MODELS} models",
            ratio(grid, our_grid, repeats=3),
            "times",
            at_least=1.5,
        )


def sampling(batch: int, decoding: Decoding, **options: object) -> float:
    """Compare the time to continue prompts of 64 tokens by 64."""
    ours, theirs = pair()
    prompts = torch.from_numpy(np.random.default_rng(1).integers(3, 538, (batch, 64)))
    generator = torch.Generator().manual_seed(0)

    def our_sampling() -> None:
        generate(ours, prompts, new_tokens=64, decoding=decoding, generator=generator)

    def their_sampling() -> None:
        sample_theirs(theirs, prompts, **options)

    return ratio(on_one_core(their_sampling), on_one_core(our_sampling), repeats=5)


GRID = Training(steps=40)


def our_grid() -> None:
    """Train eight models, two at a time."""
    data = np.random.default_rng(0).integers(3, 538, (MODELS, 256, 63))
    family = LanguageModel(CONFIG, GRID, jobs=2)
    family.fit(data, Streams(np.random.default_rng(0).spawn(MODELS)))


def their_grid() -> None:
    """Train eight models one after the other."""
    for seed in range(MODELS):
        data = np.random.default_rng(seed).integers(3, 538, (256, 64))
        train_theirs(pair()[1], torch.from_numpy(data), GRID)
