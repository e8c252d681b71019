"""The book as an EPUB: its figures appear, with their words."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document

import electronic_book
from collapse import __version__


def bundle(html: str, **others: nodes.Node) -> nodes.container:
    """One output of a cell, in all the kinds that it has."""
    found = nodes.container(nb_element="mime_bundle")
    kinds = {"text/html": nodes.raw("", html, format="html"), **others}
    for kind, node in kinds.items():
        found.append(nodes.container("", node, mime_type=kind))
    return found


def test_the_picture_of_a_figure_has_its_caption():
    document = new_document("page")
    picture = {
        "image/png": nodes.image(uri="a.png"),
        "text/plain": nodes.literal_block("", "What is seen."),
    }
    document.append(bundle('<figure class="explore">', **picture))
    electronic_book.caption_pictures(None, document)
    (image,) = document.findall(nodes.image)
    (caption,) = document.findall(nodes.paragraph)
    assert image["alt"] == "What is seen."
    assert caption.astext() == "What is seen."
    assert caption.parent is image.parent


@pytest.mark.parametrize("kinds", [(), ("image/png",), ("text/plain",)])
def test_other_outputs_stay_as_they_are(kinds):
    made = {
        "image/png": nodes.image(uri="a.png"),
        "text/plain": nodes.literal_block("", "<Table>"),
    }
    document = new_document("page")
    document.append(bundle('<table class="explore">', **{k: made[k] for k in kinds}))
    document.append(bundle("<table>", **{k: v.deepcopy() for k, v in made.items()}))
    electronic_book.caption_pictures(None, document)
    assert not list(document.findall(nodes.paragraph))
    assert not any(image.get("alt") for image in document.findall(nodes.image))


@pytest.mark.parametrize(("builder", "buttons"), [("epub", False), ("html", True)])
def test_only_a_website_has_launch_buttons(builder, buttons):
    options = {"launch_buttons": {"binderhub_url": "x"}, "other": 1}
    config = SimpleNamespace(html_theme_options=options)
    app = SimpleNamespace(builder=SimpleNamespace(name=builder), config=config)
    electronic_book.drop_launch_buttons(app)
    assert ("launch_buttons" in config.html_theme_options) == buttons
    assert config.html_theme_options["other"] == 1


def test_an_epub_has_the_books_title_and_version():
    config = SimpleNamespace(html_title="Title", version="")
    electronic_book.name_the_book(None, config)
    assert (config.epub_title, config.version) == ("Title", __version__)


def test_an_epub_prefers_pictures_to_pages(root: Path):
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    extensions = settings["sphinx"]["config"]["extensions"]
    assert "electronic_book" in extensions
    overrides = settings["sphinx"]["config"]["nb_mime_priority_overrides"]
    assert ["epub", "image/png", 0] in overrides
