"""Moves the controls of a figure as a reader does, by keyboard, whatever their kind."""

from __future__ import annotations

from playwright.sync_api import Locator


class Control:
    """One control of a figure on a page or in a notebook."""

    def __init__(self, figure: Locator, axis: int) -> None:
        self.element = figure.locator("[data-name]").nth(axis)
        self.kind = self.element.get_attribute("data-control")
        self._output = self.element.locator("xpath=../output")
        self._checked = self.element.locator("input:checked")

    def step(self, steps: int) -> None:
        """Move by so many values, back if negative; a die goes on instead."""
        if self.kind == "die":
            steps %= int(self.said().split()[-1])
        if steps:
            key = self._key(forwards=steps > 0)
            self.press(key)
            for _ in range(abs(steps) - 1):  # the focus stays in the control
                self.element.page.keyboard.press(key)

    def _key(self, forwards: bool) -> str:
        if self.kind == "die":
            return "Enter"
        if self.kind == "list":
            return "ArrowDown" if forwards else "ArrowUp"
        return "ArrowRight" if forwards else "ArrowLeft"

    def keys_to_two_values(self) -> tuple[str, str]:
        """Two keys after each of which, in this order, another value is shown."""
        return {
            "slider": ("Home", "End"),
            "list": ("Home", "End"),
            "buttons": ("ArrowRight", "ArrowRight"),
            "die": ("Enter", "Enter"),
        }[self.kind]

    def press(self, key: str) -> None:
        """Press a key where the control has its focus."""
        (self._checked if self.kind == "buttons" else self.element).press(key)

    def said(self) -> str:
        """What a screen reader says of its value."""
        if self.kind == "slider":
            return self.element.get_attribute("aria-valuetext")
        if self.kind == "buttons":
            return self._checked.locator("xpath=..").text_content()
        if self.kind == "list":
            return self.element.locator("option:checked").text_content()
        return self._output.text_content()


def awake(figure: Locator) -> Locator:
    """Scroll to a figure of a page and wait until its controls are connected."""
    figure.scroll_into_view_if_needed()
    figure.locator("xpath=self::*[@data-state]").wait_for()
    return figure
