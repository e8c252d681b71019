"""A matplotlib renderer that notes what is drawn instead of drawing it.

Every artist ends in a few calls: a path, markers, an image, a text. This renderer
turns each of them into a mark, a record that can be compared, stored and written as
one SVG element. It knows matplotlib and nothing above it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, BboxTransformTo, Transform

from . import images, owners, styles, words
from .looks import Clip, Look, overlap
from .marks import (
    UNITS_PER_PIXEL,
    ImageMark,
    Mark,
    PathMark,
    StampMark,
    TextMark,
    absolute_path,
    coordinates,
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


class _Row(NamedTuple):
    """One of several lines of a text; it starts so many pixels along its direction."""

    start: float
    width: float
    place: int
    write: Callable[[float, bool], list[TextMark]] | None


class MarkRenderer(RendererBase):
    """Collects the marks of whatever draws itself on it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Its size and its dots per inch are those of the page.
    """

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self.width, self.height = (
            float(side) for side in figure.get_size_inches() * figure.dpi
        )
        self.dpi = figure.dpi
        self.definitions = Definitions()
        self.shows_numbers = False
        """Whether the colours of what is drawn stand for numbers."""
        self._leaves_no_paper = self._edges_are_ink = False
        self._figure = figure
        self._marks: list[Mark] = []
        self._rows: list[_Row] = []
        self._looks: dict[tuple, Look | None] = {}
        self._clips: dict[tuple, Clip] = {}
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
        face = None if rgbFace is None or len(path) < 2 else rgbFace
        is_shape = face is not None or gc.get_hatch_path() is not None
        course, is_cut = self._outline(path, transform, is_shape)
        literal = self._whose(gc, face)
        if owners.is_backdrop(self._figure, face, path, transform):
            literal = True, True
        self._add_path(
            self._look(gc, face, literal, border=not (is_cut and is_shape)), course
        )
        hatch = gc.get_hatch_path()
        if hatch is not None and course[0]:
            style = f"fill='url(#@{self._hatch(gc, hatch)})'{self._clip(gc).attribute}"
            self._marks.append(PathMark(style, *course))
        if is_cut and is_shape:  # its border is not that of what is left of it
            course, _ = self._outline(path, transform, filled=False)
            self._add_path(self._look(gc, None, literal), course)

    def _add_path(self, look: Look | None, course: tuple[str, bytes, bytes]) -> None:
        if look is not None and course[0]:
            self._marks.append(PathMark(look.themed, *course, look))

    def draw_path_collection(
        self, gc: GraphicsContextBase, *args: Any, **kwargs: Any
    ) -> None:
        """Draw each path by itself; its colours may stand for numbers."""
        before = self.shows_numbers, self._edges_are_ink
        faces, edges = args[5], args[6]
        self.shows_numbers |= owners.are_numbers(self._figure, faces, edges)
        # Of all shapes alike, while their faces differ: they bound the shapes.
        is_one = self.shows_numbers and len(edges) == 1 < len(faces)
        self._edges_are_ink = is_one and not self._leaves_no_paper
        super().draw_path_collection(gc, *args, **kwargs)
        self.shows_numbers, self._edges_are_ink = before

    def draw_quad_mesh(self, gc: GraphicsContextBase, *args: Any) -> None:
        """Draw each cell by itself; their colours stand for numbers."""
        before = self.shows_numbers, self._leaves_no_paper
        self.shows_numbers = self._leaves_no_paper = True
        super().draw_quad_mesh(gc, *args)
        self.shows_numbers, self._leaves_no_paper = before

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
        x, y = quantise(self._downwards(points))
        dot = self._as_dot(gc, marker_path, marker_trans, rgbFace)
        if dot is not None:
            self._marks.append(replace(dot, x=x, y=y))
            return
        vertices, operations, _ = outline(
            marker_path, marker_trans, self.width, self.height
        )
        look = self._look(gc, rgbFace, self._whose(gc, rgbFace))
        if look is None or not operations:
            return
        stamp = relative_path(vertices * [1, -1], operations)
        merged = _darkens_nowhere(gc, rgbFace)
        across, high = np.ptp(vertices, axis=0) * UNITS_PER_PIXEL / 2
        self._marks.append(
            StampMark(look.themed, stamp, merged, x, y, look, (across, high))
        )

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
            placement, matrix = images.upright(x, y, shape, scale, self.height)
            im = im[::-1]
        else:
            placement, matrix = images.transformed(
                x, y, shape, transform, self.height, gc.get_alpha()
            )
        key = (im.shape, im.tobytes())
        if key not in self._images:
            self._images[key] = images.image_uri(im)
        clip = self._clip(gc)
        source = self._images[key]
        self._marks.append(
            ImageMark(clip.attribute, placement, source, matrix, clip.window)
        )

    def open_group(self, s: str, gid: str | None = None) -> None:
        if s == "text":
            self._rows = []

    def close_group(self, s: str) -> None:
        """Let the lines of a text stand where the others do in any font."""
        if s != "text" or len(self._rows) < 2:
            return
        part = words.shared_part(
            [row.start for row in self._rows], [row.width for row in self._rows]
        )
        for row in self._rows:
            if row.write is not None:
                marks = row.write(part, True)
                self._marks[row.place : row.place + len(marks)] = marks
        self._rows = []

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
        place = len(self._marks)
        write = functools.partial(self._words, gc, x, y, s, prop, angle)
        if ismath:  # formulas keep matplotlib's own glyphs
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        else:
            stays = mtext is None or words.is_framed(mtext)
            self._marks.extend(write(words.anchor_part(mtext, angle), stays))
        if mtext is None:  # one of several lines
            width, _, _ = self.get_text_width_height_descent(s, prop, ismath)
            radians = np.deg2rad(angle)
            start = x * np.cos(radians) - y * np.sin(radians)
            self._rows.append(_Row(start, width, place, None if ismath else write))

    def _words(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        line: str,
        prop: FontProperties,
        angle: float,
        part: float,
        stays: bool,  # and does not grow on a phone
    ) -> list[TextMark]:
        """Return the mark of a line, anchored at this part of it; none if unseen."""
        width, _, _ = self.get_text_width_height_descent(line, prop, False)
        radians = np.deg2rad(angle)
        x += part * width * np.cos(radians)
        y -= part * width * np.sin(radians)
        growth = 1.0
        if not stays and not words.sets_columns(prop):
            page = self.get_canvas_width_height()
            growth = words.room_to_grow((x, y), width, part, angle, page)
        size = self.points_to_pixels(prop.get_size_in_points())
        clip = self._clip(gc)
        look = words.text_look(gc, prop, part, clip.window)
        if look is None:
            return []
        return [
            TextMark(
                clip=clip.attribute,
                style=look.themed,
                x=round(x * UNITS_PER_PIXEL),
                y=round(y * UNITS_PER_PIXEL),
                angle=round(-float(angle), 2),
                size=round(size * UNITS_PER_PIXEL),
                growth=growth,
                text=line,
                look=look,
                width=width * UNITS_PER_PIXEL,
                before=part,
            )
        ]

    def draw_gouraud_triangles(self, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedDrawingError(
            "Gouraud shading cannot be carried; use shading='flat' or an image"
        )

    def start_filter(self) -> None:
        raise UnsupportedDrawingError("an agg_filter cannot be carried")

    # -- pieces ----------------------------------------------------------------

    def _outline(
        self, path: Path, transform: Transform, filled: bool
    ) -> tuple[tuple[str, bytes, bytes], bool]:
        """Return the course of a path, y down, and whether it was cut.

        A course is the letters of its operations and its coordinates.
        """
        vertices, operations, is_cut = outline(
            path, transform, self.width, self.height, filled
        )
        return (operations, *quantise(self._downwards(vertices))), is_cut

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
        is_bounded = self._edges_are_ink or not styles.has_one_colour(gc, face)
        if found is None or (width and is_bounded):
            return None
        centre, across = found
        diameter = (across + width) * UNITS_PER_PIXEL
        clip = self._clip(gc)
        alpha = styles.forced_alpha(gc)
        look = styles.dot_look(face, alpha, diameter, clip, self.shows_numbers)
        if look is None:
            return None
        opaque = styles.is_opaque(gc, face)
        x, y = quantise(self._downwards(centre[None]))
        reach = (diameter / 2, diameter / 2)
        return StampMark(look.themed, "h0", opaque, x, y, look, reach)

    def _look(
        self,
        gc: GraphicsContextBase,
        face: Sequence[float] | None,
        literal: tuple[bool, bool],
        border: bool = True,
    ) -> Look | None:
        """Return the look of a path; None where nothing would be seen.

        ``literal`` says of face and edge whether their colour is the author's.
        """
        offset, pattern = gc.get_dashes()
        clip = self._clip(gc)
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
            clip,
            literal,
            border,
        )
        if key not in self._looks:
            self._looks[key] = styles.path_look(
                gc, face, self.points_to_pixels, clip, literal, border
            )
        return self._looks[key]

    def _whose(
        self, gc: GraphicsContextBase, face: Sequence[float] | None
    ) -> tuple[bool, bool]:
        """Whether the colours of face and edge stand for numbers.

        An edge of its own colour sets a shape off from the paper, in either theme.
        """
        differ = face is not None and not styles.has_one_colour(gc, face)
        is_ink = self._edges_are_ink or (differ and not self._leaves_no_paper)
        return self.shows_numbers, self.shows_numbers and not is_ink

    def _clip(self, gc: GraphicsContextBase) -> Clip:
        """The clip of a graphics context: its box and its path, where it has both."""
        path, transform = gc.get_clip_path()
        box = gc.get_clip_rectangle()
        inner = box.get_points().tobytes() if box is not None else b""
        course = None
        if isinstance(path, Path) and transform is not None:
            course, _ = self._outline(path, transform, filled=True)
        key = (inner, course)
        if key not in self._clips:
            clip = Clip()
            if box is not None:
                square, place = Path.unit_rectangle(), BboxTransformTo(box)
                clip = self._clip_to(self._outline(square, place, filled=True)[0], clip)
            if course is not None:
                clip = self._clip_to(course, clip)
            self._clips[key] = clip
        return self._clips[key]

    def _clip_to(self, course: tuple[str, bytes, bytes], outer: Clip) -> Clip:
        """Define a clip to a path within another clip."""

        def markup(name: str) -> str:
            d = absolute_path(*course)
            return f'<clipPath id="{name}"{outer.attribute}><path d="{d}"/></clipPath>'

        name = self.definitions.name((course, outer), "clip", markup)
        x, y = (coordinates(kept) for kept in course[1:])
        window = (0.0, 0.0, 0.0, 0.0)  # nothing is left
        if len(x):
            window = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
        return Clip(f" clip-path='url(#@{name})'", overlap(window, outer.window))

    def _hatch(self, gc: GraphicsContextBase, hatch: Path) -> str:
        """Name of the pattern definition of a hatch."""
        side = round(self.points_to_pixels(72) * UNITS_PER_PIXEL)
        scale = Affine2D().scale(side / UNITS_PER_PIXEL)
        vertices, operations, _ = outline(hatch, scale, self.width, self.height)
        x, y = quantise(vertices * [1, -1] + [0, side / UNITS_PER_PIXEL])
        width = self.points_to_pixels(gc.get_hatch_linewidth()) * UNITS_PER_PIXEL
        ink = to_rgba(gc.get_hatch_color())
        fill, stroke = styles.paint("fill", ink), styles.paint("stroke", ink)
        paints = [each.themed for each in (fill, stroke) if each is not None]
        style = " ".join(shade.attribute for shade in paints)

        def markup(name: str) -> str:
            d = absolute_path(operations, x, y)
            return (
                f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="{side}" '
                f'height="{side}"><path d="{d}" {style} '
                f'stroke-width="{width:.0f}"/></pattern>'
            )

        key = (operations, x, y, style, round(width))
        return self.definitions.name(key, "hatch", markup)


def _darkens_nowhere(gc: GraphicsContextBase, face: Sequence[float] | None) -> bool:
    """Whether copies of a shape that overlap look like one."""
    return styles.is_opaque(gc, face) and styles.has_one_colour(gc, face)
