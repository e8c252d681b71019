"""The one function that a reader calls, and what it returns."""

from __future__ import annotations

import base64
import functools
import inspect
import io
import os
import pathlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import page, widget
from .mistakes import told_first
from .player import Said
from .recorder import record
from .recording import Recording
from .series import Series
from .sliders import Dice, SettledSlider, Slider, settle
from .stage import as_saved, closed_afterwards
from .stop_controls import Stops
from .story import Prediction, State, settle_story

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@told_first
def explore(
    fig: Figure,
    update: Callable[..., Said],
    title_axes: Axes | None = None,
    name: str = "",
    *,
    ghost: bool = False,
    moments: Mapping[str, State] | None = None,
    prediction: Prediction | None = None,
    print_states: Sequence[State | str] | None = None,
    **sliders: Iterable | Slider | Dice,
) -> ExploredFigure:
    """Give a matplotlib figure sliders that work with a kernel and without one.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Any figure; its size and dpi are those of the page. It is closed, so that a
        notebook does not show it a second time, but stays usable. A layout engine
        lays it out once, for the state shown first, so that nothing jumps. Black and
        grey follow the page's theme, white backgrounds too; hues stay, and so does
        what lies on them, and what a colour map made of numbers.
    update : callable
        Called with one keyword argument a slider. It changes the figure's artists,
        as for `matplotlib.animation.FuncAnimation`, and returns the caption, one
        sentence that says what is to be seen, or the pair ``(title, caption)``. It
        must depend on its arguments alone. While it runs the figure is pyplot's
        current one, so that ``plt.title`` means its title.
    title_axes : matplotlib.axes.Axes, optional
        The Axes whose title is set where ``update`` returns one; by default the
        figure's first. It looks as `matplotlib.axes.Axes.set_title` makes it from
        ``rcParams``; for another style let ``update`` set the title itself.
    name : str, optional
        What addresses call the figure: small letters, digits and hyphens. With a name
        each state has an address on a page, such as ``#waves?frequency=2``.
    ghost : bool
        Whether the state that a reader leaves by moving a control stays behind the
        new one, faint and named, until it is dismissed. The first control goes along
        where another was moved. A figure with a ghost, moments or a prediction names
        what is pinned, too, and can pin words and images, as a copy under the picture.
    moments : mapping of str to mapping, optional
        States worth visiting, each with its name: values of some controls, by theirs.
        They are a list under the figure, and ticks on a slider.
    prediction : Pick, Estimate or Sketch, optional
        What the reader is asked before the figure goes to the state that answers it.
    print_states : sequence of mapping or str, optional
        The states that paper shows side by side: values of some controls, by name, or a
        moment's name. Controls that are not named stand where they start. By default
        the first control's first and last state.
    **sliders : iterable, Slider or Dice
        One to three sliders by name: their values, or a `Slider` with a label, a
        unit, a format, a kind of control or a value to start from. The play button
        moves the first. A `Dice` beside them steps through histories.

    Returns
    -------
    ExploredFigure
        Shows itself; each slider is an attribute of the slider's name.

    Raises
    ------
    ValueError
        If a slider has no values or moves nothing, if there are too many states, if a
        moment, a prediction or a printed state names what the figure does not have, if
        ``update`` returns something else, opens another figure or closes its own, if
        two calls with the same arguments draw different pictures, or if an artist
        cannot be carried. Whatever ``update`` raises is passed on, with the state.
    TypeError
        If ``update`` does not take the sliders as its arguments.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np
    >>> x = np.linspace(0, 6, 100)
    >>> fig, ax = plt.subplots()
    >>> curve, = ax.plot(x, np.sin(x))
    >>> def update(frequency):
    ...     curve.set_ydata(np.sin(frequency * x))
    ...     caption = f"The wave repeats every {6.28 / frequency:.2f} s."
    ...     return f"{frequency} radians a second", caption
    >>> figure = explore(fig, update, frequency=[1, 2, 3])
    >>> figure.frequency.value
    1
    """
    if not isinstance(fig, Figure):
        hint = ""
        if isinstance(fig, tuple):
            hint = ": plt.subplots() returns fig, ax"
        elif isinstance(fig, Axes):
            hint = ": theirs is ax.figure"
        raise ValueError(
            f"fig must be a matplotlib Figure, got {type(fig).__name__}{hint}"
        )
    with closed_afterwards(fig):
        if not callable(update):
            raise ValueError(f"update must be a function, got {update!r}")
        if not isinstance(name, str) or (name and not _NAME.fullmatch(name)):
            raise ValueError(
                "name must consist of small letters, digits and hyphens and begin "
                f"with a letter, such as 'two-waves', got {name!r}"
            )
        if title_axes is not None and title_axes not in fig.axes:
            raise ValueError(f"title_axes must be Axes of fig, got {title_axes!r}")
        settled = settle(sliders)
        for slider in settled:
            if hasattr(ExploredFigure, slider.name):
                raise ValueError(
                    f"a slider cannot be called {slider.name!r}: explored figures have "
                    "an attribute of that name"
                )
        _check_arguments(update, [slider.name for slider in settled])
        story = settle_story(fig, settled, ghost, moments, prediction, print_states)
        recording = record(fig, update, settled, title_axes, name, story)
        _check_prediction(recording)
        return ExploredFigure(fig, recording)


def _check_arguments(update: Callable[..., Said], names: list[str]) -> None:
    """Refuse an update function that cannot be called with these arguments."""
    try:
        signature = inspect.signature(update)
    except ValueError:  # some functions written in C do not say what they take
        return
    try:
        signature.bind(**dict.fromkeys(names))
    except TypeError as error:
        raise TypeError(
            f"update takes {signature}, but the sliders are {', '.join(names)}: "
            f"{error}; give it one argument for each slider, of the same name"
        ) from None


def _check_prediction(recording: Recording) -> None:
    """Refuse a prediction that would lie in the wrong place, or is given away."""
    prediction = recording.story.prediction or {}
    panel: int | None = prediction.get("panel")
    if panel is None:
        return
    before, after = recording.start, prediction["state"]
    if recording.frames(before)[panel] != recording.frames(after)[panel]:
        raise ValueError(
            "the panel of a prediction must keep its scales from the state shown first "
            "to the prediction's, or what a reader draws would lie in another place; "
            "set its limits before explore"
        )
    if prediction["kind"] != "sketch":
        return
    truth = Series(panel, prediction["series"], "line")
    begun, ended = (
        [
            drawing
            for layer, drawing in zip(
                recording.layers, recording.drawing(state), strict=True
            )
            if layer.series == truth
        ]
        for state in (before, after)
    )
    if len(begun) != 1:
        raise ValueError(
            f"{len(begun)} lines of the panel are called {truth.name!r}; give the "
            "curve of a Sketch a label of its own"
        )
    if begun == ended:
        raise ValueError(
            "the curve of a Sketch is the same in the state shown first and in the "
            "prediction's, which gives it away; let the figure start elsewhere"
        )


_shown: Counter[str] = Counter()


def _next_identity(identity: str) -> str:
    """A name that no other display of the same figure on a page has."""
    _shown[identity] += 1
    number = _shown[identity]
    return identity if number == 1 else f"{identity}n{number}"


class ExploredFigure:
    """A figure with sliders, as `explore` returns it.

    Every slider is an attribute: ``figure.generation.value`` is the value shown, and
    ``figure.generation.observe(...)`` listens, as for any ipywidgets widget.
    """

    def __init__(self, figure: Figure, recording: Recording) -> None:
        self._recording = recording
        self._pictures = {}
        for kind in ("png", "pdf"):  # the base state, for paper and for mail
            buffer = io.BytesIO()
            with as_saved(figure):
                figure.savefig(buffer, format=kind)
            self._pictures[kind] = buffer.getvalue()

    @property
    def recording(self) -> Recording:
        """All states, as they were drawn."""
        return self._recording

    @property
    def sliders(self) -> tuple[SettledSlider, ...]:
        """The sliders, in the order in which they were given."""
        return self._recording.sliders

    @functools.cached_property
    def _identity(self) -> str:
        return page.identify(self.recording)

    @functools.cached_property
    def _model(self) -> widget.Positions:
        """Tells the figure's displays in a browser and its sliders of each other."""
        return widget.positions(self.recording)

    @functools.cached_property
    def _sliders(self) -> dict[str, Stops]:
        return widget.sliders(self.recording, self._model)

    @told_first
    def __getattr__(self, name: str) -> Stops:
        if not name.startswith("_") and name in {s.name for s in self.sliders}:
            return self._sliders[name]
        names = ", ".join(slider.name for slider in self.sliders)
        raise AttributeError(
            f"{type(self).__name__!r} has no attribute {name!r}; "
            f"its sliders are {names}"
        )

    @told_first
    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            is_slider = name in {slider.name for slider in self.sliders}
            hint = "this slider" if is_slider else "one of its sliders"
            moved = name if is_slider else self.sliders[0].name
            raise AttributeError(
                f"{name!r} of a figure cannot be set, got {value!r}; to move {hint} "
                f"write figure.{moved}.value = ..."
            )
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(slider.name for slider in self.sliders)]

    def html(self) -> str:
        """The figure as one self-contained piece of HTML."""
        return page.static_html(self.recording, self._identity)

    @told_first
    def save(self, path: str | os.PathLike[str], title: str = "Figure") -> None:
        """Write a page with this figure, which opens from disk without network.

        Parameters
        ----------
        path : str or os.PathLike
            Its name ends in ``.html`` or ``.htm``.
        title : str
            What the browser calls the page.

        Raises
        ------
        ValueError
            If the name of the file ends in anything else.
        """
        if pathlib.Path(path).suffix.lower() not in {".html", ".htm"}:
            raise ValueError(
                f"path must end in .html, because save writes a page with sliders, got "
                f"{os.fspath(path)!r}; for a picture of the state shown choose Save as "
                "PNG in the figure's menu"
            )
        text = page.document(self.recording, self._identity, title)
        pathlib.Path(path).write_text(text, encoding="utf-8")

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        encoded = {
            kind: base64.b64encode(picture).decode()
            for kind, picture in self._pictures.items()
        }
        bundle = {
            # Not a widget's view: a notebook would keep it in place of the figure, and
            # show an error wherever it is opened without the kernel that made it.
            "text/html": page.notebook_html(
                self.recording,
                _next_identity(self._identity),
                self._model.live,
                encoded["png"],
            ),
            "image/png": encoded["png"],
            "application/pdf": encoded["pdf"],
            "text/plain": self.recording.caption(self.recording.start),
        }
        return bundle, {"image/png": {"alt": bundle["text/plain"]}}
