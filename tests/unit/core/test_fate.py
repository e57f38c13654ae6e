"""What changes of a document say about a completion that is shown there."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.core.marked import document, end_point
from zai_ls.core.completion.fate import Showing, Verdict, is_still_there, judged, showing_of
from zai_ls.core.completion.place import place_at
from zai_ls.core.completion.proposal import Proposal
from zai_ls.core.text import splice, split_lines
from zai_ls.domain import Change, Point, Range

BLOCK = "turn a + b\n\n\ndef two():\n    return 2"
"""What is left to say after `re` in TEXT."""
TEXT = "import os\n\n\ndef add(a, b):\n    «re»\n\nprint(1)\nprint(2)\nprint(3)\nprint(4)\n"
"""The cursor is after `re`, a word that has been begun; the marks are around it."""
LINE = 4
COLUMN = 6


def shown(rest=BLOCK, text=TEXT, *, typed=""):
    """*rest* shown at the end of the selection in *text*, after *typed* of the proposal; and the lines."""
    snapshot, marked = document(text)
    at = place_at(snapshot, Point(marked.end.line, marked.end.column))
    lines = list(snapshot.lines)
    splice(lines, Range(at.point, at.point), typed)
    proposal = Proposal("p1", at, typed + rest)
    end = end_point("".join(snapshot.lines[: at.point.line]) + at.before + typed)
    return showing_of(proposal, rest, end, lines), lines


def change(first, last, text, version=2):
    """Columns of the cursor's line are plain numbers; elsewhere (line, column)."""
    first, last = ((LINE, one) if isinstance(one, int) else one for one in (first, last))
    return Change(version, Range(Point(*first), Point(*last)), text)


def made(lines, changes):
    lines = list(lines)
    for one in changes:
        splice(lines, one.range, one.text)
    return lines


def verdict(showing, lines, *changes):
    """What the changes say; what is still shown stands in the text as it is then."""
    found = judged(showing, changes)
    if found.left is not None:
        after = made(lines, changes)
        assert found.left.is_in(after)
        assert found.left.near == tuple(
            line.rstrip("\r\n") for line in after[found.left.point.line : found.left.point.line + 4]
        )
    return found


WHOLE = len(BLOCK)
ACCEPTED = [
    ("inserted", [change(6, 6, BLOCK)], WHOLE),
    ("with the word before it", [change(4, 6, "re" + BLOCK)], WHOLE),
    ("the word deleted first", [change(4, 6, ""), change(4, 4, "re" + BLOCK)], WHOLE),
    ("the whole line sent", [change(0, (LINE + 1, 0), "    re" + BLOCK + "\n")], WHOLE),
    ("up to the end of the line", [change(6, (LINE + 1, 0), BLOCK + "\n")], WHOLE),
    ("with the line endings of Windows", [change(6, 6, BLOCK.replace("\n", "\r\n"))], WHOLE),
    ("further lines indented", [change(6, 6, BLOCK.replace("\n", "\n    "))], WHOLE),
    ("further lines with tabs", [change(6, 6, BLOCK.replace("    return", "\treturn"))], WHOLE),
    ("an import is added far above", [change((0, 0), (0, 0), "import re\n"), change((5, 6), (5, 6), BLOCK)], WHOLE),
    ("its first word", [change(6, 6, "turn")], 4),
    ("its first word, for a word", [change(4, 6, "return ")], 5),
    ("its first line", [change(6, 6, "turn a + b")], 10),
    ("its first line and the end of it", [change(6, 6, "turn a + b\n")], 11),
    ("two lines indented", [change(6, 6, "turn a + b\n\n\n    def two():")], 23),
    ("two characters", [change(6, 6, "tu")], 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "characters"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED]
)
def test_accepted(changes, characters):
    """The rest or its beginning appears at the place, however the editor tells it."""
    showing, lines = shown()
    found = verdict(showing, lines, *changes)

    assert (found.word, found.characters) == ("accepted", characters)
    assert (found.left is None) == (characters == WHOLE)
    assert found.left is None or found.left.rest == BLOCK[characters:]


def test_a_difference_may_begin_late():
    """An editor that sends the least difference says another place when what follows begins alike."""
    showing, lines = shown("foo(1)\n    ", "def f():\n    «»foo(2)\nbar\n")
    ours = Change(2, Range(Point(1, 8), Point(1, 8)), "1)\n    foo(")

    assert judged(showing, [ours]).word == "accepted"
    assert "".join(made(lines, [ours])) == "def f():\n    foo(1)\n    foo(2)\nbar\n"


TYPED_ALONG = [
    ("a key", [change(6, 6, "t")], "", BLOCK[1:]),
    ("a key, for the word", [change(4, 6, "ret")], "", BLOCK[1:]),
    ("the whole line sent", [change(0, (LINE + 1, 0), "    ret\n")], "", BLOCK[1:]),
    ("keys told together", [change(6, 6, "t"), change(7, 7, "u"), change(8, 8, "r")], "", BLOCK[3:]),
    ("a key taken back", [change(7, 8, "")], "tu", "u" + BLOCK),
    ("all typed is taken back", [change(6, 8, "")], "tu", "tu" + BLOCK),
    ("a key and back", [change(6, 6, "x"), change(6, 7, "")], "", BLOCK),
    ("nothing", [change(6, 6, "")], "", BLOCK),
    ("nothing at all", [], "", BLOCK),
    ("something far below", [change((8, 0), (8, 0), "x = 1\n")], "", BLOCK),
    ("an import at the top", [change((0, 0), (0, 0), "import re\n")], "", BLOCK),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "typed", "rest"), [row[1:] for row in TYPED_ALONG], ids=[row[0] for row in TYPED_ALONG]
)
def test_still_shown(changes, typed, rest):
    """It is typed along, or what changes does not touch it."""
    showing, lines = shown(typed=typed)
    found = verdict(showing, lines, *changes)

    assert (found.word, found.characters, found.left.rest) == ("shown", 0, rest)


KEYS = [
    ("(a, b)", "(", "a, b)", 7),
    ("(a, b)", "()", "a, b", 7),
    ("(a,\n  b)", "()", "a,\n  b)", 7),
    ("f(a)", "f", "(a)", 7),
    ("[0]", "[]", "0", 7),
    ('"x" in y', '""', 'x" in y', 7),
    ("\n    pass", "\n    ", "pass", (LINE + 1, 4)),
    ("\n    pass", "\r\n    ", "pass", (LINE + 1, 4)),
    ("\n        pass", "\n    ", "    pass", (LINE + 1, 4)),
]


@pytest.mark.parametrize(("rest", "key", "left", "at"), KEYS)
def test_one_key_is_no_acceptance(rest, key, left, at):
    """Also when the editor adds to it: a closing bracket, or the indentation of a new line."""
    showing, lines = shown(rest)
    found = verdict(showing, lines, change(6, 6, key))
    at = (LINE, at) if isinstance(at, int) else at

    assert (found.word, found.left.rest, found.left.point) == ("shown", left, Point(*at))


@pytest.mark.parametrize(
    ("key", "word", "left", "at"),
    [
        ("\n    \n", "shown", "call()", Point(1, 4)),
        ("\n", "shown", "    call()", Point(1, 0)),
        ("\n    call()\n", "accepted", None, None),
        ("\n\n\n", "rejected", None, None),
    ],
)
def test_what_follows_may_get_a_line_of_its_own(key, word, left, at):
    """Between brackets a new line makes two."""
    showing, lines = shown("\n    call()", "f = {«»}\n")
    found = verdict(showing, lines, Change(2, Range(showing.point, showing.point), key))

    assert (found.word, found.left and found.left.rest, found.left and found.left.point) == (word, left, at)


def test_a_new_line_elsewhere_is_one_that_was_typed():
    """The beginning of the rest and a line that it does not have."""
    showing, lines = shown("a + b", "f = «» }\n")

    assert verdict(showing, lines, Change(2, Range(showing.point, showing.point), "a +\n")).word == "rejected"


def test_indentation_at_the_beginning_of_a_line_does_not_count():
    """The editor's indentation may differ from the model's."""
    text = "def f():\n    if a:\n«»\n"
    for put in ("        return 1", "\treturn 1", "return 1"):
        showing, lines = shown("        return 1", text)
        assert verdict(showing, lines, Change(2, Range(Point(2, 0), Point(2, 0)), put)).word == "accepted"
    showing, lines = shown("return 1", "def f():\n    «»\n")
    again = Change(2, Range(Point(1, 0), Point(1, 4)), "\treturn 1")
    assert verdict(showing, lines, again).word == "accepted"
    assert verdict(showing, lines, Change(2, Range(Point(1, 0), Point(1, 4)), "")).word == "rejected"
    assert verdict(showing, lines, Change(2, Range(Point(1, 4), Point(1, 4)), "    ")).word == "rejected"


@pytest.mark.parametrize(
    ("rest", "changes"),
    [
        (")", [change(6, 6, ")")]),
        ("()", [change(6, 6, "()")]),
        ("ab", [change(6, 6, "a"), change(7, 7, "b")]),
        ("a \n", [change(6, 6, "a")]),
    ],
)
def test_typed_to_its_end(rest, changes):
    """Nothing but blanks is left to take."""
    showing, lines = shown(rest)

    assert verdict(showing, lines, *changes) == Verdict("typed")


REJECTED = [
    ("another key", [change(6, 6, "x")], ""),
    ("another word", [change(6, 6, "turned")], ""),
    ("more than the rest", [change(6, 6, BLOCK + "\nmore")], ""),
    ("another item for the word", [change(4, 6, "repeat")], ""),
    ("the rest in place of the word", [change(4, 6, BLOCK)], ""),
    ("a blank", [change(6, 6, " ")], ""),
    ("a new line", [change(6, 6, "\n    ")], ""),
    ("a bracket", [change(6, 6, "()")], ""),
    ("a key and more brackets than an editor closes", [change(6, 6, "t)))))")], ""),
    ("deleted before the place", [change(5, 6, "")], ""),
    ("deleted past what was typed", [change(5, 8, "")], "tu"),
    ("deleted and another typed", [change(7, 8, "x")], "tu"),
    ("the line is removed", [change(0, (LINE + 1, 0), "")], ""),
    ("the line joins the one above", [change((3, 14), 4, "")], ""),
    ("something before, in the line", [change(0, 0, "x = ")], ""),
    ("something after, in the line", [change(6, 6, "t"), change(7, 7, "u"), change(6, 6, "z")], ""),
    ("a line above is another", [change((3, 4), (3, 7), "sum")], ""),
    ("a line is added right above", [change(0, 0, "    pass\n")], ""),
    ("a line below is another", [change((6, 0), (6, 5), "log")], ""),
    ("all below is removed", [change((5, 0), (9, 0), "")], ""),
    ("everything is another text", [change((0, 0), (10, 0), "x\n")], ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "typed"), [row[1:] for row in REJECTED], ids=[row[0] for row in REJECTED]
)
def test_rejected(changes, typed):
    """Something else is typed or put there, something before it is gone, or it would not fit any more."""
    showing, lines = shown(typed=typed)

    assert verdict(showing, lines, *changes) == Verdict("rejected")


def test_what_follows_the_cursor_stays():
    """It is inserted before it; without it the proposal does not fit."""
    showing, lines = shown("a, b", "f(«»)\n")
    at = Point(0, 2)

    assert verdict(showing, lines, Change(2, Range(at, at), "a, b")).word == "accepted"
    assert verdict(showing, lines, Change(2, Range(at, Point(0, 3)), "a, b)")).word == "accepted"
    assert verdict(showing, lines, Change(2, Range(at, Point(0, 3)), "a, b")).word == "rejected"
    assert verdict(showing, lines, Change(2, Range(at, Point(0, 3)), "")).word == "rejected"


def test_acceptance_word_by_word():
    """What is left after each is shown where the word ends, across lines."""
    showing, lines = shown("a = 1\n    b = 2", "def f():\n    «»\n")
    counts = []
    for piece in ("a =", " 1", "\n    b", " = 2"):
        at = showing.point
        (one,) = changes = (Change(2, Range(at, at), piece),)
        found = verdict(showing, lines, one)
        counts.append((found.word, found.characters))
        lines, showing = made(lines, changes), found.left

    assert counts == [("accepted", 3), ("accepted", 2), ("accepted", 6), ("accepted", 4)]
    assert showing is None
    assert "".join(lines) == "def f():\n    a = 1\n    b = 2\n"


def test_what_was_typed_can_be_taken_back():
    """Key by key, on the line where it stands."""
    showing, lines = shown("tu\n  ab")
    for key, typed in (("t", "t"), ("u", "tu"), ("", "t"), ("u", "tu"), ("\n  ", "  "), ("a", "  a")):
        at = showing.point
        start = at if key else Point(at.line, at.column - 1)
        one = Change(2, Range(start, at), key)
        showing, lines = verdict(showing, lines, one).left, made(lines, [one])
        assert showing.typed == typed
    at = showing.point
    found = verdict(showing, lines, Change(2, Range(Point(at.line, 0), at), ""))

    assert (found.word, found.left.rest) == ("shown", "  ab")


@pytest.mark.parametrize(
    ("first", "last", "text", "line"),
    [
        ((0, 0), (5, 0), "", 40),
        ((0, 0), (5, 0), "x\n", 41),
        ((5, 0), (5, 0), "x\r\n", 46),
        ((2, 3), (4, 1), "", 43),
        ((0, 1), (5, 0), "", None),
        ((5, 0), (5, 0), "x", None),
        ((5, 0), (5, 1), "", None),
    ],
)
def test_lines_may_come_and_go_far_above(first, last, text, line):
    """Farther than the forty lines by which the place is known, whose first is the fifth here."""
    showing, lines = shown("abc", "".join(f"line {n}\n" for n in range(45)) + "«»\n")
    one = Change(2, Range(Point(*first), Point(*last)), text)
    found = verdict(showing, lines, one)
    assert (found.left and found.left.point.line) == line
    if line is not None:
        top = line - 40
        lines = made(lines, [one])
        again = Change(2, Range(Point(top - 1, 0), Point(top - 1, 1)), "y")
        assert top == 0 or verdict(found.left, lines, again).word == "shown"
        again = Change(2, Range(Point(top, 0), Point(top, 1)), "y")
        assert verdict(found.left, lines, again).word == "rejected"


def test_a_line_above_is_no_line_here():
    """Among blank lines, too."""
    showing, lines = shown("\nfoo", "a\n\n«»\n\n\n\n")

    assert verdict(showing, lines, Change(2, Range(Point(1, 0), Point(2, 0)), "")).word == "rejected"


def test_at_the_beginning_of_a_document():
    """What is put there is at the place, not above it."""
    showing, lines = shown("import os\nimport sys\n", "«»\nx = 1\n")
    found = verdict(showing, lines, Change(2, Range(Point(0, 0), Point(0, 0)), "import os\n"))

    assert (found.word, found.characters, found.left.point) == ("accepted", 10, Point(1, 0))


def test_the_line_it_is_in_is_no_more():
    """A text that lost its way is seen."""
    showing, lines = shown()

    assert showing.is_in(lines)
    assert not showing.is_in(lines[:2])
    assert not showing.is_in(["x\n"] * 20)


PIECES = st.text(alphabet="ab( \n", min_size=2, max_size=12).filter(lambda text: len(text.strip(" \n")) > 2)


def least(old: str, new: str, *, from_the_end: bool) -> Change:
    """The least difference between two texts, as far to the end, or to the beginning, as it can be said."""
    most = min(len(old), len(new))
    head = tail = 0
    for ends in (from_the_end, not from_the_end):
        while not ends and head + tail < most and old[head] == new[head]:
            head += 1
        while ends and head + tail < most and old[-1 - tail] == new[-1 - tail]:
            tail += 1
    return Change(
        2, Range(end_point(old[:head]), end_point(old[: len(old) - tail])), new[head : len(new) - tail]
    )


@given(
    before=st.text(alphabet="ab( \n", max_size=12),
    rest=PIECES,
    after=st.text(alphabet="ab( \n", max_size=12),
    from_the_end=st.booleans(),
)
def test_the_least_difference_is_an_acceptance(before, rest, after, from_the_end):
    """Whichever of the places an editor chooses, in the line or just below it."""
    showing, lines = shown(rest, f"{before}«»{after}")
    told = least(before + after, before + rest + after, from_the_end=from_the_end)
    assert "".join(made(lines, [told])) == before + rest + after
    assume(0 <= told.range.start.line - showing.point.line <= 3 and len(told.text.strip()) > 1)
    assume(told.range.start >= showing.point or told.range.start.column)  # else it may be a line above, too
    found = judged(showing, [told])

    assert (found.word, found.left) == ("accepted", None)
    assert found.characters in (len(rest), len(rest.rstrip()))


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("turn a + b\n    # so\n", True),
        ("turn a + b\n# so", True),
        ("  a + b", True),
        ("turn b + a", False),
        ("turn a + b\n\n# so", False),
        ("\n", True),
    ],
)
def test_what_was_accepted_is_looked_for_leniently(text, there):
    """Another indentation is no other text."""
    assert is_still_there(text, split_lines("def f():\n\treturn a + b  \r\n\t# so, so\n")) is there


def test_a_proposal_of_several_lines_is_known_by_the_lines_above_its_beginning():
    """What has been typed of it lies between."""
    showing, _ = shown("b", "x\ny\n«»", typed="one\ntwo ")

    assert isinstance(showing, Showing)
    assert (showing.point, showing.typed, showing.top) == (Point(3, 4), "two ", 0)


def test_a_rest_that_ends_at_a_bracket():
    """What comes after it is no part of it, though it may look alike."""
    snapshot, marked = document("f(«»)\n")
    at = place_at(snapshot, Point(0, 0))
    showing = showing_of(Proposal("p1", at, "f(a) + a"), "a", marked.start, snapshot.lines)

    assert (showing.typed, showing.top) == ("f(", 0)
