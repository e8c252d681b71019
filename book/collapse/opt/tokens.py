"""Checks of tokens at the door: one, many of any shape, rows of them, their mask.

They know how many tokens there are, and no network.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..validation import finite_array, plain_array, refuse, whole_number


def one_token(name: str, token: Any, vocabulary_size: int) -> int:
    """Return a token if it is in the vocabulary.

    Raises
    ------
    ValueError
        If it is not.
    """
    if whole_number(name, token, 0) >= vocabulary_size:
        raise refuse(name, token, f"a token below {vocabulary_size}")
    return int(token)


def token_array(name: str, array: Any, vocabulary_size: int) -> Tensor:
    """Return tokens with at least one axis as a tensor of int64.

    Raises
    ------
    ValueError
        If they are empty, no whole numbers, or not in the vocabulary.
    """
    array = finite_array(name, array, axes=1)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers, got dtype {array.dtype}")
    if array.min() < 0 or array.max() >= vocabulary_size:
        raise ValueError(
            f"{name} must be tokens in [0, {vocabulary_size}), "
            f"got {array.min()} to {array.max()}"
        )
    return torch.from_numpy(array.astype(np.int64))


def token_rows(name: str, array: Any, vocabulary_size: int) -> Tensor:
    """Return rows of equally many tokens as a tensor of int64, shape (n, T).

    Raises
    ------
    ValueError
        If they are not such rows, or a token is not in the vocabulary.
    """
    if isinstance(array, Tensor):
        array = array.cpu().numpy()
    tokens = token_array(name, finite_array(name, array, axes=2), vocabulary_size)
    if tokens.ndim != 2:
        raise ValueError(f"{name} must have shape (n, T), got {tuple(tokens.shape)}")
    return tokens


def prompt_mask(mask: Any, prompts: Tensor) -> Tensor:
    """Return a mask that is False where prompts are padded on the left.

    Parameters
    ----------
    mask : array of bool, or of 0 and 1, shape (B, P)
    prompts : tensor of int, shape (B, P)

    Raises
    ------
    ValueError
        If it holds other values, has another shape, or hides anything but the left
        of a row.
    """
    allowed = "an array of True and False"
    try:
        whole = mask if isinstance(mask, Tensor) else plain_array("mask", mask, allowed)
        given = torch.as_tensor(whole)
    except (TypeError, RuntimeError):
        raise refuse("mask", mask, allowed) from None
    mask = given.to(prompts.device, torch.bool)
    # A float that is not 0 would count as True: -1e9 and 0 mean the opposite.
    if given.is_floating_point() or given.is_complex() or (given != mask).any():
        raise refuse("mask", given, "an array of True and False, or of 1 and 0")
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
    return mask
