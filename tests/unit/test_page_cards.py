"""Cards: a chapter's title beside its figure, as a picture that weighs little."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import page_cards

PICTURE = (
    '<svg class="explore-picture" viewBox="0 0 100 50" width="10" height="5">'
    '<g data-layer><path fill="color-mix(in srgb,#ff0000 50%,var(--ink,#000))" '
    'd="M0 0H100V50H0Z"/></g>'
    '<text fill="var(--ink,#000)" font-size="calc(9px*min(var(--grow,1),1.25))">'
    "a</text>"
    "</svg>"
)


def test_what_only_browsers_understand_becomes_plain() -> None:
    plain = page_cards.without_a_browser(PICTURE)
    assert 'fill="#800000"' in plain
    assert 'font-size="9"' in plain
    assert 'viewBox="0 0 100 50">' in plain
    assert not any(each in plain for each in ("var(", "calc(", "mix(", "data-layer"))


@pytest.mark.parametrize("title", ["Short", "A title & that goes over five lines " * 2])
def test_a_card_has_its_size_and_holds_title_and_figure(title: str) -> None:
    packed = page_cards.card(title, "Chapter 1", PICTURE)
    assert len(packed) < 40_000
    opened = Image.open(io.BytesIO(packed))
    assert opened.mode == "P", "a palette weighs less"
    image = np.array(opened.convert("RGB"))
    assert image.shape == (630, 1200, 3)
    assert tuple(image[300, 850]) == (128, 0, 0), "the figure"
    dark = (image[:, 50:525] < 80).all(axis=-1)
    assert dark.sum() > 1000, "the title"
    assert not (image[:, :20] < 10).all(axis=-1).any()


def test_each_chapter_has_the_picture_that_stands_beside_its_link() -> None:
    still = '<span class="explore still" aria-hidden="true"><svg {}></svg></span>'
    page = '<svg class="explore-picture" own></svg>' + "".join(
        f'<li>{still.format(name)} <a href="{name}.html">x</a></li>' for name in "ab"
    )
    found = page_cards.pictures(page, "index")
    assert found["a"] == "<svg a></svg>"
    assert found["b"] == "<svg b></svg>"
    assert found["index"].endswith("own></svg>")
