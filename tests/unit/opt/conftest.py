"""Pairs of networks, ours and that of transformers, on a single thread."""

from __future__ import annotations

import pytest
import torch

from support.language_models import SHAPES, pair


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=[*SHAPES, "small, trained"])
def models(request, tmp_path_factory):
    shape = request.param.removesuffix(", trained")
    return pair(shape, tmp_path_factory.getbasetemp() / shape, shape != request.param)


@pytest.fixture
def small(tmp_path_factory):
    return pair("small", tmp_path_factory.getbasetemp() / "small")
