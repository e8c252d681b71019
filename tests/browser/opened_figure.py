"""A saved figure with sliders, in a browser page."""

from __future__ import annotations

from pathlib import Path

from matplotlib import pyplot as plt

from collapse.explore import ExploredFigure, explore
from controls import Control


class Opened:
    """A saved figure in a browser page."""

    def __init__(self, context, path: Path, address: str = "") -> None:
        self.troubles: list[str] = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.goto(path.as_uri() + address)
        self.figure = self.page.locator("figure.explore").first

    def slider(self, number: int):
        return self.figure.locator("[data-name]").nth(number)

    def put(self, number: int, position: int) -> None:
        """Move a control by keyboard alone."""
        steps = position - self.positions()[number]
        Control(self.figure, number).step(steps)

    def positions(self) -> list[int]:
        return [int(place) for place in self.figure.get_attribute("data-state").split()]

    @property
    def caption(self) -> str:
        return self.figure.locator("figcaption").inner_text()


def save(explored: ExploredFigure, folder: Path) -> Path:
    path = folder / "figure.html"
    explored.save(path)
    return path


def growing_axes(**options: bool) -> ExploredFigure:
    """A line whose first control moves the axes as well, the second the line alone."""
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1], label="line")

    def update(size, tilt):
        line.set_ydata([0, size + tilt])
        axes.set_ylim(0, size + 2)
        return f"Size {size}, tilt {tilt}."

    return explore(figure, update, **options, size=[1, 2], tilt=[0, 1])
