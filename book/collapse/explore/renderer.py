"""A matplotlib renderer that notes what is drawn instead of drawing it.

Every artist ends in a few calls: a path, markers, an image, a text. This renderer
turns each of them into a mark, a record that can be compared, stored and written as
one SVG element. It knows matplotlib and nothing above it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, BboxTransformTo, Transform

from . import images, styles, words
from .marks import (
    UNITS_PER_PIXEL,
    ImageMark,
    Mark,
    PathMark,
    StampMark,
    TextMark,
    absolute_path,
    join_neighbouring_dots,
    quantise,
    relative_path,
)
from .outlines import FAR, circle, outline

IsMath = bool | Literal["TeX"]
"""Whether matplotlib reads a text as a formula."""


class UnsupportedDrawingError(ValueError):
    """An artist draws something that a figure with sliders cannot carry."""


@dataclass
class Definitions:
    """Clip paths and hatch patterns that styles refer to by ``url(#@name)``."""

    markup: dict[str, str] = field(default_factory=dict)
    _names: dict[object, str] = field(default_factory=dict)

    def name(self, key: object, kind: str, make_markup: Callable[[str], str]) -> str:
        """Return the name of a definition, making it at first use."""
        if key not in self._names:
            name = f"{kind}{len(self._names)}"
            self._names[key] = name
            self.markup[name] = make_markup(f"@{name}")
        return self._names[key]


class MarkRenderer(RendererBase):
    """Collects the marks of whatever draws itself on it.

    Parameters
    ----------
    width, height : float
        Size of the figure in pixels.
    dpi : float
        Pixels an inch, which fixes the size of points.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self.width = width
        self.height = height
        self.dpi = dpi
        self.definitions = Definitions()
        self._marks: list[Mark] = []
        self._styles: dict[tuple, str] = {}
        self._boxes: dict[bytes, str] = {}
        self._images: dict[tuple, str] = {}
        self._measured: dict[tuple, tuple[float, float, float]] = {}

    def take(self) -> tuple[Mark, ...]:
        """Return the marks collected since the last call, and forget them."""
        marks = tuple(join_neighbouring_dots(self._marks))
        self._marks = []
        return marks

    # -- what matplotlib asks of a renderer ------------------------------------

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        return points * self.dpi / 72

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: IsMath
    ) -> tuple[float, float, float]:
        key = (s, hash(prop), ismath)  # measuring is the dearest part of a text
        if key not in self._measured:
            self._measured[key] = super().get_text_width_height_descent(s, prop, ismath)
        return self._measured[key]

    def get_image_magnification(self) -> float:
        return 2.0

    def option_image_nocomposite(self) -> bool:
        return True

    def option_scale_image(self) -> bool:
        return True

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,
    ) -> None:
        if gc.get_sketch_params() is not None:
            raise UnsupportedDrawingError("sketched (xkcd) lines cannot be carried")
        dot = self._as_dot(gc, path, transform, rgbFace)
        if dot is not None:
            self._marks.append(dot)
            return
        operations, x, y = self._outline(path, transform)
        if not operations:
            return
        fill = None if rgbFace is None or len(path) < 2 else rgbFace
        style = self._path_style(gc, fill)
        if style:
            self._marks.append(PathMark(style, operations, x, y))
        hatch = gc.get_hatch_path()
        if hatch is not None:
            style = f"fill:url(#@{self._hatch(gc, hatch)});{self._clip(gc)}"
            self._marks.append(PathMark(style, operations, x, y))

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        points = self._points_nearby(path, trans)
        if len(points) == 0:
            return
        if len(points) == 1:
            placed = marker_trans + Affine2D().translate(*points[0])
            self.draw_path(gc, marker_path, placed, rgbFace)
            return
        dot = self._as_dot(gc, marker_path, marker_trans, rgbFace)
        if dot is not None:
            style, stamp, merged = dot.style, dot.stamp, dot.merged
        else:
            vertices, operations = outline(
                marker_path, marker_trans, self.width, self.height
            )
            style = self._path_style(gc, rgbFace)
            if not style or not operations:
                return
            stamp = relative_path(vertices * [1, -1], operations)
            merged = _darkens_nowhere(gc, rgbFace)
        x, y = quantise(self._downwards(points))
        self._marks.append(StampMark(style, stamp, merged, x, y))

    def draw_image(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        im: Any,
        transform: Transform | None = None,
    ) -> None:
        shape = im.shape[:2]
        if 0 in shape:
            return
        if transform is None:
            scale = 1 / self.get_image_magnification()
            placement = images.upright(x, y, shape, scale, self.height)
            im = im[::-1]
        else:
            alpha = gc.get_alpha()
            placement = images.transformed(x, y, shape, transform, self.height, alpha)
        key = (im.shape, im.tobytes())
        if key not in self._images:
            self._images[key] = images.png_uri(im)
        self._marks.append(ImageMark(self._clip(gc), placement, self._images[key]))

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: IsMath = False,
        mtext: Text | None = None,
    ) -> None:
        if ismath:  # formulas keep matplotlib's own glyphs
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        width, _, _ = self.get_text_width_height_descent(s, prop, ismath)
        part = words.anchor_part(mtext, angle)
        radians = np.deg2rad(angle)
        x = x + part * width * np.cos(radians)
        y = y - part * width * np.sin(radians)
        growth = 1.0
        if not words.is_set_in_rows(mtext, prop):
            page = self.get_canvas_width_height()
            growth = words.room_to_grow((x, y), width, part, angle, page)
        size = self.points_to_pixels(prop.get_size_in_points())
        self._marks.append(
            TextMark(
                clip=self._clip(gc),
                style=words.text_style(gc, prop, mtext, part),
                x=round(x * UNITS_PER_PIXEL),
                y=round(y * UNITS_PER_PIXEL),
                angle=round(-float(angle), 2),
                size=round(size * UNITS_PER_PIXEL),
                growth=growth,
                text=s,
            )
        )

    def draw_gouraud_triangles(self, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedDrawingError(
            "Gouraud shading cannot be carried; use shading='flat' or an image"
        )

    def start_filter(self) -> None:
        raise UnsupportedDrawingError("an agg_filter cannot be carried")

    # -- pieces ----------------------------------------------------------------

    def _outline(self, path: Path, transform: Transform) -> tuple[str, bytes, bytes]:
        """Return the letters of the operations and the coordinates, y down."""
        vertices, operations = outline(path, transform, self.width, self.height)
        return operations, *quantise(self._downwards(vertices))

    def _downwards(self, points: np.ndarray) -> np.ndarray:
        """Turn pixels with y up into pixels with y down."""
        return np.column_stack([points[:, 0], self.height - points[:, 1]])

    def _points_nearby(self, path: Path, transform: Transform) -> np.ndarray:
        """Return the vertices (n, 2) of a path that carry a marker one might see."""
        points = np.asarray(transform.transform(path.vertices), float)
        if path.codes is not None:
            points = points[np.isin(path.codes, (Path.MOVETO, Path.LINETO))]
        points = points[np.isfinite(points).all(axis=1)]
        size = np.array([self.width, self.height])
        return points[(np.abs(points) < FAR * size).all(axis=1)]

    def _as_dot(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        face: Sequence[float] | None,
    ) -> StampMark | None:
        """A filled circle without an edge of its own is a point with a round cap."""
        if face is None or gc.get_hatch() is not None:
            return None
        if len(face) == 4 and face[3] == 0:  # a ring, not a disc
            return None
        found = circle(path, transform)
        width = self.points_to_pixels(styles.stroke_width(gc))
        if found is None or (width and not styles.has_one_colour(gc, face)):
            return None
        centre, across = found
        diameter = (across + width) * UNITS_PER_PIXEL
        ink = styles.colour(";stroke", face, styles.forced_alpha(gc))
        style = (
            f"fill:none{ink};stroke-width:{diameter:.0f};stroke-linecap:round"
            f"{self._clip(gc)}"
        )
        opaque = styles.is_opaque(gc, face)
        return StampMark(style, "h0", opaque, *quantise(self._downwards(centre[None])))

    def _path_style(self, gc: GraphicsContextBase, face: Sequence[float] | None) -> str:
        """Return the CSS of a path, or '' where nothing would be seen."""
        offset, pattern = gc.get_dashes()
        key = (
            None if face is None else tuple(face),
            tuple(gc.get_rgb()),
            gc.get_alpha(),
            gc.get_forced_alpha(),
            gc.get_linewidth(),
            offset,
            None if pattern is None else np.asarray(pattern).tobytes(),
            gc.get_joinstyle(),
            gc.get_capstyle(),
            gc.get_antialiased(),
            self._clip(gc),
        )
        if key not in self._styles:
            style = styles.path_style(gc, face, self.points_to_pixels)
            self._styles[key] = style and style + self._clip(gc)
        return self._styles[key]

    def _clip(self, gc: GraphicsContextBase) -> str:
        """CSS that clips to the graphics context's window, or ''."""
        path, transform = gc.get_clip_path()
        if isinstance(path, Path) and transform is not None:
            return self._clip_to(path, transform)
        box = gc.get_clip_rectangle()
        if box is None:
            return ""
        key = box.get_points().tobytes()
        if key not in self._boxes:
            square = Path.unit_rectangle()
            self._boxes[key] = self._clip_to(square, BboxTransformTo(box))
        return self._boxes[key]

    def _clip_to(self, path: Path, transform: Transform) -> str:
        operations, x, y = self._outline(path, transform)

        def markup(name: str) -> str:
            d = absolute_path(operations, x, y)
            return f'<clipPath id="{name}"><path d="{d}"/></clipPath>'

        name = self.definitions.name((operations, x, y), "clip", markup)
        return f";clip-path:url(#@{name})"

    def _hatch(self, gc: GraphicsContextBase, hatch: Path) -> str:
        """Name of the pattern definition of a hatch."""
        side = round(self.points_to_pixels(72) * UNITS_PER_PIXEL)
        scale = Affine2D().scale(side / UNITS_PER_PIXEL)
        vertices, operations = outline(hatch, scale, self.width, self.height)
        x, y = quantise(vertices * [1, -1] + [0, side / UNITS_PER_PIXEL])
        width = self.points_to_pixels(gc.get_hatch_linewidth()) * UNITS_PER_PIXEL
        ink = to_rgba(gc.get_hatch_color())
        style = styles.colour("fill", ink, None) + styles.colour(";stroke", ink, None)

        def markup(name: str) -> str:
            d = absolute_path(operations, x, y)
            return (
                f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="{side}" '
                f'height="{side}"><path d="{d}" '
                f'style="{style};stroke-width:{width:.0f}"/></pattern>'
            )

        key = (operations, x, y, style, round(width))
        return self.definitions.name(key, "hatch", markup)


def _darkens_nowhere(gc: GraphicsContextBase, face: Sequence[float] | None) -> bool:
    """Whether copies of a shape that overlap look like one."""
    return styles.is_opaque(gc, face) and styles.has_one_colour(gc, face)
