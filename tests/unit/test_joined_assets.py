"""One style sheet and one script in place of many: what becomes of the pages."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import lean_pages
from joined_assets import join_assets, merged

HEAD = """\
<html><head>
    <link href="{up}_static/styles/theme.css?digest=1" rel="stylesheet" />
    <link rel="preload" as="script" href="{up}_static/theme.js?digest=1" />
    <link rel="stylesheet" type="text/css" href="{up}_static/book.css?v=2" />
    <link rel="stylesheet" href="{up}_static/print.css" media="print" />
    <link rel="stylesheet" href="https://example.org/far.css" />
    <script src="{up}_static/documentation_options.js?v=3"></script>
    <script>DOCUMENTATION_OPTIONS.pagename = 'page';</script>
    <script src="{up}_static/doctools.js"></script>
    <script data-prefix="a" src="{up}_static/design-tabs.js"></script>
    {more}
  </head><body>
  <p class="{kind}">Text</p>
  <script src="{up}_static/theme.js?digest=1"></script>
  </body></html>
"""
FILES = {
    "_static/basic.css": "a { background: url(file.png) }",
    "_static/styles/theme.css": '@import "../basic.css";\n.never { color: red }',
    "_static/book.css": "/*! MIT licence */ /* note */ p { background: url('x.svg') }",
    "_static/print.css": "p { color: black }",
    "_static/documentation_options.js": "const DOCUMENTATION_OPTIONS = {};\n",
    "_static/doctools.js": '"use strict";\nconst _ready = 1;\n',
    "_static/design-tabs.js": "const tabs = 1;\n",
    "_static/theme.js": "(()=>{})()\n//# sourceMappingURL=theme.js.map",
    "_static/search.js": "const Search = 1;\n",
    "_static/macros.html": '<script src="a.js"></script>',
    "_static/figure.js": "element.className = 'from-a-script'",
    "_static/figure.css": "p { margin: 0 } .from-a-script { margin: 0 }",
    "frames/figure.html": """<html><head>
      <link rel="stylesheet" href="../_static/figure.css">
      <script defer src="../_static/figure.js"></script></head></html>""",
    "index.html": HEAD.format(up="", more="", kind="text"),
    "more/page.html": HEAD.format(up="../", more="", kind="text"),
    "search.html": HEAD.format(
        up="", kind="text", more='<script src="_static/search.js"></script>'
    ),
}


def write(site: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def join(site: Path, builder: str = "html") -> None:
    app = SimpleNamespace(outdir=str(site), builder=SimpleNamespace(name=builder))
    join_assets(app, None)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


WITH_A_FIGURE = FILES["index.html"].replace(
    "</head>",
    """<link rel="stylesheet" href="_static/figure.css">
    <script defer src="_static/figure.js"></script></head>""",
)


def read(site: Path, name: str) -> str:
    return (site / name).read_text(encoding="utf-8")


def loaded(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"?]*)', page)


@pytest.mark.parametrize(
    ("name", "up"), [("index.html", ""), ("more/page.html", "../")]
)
def test_a_page_links_one_style_sheet_and_loads_one_script(
    name: str, up: str, site: Path
) -> None:
    join(site)
    page = read(site, name)
    assert loaded(page) == [
        f"{up}_static/joined.css",
        f"{up}_static/print.css",
        "https://example.org/far.css",
        f"{up}_static/joined.js",
    ]
    head, body = page.split("</head>")
    assert 'src="' not in head
    assert body.index("joined.js") > body.index("Text")
    assert body.rstrip().endswith("</body></html>")
    settings = "<script>const DOCUMENTATION_OPTIONS = {};</script>"
    assert head.index(settings) < head.index("DOCUMENTATION_OPTIONS.pagename")


def test_what_one_page_alone_loads_comes_after_the_joined_script(site: Path) -> None:
    join(site)
    scripts = re.findall(r'src="([^"?]*)', read(site, "search.html"))
    assert scripts == ["_static/joined.js", "_static/search.js"]
    assert read(site, "_static/search.js") == FILES["_static/search.js"]


def test_the_style_sheet_holds_what_was_linked_and_imported_in_order(
    site: Path,
) -> None:
    join(site)
    assert read(site, "_static/joined.css") == (
        '@charset "UTF-8";\n/*! MIT licence */\np{background: url("x.svg")}\n'
    )
    write(site, FILES | {"index.html": FILES["index.html"].replace("Text", "<a>T</a>")})
    join(site)
    assert 'a{background: url("file.png")}' in read(site, "_static/joined.css")


def test_the_script_holds_what_all_pages_load_in_order(site: Path) -> None:
    join(site)
    script = read(site, "_static/joined.js")
    assert script == ';\n"use strict";\nconst _ready = 1;\n;\n(()=>{})()\n'


def test_lines_of_comments_are_left_out_but_for_licences(site: Path) -> None:
    script = "// Why.\nconst a = 'http://b'; // kept\n  // MIT Licence\n\t//c\nf(a)\n"
    kept = "const a = 'http://b'; // kept\n  // MIT Licence\nf(a)\n"
    names = ("_static/theme.js", "_static/search.js")
    write(site, dict.fromkeys(names, script))
    join(site)
    assert read(site, "_static/joined.js").endswith(f";\n{kept}")
    assert read(site, "_static/search.js") == kept
    join(site)
    assert read(site, "_static/search.js") == kept


def test_the_theme_does_not_look_for_boxes_that_scroll(site: Path) -> None:
    """In the words of the theme that is installed, or this test is out of date."""
    script = (lean_pages.THEME / "scripts" / "pydata-sphinx-theme.js").read_text(
        "utf-8"
    )
    assert script.count('"load"') == 1
    write(site, {"_static/theme.js": script})
    join(site)
    joined = read(site, "_static/joined.js")
    assert '"load"' not in joined
    assert joined.rstrip().endswith(",0})();")


def test_tabs_keep_their_script(site: Path) -> None:
    write(site, {"index.html": HEAD.format(up="", more="", kind="sd-tab-label")})
    join(site)
    assert "const tabs" in read(site, "_static/joined.js")


def test_what_was_joined_is_gone_and_the_rest_is_there(site: Path) -> None:
    join(site)
    left = {path.relative_to(site).as_posix() for path in site.rglob("*.*")}
    left -= {"index.html", "search.html", "more/page.html", "frames/figure.html"}
    assert left == {
        "_static/basic.css",
        "_static/figure.css",
        "_static/figure.js",
        "_static/joined.css",
        "_static/joined.js",
        "_static/macros.html",
        "_static/print.css",
        "_static/search.js",
    }


def version(page: str) -> set[str]:
    return set(re.findall(r"joined\.(?:css|js)\?v=(\w{8})\"", page))


def test_addresses_change_with_what_they_lead_to(site: Path) -> None:
    join(site)
    before = version(read(site, "index.html"))
    assert before == version(read(site, "more/page.html"))
    other = {"_static/book.css": "p { color: red }", "_static/theme.js": "other()"}
    write(site, FILES | other)
    join(site)
    assert len(before | version(read(site, "index.html"))) == 4
    page = read(site, "search.html")
    local = re.findall(r"(?:href|src)=\"(_[^\"]*)\"", page)
    assert len(local) == 4
    assert [each for each in local if not re.search(r"\?v=\w{8}$", each)] == []


def test_pages_of_an_earlier_build_follow(site: Path) -> None:
    """Sphinx writes all of _static again, and only the pages that have changed."""
    join(site)
    written = {name: text for name, text in FILES.items() if "index" in name}
    static = {name: text for name, text in FILES.items() if "_static" in name}
    write(site, written | static | {"_static/book.css": "p { color: red }"})
    join(site)
    assert version(read(site, "index.html")) == version(read(site, "more/page.html"))
    assert loaded(read(site, "more/page.html"))[0] == "../_static/joined.css"
    assert "color: red" in read(site, "_static/joined.css")
    before = read(site, "more/page.html")
    join(site)
    assert read(site, "more/page.html") == before


def test_what_frames_load_too_stays_for_them(site: Path) -> None:
    write(site, {"index.html": WITH_A_FIGURE})
    join(site)
    assert read(site, "frames/figure.html") == FILES["frames/figure.html"]
    for name in ("figure.js", "figure.css"):
        assert read(site, f"_static/{name}") == FILES[f"_static/{name}"]
    head, body = read(site, "index.html").split("</head>")
    assert re.search(r'<script defer src="_static/figure\.js\?v=\w+">', head)
    assert "figure" not in body
    assert "figure.css" not in head
    assert ".from-a-script{margin: 0}" in read(site, "_static/joined.css")


def test_other_builders_are_left_alone(site: Path) -> None:
    join(site, "singlehtml")
    assert read(site, "index.html") == FILES["index.html"]


def test_a_style_sheet_with_a_fault_is_named(site: Path) -> None:
    write(site, {"_static/book.css": "p { color: red }\n}"})
    with pytest.raises(ValueError, match=r"book\.css: line 2"):
        join(site)


def test_lists_are_merged_in_the_order_that_all_have() -> None:
    assert merged(["abd", "abcd", "ad", "xab"]) == list("xabcd")
    with pytest.raises(ValueError, match="b, a in other orders"):
        merged(["abc", "ba"])
