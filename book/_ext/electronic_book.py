"""Let the book be built as an EPUB: `jupyter-book build` with `--custom-builder epub`.

Its readers run no scripts, so a figure appears in its first state, as a picture with
its caption: `_config.yml` prefers pictures there. The theme's launch buttons need a
website.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from printed_pages import version

BOOK = Path(__file__).parent.parent


def name_the_book(app: Sphinx, config: Config) -> None:
    """Give an EPUB its title, its file's name and its version."""
    config.epub_title = config.html_title
    config.epub_basename = "model-collapse"
    config.version = config.version or version(BOOK)


def drop_launch_buttons(app: Sphinx) -> None:
    """Keep the theme from making launch buttons for an EPUB."""
    if app.builder.name == "epub":
        options = dict(app.config.html_theme_options)
        options.pop("launch_buttons", None)
        app.config.html_theme_options = options


def caption_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Put under a picture of a figure with sliders what the figure says in words."""
    for bundle in doctree.findall(nodes.container):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        kinds = {child.get("mime_type"): child for child in bundle.children}
        picture, words = kinds.get("image/png"), kinds.get("text/plain")
        page = kinds.get("text/html")
        if picture is None or words is None or page is None:
            continue
        if 'class="explore"' not in page.astext():
            continue
        for image in picture.findall(nodes.image):
            image["alt"] = words.astext()
        picture.append(nodes.paragraph("", words.astext()))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", name_the_book)
    app.connect("builder-inited", drop_launch_buttons)
    app.connect("doctree-read", caption_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
