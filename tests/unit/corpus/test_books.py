"""The list of books, reading them from a folder, and fetching them.

No word of theirs is here: small texts of the tests' own stand for them, and a server
on this machine for Gutenberg's.
"""

from __future__ import annotations

import hashlib
import http.server
import re
from pathlib import Path

import pytest

from collapse import whole_file
from collapse.corpus import books
from collapse.corpus.books import Book, fetch_books, list_books, read_books
from collapse.corpus.cleaning import clean
from collapse.corpus.text import blocks, paragraph_lines, train_tokenizer
from support.servers import serving

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "books"
TEXTS = {
    (
        "towers",
        1234,
    ): "The tower of the church is old, and there are eight bells in it.",
    ("towers", 5678): "When it is night, the people of the town can be heard in it.",
    ("hares", 9012): "A hare is in the field, where it can see all that is about it.",
}


def raw(text: str) -> bytes:
    """Return a text as Gutenberg would have it."""
    return (
        f"*** START OF THE PROJECT GUTENBERG EBOOK ***\r\n\r\n{text}\r\n\r\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK ***\r\nLicence.\r\n"
    ).encode()


def entry(topic: str, number: int) -> Book:
    text = f"{TEXTS[topic, number]}\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Book(topic, number, "N. N.", "A Title", 1900, len(text), digest)


@pytest.fixture
def small_list(monkeypatch):
    """Three books in place of the list."""
    found = tuple(entry(*key) for key in TEXTS)
    monkeypatch.setattr(books, "list_books", lambda: found)


def texts() -> dict[str, str]:
    return {
        f"{topic}/{number}.txt": f"{text}\n" for (topic, number), text in TEXTS.items()
    }


def by_place(found: dict[Book, str]) -> dict[str, str]:
    return {book.place: text for book, text in found.items()}


def contents(folder: Path) -> dict[str, str]:
    """Return all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.fixture
def folder(tmp_path):
    """A folder with the three books, cleaned."""
    for place, text in texts().items():
        path = tmp_path / "books" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path / "books"


class TestList:
    def test_98_books_in_eight_topics(self):
        found = list_books()
        assert len(found) == len({book.id for book in found}) == 98
        topics = [book.topic for book in found]
        assert len(set(topics)) == 8
        assert topics.count("architecture") == 34
        assert topics.count("animals") == 12
        assert 37e6 < sum(book.characters for book in found) < 38e6

    def test_every_entry_is_whole(self):
        for book in list_books():
            assert re.fullmatch(r"[0-9a-f]{64}", book.sha256)
            assert book.author
            assert book.title
            assert book.year is None or 1780 < book.year < 1931
        assert sum(book.year is None for book in list_books()) < 5

    @pytest.mark.usefixtures("small_list")
    def test_topics_come_in_the_order_of_the_list(self):
        assert books.list_topics() == ("towers", "hares")


@pytest.mark.usefixtures("small_list")
class TestReading:
    def test_a_folder_of_cleaned_books(self, folder):
        assert by_place(read_books(folder)) == texts()
        assert by_place(read_books(str(folder))) == texts()

    def test_topics_are_picked(self, folder):
        assert list(by_place(read_books(folder, ["hares"]))) == ["hares/9012.txt"]
        assert by_place(read_books(folder, ["hares", "towers"])) == texts()

    @pytest.mark.parametrize("topics", ["hares", [], ["hare"], ["hares", "x"]])
    def test_topics_that_are_none_are_refused(self, folder, topics):
        for use in (read_books, fetch_books):
            with pytest.raises(
                ValueError, match="topics must be a list of some of tow"
            ):
                use(folder, topics)

    @pytest.mark.parametrize(
        "name", ["1234-0.txt", "1234-8.txt", "1234.txt", "pg1234.txt"]
    )
    @pytest.mark.parametrize("place", ["", "towers"])
    def test_raw_books_are_cleaned(self, folder, name, place):
        (folder / "towers" / "1234.txt").unlink()
        (folder / place / name).write_bytes(raw(TEXTS["towers", 1234]))
        assert by_place(read_books(folder)) == texts()

    def test_the_right_one_of_several_files_is_taken(self, folder):
        (folder / "towers" / "1234-0.txt").write_bytes(raw("Another text."))
        assert by_place(read_books(folder)) == texts()

    def test_other_ends_of_lines_are_the_same_text(self, tmp_path, monkeypatch):
        # Not what cleaning would leave, so that the file itself must be recognised.
        text = "A tower, as others have it[3].\n\nA bell.\n"
        digest = hashlib.sha256(text.encode()).hexdigest()
        book = Book("towers", 1234, "N. N.", "A Title", None, len(text), digest)
        monkeypatch.setattr(books, "list_books", lambda: (book,))
        (tmp_path / "1234.txt").write_bytes(text.replace("\n", "\r\n").encode())
        assert read_books(tmp_path) == {book: text}

    @pytest.mark.parametrize(
        "damaged",
        [
            b"",
            b"The tower",
            b"\xff\xfe\x00",
            raw("The tower of the church is new."),
            None,
        ],
    )
    def test_what_is_missing_or_another_text_is_named(self, folder, damaged):
        path = folder / "towers" / "5678.txt"
        if damaged is None:
            path.unlink()
            told = r"has 1 missing \(towers/5678\.txt\);"
        else:
            path.write_bytes(damaged)
            told = r"has 1 with another text than the list's \(towers/5678\.txt\);"
        with pytest.raises(ValueError, match=f"must hold 3 books, but .*{told}"):
            read_books(folder)
        assert len(read_books(folder, ["hares"])) == 1

    def test_missing_and_damaged_are_told_apart(self, folder):
        (folder / "towers" / "1234.txt").unlink()
        (folder / "hares" / "9012.txt").write_text("A hare")
        with pytest.raises(
            ValueError, match=r"1 missing \(towers/1234.* and 1 with an.*hares/9012"
        ):
            read_books(folder)

    def test_one_wrong_letter_is_seen(self, folder):
        path = folder / "hares" / "9012.txt"
        path.write_text(path.read_text().replace("hare", "Hare"))
        with pytest.raises(ValueError, match=r"another text .*hares/9012\.txt"):
            read_books(folder)

    def test_of_many_the_first_are_named(self, tmp_path, monkeypatch):
        monkeypatch.setattr(books, "_NAMED", 2)
        told = r"3 missing \(towers/1234\.txt, towers/5678\.txt and 1 more\)"
        with pytest.raises(ValueError, match=told):
            read_books(tmp_path / "nowhere")


class Gutenberg(http.server.ThreadingHTTPServer):
    """A server with files in memory, which says what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.asked, self.agents = {}, [], set()
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.trouble = {}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.path)
        server.agents.add(self.headers["User-Agent"])
        trouble = server.trouble.get(self.path)
        content = server.files.get(self.path)
        if isinstance(trouble, int) or content is None:
            self.send_error(trouble or 404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        # Broken off: fewer bytes than were announced.
        self.wfile.write(content[: -5 if trouble == "broken off" else None])

    def log_message(self, *_):
        pass


PLACES = {
    ("towers", 1234): "/1/2/3/1234/1234-0.txt",
    ("towers", 5678): "/5/6/7/5678/5678-8.txt",
    ("hares", 9012): "/9/0/1/9012/9012.txt",
}


@pytest.fixture
def server():
    web = Gutenberg()
    web.files = {place: raw(TEXTS[key]) for key, place in PLACES.items()}
    with serving(web):
        yield web


def fetch(folder, server, **others):
    fetch_books(folder, source=server.address, pause=0, **others)


@pytest.mark.usefixtures("small_list")
class TestFetching:
    def test_all_are_fetched_once_cleaned_and_checked(self, server, tmp_path):
        folder = tmp_path / "new" / "books"
        fetch(folder, server)
        assert contents(folder) == texts()
        assert by_place(read_books(folder)) == texts()
        assert server.asked == [
            "/1/2/3/1234/1234-0.txt",
            *("/5/6/7/5678/5678-0.txt", "/5/6/7/5678/5678-8.txt"),
            *("/9/0/1/9012/9012-0.txt", "/9/0/1/9012/9012-8.txt"),
            "/9/0/1/9012/9012.txt",
        ]
        fetch(folder, server)
        assert len(server.asked) == 6

    def test_only_what_is_missing_is_fetched(self, server, folder):
        (folder / "towers" / "1234.txt").unlink()
        (folder / "hares" / "9012.txt").unlink()
        fetch(folder, server, topics=["towers"])
        assert server.asked == ["/1/2/3/1234/1234-0.txt"]
        assert "hares/9012.txt" not in contents(folder)

    def test_a_raw_book_that_is_there_is_not_fetched(self, server, tmp_path):
        (tmp_path / "1234-0.txt").write_bytes(raw(TEXTS["towers", 1234]))
        fetch(tmp_path, server, topics=["towers"])
        assert not any("1234" in path for path in server.asked)

    @pytest.mark.parametrize(
        "place", ["/1/2/3/1234/old/1234-8.txt", "/cache/epub/1234/pg1234.txt"]
    )
    def test_other_places_are_looked_at_where_an_edition_is_new(
        self, server, tmp_path, place
    ):
        server.files[PLACES["towers", 1234]] = raw("The tower is new.")
        server.files[place] = raw(TEXTS["towers", 1234])
        fetch(tmp_path, server)
        assert contents(tmp_path) == texts()
        assert len(server.asked) == len(set(server.asked))

    @pytest.mark.parametrize("end", ["", "/"])
    def test_a_source_may_end_in_a_slash(self, tmp_path, monkeypatch, end):
        asked = []

        def download(address):
            asked.append(address)
            return raw(TEXTS["hares", 9012])

        monkeypatch.setattr(books, "download", download)
        fetch_books(tmp_path, ["hares"], source=f"https://mirror{end}", pause=0)
        assert asked == ["https://mirror/9/0/1/9012/9012-0.txt"]

    def test_it_says_who_asks(self, server, tmp_path):
        fetch(tmp_path, server)
        assert server.agents == {whole_file.AGENT}
        assert "model-collapse-textbook" in whole_file.AGENT

    def test_it_waits_before_each_request(self, server, tmp_path, monkeypatch):
        waited = []
        monkeypatch.setattr(books.time, "sleep", waited.append)
        fetch_books(tmp_path, source=f"{server.address}/")
        assert waited == [books.PAUSE] * len(server.asked)
        assert books.PAUSE >= 2

    @pytest.mark.parametrize("pause", [-1, float("nan"), None, "2"])
    def test_a_pause_is_a_time(self, tmp_path, pause):
        with pytest.raises(ValueError, match="pause must be"):
            fetch_books(tmp_path, pause=pause)

    @pytest.mark.parametrize("trouble", ["broken off", 403, 429, 500, 503])
    def test_a_failure_keeps_what_is_there_and_the_next_call_goes_on(
        self, server, tmp_path, trouble
    ):
        place = PLACES["towers", 5678]
        server.trouble[place] = trouble
        with pytest.raises(OSError, match="could not be downloaded") as failed:
            fetch(tmp_path, server)
        told = str(failed.value)
        assert f"{place} could not" in told
        assert "has 2 missing (towers/5678.txt, hares/9012.txt), 1 of 3" in told
        assert "call fetch_books again" in told
        assert "\n" not in told
        assert list(contents(tmp_path)) == ["towers/1234.txt"]
        assert server.asked[-1] == place
        server.trouble.clear()
        server.asked.clear()
        fetch(tmp_path, server)
        assert contents(tmp_path) == texts()
        assert not any("1234" in path for path in server.asked)

    @pytest.mark.parametrize("source", ["nonsense", "http://127.0.0.1:9"])
    def test_without_a_network_one_sentence_says_what_is_missing(self, folder, source):
        (folder / "hares" / "9012.txt").unlink()
        before = contents(folder)
        with pytest.raises(OSError, match=r"1 missing \(hares/9012\.txt\), 2 of 3 are"):
            fetch_books(folder, source=source, pause=0)
        assert contents(folder) == before

    def test_a_book_that_is_gone_or_changed_does_not_stop_the_others(
        self, server, tmp_path
    ):
        del server.files[PLACES["towers", 1234]]
        server.files[PLACES["towers", 5678]] = raw("The tower is new.")
        with pytest.raises(
            ValueError,
            match=r"towers/1234\.txt is not there; towers/5678\.txt is another edition",
        ):
            fetch(tmp_path, server)
        assert list(contents(tmp_path)) == ["hares/9012.txt"]
        assert server.asked[:7] == [
            *(f"/1/2/3/1234/1234{end}.txt" for end in ("-0", "-8", "")),
            *(f"/1/2/3/1234/old/1234{end}.txt" for end in ("-0", "-8", "")),
            "/cache/epub/1234/pg1234.txt",
        ]
        assert "5678" in server.asked[7]

    def test_a_file_of_the_readers_is_not_written_over(self, server, folder):
        path = folder / "hares" / "9012.txt"
        path.write_text("A hare of my own.")
        (folder / "towers" / "1234.txt").unlink()
        with pytest.raises(
            ValueError, match=r"another text .*hares/9012\.txt\): remove them"
        ):
            fetch(folder, server)
        assert path.read_text() == "A hare of my own."
        assert (folder / "towers" / "1234.txt").is_file()
        path.unlink()
        fetch(folder, server)
        assert contents(folder) == texts()

    def test_nothing_is_half_written(self, server, tmp_path, monkeypatch):
        def fail(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(whole_file.Path, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            fetch(tmp_path, server)
        assert contents(tmp_path) == {}

    def test_a_bar_counts_the_books_that_are_there(self, server, folder, capsys):
        (folder / "hares" / "9012.txt").unlink()
        fetch(folder, server)
        shown = capsys.readouterr()
        assert "2/3" in shown.out
        assert "3/3" in shown.out
        assert shown.err == ""
        (folder / "hares" / "9012.txt").unlink()
        fetch(folder, server, progress=False)
        assert capsys.readouterr().out == ""
        with pytest.raises(ValueError, match="progress must be True or False"):
            fetch(folder, server, progress="yes")


STORY = "\n\n".join(
    f"In the {n}th year the mason's men--they were {n + 3}--said: \"It's old...\" and "
    f"(so it was told) built tower no. {n}; the church's bells weren't rung, were they?"
    for n in range(200)
)
"""Words with marks before, after and within them, in paragraphs of one line."""


class TestTokens:
    @pytest.fixture(scope="class")
    @staticmethod
    def tokenizer():
        # More than there are pairs, so that whatever may be merged is.
        return train_tokenizer(paragraph_lines(STORY), 8000)

    def test_no_pair_reaches_over_the_border_of_a_word(self, tokenizer):
        words = r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+|'(?:s|t|re|ve|m|ll|d)"
        tokens = {tokenizer.decode([n]) for n in range(4, tokenizer.get_vocab_size())}
        plain = {token for token in tokens if token.isascii() and token.isprintable()}
        assert {" tower", " church", "'s", " mason", "--"} <= plain
        assert [token for token in plain if not re.fullmatch(words, token)] == []

    def test_the_break_of_a_paragraph_is_one_token_that_ends_nothing(self, tokenizer):
        tokens = blocks(paragraph_lines(STORY), tokenizer, 1).ravel()
        (line_end,) = tokenizer.encode("\n").ids
        assert (tokens == line_end).sum() == 199
        holding = {n for n in set(tokens.tolist()) if "\n" in tokenizer.decode([n])}
        assert holding == {line_end}
        assert not ((tokens[1:] == line_end) & (tokens[:-1] == line_end)).any()
        specials = ("<s>", "<pad>", "</s>", "<unk>")
        assert line_end not in {tokenizer.token_to_id(name) for name in specials}

    def test_the_text_comes_back(self, tokenizer):
        tokens = blocks(paragraph_lines(STORY), tokenizer, 1).ravel()
        assert tokenizer.decode(tokens).replace("\n", "\n\n") == STORY

    @pytest.mark.parametrize("between", ["\n\n", "\n\n\n\n", "\n \t\n", "\n"])
    def test_any_empty_lines_become_one_break(self, between):
        assert paragraph_lines(f"One.{between}Two.\n") == "One.\nTwo.\n"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the 98 books are not here")
@pytest.mark.slow
class TestRealBooks:
    @pytest.fixture(scope="class")
    @staticmethod
    def found():
        return read_books(FOLDER)

    def test_the_books_are_those_of_the_list(self, found):
        assert len(found) == 98
        for book, text in found.items():
            assert len(text) == book.characters
            assert text.endswith("\n")

    def test_they_are_prose_in_plain_paragraphs(self, found):
        for text in found.values():
            paragraphs = text.removesuffix("\n").split("\n\n")
            assert len(paragraphs) == len(set(paragraphs))
            assert not any("\n" in each or each != each.strip() for each in paragraphs)
            assert not re.search(r"gutenberg|\[illustration|[“”‘’—…_]", text, re.I)

    def test_a_clean_book_hardly_changes_when_cleaned_again(self, found):
        shortest = sorted(found, key=lambda book: book.characters)[:3]
        for book in shortest:
            text = found[book]
            once, twice = (
                set(each.split("\n\n")) for each in (text, clean(text.encode()))
            )
            assert len(once - twice) < 0.03 * len(once)

    def test_their_tokens_stay_within_words(self, found):
        text = paragraph_lines("".join(list(found.values())[:2]))
        tokenizer = train_tokenizer(text, 8000)
        assert tokenizer.get_vocab_size() == 8000
        tokens = blocks(text, tokenizer, 1).ravel()
        assert 3.5 < len(text) / len(tokens) < 5.5
        (line_end,) = tokenizer.encode("\n").ids
        assert (tokens == line_end).sum() == text.count("\n")
        assert (
            tokenizer.decode(tokens[:5000])
            == text[: len(tokenizer.decode(tokens[:5000]))]
        )
