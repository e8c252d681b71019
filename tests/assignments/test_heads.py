"""The head of each problem set: its number, and a table of what its problems say."""

from __future__ import annotations

import re

import pytest
import yaml

import masters

CHAPTERS = [
    chapter["file"]
    for chapter in yaml.safe_load((masters.ROOT / "_toc.yml").read_text("utf-8"))[
        "parts"
    ][0]["chapters"]
]
PROBLEM = re.compile(
    r"## Problem (\d\. [^\n]+)\n\n"
    r"\*(First year|Graduate|Both levels), (\d+) minutes\.\*"
)


def sections(chapter):
    text = (masters.ROOT / "book" / f"{chapter}.md").read_text("utf-8")
    return {*re.findall(r"^## (.+)$", text, re.M), "all"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_head_of_a_set_says_what_its_problems_say(chapter):
    (_, opening), *problems = masters.problems(
        masters.read_master(masters.MASTERS / f"{chapter}.md")
    )
    head = "\n".join(cell.source for cell in opening)
    title = head.strip().splitlines()[0]
    assert title.startswith(f"# Problem set {CHAPTERS.index(chapter) + 1}. ")
    assert "three digits or more" in " ".join(head.split())
    columns, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in head.splitlines()
        if line.startswith("|")
    )
    assert columns == ["Problem", "Section", "Level", "Minutes", "Points"]
    found = []
    for about, cells in problems:
        name, level, minutes = PROBLEM.match(cells[0].source).groups()
        level = level.lower().removesuffix(" levels")
        found.append([name, level, minutes, str(about["points"])])
    assert [[row[0], *row[2:]] for row in rows] == found
    assert sum(int(row[3]) for row in rows) == 90
    for row in rows:
        assert {*row[1].split("; ")} <= sections(chapter), row


def test_parameters_that_are_no_yaml_are_named_with_the_line_of_the_file(tmp_path):
    master = tmp_path / "set.md"
    master.write_text("---\njupytext: {}\nparameters:\n  size: [100\n---\n# A set\n")
    with pytest.raises(masters.BadMasterError, match=r"flow sequence\s+in .*line 4"):
        masters.read_parameters(master)
