"""States: how far a training has come, in a file from which it goes on.

They know the network, and not how it learns.
"""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..whole_file import replace_file
from .network import OPT


def write_state(
    path: Path,
    model: OPT,
    optimizer: torch.optim.Optimizer,
    losses: list[Tensor],
    task: str,
) -> None:
    """Write weights, the optimiser's memory and the losses so far, and a checksum.

    Parameters
    ----------
    path : Path
        In a folder that is there; what it held stays until the new file is whole.
    model : OPT
    optimizer : torch.optim.Optimizer
    losses : list of tensor
        One for each step.
    task : str
        From `task_of`.
    """
    content = io.BytesIO()
    state = {
        "task": task,
        "weights": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "losses": torch.stack(losses),
    }
    torch.save(state, content)
    whole = content.getvalue() + hashlib.sha256(content.getvalue()).digest()
    replace_file(path, lambda unfinished: unfinished.write_bytes(whole))


def read_state(
    path: Path, model: OPT, optimizer: torch.optim.Optimizer, task: str
) -> list[Tensor]:
    """Put a model and its optimiser into the state that a file holds.

    Parameters
    ----------
    path : Path
    model : OPT
    optimizer : torch.optim.Optimizer
    task : str
        What the file must belong to.

    Returns
    -------
    list of tensor
        The loss of each step that has been done.

    Raises
    ------
    ValueError
        If the file is damaged, or of another training.
    """
    whole = path.read_bytes()
    content = whole[: -hashlib.sha256().digest_size]
    if content + hashlib.sha256(content).digest() != whole:
        raise ValueError(
            f"{path} must hold the state of a training, and is damaged or of another "
            "kind: remove it, and the training begins anew"
        )
    state = torch.load(
        io.BytesIO(content), map_location=model.device, weights_only=True
    )
    if state["task"] != task:
        raise ValueError(
            f"{path} is the state of another training: of other blocks, another "
            "network, another order or other steps; remove it, or name another file"
        )
    model.load_state_dict(state["weights"])
    optimizer.load_state_dict(state["optimizer"])
    return list(state["losses"])


def task_of(
    model: OPT, blocks: Tensor, training: Any, generator: torch.Generator
) -> str:
    """Return a word for all that a training depends on, before its first step."""
    digest = hashlib.sha256(repr((model.config, training)).encode())
    parts = [*model.state_dict().values(), blocks, generator.get_state()]
    for part in parts:
        digest.update(repr((part.dtype, part.shape)).encode())
        digest.update(part.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
