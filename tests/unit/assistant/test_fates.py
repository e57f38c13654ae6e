"""What became of completions: written once, when it is known; looked at once, a while after acceptance."""

from __future__ import annotations

import asyncio
import gc

import pytest

from tests.clock import TurnedClock
from zai_ls.assistant.completing.fates import LATELY_S, LOOK_S, SEEN_S, Fates
from zai_ls.core.completion.place import place_at
from zai_ls.core.completion.proposal import Proposal, rest_of
from zai_ls.core.text import splice, split_lines
from zai_ls.domain import Change, Lane, Point, Range, Snapshot

URI = "file:///w/a.py"
BEFORE = "def add(a, b):\n    re"
AFTER = "\n\nprint(1)\n"
TEXT = "turn a + b\n\n\ndef two():\n    return 2"


class Desk:
    """An editor with one document, and what is written about it."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.began = self.clock.now()
        self.noted = []
        self.retentions = []
        self.open = {URI: split_lines(BEFORE + AFTER)}
        self.fates = Fates(self.clock, self, self.read)
        self.cursor = Point(1, 6)

    def note(self, fate):
        self.noted.append(fate)

    def retained(self, id_, kept):
        self.retentions.append((id_, kept))

    def read(self, uri):
        lines = self.open.get(uri)
        return None if lines is None else Snapshot(uri, "python", 1, tuple(lines))

    def proposal(self, id_="p1", text=TEXT, uri=URI):
        return Proposal(id_, place_at(self.read(uri), self.cursor), text)

    def show(self, proposal=None, rest=None, *, cached=False):
        proposal = proposal or self.proposal()
        uri = proposal.place.uri
        if rest is None:
            rest = rest_of(proposal, self.open[uri], self.cursor)
        self.fates.shown(
            proposal,
            rest,
            self.cursor,
            lane=Lane.TYPING,
            model="glm-5.3",
            language="python",
            editor="helix",
            account="acme",
            cached=cached,
        )
        return proposal

    def put(self, text, *, back=0, at=None):
        """The editor puts *text* at the cursor, or elsewhere, in place of so many characters, and tells it."""
        point = at or self.cursor
        change = Change(2, Range(Point(point.line, point.column - back), point), text)
        splice(self.open[URI], change.range, text)
        if at is None:
            above, newline, line = text.rpartition("\n")
            down = above.count("\n") + len(newline)
            self.cursor = Point(point.line + down, len(line) + (0 if newline else point.column - back))
        self.fates.changed(URI, [change], self.open[URI])

    @property
    def outcomes(self):
        return [(fate.id, fate.outcome, fate.accepted_characters) for fate in self.noted]


@pytest.fixture
async def desk():
    desk, failed = Desk(), []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failed.append(context))
    yield desk
    desk.fates.stop()
    gc.collect()
    assert failed == []


async def test_all_that_is_known_is_written_at_once(desk):
    """When it is accepted, with what it was."""
    desk.show(cached=True)
    await desk.clock.turn(2)
    assert desk.noted == []
    desk.put(TEXT)
    (fate,) = desk.noted

    assert (fate.id, fate.outcome, fate.accepted_characters) == ("p1", "accepted", len(TEXT))
    assert (fate.account, fate.lane, fate.model, fate.cached) == ("acme", Lane.TYPING, "glm-5.3", True)
    assert (fate.language, fate.editor) == ("python", "helix")
    assert (fate.characters, fate.lines) == (len(TEXT), 5)
    assert (fate.shown_at, fate.decided_at) == (desk.began, desk.began + 2)


async def test_typing_along_and_shown_again_is_one_completion(desk):
    """Nothing is written at any key; as many characters were shown as there were at first."""
    proposal = desk.show()
    for key in "turn":
        await desk.clock.turn(0.2)
        desk.put(key)
        desk.show(proposal)
    assert desk.noted == []
    desk.put(TEXT[4:])
    (fate,) = desk.noted

    assert (fate.outcome, fate.accepted_characters, fate.characters) == ("accepted", len(TEXT) - 4, len(TEXT))
    assert fate.shown_at == desk.began


async def test_typing_along_without_being_shown_again(desk):
    """An editor may shorten what it shows by itself."""
    desk.show()
    for key in "turn":
        desk.put(key)
    desk.put(TEXT[4:])

    assert desk.outcomes == [("p1", "accepted", len(TEXT) - 4)]


async def test_a_text_that_is_still_being_written_grows(desk):
    """What counts as shown is the most that ever was."""
    desk.show(desk.proposal(text="turn"))
    await desk.clock.turn(1)
    desk.show(desk.proposal())
    desk.put("x")

    assert [(fate.characters, fate.lines) for fate in desk.noted] == [(len(TEXT), 5)]


async def test_the_lines_that_were_shown_count(desk):
    """Also when the first is typed by then."""
    proposal = desk.show(desk.proposal(text="a\nb"))
    await desk.clock.turn(1)
    desk.put("a")
    desk.put("\n")
    desk.show(proposal)
    desk.put("x")

    assert [(fate.characters, fate.lines) for fate in desk.noted] == [(3, 2)]


async def test_typed_to_its_end_by_hand(desk):
    """Right, but of no use."""
    desk.show(desk.proposal(text="turn"))
    await desk.clock.turn(1)
    for key in "turn":
        desk.put(key)

    assert desk.outcomes == [("p1", "typed", 0)]


@pytest.mark.parametrize("after_s", [SEEN_S - 0.01, SEEN_S])
@pytest.mark.parametrize("text", ["x", "t"])
async def test_what_nobody_saw_is_not_counted(desk, after_s, text):
    """Neither as rejected, nor as typed, nor as a miss."""
    desk.show(desk.proposal(text="t"))
    await desk.clock.turn(after_s)
    desk.put(text)
    seen = after_s >= SEEN_S

    assert len(desk.noted) == seen
    assert desk.fates.misses(URI) == (seen and text == "x")


async def test_what_is_accepted_was_seen(desk):
    """However soon."""
    desk.show()
    desk.put(TEXT)

    assert desk.outcomes == [("p1", "accepted", len(TEXT))]


async def test_another_one_takes_its_place(desk):
    """Elsewhere, or here: the first one was not taken."""
    desk.show()
    await desk.clock.turn(1)
    desk.show(desk.proposal("p2"))
    await desk.clock.turn(1)
    desk.cursor = Point(2, 0)
    desk.show(desk.proposal("p3"))

    assert desk.outcomes == [("p1", "rejected", 0), ("p2", "rejected", 0)]


async def test_nothing_to_show(desk):
    """No rest, no such document, no such line: nothing is shown."""
    proposal = desk.proposal()
    desk.show(proposal, "")
    desk.cursor = Point(9, 0)
    desk.show(proposal, TEXT)
    del desk.open[URI]
    desk.show(proposal, TEXT)
    await desk.clock.turn(1)
    desk.fates.stop()

    assert desk.noted == []


async def test_an_answer_that_came_too_late(desk):
    """The text is another by now: no editor shows it, and what is shown stays."""
    proposal, late = desk.proposal(), desk.proposal("p2")
    desk.put("t")
    desk.show(proposal)
    desk.cursor = Point(1, 6)
    desk.show(proposal, TEXT)
    desk.show(late, TEXT)
    await desk.clock.turn(1)
    desk.cursor = Point(1, 7)
    desk.put(TEXT[1:])

    assert desk.outcomes == [("p1", "accepted", len(TEXT) - 1)]


@pytest.mark.parametrize("then", ["taken", "rejected"])
async def test_a_bracket_in_the_way(desk, then):
    """What comes after it is shown once the person has gone past it: one completion, and no miss."""
    proposal = desk.proposal(text="f(ab) + b")
    desk.put("f")
    desk.put("()")
    desk.cursor = Point(1, 8)
    desk.show(proposal)
    desk.put("ab")
    assert desk.outcomes == [("p1", "accepted", 2)]
    desk.cursor = Point(1, 11)
    desk.show(proposal)
    await desk.clock.turn(1)
    desk.put(" + b" if then == "taken" else "x")

    assert desk.outcomes[1:] == ([("p1", "accepted", 6)] if then == "taken" else [])
    assert [fate.characters for fate in desk.noted] == [2, 6][: len(desk.noted)]
    assert {fate.decided_at for fate in desk.noted} == {desk.began}
    assert desk.fates.misses(URI) == 0
    await desk.clock.turn(LOOK_S)
    assert desk.retentions == [("p1", True)]


async def test_a_change_where_nothing_is_shown_costs_nothing(desk):
    """Neither the change nor the text is looked at."""

    class Untouchable:
        def __getattribute__(self, name):
            raise AssertionError(name)

    desk.show()
    desk.fates.changed("file:///w/b.py", Untouchable(), Untouchable())


async def test_a_text_that_lost_its_way(desk):
    """The changes do not lead to the text that is there now: it no longer fits."""
    desk.show()
    await desk.clock.turn(1)
    desk.fates.changed(URI, [], ["another\n", "text\n", ""])

    assert desk.outcomes == [("p1", "rejected", 0)]


# -- the editor says that it was accepted ---------------------------------------------------------------------


@pytest.mark.parametrize("first", ["told", "changed"])
async def test_acceptance_counts_once(desk, first):
    """Whichever is learned first, the command or the change."""
    desk.show()
    await desk.clock.turn(1)
    if first == "told":
        desk.fates.accepted("p1")
    desk.put(TEXT)
    desk.fates.accepted("p1")
    desk.fates.accepted("p1")
    await desk.clock.turn(LOOK_S)

    assert desk.outcomes == [("p1", "accepted", len(TEXT))]
    assert desk.retentions == [("p1", True)]


@pytest.mark.parametrize("put", ["else = 1", "t"])
async def test_the_editors_word_is_the_last(desk, put):
    """What looked as if it were rejected, or typed, was accepted."""
    desk.show(desk.proposal(text="t"))
    await desk.clock.turn(1)
    desk.put(put)
    assert desk.noted[0].outcome in {"rejected", "typed"}
    desk.fates.accepted("p1")
    desk.fates.accepted("p1")

    assert desk.outcomes[1:] == [("p1", "accepted", 1)]
    assert desk.fates.misses(URI) == 0


async def test_a_late_word_about_another_one(desk):
    """What is shown by then stays."""
    desk.show()
    await desk.clock.turn(1)
    desk.put("x")
    desk.show(desk.proposal("p2"))
    desk.fates.accepted("p1")
    desk.put(TEXT)

    assert [outcome[:2] for outcome in desk.outcomes[1:]] == [("p1", "accepted"), ("p2", "accepted")]


async def test_an_acceptance_of_what_nobody_knows(desk):
    """An id from another time is passed over; of the decided ones the latest are known."""
    for number in range(40):
        desk.show(desk.proposal(f"p{number}"))
    desk.fates.accepted("p0")
    desk.fates.accepted("never")
    assert desk.noted == []
    desk.fates.accepted("p38")

    assert desk.outcomes == [("p38", "accepted", len(TEXT))]


async def test_word_by_word_is_one_acceptance(desk):
    """Written when it ends, with all that was taken, at the time of the first."""
    desk.show()
    await desk.clock.turn(1)
    desk.put("turn ")
    await desk.clock.turn(1)
    desk.put("a")
    desk.put(" +")
    assert desk.noted == []
    await desk.clock.turn(1)
    desk.put("\nx")

    desk.fates.accepted("p1")  # this is known, and how much

    assert desk.outcomes == [("p1", "accepted", 7)]
    assert desk.noted[0].decided_at == desk.began + 1


@pytest.mark.parametrize(
    "end", ["the last word", "told", "typed", "another", "closed", "stopped", "the look"]
)
async def test_word_by_word_ends(desk, end):
    """In whatever way, it was accepted, and that is written once."""
    desk.show(desk.proposal(text="turn a1"))
    desk.put("turn ")
    match end:
        case "the last word":
            desk.put("a1")
        case "told":
            desk.fates.accepted("p1")
        case "typed":
            desk.put("a")
            desk.put("1")
        case "another":
            desk.show(desk.proposal("p2"))
        case "closed":
            desk.fates.closed(URI)
        case "stopped":
            desk.fates.stop()
        case "the look":
            await desk.clock.turn(LOOK_S)
            assert len(desk.noted) == 1
    desk.fates.stop()

    assert desk.outcomes == [("p1", "accepted", 7 if end in {"the last word", "told"} else 5)]


async def test_shown_again_after_a_slip(desk):
    """A wrong key and back: the same completion gets another chance, and its row another word."""
    proposal = desk.show()
    await desk.clock.turn(1)
    desk.put("x")
    desk.put("", back=1)
    desk.show(proposal)
    desk.put(TEXT)

    assert desk.outcomes == [("p1", "rejected", 0), ("p1", "accepted", len(TEXT))]


# -- a while later --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "kept"),
    [
        (lambda lines: None, True),
        (lambda lines: lines.__setitem__(1, "  return a + b\n"), True),
        (lambda lines: lines.insert(0, "import os\n"), True),
        (lambda lines: lines.__setitem__(1, "    return a - b\n"), False),
        (lambda lines: lines.clear(), False),
    ],
    ids=["untouched", "indented anew", "moved", "changed", "gone"],
)
async def test_what_was_accepted_is_looked_at_once(desk, then, kept):
    """After half a minute, leniently."""
    desk.show()
    desk.put(TEXT)
    then(desk.open[URI])
    await desk.clock.turn(LOOK_S - 1)
    assert desk.retentions == []
    await desk.clock.turn(1)
    await desk.clock.turn(100)

    assert desk.retentions == [("p1", kept)]
    assert desk.clock.sleeping == len(desk.fates._looks) == 0


async def test_each_word_that_was_taken_has_to_be_there(desk):
    """One of two removed is not retained."""
    desk.show()
    desk.put("turn ")
    desk.put("a + b")
    desk.open[URI][1] = "    return b\n"
    await desk.clock.turn(LOOK_S)

    assert desk.retentions == [("p1", False)]


@pytest.mark.parametrize("gone", ["closed", "stopped", "not open"])
async def test_a_document_that_is_closed_before_is_not_known_about(desk, gone):
    """Nothing is written, and nothing goes on sleeping."""
    desk.show()
    desk.put(TEXT)
    await desk.clock.turn(1)
    match gone:
        case "closed":
            desk.fates.closed(URI)
        case "stopped":
            desk.fates.stop()
        case "not open":
            del desk.open[URI]
    await desk.clock.turn(0)
    assert desk.clock.sleeping == (gone == "not open")
    await desk.clock.turn(LOOK_S)

    assert desk.retentions == []
    assert len(desk.noted) == 1


async def test_another_documents_look_goes_on(desk):
    """Closing one leaves the others."""
    desk.show()
    desk.put(TEXT)
    desk.fates.closed("file:///w/b.py")
    await desk.clock.turn(LOOK_S)

    assert desk.retentions == [("p1", True)]


async def test_taken_back_and_accepted_again(desk):
    """It was accepted once, and is looked at once."""
    proposal = desk.show()
    desk.put(TEXT)
    await desk.clock.turn(20)
    desk.open[URI], desk.cursor = split_lines(BEFORE + AFTER), Point(1, 6)
    desk.show(proposal)
    desk.put(TEXT)
    desk.fates.closed("file:///w/b.py")
    await desk.clock.turn(20)
    await desk.clock.turn(100)

    assert desk.retentions == [("p1", True)]
    assert desk.outcomes == [("p1", "accepted", len(TEXT))]


async def test_a_word_taken_back_and_taken_again(desk):
    """No more is accepted than there was."""
    desk.show(desk.proposal(text="turn a"))
    desk.put("turn")
    desk.put("", back=4)
    desk.put("turn a")
    await desk.clock.turn(LOOK_S)

    assert desk.outcomes == [("p1", "accepted", 6)]
    assert desk.retentions == [("p1", True)]


# -- misses ---------------------------------------------------------------------------------------------------


async def miss(desk, count):
    for number in range(count):
        desk.show(desk.proposal(f"miss {number}"))
        await desk.clock.turn(1)
        desk.put("x")


async def test_misses_in_a_row(desk):
    """Counted for each document alone."""
    await miss(desk, 3)

    assert desk.fates.misses(URI) == 3
    assert desk.fates.misses("file:///w/b.py") == 0


@pytest.mark.parametrize("end", ["accepted", "word", "typed", "closed", "long ago"])
async def test_the_row_ends(desk, end):
    """With something taken or typed to its end, with the document, or with time."""
    await miss(desk, 2)
    match end:
        case "accepted" | "word":
            desk.show()
            desk.put(TEXT if end == "accepted" else "turn")
        case "typed":
            desk.show(desk.proposal(text="t"))
            await desk.clock.turn(1)
            desk.put("t")
        case "closed":
            desk.show()
            await desk.clock.turn(1)
            desk.fates.closed(URI)
        case "long ago":
            await desk.clock.turn(LATELY_S)
            assert desk.fates.misses(URI) == 2
            await desk.clock.turn(0.1)
    assert desk.fates.misses(URI) == 0
    if end == "word":
        desk.put("!")
    await miss(desk, 1)

    assert desk.fates.misses(URI) == 1


@pytest.mark.parametrize("closed", [True, False])
async def test_closing_is_no_acceptance(desk, closed):
    """What was seen and left is rejected; the editor's end closes all."""
    desk.show()
    await desk.clock.turn(1)
    if closed:
        desk.fates.closed(URI)
        desk.fates.closed(URI)
    desk.fates.stop()
    desk.fates.stop()

    assert desk.outcomes == [("p1", "rejected", 0)]
