"""A matplotlib renderer that notes what is drawn instead of drawing it.

Every artist ends in a few calls: a path, markers, an image, a text. This renderer
turns each of them into a *primitive*, a small tuple that can be compared, stored
and written as one SVG element. It knows matplotlib and nothing above it.

Coordinates are whole numbers, a tenth of a CSS pixel, with y pointing down.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform
from PIL import Image

UNITS_PER_PIXEL = 10

_LETTER = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}
_VERTICES = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 1}
_FAR = 8.0  # figure sizes; beyond this a path is cut so that numbers stay short
_CIRCLE = Path.unit_circle()
_LARGEST_TEXT_GROWTH = 1.25
_WHITE = 0.95  # lighter words and lines are meant for coloured ground
# Per cent of the page's ink in coloured and in grey words, at least. Lines are seen at
# a contrast of 3:1; to be read, words need 4.5:1, on light paper and on dark.
_INK_IN_WORDS = 25
_INK_IN_GREY_WORDS = 65


class UnsupportedDrawingError(ValueError):
    """An artist draws something that a figure with sliders cannot carry."""


@dataclass(frozen=True, slots=True)
class PathMark:
    """A path: its style, one letter an operation, and its coordinates as bytes."""

    style: str
    operations: str
    x: bytes
    y: bytes


@dataclass(frozen=True, slots=True)
class StampMark:
    """One small path, the stamp, repeated at many points.

    ``merged`` stamps become one SVG path; the others, translucent ones, one
    element each so that overlaps darken.
    """

    style: str
    stamp: str
    merged: bool
    x: bytes
    y: bytes


@dataclass(frozen=True, slots=True)
class TextMark:
    """A line of text at its anchor. ``growth`` bounds how much a phone enlarges it."""

    clip: str
    style: str
    x: int
    y: int
    angle: float
    size: int
    growth: float
    text: str


@dataclass(frozen=True, slots=True)
class ImageMark:
    """A raster image: attributes that place it and its PNG as a data URI."""

    clip: str
    placement: str
    source: str


Mark = PathMark | StampMark | TextMark | ImageMark


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

    def points_to_pixels(self, points):
        return points * self.dpi / 72

    def get_text_width_height_descent(self, s, prop, ismath):
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

    def draw_path(self, gc, path, transform, rgbFace=None) -> None:
        if gc.get_sketch_params() is not None:
            raise UnsupportedDrawingError("sketched (xkcd) lines cannot be carried")
        dot = self._as_dot(gc, path, transform, rgbFace)
        if dot is not None:
            self._marks.append(dot)
            return
        vertices, operations = self._vertices(path, transform)
        if not operations:
            return
        x, y = self._quantise(vertices)
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
        gc,
        marker_path,
        marker_trans,
        path,
        trans,
        rgbFace=None,
    ) -> None:
        points = np.asarray(trans.transform(path.vertices), float)
        if path.codes is not None:
            points = points[np.isin(path.codes, (Path.MOVETO, Path.LINETO))]
        points = points[np.isfinite(points).all(axis=1)]
        size = np.array([self.width, self.height])
        points = points[(np.abs(points) < _FAR * size).all(axis=1)]
        if len(points) == 0:
            return
        if len(points) == 1:
            placed = marker_trans.frozen() + Affine2D().translate(*points[0])
            self.draw_path(gc, marker_path, placed, rgbFace)
            return
        dot = self._as_dot(gc, marker_path, marker_trans, rgbFace)
        if dot is not None:
            style, stamp, merged = dot.style, dot.stamp, dot.merged
        else:
            vertices, operations = self._vertices(marker_path, marker_trans, flip=False)
            style = self._path_style(gc, rgbFace)
            if not style or not operations:
                return
            stamp = _relative_path(vertices * [1, -1], operations)
            merged = _is_opaque(gc, rgbFace) and _has_one_colour(gc, rgbFace)
        points = points * [1, -1] + [0, self.height]
        self._marks.append(StampMark(style, stamp, merged, *self._quantise(points)))

    def draw_image(self, gc, x, y, im, transform=None) -> None:
        height, width = im.shape[:2]
        if height == 0 or width == 0:
            return
        unit = UNITS_PER_PIXEL
        if transform is None:
            scale = unit / self.get_image_magnification()
            top = self.height * unit - y * unit - height * scale
            placement = (
                f'x="{x * unit:.0f}" y="{top:.0f}" width="{width * scale:.0f}" '
                f'height="{height * scale:.0f}" preserveAspectRatio="none"'
            )
            im = im[::-1]
        else:
            to_page = Affine2D().translate(x, y).scale(unit, -unit)
            to_page.translate(0, self.height * unit)
            matrix = Affine2D().scale(1 / width, 1 / height) + transform + to_page
            values = " ".join(f"{value:.6g}" for value in matrix.frozen().to_values())
            placement = (
                f'width="{width}" height="{height}" preserveAspectRatio="none" '
                f'transform="matrix({values})" style="image-rendering:pixelated'
                f';opacity:{gc.get_alpha():.3g}"'
            )
        key = (im.shape, im.tobytes())
        if key not in self._images:
            self._images[key] = _png_uri(im)
        self._marks.append(ImageMark(self._clip(gc), placement, self._images[key]))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        if ismath:  # formulas keep matplotlib's own glyphs
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        width, _, _ = self.get_text_width_height_descent(s, prop, ismath)
        part = _anchor_part(mtext, angle)
        radians = np.deg2rad(angle)
        x = x + part * width * np.cos(radians)
        y = y - part * width * np.sin(radians)
        size = self.points_to_pixels(prop.get_size_in_points())
        colour = _colour(
            "fill",
            gc.get_rgb(),
            _forced_alpha(gc),
            literal=_is_on_colour(mtext, gc),
            words=True,
        )
        style = _font_style(prop) + colour
        style += ("", ";text-anchor:middle", ";text-anchor:end")[round(part * 2)]
        unit = UNITS_PER_PIXEL
        growth = 1.0
        if not _is_set_in_rows(mtext, prop):
            growth = self._growth(x, y, width, part, angle)
        self._marks.append(
            TextMark(
                self._clip(gc),
                style,
                round(x * unit),
                round(y * unit),
                round(-float(angle), 2),
                round(size * unit),
                growth,
                s,
            )
        )

    def draw_gouraud_triangles(self, *args, **kwargs) -> None:
        raise UnsupportedDrawingError(
            "Gouraud shading cannot be carried; use shading='flat' or an image"
        )

    def start_filter(self) -> None:
        raise UnsupportedDrawingError("an agg_filter cannot be carried")

    # -- pieces ----------------------------------------------------------------

    def _vertices(self, path: Path, transform: Transform, flip: bool = True):
        """Return pixel vertices (n, 2), y down, and a letter for each operation."""
        vertices = np.asarray(transform.transform(path.vertices), float)
        codes = path.codes
        finite = np.isfinite(vertices).all()
        limit = _FAR * max(self.width, self.height)
        if not finite or np.abs(vertices).max(initial=0) > limit:
            margin = limit / 2
            window = (-margin, -margin, self.width + margin, self.height + margin)
            # A filled outline must not be cut open: only its holes (NaN) go.
            closed = codes is not None and (codes == Path.CLOSEPOLY).any()
            clean = Path(vertices, codes).cleaned(
                remove_nans=True, clip=None if closed else window, curves=True
            )
            keep = clean.codes != Path.STOP
            vertices, codes = clean.vertices[keep], clean.codes[keep]
            vertices = np.clip(vertices, -10 * limit, 10 * limit)
        if len(vertices) == 0:
            return vertices, ""
        if codes is None:
            letters = "M" + "L" * (len(vertices) - 1)
        else:
            kept, letters = _operations(codes)
            vertices = vertices[kept]
        if flip:
            vertices = np.column_stack([vertices[:, 0], self.height - vertices[:, 1]])
        return vertices, letters

    def _quantise(self, points: np.ndarray) -> tuple[bytes, bytes]:
        whole = np.rint(points * UNITS_PER_PIXEL).astype(np.int32)
        return whole[:, 0].tobytes(), whole[:, 1].tobytes()

    def _as_dot(self, gc, path, transform, face) -> StampMark | None:
        """A filled circle without an edge of its own is a point with a round cap."""
        if len(path) != len(_CIRCLE) or face is None or gc.get_hatch() is not None:
            return None
        if len(face) == 4 and face[3] == 0:  # a ring, not a disc
            return None
        if path is not _CIRCLE and not np.array_equal(path.codes, _CIRCLE.codes):
            return None
        width = self._stroke_width(gc)
        if width and not _has_one_colour(gc, face):
            return None
        points = transform.transform(path.vertices[:-1])
        low, high = points.min(axis=0), points.max(axis=0)
        across = high - low
        if not np.isfinite(across).all() or abs(across[0] - across[1]) > 0.01:
            return None
        centre = (low + high) / 2
        if not np.allclose(np.hypot(*(points[0] - centre)), across[0] / 2, rtol=0.02):
            return None
        opaque = _is_opaque(gc, face)
        diameter = (across[0] + width) * UNITS_PER_PIXEL
        style = (
            f"fill:none{_colour(';stroke', face, _forced_alpha(gc))}"
            f";stroke-width:{diameter:.0f};stroke-linecap:round{self._clip(gc)}"
        )
        centre[1] = self.height - centre[1]
        return StampMark(style, "h0", opaque, *self._quantise(centre[None]))

    def _stroke_width(self, gc) -> float:
        """Line width in pixels, nought where the edge is invisible."""
        rgb = gc.get_rgb()
        if len(rgb) == 4 and rgb[3] == 0:
            return 0.0
        return self.points_to_pixels(gc.get_linewidth())

    def _path_style(self, gc, face) -> str:
        """Return the CSS of a path, or '' where nothing would be seen."""
        dashes = gc.get_dashes()
        key = (
            None if face is None else tuple(face),
            tuple(gc.get_rgb()),
            gc.get_alpha(),
            gc.get_forced_alpha(),
            gc.get_linewidth(),
            (dashes[0], None if dashes[1] is None else tuple(dashes[1])),
            gc.get_joinstyle(),
            gc.get_capstyle(),
            gc.get_antialiased(),
            self._clip(gc),
        )
        if key not in self._styles:
            self._styles[key] = self._make_path_style(gc, face)
        return self._styles[key]

    def _make_path_style(self, gc, face) -> str:
        alpha = _forced_alpha(gc)
        fill = "" if face is None else _colour("fill", face, alpha)
        width = self._stroke_width(gc) * UNITS_PER_PIXEL
        stroke = ""
        if width:
            white = min(gc.get_rgb()[:3]) > _WHITE
            stroke = _colour(";stroke", gc.get_rgb(), alpha, literal=white)
        if not fill and not stroke:
            return ""
        style = fill or "fill:none"
        if not gc.get_antialiased():  # tiles that touch must not show seams
            style += ";shape-rendering:crispEdges"
        if not stroke:
            return style + self._clip(gc)
        join, cap = gc.get_joinstyle(), gc.get_capstyle()
        style += f"{stroke};stroke-width:{width:.0f}"
        style += f";stroke-linejoin:{join}" if join != "miter" else ""
        if cap != "butt":
            style += f";stroke-linecap:{'square' if cap == 'projecting' else cap}"
        offset, pattern = gc.get_dashes()
        if pattern is not None:
            lengths = self.points_to_pixels(np.asarray(pattern)) * UNITS_PER_PIXEL
            style += ";stroke-dasharray:" + " ".join(f"{v:.0f}" for v in lengths)
            if offset:
                start = self.points_to_pixels(offset) * UNITS_PER_PIXEL
                style += f";stroke-dashoffset:{start:.0f}"
        return style + self._clip(gc)

    def _clip(self, gc: GraphicsContextBase) -> str:
        """CSS that clips to the graphics context's window, or ''."""
        path, transform = gc.get_clip_path()
        box = gc.get_clip_rectangle()
        if path is None and box is None:
            return ""
        key = box.get_points().tobytes() if path is None else None
        if key in self._boxes:
            return self._boxes[key]
        if path is None:
            path, transform = Path.unit_rectangle(), Affine2D(_box_matrix(box))
        vertices, operations = self._vertices(path, transform)
        x, y = self._quantise(vertices)

        def markup(name: str) -> str:
            d = absolute_path(operations, x, y)
            return f'<clipPath id="{name}"><path d="{d}"/></clipPath>'

        name = self.definitions.name((operations, x, y), "clip", markup)
        css = f";clip-path:url(#@{name})"
        if key is not None:
            self._boxes[key] = css
        return css

    def _hatch(self, gc, hatch: Path) -> str:
        """Name of the pattern definition of a hatch."""
        side = round(self.points_to_pixels(72) * UNITS_PER_PIXEL)
        vertices, operations = self._vertices(
            hatch, Affine2D().scale(side / UNITS_PER_PIXEL), flip=False
        )
        x, y = self._quantise(vertices * [1, -1] + [0, side / UNITS_PER_PIXEL])
        width = self.points_to_pixels(gc.get_hatch_linewidth()) * UNITS_PER_PIXEL
        colour = gc.get_hatch_color()
        style = _colour("fill", colour, None) + _colour(";stroke", colour, None)

        def markup(name: str) -> str:
            d = absolute_path(operations, x, y)
            return (
                f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="{side}" '
                f'height="{side}"><path d="{d}" '
                f'style="{style};stroke-width:{width:.0f}"/></pattern>'
            )

        key = (operations, x, y, style, round(width))
        return self.definitions.name(key, "hatch", markup)

    def _growth(self, x, y, width, part, angle) -> float:
        """How much larger a text may get before it leaves the figure."""
        if width == 0:
            return 1.0
        if angle % 180 == 90:
            x, room = (self.height - y if angle % 360 == 270 else y), self.height
        elif angle % 180 == 0:
            room = self.width
        else:
            return 1.0
        before = x / (part * width) if part else np.inf
        after = (room - x) / ((1 - part) * width) if part < 1 else np.inf
        growth = min(before, after, _LARGEST_TEXT_GROWTH)
        return round(max(1.0, float(growth)), 2)


def absolute_path(operations: str, x: bytes, y: bytes) -> str:
    """Write SVG path data from an operation string and coordinate bytes."""
    points = zip(np.frombuffer(x, np.int32), np.frombuffer(y, np.int32), strict=True)
    parts = []
    for letter in operations:
        if letter == "Z":
            parts.append("Z")
            continue
        count = _VERTICES[letter]
        pairs = " ".join(f"{a} {b}" for a, b in (next(points) for _ in range(count)))
        parts.append(letter + pairs)
    return "".join(parts)


def _operations(codes: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the indices of the vertices that count and a letter an operation."""
    kept, letters, index = [], [], 0
    codes = codes.tolist()
    while index < len(codes):
        code = codes[index]
        if code == Path.STOP:
            break
        letter = _LETTER[code]
        letters.append(letter)
        count = _VERTICES[letter]
        if letter != "Z":
            kept.extend(range(index, index + count))
        index += count
    return np.array(kept, int), "".join(letters)


def _relative_path(vertices: np.ndarray, operations: str) -> str:
    """SVG path data relative to wherever the pen is, ending anywhere."""
    points = np.rint(vertices * UNITS_PER_PIXEL).astype(int)
    parts, pen, start, index = [], np.zeros(2, int), np.zeros(2, int), 0
    for letter in operations:
        if letter == "Z":
            parts.append("z")
            pen = start
            continue
        count = _VERTICES[letter]
        steps = points[index : index + count] - pen
        parts.append(letter.lower() + " ".join(f"{a} {b}" for a, b in steps))
        pen = points[index + count - 1]
        start = pen if letter == "M" else start
        index += count
    return "".join(parts)


def join_neighbouring_dots(marks: Iterable[Mark]) -> list[Mark]:
    """Join runs of equal stamps, which a scatter draws one at a time."""
    merged: list[Mark] = []
    run: list[StampMark] = []

    def close() -> None:
        if run:
            x = b"".join(mark.x for mark in run)
            y = b"".join(mark.y for mark in run)
            first = run[0]
            merged.append(StampMark(first.style, first.stamp, first.merged, x, y))
            run.clear()

    for mark in marks:
        is_stamp = isinstance(mark, StampMark)
        if run and not (
            is_stamp and (mark.style, mark.stamp) == (run[0].style, run[0].stamp)
        ):
            close()
        if is_stamp:
            run.append(mark)
        else:
            merged.append(mark)
    close()
    return merged


def _forced_alpha(gc) -> float | None:
    """The opacity that overrides those of the colours, if there is one."""
    return gc.get_alpha() if gc.get_forced_alpha() else None


def _is_opaque(gc, face) -> bool:
    alpha = _forced_alpha(gc)
    if alpha is None:
        alpha = face[3] if face is not None and len(face) == 4 else 1.0
    return alpha >= 1


def _has_one_colour(gc, face) -> bool:
    """Whether edge and face look the same, or one of them is not there."""
    if face is None or gc.get_linewidth() == 0:
        return True
    edge, face = ((*colour, 1.0)[:4] for colour in (gc.get_rgb(), face))
    return edge[3] == 0 or np.allclose(edge, face, atol=1 / 255)


def _is_set_in_rows(mtext, prop: FontProperties) -> bool:
    """Whether a line has others that it must stay aligned with.

    Matplotlib hands over the lines of a longer text without their artist; and who
    chooses a monospaced face sets words in columns.
    """
    several_lines = mtext is None or "\n" in mtext.get_text()
    return several_lines or "mono" in prop.get_family()[0].lower()


def _is_on_colour(mtext, gc) -> bool:
    """Whether a text keeps its own colour: white ones, and those in a coloured box."""
    if min(gc.get_rgb()[:3]) > _WHITE:
        return True
    box = mtext.get_bbox_patch() if mtext is not None else None
    if box is None:
        return False
    red, green, blue, alpha = box.get_facecolor()
    return alpha > 0 and max(red, green, blue) - min(red, green, blue) > 0.05


def _colour(
    name: str, rgb, alpha: float | None, literal: bool = False, words: bool = False
) -> str:
    """CSS of a colour; greys become mixtures of the page's ink and paper.

    So black text and white backgrounds follow a light or a dark theme, and the
    greys between them too, while hues stay what the author chose; only coloured
    ``words`` get some ink, to be read on either paper. A ``literal`` colour stays as
    well: white words and lines are there to be read on a hue.
    """
    red, green, blue = (round(255 * float(channel)) for channel in rgb[:3])
    if alpha is None:
        alpha = float(rgb[3]) if len(rgb) == 4 else 1.0
    if alpha == 0:
        return ""
    if not literal and max(red, green, blue) - min(red, green, blue) <= 2:
        ink = round(100 * (1 - green / 255))
        ink = max(ink, _INK_IN_GREY_WORDS) if words else ink
        value = {0: "var(--paper)", 100: "var(--ink)"}.get(
            ink, f"color-mix(in srgb,var(--ink) {ink}%,var(--paper))"
        )
    else:
        value = f"#{red:02x}{green:02x}{blue:02x}"
        if words and not literal:
            value = f"color-mix(in srgb,{value} {100 - _INK_IN_WORDS}%,var(--ink))"
    opacity = f"{name}-opacity:{alpha:.3g}" if alpha < 1 else ""
    return f"{name}:{value}" + (";" + opacity.lstrip(";") if opacity else "")


def _font_style(prop: FontProperties) -> str:
    """CSS for weight, slant and generic family; sans-serif is the page's own."""
    weight = prop.get_weight()
    if isinstance(weight, str):
        heavy = weight in {"bold", "heavy", "black", "semibold", "demibold", "demi"}
    else:
        heavy = weight >= 600
    family = prop.get_family()[0].lower()
    css = ""
    if "mono" in family or "courier" in family:
        css += "font-family:monospace;"
    elif "serif" in family and "sans" not in family:
        css += "font-family:serif;"
    css += "font-weight:bold;" if heavy else ""
    css += "font-style:italic;" if prop.get_style() in {"italic", "oblique"} else ""
    return css


def _anchor_part(mtext, angle: float) -> float:
    """Which point of a line of text stays put: 0 its start, ½ its middle, 1 its end."""
    if mtext is None:
        return 0.0
    if "\n" in mtext.get_text():
        alignment = mtext._get_multialignment()
        return {"left": 0.0, "center": 0.5, "right": 1.0}[alignment]
    horizontal = {"left": 0.0, "center": 0.5, "right": 1.0}[mtext.get_ha()]
    if angle % 360 == 0 or mtext.get_rotation_mode() == "anchor":
        return horizontal
    vertical = mtext.get_va()
    upwards = {"bottom": 0.0, "baseline": 0.0, "center": 0.5, "top": 1.0}
    upwards["center_baseline"] = 0.5
    if angle % 360 == 90:
        return upwards[vertical]
    if angle % 360 == 270:
        return 1.0 - upwards[vertical]
    return 0.5


def _box_matrix(box) -> np.ndarray:
    return np.array([[box.width, 0, box.x0], [0, box.height, box.y0], [0, 0, 1]])


def _png_uri(rgba: np.ndarray) -> str:
    """Encode an (h, w, 4) image as the smallest PNG that shows the same pixels."""
    pixels = np.ascontiguousarray(rgba)
    if (pixels[..., 3] == 255).all():
        grey = (pixels[..., :1] == pixels[..., :3]).all()
        image = Image.fromarray(
            np.ascontiguousarray(pixels[..., 0] if grey else pixels[..., :3])
        )
    else:
        image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
