"""The teaching page: its form makes links, its figures refute, its times add up."""

from __future__ import annotations

import itertools
import json
import re
from urllib.parse import parse_qsl, unquote

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from test_page_figures import STRICT
from test_pages import sideways_overflow
from watch import open_page, violations

pytestmark = pytest.mark.pages
PATH = "appendix/teaching.html"
REPOSITORY = "model-collapse/textbook"
WORDS_A_MINUTE, MINUTES_A_FIGURE = 130, 3


@pytest.fixture
def form(base_url, new_context):
    page = open_page(new_context(), base_url, PATH).page
    return page.get_by_role("form", name="A link for your class")


@pytest.fixture(scope="module")
def article(site):
    return BeautifulSoup((site / PATH).read_text("utf-8"), "html.parser").article


def filled(form, platform, page="gaussian", hub=""):
    form.get_by_label("Platform").select_option(platform)
    form.get_by_label("Page").select_option(page)
    if hub:
        form.get_by_label("Address of your hub").fill(hub)
    return form.get_by_label("Link to hand out").input_value()


# The form ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "hub", "link"),
    [
        (
            "binder",
            "",
            f"https://mybinder.org/v2/gh/{REPOSITORY}/main"
            "?urlpath=lab/tree/notebooks/vae.ipynb",
        ),
        (
            "binder",
            "https://binder.example.edu/",
            f"https://binder.example.edu/v2/gh/{REPOSITORY}/main"
            "?urlpath=lab/tree/notebooks/vae.ipynb",
        ),
        (
            "colab",
            "",
            f"https://colab.research.google.com/github/{REPOSITORY}/blob/"
            "notebooks/vae.ipynb",
        ),
        (
            "nbgitpuller",
            "https://hub.example.edu",
            "https://hub.example.edu/hub/user-redirect/git-pull"
            f"?repo=https%3A%2F%2Fgithub.com%2F{REPOSITORY.replace('/', '%2F')}"
            "&branch=notebooks&urlpath=lab/tree/textbook/vae.ipynb",
        ),
        ("codespaces", "", f"https://codespaces.new/{REPOSITORY}?quickstart=1"),
    ],
)
def test_the_form_makes_the_link_of_a_platform(form, platform, hub, link):
    assert filled(form, platform, "vae", hub) == link


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("hub.example.edu", "https://hub.example.edu"),
        (" https://hub.example.edu/hub/home ", "https://hub.example.edu"),
        ("https://example.edu/jupyter/", "https://example.edu/jupyter"),
        ("https://example.edu/jupyter/user/ann/lab", "https://example.edu/jupyter"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_a_hub_is_understood_as_its_owner_pastes_it(form, typed, address):
    link = filled(form, "nbgitpuller", hub=typed)
    assert link.startswith(f"{address}/hub/user-redirect/git-pull?repo=https")


@pytest.mark.parametrize("typed", ["our hub", "ftp://hub.example.edu", "hub", ":"])
def test_what_is_no_address_is_said_to_be_none(form, typed):
    assert filled(form, "nbgitpuller", hub=typed) == ""
    hub = form.get_by_label("Address of your hub")
    assert hub.get_attribute("aria-invalid") == "true"
    described = hub.get_attribute("aria-describedby")
    expect(form.page.locator(f"#{described}")).to_contain_text(f"“{typed}”")
    expect(form.get_by_role("button", name="Copy the link")).to_be_disabled()
    hub.fill("hub.example.edu")
    assert hub.get_attribute("aria-invalid") is None


def test_the_form_asks_for_a_hub_only_where_there_is_one(form):
    hub = form.get_by_label("Address of your hub")
    for platform, asks in (
        ("binder", True),
        ("colab", False),
        ("nbgitpuller", True),
        ("codespaces", False),
    ):
        filled(form, platform)
        assert hub.is_visible() == asks, platform
    assert filled(form, "nbgitpuller") == ""
    expect(form.page.locator("#launch-said")).to_have_text(
        "Give the address of your hub."
    )


def test_the_form_works_by_keyboard_and_the_link_is_copied(base_url, new_context):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    watched = open_page(context, base_url, PATH)
    page = watched.page
    page.locator("#launch-page").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("End")  # Codespaces
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.type("hub.example.edu")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#launch-said")).to_have_text("Link copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("https://hub.example.edu/hub/user-redirect/git-pull")
    assert copied.endswith("/mixtures.ipynb")
    assert watched.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_form_with_a_mistake_is_accessible(base_url, new_context, width, scheme):
    page = open_page(new_context(width, color_scheme=scheme), base_url, PATH).page
    form = page.get_by_role("form", name="A link for your class")
    filled(form, "nbgitpuller", hub="our hub")
    assert sideways_overflow(page) == 0
    assert violations(page, "#launch-links") == []


def test_the_form_works_from_disk_and_asks_nobody(site, new_context):
    watched = open_page(new_context(), site.as_uri(), PATH)
    form = watched.page.get_by_role("form", name="A link for your class")
    assert filled(form, "colab").endswith("/notebooks/gaussian.ipynb")
    assert watched.requests_to_others() == []
    assert watched.troubles == []


def test_the_form_runs_under_a_strict_policy(base_url, new_context):
    context = new_context()
    context.route(
        f"**/{PATH}",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={
                **answer.headers,
                "content-security-policy": STRICT + "; "
                "script-src 'self' 'unsafe-inline'; "
                "style-src 'self' 'unsafe-inline'; font-src data:",
            },
        ),
    )
    page = open_page(context, base_url, PATH).page
    form = page.get_by_role("form", name="A link for your class")
    assert filled(form, "binder").startswith("https://mybinder.org/")


def test_without_a_script_the_links_are_listed(base_url, new_context):
    context = new_context(java_script_enabled=False)
    page = open_page(context, base_url, PATH).page
    listed = page.locator(".launch-by-hand")
    assert listed.is_visible()
    assert not page.locator("#launch-links form").is_visible()
    text = listed.inner_text()
    assert f"https://codespaces.new/{REPOSITORY}" in text
    assert "HUB/hub/user-redirect/git-pull" in text
    assert text.count("PAGE.ipynb") == 3


# What it says ---------------------------------------------------------------------


def caption(site, address):
    """What a figure says in the state that an address asks for."""
    name, _, query = address.partition("?")
    text = (site / "_figures" / f"{name}.js").read_text("utf-8")
    data = json.loads(re.fullmatch(r'showFigure\("[^"]*",(.*),"\w+"\);', text, re.S)[1])
    places = list(data["start"])
    for control, value in parse_qsl(query):
        axis = data["names"].index(control)
        places[axis] = data["keys"][axis].index(value)
    steps = data["caption"]["strides"]
    index = sum(p * step for p, step in zip(places, steps, strict=True))
    said = data["captions"][data["caption"]["table"][index]]
    return re.sub("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", " ", said)


def number(said, pattern):
    return float(re.search(pattern, said)[1])


REFUTED = {
    "More data": lambda said: (
        number(said, r"the median of 4000 histories ([\d.]+)") < 0.4
    ),
    "An unbiased": lambda said: (
        number(said, r"expected variance is ([\d.]+)") == 1
        and number(said, r"the median of 4000 histories ([\d.]+)") < 0.2
    ),
    "A percentage": lambda held, lost: (
        number(held, r"mean variance is ([\d.]+\d)") > 0.9
        and number(lost, r"mean variance is ([\d.]+\d)") < 0.7
    ),
    "So a count": lambda said: (
        "10 % of 100 000 words real" in said
        and number(said, r"120: effective number ([\d.]+)") < 5
    ),
    "If the average": lambda said: number(said, r"gone in (\d+)") > 20,
    "The loss": lambda scores, own: (
        number(scores, r"([\d.]+) on its own data")
        < number(scores, r"nats a point: ([\d.]+)")
        and number(scores, r"and ([\d.]+) on all real data") > 5
        and number(own, r"with temperature 1: ([\d.]+)") < 2.5
    ),
    "It ends": lambda said: "100 % are without a mistake and 100 % are copies" in said,
    "Networks": lambda said: number(said, r"to ([\d.]+), the facts") > 3,
    "It is a fault": lambda said: number(said, r"and spread ([\d.]+);") < 0.7,
    "Collapse": lambda said: number(said, r"mean variance is ([\d.]+\d)") > 0.9,
    "A verifier": lambda early, late: (
        number(early, r"Squared error ([\d.]+),")
        < number(late, r"Squared error ([\d.]+),")
    ),
    "My run": lambda said: True,
}
"""By its first words: whether the figures' own sentences refute a misconception."""


def states(row):
    return [
        unquote(link["href"].partition("#")[2]).replace("+", " ")
        for link in row.select("a.explore-link")
    ]


def test_each_misconception_is_refuted_by_its_figures(site, article):
    rows = article.select("#misconceptions tbody tr")
    assert len(rows) == len(REFUTED)
    for row in rows:
        words = row.td.get_text()
        (refutes,) = [
            test for start, test in REFUTED.items() if words.startswith(start)
        ]
        said = [caption(site, address) for address in states(row)]
        assert refutes(*said), f"{words}: {said}"


def test_another_history_tells_another_story(site, article):
    (address,) = states(article.select("#misconceptions tbody tr")[-1])
    told = {
        number(
            caption(site, re.sub(r"history=\d", f"history={n}", address)),
            r"and spread ([\d.]+);",
        )
        for n in (1, 2, 3, 4)
    }
    assert max(told) > 2 * min(told), told


def test_the_minutes_of_a_chapter_are_what_the_page_says_they_are(site, article):
    for row in article.select("#chapters tbody tr"):
        name = row.a["href"].removeprefix("../").removesuffix(".html")
        chapter = BeautifulSoup(
            (site / f"{name}.html").read_text("utf-8"), "html.parser"
        ).article
        figures = len(chapter.select("figure.explore"))
        exercises = len(chapter.select(".exercise"))
        for unread in chapter.select(
            ".cell, pre, figure, #exercises, template, footer, math, mjx-container"
        ):
            unread.decompose()
        minutes = len(chapter.get_text(" ").split()) / WORDS_A_MINUTE
        minutes += MINUTES_A_FIGURE * figures
        told = int(row.select("td")[1].get_text())
        assert abs(told - minutes) <= 2.5, f"{name}: {minutes:.1f} minutes"
        assert f"{exercises} exercises" in row.select("td")[3].get_text(), name


def test_the_cards_of_the_first_page_say_the_same_minutes(site, article):
    index = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    cards = {
        card.a["href"]: card.em.get_text() for card in index.select(".chapter-cards li")
    }
    told = {
        row.a["href"].removeprefix("../"): f"{row.select('td')[1].get_text()} minutes"
        for row in article.select("#chapters tbody tr")
    }
    assert cards == told
    pictures = index.select(".chapter-cards li .still svg")
    assert len(pictures) == len(told)
    names = [node["id"] for node in index.select("[id]")]
    assert len(names) == len(set(names)), "an id stands twice"


def minutes_in(text):
    return sum(60 * int(h) + int(m) for h, m in re.findall(r"\b(\d):(\d\d)\b", text))


def test_course_plans_add_up(article):
    one = article.select("#one-class tbody tr")
    begins = [minutes_in(row.td.get_text()) for row in one]
    lasts = [int(row.select("td")[1].get_text()) for row in one]
    assert begins == [sum(lasts[:n]) for n in range(len(lasts))]
    assert sum(lasts) == 90
    for plan in ("#two-weeks", "#without-code"):
        meetings = article.select(f"{plan} tbody tr")
        assert len(meetings) == (4 if plan == "#two-weeks" else 2)
        for row in meetings:
            assert minutes_in(row.select("td")[2].get_text()) == 90, row.get_text()
    hours = sum(
        minutes_in(row.select("td")[1].get_text())
        for row in article.select("#a-project table")[0].select("tbody tr")
    )
    assert hours == 12 * 60
    everything = " ".join(
        cell.get_text() for cell in article.select("#course-plans td")
    )
    for _, minute in re.findall(r"\b(\d):(\d\d)\b", everything):
        assert int(minute) % 15 == 0


def test_the_plan_for_two_weeks_has_time_to_read_what_a_meeting_discusses(article):
    read = {
        row.a.get_text(): int(row.select("td")[1].get_text())
        for row in article.select("#chapters tbody tr")
    }
    meetings = [
        [cell.get_text() for cell in row.select("td")]
        for row in article.select("#two-weeks tbody tr")
    ]
    known = {"1"}
    for (*_, after), (_, before, in_class, _) in itertools.pairwise(meetings):
        chapters = re.findall(r"\d\b", before.partition("chapter")[2])
        reading = sum(read[chapter] for chapter in chapters)
        assert reading <= minutes_in(before) < reading + 15, before
        assert 120 <= minutes_in(after) + minutes_in(before) <= 180
        known |= {*chapters}
        assert {*re.findall(r"chapter (\d)", in_class)} <= known, in_class


def test_no_number_of_a_problem_set_or_rubric_is_wrong(article):
    rubric = article.select("#a-project table")[1]
    points = [int(cell.get_text()) for cell in rubric.select("th")[1:]]
    assert points == [4, 2, 0]
    rows = len(rubric.select("tbody tr"))
    assert f"{rows * points[0]} points" in article.select_one("#a-project").get_text()


def test_pages_set_no_cookie_and_keep_only_what_the_page_says(base_url, new_context):
    context = new_context()
    page = open_page(context, base_url, "keeping-real-data.html").page
    figure = page.locator("#keep-count")
    figure.get_by_label("both the same").check()
    figure.get_by_role("button", name="Show what happens").click()
    figure.locator(".explore-lesson:not(:empty)").wait_for()
    page.locator("button.theme-switch-button").first.click()
    open_page(context, base_url, PATH)
    assert context.cookies() == []
    kept = page.evaluate("Object.keys(localStorage).sort()")
    assert [key for key in kept if "keep-count" not in key] == ["mode", "theme"]
