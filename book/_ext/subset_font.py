"""Cut a font down to the characters that the pages use."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont


@cache
def glyphs_of(path: Path) -> frozenset[int]:
    """The code points that the font at `path` can draw."""
    return frozenset(TTFont(path).getBestCmap())


def subset_font(path: Path, codepoints: Iterable[int]) -> str:
    """The font at `path` with only `codepoints`, as a WOFF ``data:`` address.

    Raises ``ValueError`` when the font lacks one of them: a page would otherwise show
    an empty box.
    """
    wanted = sorted(set(codepoints))
    if missing := set(wanted) - glyphs_of(path):
        listed = ", ".join(f"U+{point:04X}" for point in sorted(missing))
        raise ValueError(f"{path.name} has no glyph for {listed}")
    options = subset.Options(
        hinting=False,
        layout_features=[],
        name_IDs=[0, 13, 14],  # copyright and licence stay with the outlines
        notdef_outline=True,
        drop_tables=[*subset.Options._drop_tables_default, "FFTM"],
    )
    # Its date stays: what another build has not changed, a reader's browser keeps.
    font = TTFont(path, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:font/woff;base64,{encoded}"
