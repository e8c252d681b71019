"""A headless browser that times what a reader feels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from find_browser import find_browser

# From the moment of the key to the first task after the frame that it caused.
TO_PAINT = """
() => {
  window.paints = [];
  addEventListener("keydown", (event) => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () =>
        window.paints.push(performance.now() - event.timeStamp);
      channel.port2.postMessage(0);
    });
  }, true);
}
"""

# For a canvas drawn some time after the key: until its last stroke, not yet painted.
TO_STROKE = """
() => {
  window.paints = [];
  let key = 0, stroke = 0;
  const draw = CanvasRenderingContext2D.prototype;
  for (const name of ["stroke", "fill", "fillText", "drawImage"]) {
    const original = draw[name];
    draw[name] = function (...values) {
      stroke = performance.now();
      return original.apply(this, values);
    };
  }
  addEventListener("keydown", (event) => { key = event.timeStamp; }, true);
  window.settle = () => { if (stroke > key) window.paints.push(stroke - key); };
}
"""


@contextlib.contextmanager
def opened(address: str, throttling: int = 1, width: int = 1280) -> Iterator[Page]:
    """A page in headless Chromium, with the processor slowed down."""
    arguments = ["--disable-background-networking", "--no-first-run", "--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=arguments
        )
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(address, wait_until="load")
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": throttling})
        yield page
        browser.close()


def key_to_paint(page: Page, figure: str = "", presses: int = 60) -> list[float]:
    """Milliseconds from each key on a figure's first control to the next paint.

    Of the page's first figure, or of the one with this id.
    """
    place = f"figure.explore[id='{figure}']" if figure else "figure.explore"
    control = page.locator(f"{place} [data-name]").first
    keys = ("ArrowRight", "ArrowLeft")
    if control.get_attribute("data-control") == "list":
        keys = ("ArrowDown", "ArrowUp")
    page.evaluate(TO_PAINT)
    control.focus()
    for number in range(presses):
        _press(page, number, keys)
        page.wait_for_timeout(40)
    return page.evaluate("window.paints")


def key_to_stroke(page: Page, handle: str, presses: int = 30) -> list[float]:
    """Milliseconds from each key on a slider's handle to the last stroke it causes."""
    page.evaluate(TO_STROKE)
    page.locator(handle).first.focus()
    for number in range(presses):
        _press(page, number)
        page.wait_for_timeout(400)
        page.evaluate("window.settle()")
    return page.evaluate("window.paints")


def script_share(page: Page) -> float:
    """Mean milliseconds that our script takes to show another state.

    All states in one run, because a browser's clock ticks in tenths of a millisecond.
    """
    return page.evaluate(
        """() => {
            const slider = document.querySelector("figure.explore input[type=range]");
            const last = +slider.max;
            const start = performance.now();
            for (let round = 0; round < 5; round++)
              for (let place = 0; place <= last; place++) {
                slider.value = place;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
              }
            return (performance.now() - start) / (5 * (last + 1));
        }"""
    )


def _press(
    page: Page, number: int, keys: tuple[str, str] = ("ArrowRight", "ArrowLeft")
) -> None:
    """Up for a while and down again, so that nearly every key moves something."""
    up, down = keys
    page.keyboard.press(up if number % 20 < 10 else down)
