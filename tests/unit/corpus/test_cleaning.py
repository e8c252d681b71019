"""Each rule by which a raw file becomes a book, on texts written for these tests."""

from __future__ import annotations

import pytest

from collapse.corpus.cleaning import clean

HEADER = "The Project Gutenberg EBook of A Tower, by N. N.\n\n"
START = "*** START OF THIS PROJECT GUTENBERG EBOOK A TOWER ***\n\n"
END = "*** END OF THIS PROJECT GUTENBERG EBOOK A TOWER ***\n"
LICENCE = (
    "You may copy it and give it away under the terms of the licence which is\n"
    "to be found with it, and which all who have it are asked to read first.\n"
)
TOWER = (
    "The tower stands to the west of the church, and it was built when the old\n"
    "one had fallen in the great storm of that year."
)
BELLS = (
    "There are eight bells in it, which are rung on all the days when there is\n"
    "a market in the town, and by night if there is a fire."
)
ONE, TWO = (text.replace("\n", " ") for text in (TOWER, BELLS))

BOOK = [f"In the year {year} it was so. {ONE}" for year in range(1300, 1400)]
"""A book of more than a few lines: what stands where in it counts."""


def raw(*paragraphs: str) -> str:
    """Return a raw file with these paragraphs between its header and its licence."""
    return HEADER + START + "\n\n\n".join(paragraphs) + "\n\n" + END + "Licence.\n"


def paragraphs(*written: str) -> list[str]:
    """Return what is left of paragraphs."""
    text = clean(raw(*written).encode())
    assert text.endswith("\n")
    return text.removesuffix("\n").split("\n\n") if text != "\n" else []


def test_each_paragraph_is_one_line_between_header_and_licence():
    assert clean(raw(TOWER, BELLS).encode()) == f"{ONE}\n\n{TWO}\n"


@pytest.mark.parametrize("empty", [b"", b"\n\n", b"\x00\xff\xfe" * 100, b"[" * 1000])
def test_of_no_text_nothing_is_left(empty):
    assert clean(empty) == "\n"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_end_of_lines_is_read(ends):
    content = raw(TOWER, BELLS).replace("\n", ends).encode()
    assert clean(content) == f"{ONE}\n\n{TWO}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_any_encoding_of_gutenbergs_is_read(encoding):
    accented = f"Bénigne the mason, of whom it is said that he was née Süß. {ONE}"
    assert clean(raw(accented).encode(encoding)) == f"{accented}\n"


def test_quotes_of_windows_are_quotes():
    content = raw(f"‘So it is,’ said the mason—“and so it was.” {ONE}").encode("cp1252")
    assert clean(content) == f"'So it is,' said the mason--\"and so it was.\" {ONE}\n"


def test_what_windows_lacks_is_latin():
    # 0x81 stands for nothing in Windows-1252, 0xe9 alone is no UTF-8.
    content = raw(f"Caf\xe9\x81 {ONE}").encode("latin-1")
    assert clean(content) == f"Caf\xe9\x81 {ONE}\n"


@pytest.mark.parametrize(
    "head",
    [
        LICENCE + "\n*** START OF THE PROJECT GUTENBERG EBOOK\nA TOWER ***\n\n",
        HEADER + LICENCE + "\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*\n\n",
        LICENCE + "\n" + HEADER,
        "",
    ],
)
@pytest.mark.parametrize(
    "tail",
    [
        "*** END OF THE PROJECT GUTENBERG EBOOK A TOWER ***\n\n" + LICENCE,
        "End of Project Gutenberg's A Tower, by N. N.\n\n" + LICENCE,
        "End of the Project Gutenberg EBook of A Tower\n\n" + LICENCE,
        "The Project Gutenberg Etext of A Tower\n\n" + LICENCE,
        "",
    ],
)
def test_header_and_licence_of_all_times_are_cut(head, tail):
    content = head + "\n\n".join(BOOK) + "\n\n" + tail
    assert clean(content.encode()) == "\n\n".join(BOOK) + "\n"


def test_what_seems_the_end_in_the_first_half_is_none():
    content = "\n\n".join([START, *BOOK[:9], "End of Project Gutenberg", *BOOK[9:]])
    assert clean(content.encode()).count("In the year") == 100


@pytest.mark.parametrize(
    "inserted",
    [
        "[Illustration: The tower [from the west] as it was and is to be seen.]",
        "[ _Illustration_ ]",
        "[Footnote 3: Of this and of other towers see what was said above.]",
        "[Sidenote: The bells]",
        "[Transcriber's Note: this is so in the book that was read by me.]",
        "[Music: a, b, c]",
        "[Greek: pyrgos]",
    ],
)
def test_insertions_are_removed_with_brackets_in_them(inserted):
    assert paragraphs(TOWER, inserted, BELLS) == [ONE, TWO]
    middle = TOWER.replace("it was", f"it{inserted} was")
    assert paragraphs(middle) == [ONE]


@pytest.mark.parametrize(
    "kept", ["[which is now lost]", "[Illustration of", "[and the"]
)
def test_other_brackets_and_those_never_closed_stay(kept):
    assert paragraphs(f"{kept} {ONE}") == [f"{kept} {ONE}"]


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("the _old_ one", "the old one"),
        ("the =old= one", "the old one"),
        ("the +old+ #one#", "the old one"),
        ("the <i>old</i> one*", "the old one"),
        ("the old one[12]", "the old one"),
        ("the old[A] one[*][†]", "the old one"),
        ("the old{7} one{xiv}", "the old one"),
        ("the old [Pg 12]one [p. iv]", "the old one"),
        ("the old [sic] one", "the old one"),
        ("the [OE]uvre of [=a] C[ae]sar", "the OEuvre of a Caesar"),
        ("the caf[e'] and the [~n]", "the cafe and the n"),
        ("3[1/2] feet", "3 1/2 feet"),
        ("3·5 feet", "3.5 feet"),
        ("the 4^{th} and x_{n}", "the 4th and xn"),
        ("the 4ᵗʰ and H₂O", "the 4th and H2O"),
        ("the “old” one’s ‘way’", "the \"old\" one's 'way'"),
        ("the old ''one''", 'the old "one"'),
        ("the old—or new–one", "the old--or new-one"),
        ("the old----or new", "the old--or new"),
        ("the old…", "the old..."),
        ("the old . . . one", "the old ... one"),
        ("the old...... one", "the old... one"),
        ("the\u00a0old\tone\u00ad", "the old one"),
        ("the œuvre of ﬁve ﬂags", "the oeuvre of five flags"),
        ("the old one , or ; new .", "the old one, or; new."),
        ("the old ( ) one", "the old one"),
    ],
)
def test_marks_within_a_line_become_plain(marked, plain):
    (found,) = paragraphs(f"Of {marked} it is said:\n{TOWER}\n{BELLS}")
    assert found == f"Of {plain} it is said: {ONE} {TWO}"


def test_a_numbered_section_begins_with_its_words():
    assert paragraphs(f"§ 12. {ONE}") == [ONE]


def test_words_that_a_line_tears_are_joined():
    (found,) = paragraphs(
        "In the tower of the church that is to the west there is a well-\n"
        "known bell, which the people of the town have had, and it was old--\n"
        "very old, as it is said by all, when the church that is there was new\n"
        "--and that was in the year in which the other tower was not yet built."
    )
    assert "a well-known bell" in found
    assert "was old--very old" in found
    assert "was new--and that" in found


def test_what_a_page_tears_is_joined():
    first = f"{ONE} {TWO} And there is more that can be seen from the tower of this"
    last = "church on a day when there is no rain."
    assert paragraphs(first, "[Illustration]", last) == [f"{first} {last}"]
    # A short one is a heading, a full stop is an end, a capital is a beginning.
    short = "the tower of this"
    assert paragraphs(short, f"and {ONE}") == [f"and {ONE}"]
    assert paragraphs(f"{first}.", f"and {ONE}") == [f"{first}.", f"and {ONE}"]
    assert paragraphs(first, TWO) == [first, TWO]


@pytest.mark.parametrize(
    "layout",
    [
        "| The nave and the choir of it are older, and they were built when |\n"
        "| there was a bishop in the town, as it is told by all. |",
        "The tower of the church and what it is    the year in which it was built.\n"
        "The bells of the tower and what they say    the men by whom they were rung.",
        "The tower of the church and all that is in it . . . . . . . . . . . . it is.",
        "Of the tower of the church and of the bells that are in it, by night 12\n"
        "Of the people of the town, and of what they do in it when there is none.",
        "When the bells of the tower are heard in the town\n"
        "And there is a fire in the night that is all.",
        "When all the bells of the tower are heard in the old town;\n"
        "And there is a fire in the night that is seen by all of us,\n"
        "The people of the town will go out and be with the others,\n"
        "And so it was and is and will be when they are all no more.",
        "The tower of the church, and of the bells\n"
        "which are in it, and of the people who\n"
        "are to be seen there when it is night, and all that is said of it.",
        "            The tower of the church and the bells that are in it are here.",
        "            CHAPTER THE FIRST, WHICH IS OF THE TOWER AND OF ITS BELLS.",
    ],
)
def test_tables_lists_and_verse_are_dropped(layout):
    assert paragraphs(TOWER, layout, BELLS) == [ONE, TWO]


@pytest.mark.parametrize(
    "other",
    [
        "It was so.",
        "The 12, 13; 14; 15; 16 and 1417 of 18, 19, 20, 21, 22, 23 and 1424, 25, 26.",
        "THE TOWER of the CHURCH and of all the BELLS that are in it, AND of the TOWN.",
        "Turris ad occidentem ecclesiae stat, aedificata postquam altera cecidit olim.",
        "The tower of the church from the west, as it is seen by all who go there",
        "The towers and bells of churches which are to be seen here by all, 12, 14.",
        "This is the tower as it was, from the book that was given to us by a friend.]",
        "12 See what was said above of the tower and of the bells that are in it, vol.",
        "3 Of the tower of the church and all that is in it, with the others, pp. ff.",
        "The tower--its bells--who rang them--and when--what is said of it--and by us.",
        "[4] Of the tower and of the bells that are in it more is to be said.",
        "* Of the tower and of the bells that are in it there is more to be said.",
        "Footnote: of the tower and of the bells in it there is more to be said.",
        "_Footnote_: of the tower and of the bells in it there is more to be said.",
        "(4) See what was said above of the tower, and of the bells that are in it.",
        "The tower, as the transcriber of this has it, is to the west of the church.",
        "Produced by the people of the town and all the others who were there with us.",
        "The spelling of this book was retained as it was, but for what is here.",
        "Page 12: the tower was there, and it was so in all that we have seen of this.",
        "The Tower, with all that is in it, by the same, in cloth, gilt, is to be had.",
        "This book is to be had of all who sell such, and will be sent by mail to you.",
    ],
)
def test_paragraphs_that_are_no_prose_of_the_author_are_dropped(other):
    assert paragraphs(TOWER, other, BELLS) == [ONE, TWO]


def test_remarks_on_an_edition_are_looked_for_in_short_paragraphs_only():
    remark = "Of the second edition, which is a ligature of the old and of the new: "
    assert paragraphs(remark + ONE) == []
    long = remark + " ".join([ONE] * 8)
    assert paragraphs(long) == [long]


def test_a_paragraph_that_comes_again_is_left_out():
    assert paragraphs(TOWER, BELLS, TOWER) == [ONE, TWO]


@pytest.mark.parametrize(
    ("tail", "early"),
    [
        ("INDEX\n\nBells, 12\n\nTower, 13", 55),
        ("GENERAL INDEX TO THE BOOK.\n\nBells, 12", 55),
        ("THE END", 70),
        ("FINIS.", 70),
        ("BOOKS BY THE SAME AUTHOR", 80),
        ("_PRESS OPINIONS_", 80),
        (
            "\n".join(f"TOWERS {n}. Illustrated. Cloth, 2s. 6d. net" for n in "abcde"),
            88,
        ),
    ],
)
def test_what_follows_the_end_of_a_book_is_cut(tail, early):
    after = f"Afterwards there is more. {ONE}"
    assert paragraphs(*BOOK, tail, after) == BOOK
    # Before these shares of a book it is a heading.
    assert paragraphs(*BOOK[:early], tail, *BOOK[early:]) == BOOK


def test_an_index_without_numbers_is_a_word():
    assert paragraphs(*BOOK, "INDEX", TOWER, BELLS) == [*BOOK, ONE, TWO]


def test_a_clean_book_is_clean():
    once = clean(raw(TOWER, BELLS, "[Illustration]", TOWER, f"“_{ONE}_”").encode())
    assert clean(once.encode()) == once
