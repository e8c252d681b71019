"""The numbers of a cell reach the sentences, under their names."""

from __future__ import annotations

import myst_nb.ext.glue
import pytest
from IPython.lib.pretty import pretty

from collapse import glue


def kept_by(function, *arguments) -> list[tuple[dict, dict]]:
    """What a call displays: each time metadata and data."""
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (glue, myst_nb.ext.glue):
            name = "display" if module is glue else "ipy_display"
            patch.setattr(
                module, name, lambda data, raw, metadata: kept.append((metadata, data))
            )
        function(*arguments)
    return kept


@pytest.mark.parametrize(
    ("generation", "share", "said"),
    [
        (0, 0.1, "real points only"),
        (1, 0.145, "14.5 % real points"),
        (7, 0, "0 % real points"),
        (7, 1, "100 % real points"),
    ],
)
def test_generation_0_has_learned_from_real_data(generation, share, said) -> None:
    assert glue.learned_from(generation, share, "points") == said


def test_each_text_is_kept_as_myst_nb_keeps_it() -> None:
    numbers = {"half_life": "69", "grown": "1.5 %", "quoted": 'it\'s "x"'}

    def one_by_one() -> None:
        for name, text in numbers.items():
            myst_nb.ext.glue.glue(name, text, display=False)

    kept = kept_by(glue.glue_all, numbers)
    assert kept == kept_by(one_by_one)
    assert len(kept) == 3


def test_they_are_returned_for_the_cell_to_show() -> None:
    shown = glue.glue_all({"half_life": "69", "grown": "1.5 %"})
    assert shown == {"half_life": "69", "grown": "1.5 %"}
    assert pretty(shown) == "In the text: half_life: 69; grown: 1.5 %"
