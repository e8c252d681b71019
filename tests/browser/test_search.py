"""What the search finds, and what it shows of that."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Locator

import site_search
from watch import open_page

LEDGER = "appendix/claims.html#claim-"
GLOSSARY = "appendix/glossary.html#"


def results(query: str, base_url: str, context: BrowserContext) -> Locator:
    page = open_page(context, base_url, f"search.html?q={quote(query)}").page
    page.get_by_text("Search finished").wait_for()
    return page.locator("ul.search > li")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("Jensen-Shannon", f"{GLOSSARY}term-Jensen-Shannon-divergence"),
        ("Zipf", f"{GLOSSARY}term-Zipf-s-law"),
        ("EM", f"{GLOSSARY}term-EM-algorithm"),
        ("MLE", f"{GLOSSARY}index-"),
        ("VAE", f"{GLOSSARY}index-"),
        ("KL divergence", f"{GLOSSARY}index-"),
        ("ELBO", "vae.html#index-"),
        ("law of total variance", "gaussian.html#index-"),
        ("best of K", "making-it-work.html#index-"),
        ("gaussian-total-variance", f"{LEDGER}gaussian-total-variance"),
        ("expected variance shrinks by the factor", f"{LEDGER}gaussian-mle-variance"),
        ("The minority goes first", f"{LEDGER}mixtures-minority-first"),
        ("fewer than half of the ten digits", f"{LEDGER}vae-classes-lost"),
    ],
)
def test_the_search_leads_first_to_where_a_thing_is_explained(
    query: str, place: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    first = results(query, base_url, new_context()).first.locator("a")
    assert first.get_attribute("href").startswith(place)


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ("variety", "variet"),
        ("early", "earl"),
        ("memory", "memor"),
        ("families", "famil"),
        ("entropy", "entrop"),
        ("replay", "replay"),
    ],
)
def test_an_excerpt_is_of_the_article_and_has_the_word(
    query: str,
    begins: str,
    base_url: str,
    new_context: Callable[..., BrowserContext],
    site: Path,
) -> None:
    """Also where the stem, by which pages are found, is spelt otherwise."""
    found = results(query, base_url, new_context())
    found.locator("p.context").first.wait_for()
    shown = found.filter(has=found.page.locator("p.context")).all()
    assert len(shown) > 2
    for each in shown:
        page = each.locator("a").get_attribute("href").partition("#")[0]
        words = site_search.words((site / page).read_text("utf-8"))
        text = " ".join(unescape(re.sub("<[^>]+>", "", words)).split())
        excerpt = each.locator("p.context").inner_text()
        assert excerpt.strip("… ") in text
        assert begins in excerpt.lower()


@pytest.mark.parametrize(
    ("term", "last"),
    [
        ("full covariance", "axes of its own."),
        ("MLE", "number of points."),
        ("chain", "a chain."),
    ],
)
def test_an_excerpt_of_a_term_ends_where_its_definition_does(
    term: str, last: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    found = results(term, base_url, new_context())
    entry = found.filter(has=found.page.get_by_text(f"Glossary: {term}", exact=True))
    assert entry.locator("p.context").inner_text().strip().endswith(last)


def test_a_place_is_found_once(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    links = results("early collapse", base_url, new_context()).locator("a").all()
    places = [link.get_attribute("href") for link in links]
    assert len(places) == len({*places}) > 3


@pytest.mark.parametrize("query", ["variance", "real share", "EM", "MLE"])
def test_each_place_that_is_found_has_a_name_of_its_own(
    query: str, base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    found = results(query, base_url, new_context())
    titles = [link.inner_text() for link in found.locator("a").all()]
    assert sorted(titles) == sorted(set(titles))
    said = found.page.get_by_text("Search finished, places found: ").inner_text()
    assert said.removesuffix(".").split()[-1] == str(len(titles))


def test_a_place_of_the_index_is_called_by_its_entry(
    base_url: str, new_context: Callable[..., BrowserContext]
) -> None:
    titles = results("MLE", base_url, new_context()).locator("a").all_inner_texts()
    assert titles[0] == "Glossary: MLE"
