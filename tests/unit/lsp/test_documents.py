"""Our own copy of the open documents: right text, right history, bounded."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from lsprotocol import types

from tests.clock import TurnedClock
from zai_ls.core.text import apply_edits, split_lines
from zai_ls.domain import Edit
from zai_ls.lsp.documents import Documents, path_of

URI = "file:///w/a.py"


def opened(text, *, unit="utf-16", clock=None):
    documents = Documents(clock or TurnedClock(), unit)
    documents.open(URI, "python", 1, text)
    return documents


def partial(start_line, start, end_line, end, text):
    return types.TextDocumentContentChangePartial(
        types.Range(types.Position(start_line, start), types.Position(end_line, end)), text
    )


def full(text):
    return types.TextDocumentContentChangeWholeDocument(text)


def text_of(documents):
    return documents.snapshot(URI).text


def test_changes_of_one_message_are_made_one_after_the_other():
    """Each change refers to the text that the one before it left (LSP, didChange)."""
    documents = opened("abc\n")
    documents.change(URI, 2, [partial(0, 0, 0, 1, "xyz"), partial(0, 3, 0, 4, "")])
    assert text_of(documents) == "xyzc\n"
    assert documents.snapshot(URI).version == 2


def test_a_form_feed_is_no_line_ending():
    """Only LSP's three line endings count; else an edit lands on the wrong line."""
    documents = opened("a\x0cb\u2028c\x85d\ne\n")
    documents.change(URI, 2, [partial(1, 0, 1, 1, "X")])
    assert text_of(documents) == "a\x0cb\u2028c\x85d\nX\n"


def test_an_insertion_past_the_end_goes_to_the_end():
    """Positions that do not exist mean the nearest one, on a last line without an ending too."""
    documents = opened("abc")
    documents.change(URI, 2, [partial(0, 10, 0, 10, "X"), partial(9, 0, 9, 0, "Y")])
    assert text_of(documents) == "abcXY"


def test_a_change_without_a_version_counts_up():
    """Old clients send null; the next version is still another one."""
    documents = opened("a")
    documents.change(URI, None, [partial(0, 0, 0, 0, "b")])
    assert documents.snapshot(URI).version == 2


def test_a_change_of_a_document_that_is_not_open_is_ignored():
    """There is no text that it could refer to."""
    assert opened("a").change("file:///other", 2, [full("x")]) is False


def test_a_snapshot_does_not_change_with_the_document():
    """It is the text at one instant."""
    documents = opened("a\n")
    before = documents.snapshot(URI)
    documents.change(URI, 2, [partial(0, 0, 0, 1, "b")])
    assert (before.text, before.version) == ("a\n", 1)


def test_a_client_that_sends_everything_is_recorded_by_what_differs():
    """A range elsewhere in the document must not count as touched."""
    documents = opened("one\ntwo\nthree\nfour\n")
    documents.change(URI, 2, [full("one\nTWO\nthree\nfour\n")])
    (change,) = documents.get(URI).changes_since(1)
    assert (change.range.start.line, change.range.end.line, change.text) == (1, 2, "TWO\n")


async def test_history_is_bounded_and_says_so():
    """After 500 changes, or ten minutes, older versions are unknown: None, never a wrong answer."""
    clock = TurnedClock()
    documents = opened("", clock=clock)
    for version in range(2, 702):
        documents.change(URI, version, [partial(0, 0, 0, 0, "x")])
    document = documents.get(URI)
    assert document.changes_since(1) is None
    assert document.lines_at(1) is None
    assert len(document.changes_since(201)) == 500
    await clock.turn(601)
    documents.change(URI, 702, [partial(0, 0, 0, 0, "y")])
    assert document.changes_since(700) is None
    assert [change.text for change in document.changes_since(701)] == ["y"]
    assert document.changes_since(702) == ()
    assert document.changes_since(703) is None


def test_huge_changes_are_not_kept():
    """History may not cost more memory than a few documents."""
    documents = opened("")
    documents.change(URI, 2, [full("x" * 5_000_000)])
    assert documents.get(URI).changes_since(1) is None
    assert documents.get(URI).changes_since(2) == ()


def test_a_text_of_the_past_can_be_had_while_it_is_known():
    """A range that a command carries refers to the version it was listed for."""
    documents = opened("😀a\nb\n")
    documents.change(URI, 2, [partial(0, 0, 1, 0, "")])
    assert documents.snapshot_at(URI, 1).text == "😀a\nb\n"
    assert documents.snapshot_at(URI, 1).version == 1
    assert documents.snapshot_at(URI, 99).text == "b\n"
    assert documents.snapshot_at("file:///other", 1) is None


def test_reopening_begins_anew():
    """Versions of another opening mean other texts."""
    documents = opened("a")
    documents.change(URI, 5, [full("b")])
    documents.close(URI)
    assert documents.snapshot(URI) is None
    documents.open(URI, "python", 5, "c")
    assert documents.get(URI).changes_since(1) is None


async def test_an_expected_text_is_seen_when_the_editor_goes_through_it():
    """Also when the person types on in the same message, and when the editor writes its own line endings."""
    documents = opened("a\nb\n")
    passing = documents.expect(URI, ["A\n", "b\n", ""])
    documents.change(URI, 2, [partial(0, 0, 0, 1, "A"), partial(0, 1, 0, 1, "!")])
    assert passing.result() is True
    endings = documents.expect(URI, ["X\n", "b\n", ""])
    documents.change(URI, 3, [full("X\r\nb\r\n")])
    assert endings.result() is True


async def test_waiting_for_a_text_ends_when_the_document_is_closed():
    """Nothing hangs on a document that will not change any more."""
    documents = opened("a")
    seen, moved = documents.expect(URI, ["b"]), documents.moved(URI)
    documents.close(URI)
    assert seen.result() is False
    assert moved.done()


async def test_nobody_waits_without_end_in_the_store():
    """A wait that was given up leaves nothing behind."""
    documents = opened("a")
    seen = documents.expect(URI, ["b"])
    documents.expect_no_more(URI, seen)
    documents.change(URI, 2, [full("b")])
    assert not seen.done()


def test_only_file_uris_have_a_path():
    """An unsaved buffer, or a document of another scheme, lies nowhere."""
    assert path_of("file:///w/a%20b.py") == "/w/a b.py"
    assert path_of("untitled:Untitled-1") is None
    assert path_of("file://[") is None
    for uri in ("file://localhost/w/a.py", "FILE://LocalHost/w/a.py", "file:////w/a.py", "file:/w/a.py"):
        assert path_of(uri) == "/w/a.py"
    assert path_of("file://host/w/a.py") is None  # whose folders are not ours to look into


TEXTS = st.text(alphabet="ab😀é\r\n\x0c", max_size=12)
PLACES = st.integers(0, 6)
STEPS = st.lists(st.tuples(PLACES, PLACES, PLACES, PLACES, TEXTS), max_size=6)


# What a deletion leaves behind may join a `\r` above and a `\n` below into one ending, and its place is gone.
@example("", [(0, 0, 0, 0, "a\n"), (0, 0, 0, 0, "\r"), (1, 0, 1, 1, "")], "utf-8")
@given(TEXTS, STEPS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_text_and_history_agree_with_the_plain_way(text, steps, unit):
    """Splicing lines gives what replacing in one long string gives; history leads forward and back."""
    documents = opened(text, unit=unit)
    plain, texts = text, {1: text}
    for version, (line, column, end_line, end_column, new) in enumerate(steps, 2):
        start, end = sorted(
            offset_of(plain, *place, unit) for place in ((line, column), (end_line, end_column))
        )
        plain = plain[:start] + new + plain[end:]
        texts[version] = plain
        documents.change(URI, version, [partial(line, column, end_line, end_column, new)])
        assert text_of(documents) == plain
        assert documents.get(URI).lines == split_lines(plain)
    document = documents.get(URI)
    for version, past in texts.items():
        changes = document.changes_since(version)
        if changes is None:
            continue
        assert "".join(document.lines_at(version)) == past
        lines = split_lines(past)
        for change in changes:
            lines = apply_edits(lines, [Edit(change.range, change.text)])
        assert "".join(lines) == plain


def offset_of(text, line, units, unit):
    """The plain way to a place: encode, cut, count."""
    lines = split_lines(text)
    if line >= len(lines):
        return len(text)
    body = lines[line].rstrip("\r\n")
    column = 0
    while column < len(body) and len(encoded(body[: column + 1], unit)) <= units:
        column += 1
    return sum(map(len, lines[:line])) + column


def encoded(text, unit):
    """A sequence with one element a unit."""
    if unit == "utf-16":
        return memoryview(text.encode("utf-16-le")).cast("H").tolist() if text else []
    return text.encode() if unit == "utf-8" else text


# -- what completions look back at --------------------------------------------------------------------------


async def test_the_text_of_some_time_ago():
    """All changes since are taken back, and none before; of a document that is not open there is none."""
    clock = TurnedClock()
    documents = opened("a\n", clock=clock)
    for version, letter in enumerate("bcd", 2):
        await clock.turn(10)
        documents.change(URI, version, [partial(0, 0, 0, 1, letter)])

    assert documents.lines_lately(URI, 5) == ["c\n", ""]
    assert documents.lines_lately(URI, 15) == ["b\n", ""]
    assert documents.lines_lately(URI, 1_000) == ["a\n", ""]
    await clock.turn(10)
    assert documents.lines_lately(URI, 5) == ["d\n", ""]
    assert documents.lines_lately("file:///none", 5) is None


async def test_only_so_many_changes_are_taken_back():
    """A long look back costs no more than some hundred changes, and their message whole."""
    documents = opened("0\n")
    for version in range(2, 452):
        documents.change(URI, version, [partial(0, 0, 0, 9, str(version - 1))])
    document = documents.get(URI)

    assert documents.lines_lately(URI, 1_000) == ["50\n", ""]
    assert document.lines_before(0.0, 1) == ["449\n", ""]


def test_the_other_documents_the_latest_first():
    """Opened or changed last comes first; the document itself is not another."""
    documents = opened("a")
    for name in "bcd":
        documents.open(f"file:///w/{name}.py", "python", 1, name)
    documents.change("file:///w/b.py", 2, [full("bb")])

    assert [snapshot.text for snapshot in documents.others(URI)] == ["bb", "d", "c"]
    assert [snapshot.text for snapshot in documents.others("file:///w/d.py")] == ["bb", "c", "a"]
    documents.close("file:///w/b.py")
    assert [snapshot.text for snapshot in documents.others(URI)] == ["d", "c"]


async def test_when_a_key_was_typed():
    """A few characters that came or went in a line, whatever range the editor sends; anything else is no key."""
    clock = TurnedClock()
    documents = opened("abcdefghij\n", clock=clock)
    document = documents.get(URI)
    assert document.key_at is None
    for version, (change, is_key) in enumerate(
        [
            (partial(0, 0, 0, 0, "x"), True),
            (partial(0, 0, 0, 0, "👍"), True),
            (partial(0, 0, 0, 2, "y"), True),
            (partial(0, 0, 0, 1, ""), True),
            (partial(0, 0, 0, 4, ""), False),
            (partial(0, 0, 0, 0, "()"), True),
            (partial(0, 0, 0, 0, "商品"), True),
            (partial(0, 0, 0, 0, "word"), False),
            (partial(0, 0, 0, 0, "\n"), False),
            (partial(0, 0, 0, 0, "\r\n"), False),
            (full("other\n"), False),
            (full("otherx\n"), True),
        ],
        2,
    ):
        await clock.turn(1)
        documents.change(URI, version, [change])
        assert document.key_at == (clock.now() if is_key else None), version
