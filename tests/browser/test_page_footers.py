"""The end of a page: cite it, report a mistake in it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route

from controls import awake
from watch import open_page


def asked(link) -> dict[str, str]:
    """What a link would put into a report."""
    query = parse_qs(urlsplit(link.get_attribute("href")).query)
    return {name: texts[0] for name, texts in query.items()}


@pytest.mark.parametrize("place", [".page-footer", ".article-header-buttons"])
def test_a_report_has_the_page_and_the_state_of_its_figure(
    place: str, base_url: str, new_context
) -> None:
    state = "#gaussian-bell?generation=10&real_fraction=0.1"
    page = open_page(new_context(), base_url, f"gaussian.html{state}").page
    link = page.locator(f'{place} a[href*="/issues/new"]')
    assert "textbook/gaussian.html\n" in asked(link)["body"], "without a script"

    link.dispatch_event("pointerdown")
    known = asked(link)
    assert known["title"] == "A mistake in: A bell curve that learns from itself"
    first, version, *_ = known["body"].splitlines()
    assert first.startswith(
        f"Page: {base_url}/gaussian.html#gaussian-bell?generation=10"
    )
    assert "real_fraction=0.1" in first
    assert version.startswith("Version: ")


def test_a_report_from_a_copy_on_disk_names_no_folder(site: Path, new_context) -> None:
    state = "#gaussian-bell?generation=10&real_fraction=0.1"
    page = open_page(new_context(), site.as_uri(), f"gaussian.html{state}").page
    link = page.locator('.page-footer a[href*="/issues/new"]')
    for _ in range(2):
        link.dispatch_event("pointerdown")
    first = asked(link)["body"].splitlines()[0]
    assert re.fullmatch(
        r"Page: https://\S+/gaussian\.html#gaussian-bell\?generation=10\S*", first
    )


def test_citations_are_copied(base_url: str, new_context) -> None:
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = open_page(context, base_url, "vae.html").page
    page.get_by_text("Cite this page").click()
    for kind, begins in {
        "Text": "The Model",
        "BibTeX": "@incollection{model-collapse-vae",
        "CSL-JSON": "[{",
    }.items():
        page.get_by_role("button", name=f"Copy as {kind}").click()
        page.get_by_text("Copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()").startswith(begins)


def test_where_the_clipboard_is_closed_the_text_is_marked(
    base_url: str, new_context
) -> None:
    context = new_context()
    context.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: null })"
    )
    page = open_page(context, base_url, "vae.html").page
    page.get_by_text("Cite this page").click()
    page.get_by_role("button", name="Copy as BibTeX").click()
    page.get_by_text("copy it with the keyboard").wait_for()
    marked = page.evaluate("getSelection().toString()")
    assert marked.startswith("@incollection{model-collapse-vae")


def test_without_scripts_citations_stand_there_and_no_dead_button(
    base_url: str, new_context
) -> None:
    page = open_page(new_context(java_script_enabled=False), base_url, "vae.html").page
    page.get_by_text("Cite this page").click()
    assert page.locator(".citation-form pre").nth(1).is_visible()
    assert not page.locator(".citation-form button").first.is_visible()


def policy(page: str) -> str:
    """What a strict server says with a page: no script but its files and its own lines.

    Styles stay free: formulas and figures are drawn with styles of single elements.
    """
    lines = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = {hashlib.sha256(line.encode()).digest() for line in lines}
    known = " ".join(f"'sha256-{base64.b64encode(d).decode()}'" for d in digests)
    return (
        f"default-src 'self'; script-src 'self' {known}; object-src 'none'; "
        "style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
        "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("inline", ["known", "refused"])
def test_copy_buttons_work_under_a_strict_content_security_policy(
    inline: str, base_url: str, new_context
) -> None:
    """Where lines of scripts in the page are refused, the theme has no copy button."""
    context = new_context(permissions=["clipboard-read", "clipboard-write"])

    def guard(route: Route) -> None:
        answer = route.fetch()
        said = policy(answer.text() if inline == "known" else "")
        headers = {**answer.headers, "content-security-policy": said}
        route.fulfill(response=answer, headers=headers)

    context.route("**/*.html", guard)
    watched = open_page(context, base_url, "gaussian.html")
    page = watched.page

    def copied() -> str:
        return page.evaluate("navigator.clipboard.readText()")

    page.get_by_text("Cite this page").click()
    page.get_by_role("button", name="Copy as BibTeX").click()
    page.get_by_text("Copied.").wait_for()
    assert copied().startswith("@incollection{model-collapse-gaussian")

    figure = awake(page.locator("#gaussian-bell"))
    figure.locator("summary").click()
    figure.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied.").wait_for()
    assert copied().startswith(f"{base_url}/gaussian.html#gaussian-bell?")

    codes = page.locator(".cell_input pre:visible")
    buttons = page.locator("button.copybtn")
    if inline == "refused":
        assert buttons.count() == 0, "none that does nothing"
        return
    code = codes.first.inner_text()
    codes.first.hover()
    codes.first.locator("xpath=..").locator("button.copybtn").click()
    page.wait_for_function(
        "async () => (await navigator.clipboard.readText())[0] != 'h'"
    )
    assert copied().strip() == code.strip()
