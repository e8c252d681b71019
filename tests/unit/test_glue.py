"""The numbers of a cell reach the sentences, under their names."""

from __future__ import annotations

import myst_nb.ext.glue
import pytest

from collapse.glue import glue_all


def test_each_text_is_kept_under_its_name_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = []
    monkeypatch.setattr(
        myst_nb.ext.glue,
        "ipy_display",
        lambda bundle, raw, metadata: kept.append((metadata["scrapbook"], bundle)),
    )
    numbers = {"half_life": "69", "grown": "1.5 %"}
    assert glue_all(numbers) == numbers
    prefix = "application/papermill.record/"
    assert kept == [
        (
            {"name": name, "mime_prefix": prefix},
            {f"{prefix}text/plain": repr(text)},
        )
        for name, text in numbers.items()
    ]
