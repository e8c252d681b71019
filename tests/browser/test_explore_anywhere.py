"""Figures with sliders wherever a reader is: themes, directions, policies, sizes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from collapse.explore import Slider, explore
from opened_figure import Opened, save
from support import figures, grounds
from support.colours import contrast
from support.pixels import brightness


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


# -- colours on their grounds ---------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("make", grounds.GROUNDS, ids=lambda make: make.__name__)
def test_words_stand_out_from_what_is_drawn_under_them(
    new_context, tmp_path, make, scheme
):
    """Where its author's word has a contrast of 3:1 to its ground, the page's has."""
    figure = make()
    update, slider = grounds.moving(figure)
    explored = explore(figure, update, **slider)
    wanted = chosen_contrasts(figure)
    opened = Opened(new_context(color_scheme=scheme), save(explored, tmp_path))
    words = opened.page.evaluate(
        """() => {
            const pen = document.createElement("canvas").getContext("2d");
            const svg = document.querySelector("svg.explore-picture");
            const from = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].map((text) => {
                const box = text.getBoundingClientRect();
                pen.fillStyle = getComputedStyle(text).fill;
                pen.fillRect(0, 0, 1, 1);
                const place = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
                return [
                    text.textContent,
                    [place[0] - from.left, place[1] - from.top],
                    [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3),
                ];
            });
        }"""
    )
    opened.page.add_style_tag(content="svg text { visibility: hidden }")
    picture = opened.figure.locator("svg.explore-picture").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) / 255
    assert words
    for text, (x, y), fill in words:
        found = contrast([each / 255 for each in fill], pixels[int(y), int(x)])
        assert found >= min(3, 0.9 * wanted.get(text, 3)), f"{text!r}: {found:.2f}"


def chosen_contrasts(figure) -> dict[str, float]:
    """Contrast of each word to its ground in matplotlib's own picture."""
    texts = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible()]
    places = [t.get_window_extent() for t in texts]
    for text in texts:
        text.set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi="figure")
    pixels = np.asarray(Image.open(buffer).convert("RGB"))[::-1] / 255
    found = {}
    for text, box in zip(texts, places, strict=True):
        x, y = int((box.x0 + box.x1) / 2), int((box.y0 + box.y1) / 2)
        if 0 <= x < pixels.shape[1] and 0 <= y < pixels.shape[0]:
            ink = to_rgb(text.get_color())
            found[text.get_text()] = contrast(ink, pixels[y, x])
        text.set_visible(True)
    return found


# -- wherever a reader is -------------------------------------------------------------


def places_of_words(page) -> list:
    return page.evaluate(
        """() => {
            const from = document.querySelector("svg.explore-picture")
                .getBoundingClientRect().left;
            return [...document.querySelectorAll("svg.explore-picture text")].map(
                (text) => [
                    text.textContent,
                    Math.round(text.getBoundingClientRect().left - from),
                ]);
        }"""
    )


@pytest.mark.parametrize(
    "setting",
    [
        'dir="rtl"',
        'style="letter-spacing: 0.5em; word-spacing: 2em; text-transform: uppercase"',
        'style="font-weight: bold; font-style: italic"',
    ],
)
def test_the_page_around_does_not_move_the_words_of_a_figure(new_context, setting):
    figure, update, axes = figures.legends_and_twins()
    text = explore(figure, update, **axes).html()
    page = new_context().new_page()
    seen = {}
    for way in ("", setting):
        page.set_content(f"<!DOCTYPE html><html {way}><body>{text}</body></html>")
        seen[way] = places_of_words(page)
        filled = page.locator("input").evaluate(
            """input => {
                input.value = input.max;
                input.dispatchEvent(new Event("input"));
                return input.style.getPropertyValue("--filled");
            }"""
        )
        assert filled == "100%"
    assert seen[""] == seen[setting]


def test_a_caption_reads_in_its_own_direction(new_context):
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])

    def update(n):
        line.set_ydata([0, n])
        return "It ends with a stop."

    page = new_context().new_page()
    page.set_content(
        f'<html dir="rtl">{explore(figure, update, n=[1, 2]).html()}</html>'
    )
    caption = page.locator("figcaption")
    assert caption.evaluate("node => getComputedStyle(node).direction") == "ltr"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sliders_and_signs_are_seen_with_forced_colours(open_figure, scheme):
    opened, _, _, _ = open_figure(forced_colors="active", color_scheme=scheme)
    for part, margin in ((".explore-slider input", 0), ("button", 12)):
        grey = brightness(opened.figure.locator(part).first)
        inner = grey[margin : len(grey) - margin, margin : grey.shape[1] - margin]
        marked = np.abs(inner - np.median(inner)) > 100
        assert marked.sum() > 40, part
    ink, paper = opened.page.evaluate(
        """() => ["text", "path"].map((name) => getComputedStyle(
            document.querySelector("svg.explore-picture > " + name
                + ", svg.explore-picture g > " + name)).fill)"""
    )
    assert {ink, paper} == {"rgb(0, 0, 0)", "rgb(255, 255, 255)"}


def test_a_value_is_spoken_once_and_nothing_while_it_plays(open_figure):
    opened, _, _, _ = open_figure()
    outputs = opened.figure.locator("output")
    assert outputs.count() == 2
    for output in outputs.all():
        assert output.get_attribute("aria-live") == "off"
    caption = opened.figure.locator("figcaption")
    opened.page.evaluate(
        """() => {
            window.heard = [];
            const caption = document.querySelector("figcaption");
            new MutationObserver(() => {
                if (caption.getAttribute("aria-live") !== "off")
                    window.heard.push(caption.textContent);
            }).observe(caption, { childList: true });
        }"""
    )
    opened.figure.get_by_role("button").click()
    opened.page.wait_for_function(
        "document.querySelector('figure.explore button').dataset.does === 'Play'"
    )
    assert caption.get_attribute("aria-live") == "polite"
    heard = opened.page.evaluate("window.heard")
    assert set(heard) == {opened.caption}, "only where it came to rest"


def test_a_notebooks_figure_moves_in_vs_code(new_context):
    """Which sets the HTML of an output, then runs copies of its scripts at its end."""
    figure, update, axes = figures.lines()
    bundle, _ = explore(figure, update, **axes)._repr_mimebundle_()
    page = new_context().new_page()
    page.evaluate(
        """html => {
            const output = document.body.appendChild(document.createElement("div"));
            output.innerHTML = html;
            for (const script of [...output.querySelectorAll("script")]) {
                const again = document.createElement("script");
                again.text = script.textContent;
                output.appendChild(again).remove();
            }
        }""",
        bundle["text/html"],
    )
    shown = page.locator("figure.explore")
    shown.get_by_role("slider", name="Height").press("End")
    assert shown.get_attribute("data-state").startswith("2")
    assert not page.locator(".explore-still").is_visible()


def test_copies_of_a_figure_on_a_page_have_ids_of_their_own(new_context):
    figure, update, axes = figures.lines()
    text = explore(figure, update, **axes).html()
    page = new_context().new_page()
    page.set_content(f"<!DOCTYPE html><body>{text}{text}{text}</body>")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(n => n.id)")
    assert ids
    assert len(ids) == len(set(ids))
    references = page.evaluate(
        """() => [...document.querySelectorAll("figure.explore")].every((figure) =>
            [...figure.querySelectorAll("label, output")].every((node) =>
                figure.querySelector("#" + node.htmlFor))
            && figure.querySelector("#" + figure.querySelector("svg")
                .getAttribute("aria-labelledby")))"""
    )
    assert references
    third = page.locator("figure.explore").nth(2)
    third.get_by_role("slider", name="Height").press("End")
    assert third.get_attribute("data-state").startswith("2")
    clips = third.evaluate(
        """figure => [...figure.querySelectorAll("[clip-path]")].map((node) =>
            figure.contains(document.querySelector(
                node.getAttribute("clip-path").slice(4, -1))))"""
    )
    assert clips
    assert all(clips)


def test_a_page_that_forbids_styles_and_scripts_shows_the_base_picture(
    new_context, tmp_path
):
    figure, axes = plt.subplots()
    axes.bar([1, 2], [1, 2], color="#d62728")
    (line,) = axes.plot([0, 1], [0, 1], color="black")
    text = explore(figure, lambda k: line.set_ydata([0, k]), k=[1, 2]).html()
    path = tmp_path / "strict.html"
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">"
    path.write_text(f"<!DOCTYPE html>{policy}<body>{text}</body>", encoding="utf-8")
    page = new_context().new_page()
    page.goto(path.as_uri())
    assert not page.locator(".explore-controls").is_visible()
    picture = page.locator("svg.explore-picture").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), int)
    figure.savefig(tmp_path / "judge.png", dpi="figure")
    judge = np.asarray(Image.open(tmp_path / "judge.png").convert("RGB"), int)
    assert pixels.shape == judge.shape
    assert (np.abs(pixels - judge).max(axis=2) > 60).mean() < 0.03


def test_lines_of_a_text_stay_aligned_in_another_font(new_context, tmp_path):
    figure, axes = plt.subplots()
    axes.set_title("a rather long first line of words\nshort")
    axes.text(0.9, 0.5, "aligned\non the far right", ha="right")
    axes.text(0.1, 0.5, "a long line on the left\nand a short", ha="left")
    axes.text(0.5, 0.1, "far to the right\nin a", ha="center", multialignment="right")
    update, slider = grounds.moving(figure)
    opened = Opened(new_context(), save(explore(figure, update, **slider), tmp_path))
    opened.page.add_style_tag(content="svg text { font-family: monospace !important }")
    boxes = opened.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("svg text")].map(
            (text) => {
                const box = text.getBoundingClientRect();
                const middle = (box.left + box.right) / 2;
                return [text.textContent, [box.left, middle, box.right]];
            }))"""
    )
    for one, other, side in (
        ("a rather long first line of words", "short", 1),
        ("aligned", "on the far right", 2),
        ("a long line on the left", "and a short", 0),
        ("far to the right", "in a", 2),
    ):
        assert boxes[one][side] == pytest.approx(boxes[other][side], abs=1), one


def test_labels_that_grow_stay_in_the_picture(new_context, tmp_path):
    figure, axes = plt.subplots(figsize=(4, 3), layout="constrained", facecolor="wheat")
    (line,) = axes.plot([0, 1])
    axes.set_ylabel("height")

    def update(power):
        line.set_ydata([0, 10**power])
        axes.set_ylim(0, 10**power)

    axes.ticklabel_format(style="plain")
    explored = explore(figure, update, power=range(0, 8))
    opened = Opened(new_context(), save(explored, tmp_path))
    opened.put(0, 7)
    outside = opened.page.evaluate(
        """() => {
            const svg = document.querySelector("svg.explore-picture");
            const edge = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < edge.left - 1 || box.right > edge.right + 1;
            }).map((text) => text.textContent);
        }"""
    )
    assert not outside
    picture = opened.figure.locator("svg.explore-picture").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
    assert (pixels[2:-2, 2] == pixels[2, 2]).all(), "the ground ends before the labels"


@pytest.mark.parametrize("width", [320, 1280])
def test_labels_and_values_do_not_overlap_at_twice_the_size(new_context, width):
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1])
    values = Slider(
        ["a rather long value of many words", "Donaudampfschifffahrtsgesellschaft"],
        label="Averylongwordforalabel and more of it",
        control="slider",
    )
    text = explore(figure, lambda v: line.set_ydata([0, len(v)]), v=values).html()
    page = new_context(width=width).new_page()
    page.set_content(f"<style>html {{ font-size: 200% }}</style>{text}")
    for place in range(2):
        page.locator("input").press("End" if place else "Home")
        label, output = (
            page.locator(name).first.evaluate(
                """node => {
                    const range = document.createRange();
                    range.selectNodeContents(node);
                    const box = range.getBoundingClientRect();
                    return [box.left, box.top, box.right, box.bottom];
                }"""
            )
            for name in ("label", "output")
        )
        apart_x = label[2] <= output[0] + 0.5 or output[2] <= label[0] + 0.5
        apart_y = label[3] <= output[1] + 0.5 or output[3] <= label[1] + 0.5
        assert apart_x or apart_y, (label, output)
        assert max(label[2], output[2]) <= width
    page.locator(".explore-menu summary").click()
    menu = page.locator(".explore-menu ul").bounding_box()
    assert 0 <= menu["x"] < menu["x"] + menu["width"] <= width
    assert menu["y"] >= 0, "its first entries cannot be reached"
