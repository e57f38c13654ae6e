"""Edits that truly landed, and what counts when an editor says something else."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lsprotocol import types

from tests.clock import TurnedClock, settle
from tests.unit.lsp.peer import PlayedPeer
from zai_ls.domain import Edit, Edits, FileChange, Landing, Point, Range
from zai_ls.lsp.client import Client
from zai_ls.lsp.documents import Documents
from zai_ls.lsp.editor import ClientEditor
from zai_ls.lsp.protocol import EditorError
from zai_ls.lsp.shown import ShownTexts

URI = "file:///w/a.py"
FULL = Client(applies_edits=True, versioned_edits=True, creates_files=True, shows_documents=True)


class Bench:
    """One open document `abc`, an editor played by hand and a clock turned by hand."""

    def __init__(self, client=FULL):
        self.peer, self.clock = PlayedPeer(), TurnedClock()
        self.documents = Documents(self.clock)
        self.documents.open(URI, "python", 1, "abc\n")
        self.shown = ShownTexts(None, self.clock)
        self.editor = ClientEditor(self.peer, self.documents, client, self.clock, self.shown)

    async def applying(self, *changes, review=False):
        """Begin to apply; by default `abc` becomes `Xbc`."""
        change = FileChange(URI, (Edit(Range(Point(0, 0), Point(0, 1)), "X"),), 1)
        task = asyncio.ensure_future(self.editor.apply(Edits("Simplify", changes or (change,), review)))
        await settle()
        return task

    def types(self, text, version=2):
        """The editor reports that the document is *text* now."""
        self.documents.change(URI, version, [types.TextDocumentContentChangeWholeDocument(text)])


async def landing(task, *, within=0.0, bench=None):
    if within:
        await bench.clock.turn(within)
    await settle()
    assert task.done(), "still waiting"
    return task.result()


async def test_landed_means_the_text_was_seen():
    """The editor's word alone is nothing; with the text it is landed, in either order."""
    for text_first in (True, False):
        bench = Bench()
        task = await bench.applying()
        method, params, _ = bench.peer.asked[0]
        assert (method, params["label"]) == ("workspace/applyEdit", "Simplify")
        if text_first:
            bench.types("Xbc\n")
        else:
            bench.peer.answer({"applied": True})
            await settle()
            assert not task.done()
            bench.types("Xbc\n")
        assert await landing(task) is Landing.APPLIED


@pytest.mark.parametrize(
    ("answer", "typed", "expected"),
    [
        ({"applied": True}, None, Landing.REFUSED),
        ({"applied": True}, "abcd\n", Landing.STALE),
        ({"applied": False}, None, Landing.REFUSED),
        ({"applied": False, "failureReason": "version"}, "abcd\n", Landing.STALE),
        (EditorError("no"), None, Landing.REFUSED),
        (None, None, Landing.REFUSED),
        ("yes", None, Landing.REFUSED),
        ({"applied": "yes"}, None, Landing.REFUSED),
    ],
)
async def test_what_an_editor_says_and_what_its_text_shows(answer, typed, expected):
    """A lie is found out by the text; a text that moved on means try again, one that did not means no."""
    bench = Bench()
    task = await bench.applying()
    if isinstance(answer, Exception):
        bench.peer.refuse(answer)
    else:
        bench.peer.answer(answer)
    await settle()
    if typed is not None:
        bench.types(typed)
    assert await landing(task, within=1.1, bench=bench) is expected


async def test_a_no_for_a_text_that_moved_on_is_known_at_once():
    """The newer text says why, before or after the editor's answer; no need to wait."""
    for typed_first in (True, False):
        bench = Bench()
        task = await bench.applying()
        if typed_first:
            bench.types("abcd\n")
        bench.peer.answer({"applied": False})
        await settle()
        if not typed_first:
            bench.types("abcd\n")
        assert await landing(task) is Landing.STALE


async def test_a_version_that_is_gone_is_not_even_sent():
    """We know ourselves that it is stale; so is a document that was closed, or one that another has created."""
    bench = Bench()
    bench.types("abcd\n")
    assert await landing(await bench.applying()) is Landing.STALE
    closed = FileChange("file:///w/gone.py", (Edit(Range(Point(0, 0), Point(0, 0)), "X"),), 4)
    assert await landing(await bench.applying(closed)) is Landing.STALE
    unread = FileChange("file:///w/gone.py", (Edit(Range(Point(3, 0), Point(3, 0)), "X"),), None)
    assert await landing(await bench.applying(unread)) is Landing.STALE
    exists = FileChange(URI, (Edit(Range(Point(0, 0), Point(0, 0)), "X"),), None, create=True)
    assert await landing(await bench.applying(exists)) is Landing.STALE
    assert bench.peer.asked == []


REVIEWING = replace(FULL, reviews_edits=True)


async def test_an_edit_to_be_reviewed_needs_confirmation():
    """In an editor that can show it; the person takes their time, and what they take has landed when the text is there."""
    bench = Bench(REVIEWING)
    task = await bench.applying(review=True)
    edit = bench.peer.asked[0][1]["edit"]
    (change,) = edit["documentChanges"]
    (marked,) = {each["annotationId"] for each in change["edits"]}
    assert edit["changeAnnotations"][marked] == {"label": "Simplify", "needsConfirmation": True}

    await bench.clock.turn(1_800)
    assert not task.done()
    bench.types("Xbc\n")
    assert await landing(task) is Landing.APPLIED


@pytest.mark.parametrize(
    ("after_s", "typed", "applied", "expected"),
    [
        (60, None, False, Landing.DISCARDED),  # the person looked and did not want it
        (
            60,
            "abcd\n",
            False,
            Landing.STALE,
        ),  # typed meanwhile, so that the editor could not: it is shown anew
        (60, None, True, Landing.DISCARDED),  # or took no part of it, which VS Code calls applied
        (0, "abcd\n", False, Landing.STALE),  # the editor itself: nobody has seen it
        (0, None, False, Landing.DISCARDED),
    ],
)
async def test_an_edit_that_was_not_taken_is_no_fault_of_the_editor(after_s, typed, applied, expected):
    """Discarding is an answer."""
    bench = Bench(REVIEWING)
    task = await bench.applying(review=True)
    await bench.clock.turn(after_s)
    if typed:
        bench.types(typed)
    bench.peer.answer({"applied": applied})
    assert await landing(task, within=2, bench=bench) is expected


async def test_an_editor_that_cannot_show_an_edit_gets_a_plain_one():
    """The change is made all the same."""
    bench = Bench()
    await bench.applying(review=True)
    edit = bench.peer.asked[0][1]["edit"]
    assert "changeAnnotations" not in edit
    assert "annotationId" not in edit["documentChanges"][0]["edits"][0]


async def test_a_document_closed_while_it_is_changed_is_stale():
    """Whoever reads it again finds it gone."""
    bench = Bench()
    task = await bench.applying()
    bench.documents.close(URI)
    assert await landing(task) is Landing.STALE


async def test_an_editor_that_never_answers_is_given_up():
    """Nothing hangs; some editors ask the person first, so the wait is long."""
    bench = Bench()
    task = await bench.applying()
    await bench.clock.turn(100)
    assert not task.done()
    assert await landing(task, within=30, bench=bench) is Landing.REFUSED


async def test_an_editor_that_takes_no_edits_is_not_asked():
    """It has said so."""
    bench = Bench(Client())
    assert await landing(await bench.applying()) is Landing.REFUSED
    assert bench.peer.asked == []


async def test_of_a_file_that_is_not_open_the_editors_word_is_taken():
    """No didChange will ever tell of it."""
    bench = Bench()
    new = FileChange("file:///w/new.py", (Edit(Range(Point(0, 0), Point(0, 0)), "X"),), None, create=True)
    task = await bench.applying(new)
    bench.peer.answer({"applied": True})
    assert await landing(task) is Landing.APPLIED


async def test_a_document_opened_anew_has_no_known_past():
    """Versions of another opening mean other texts, even when the numbers fit."""
    bench = Bench()
    assert bench.editor.read(URI).version == 1
    assert bench.editor.changes_since(URI, 1) == ()
    bench.documents.close(URI)
    assert bench.editor.read(URI) is None
    bench.documents.open(URI, "python", 1, "other\n")
    assert bench.editor.changes_since(URI, 1) is None


def test_a_file_can_be_read_without_being_open(tmp_path):
    """The open text goes before the one on disk; what is no text is not read."""
    bench = Bench()
    file = tmp_path / "a b.py"
    file.write_bytes(b"x\r\ny\xc3\xa9")
    assert bench.editor.read_file(file.as_uri()).lines == ("x\r\n", "yé")
    bench.documents.open(file.as_uri(), "python", 9, "open")
    assert bench.editor.read_file(file.as_uri()).text == "open"
    (tmp_path / "b").write_bytes(b"\xff\x00")
    assert bench.editor.read_file((tmp_path / "b").as_uri()) is None
    assert bench.editor.read_file((tmp_path / "none").as_uri()) is None
    assert bench.editor.read_file("untitled:1") is None


def test_what_is_no_plain_file_is_not_read(tmp_path):
    """A link may show anywhere, and a device or a pipe has no end; none of them is waited for."""
    bench = Bench()
    (tmp_path / "plain").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    os.mkfifo(tmp_path / "pipe")
    for name, text in (("plain", "text"), ("link", None), ("pipe", None), (".", None)):
        found = bench.editor.read_file((tmp_path / name).as_uri())
        assert (found and found.text) == text, name
    assert bench.editor.read_file("file:///dev/zero") is None


async def test_a_new_file_never_replaces_one_that_is_there(tmp_path):
    """Not even a link to nothing: some editors empty the file, whatever the operation says."""
    bench = Bench()
    (tmp_path / "there").write_bytes(b"\xff")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("there", "link"):
        edit = Edit(Range(Point(0, 0), Point(0, 0)), "X")
        new = FileChange((tmp_path / name).as_uri(), (edit,), None, create=True)
        assert await landing(await bench.applying(new)) is Landing.REFUSED
    assert bench.peer.asked == []


async def test_what_is_waited_for_no_longer_is_let_go():
    """An editor that never answers must not make us remember its requests."""
    bench = Bench()
    applying, showing = await bench.applying(), asyncio.ensure_future(bench.editor.show("Title", "Text"))
    await settle()
    await bench.clock.turn(130)
    await asyncio.gather(applying, showing)
    bench.shown.clear()
    assert len(bench.peer.asked) == 2
    assert all(reply.cancelled() for _, _, reply in bench.peer.asked)


async def test_a_text_to_read_opens_as_a_document():
    """In a file of its own that only this user can read, gone when the server goes."""
    bench = Bench()
    task = asyncio.ensure_future(bench.editor.show("What it does: all!", "# It adds.\n"))
    await settle()
    uri = bench.peer.asked[0][1]["uri"]
    path = Path(urlsplit(uri).path)
    assert path.name == "1-What-it-does-all.md"
    assert path.read_text() == "# It adds.\n"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    bench.peer.answer({"success": True})
    await task
    assert bench.peer.told == []
    bench.shown.clear()
    assert not path.exists()


@pytest.mark.parametrize("reply", [None, {"success": False}, EditorError("no")])
async def test_a_text_that_cannot_be_opened_is_told(reply):
    """The person gets it either way."""
    bench = Bench(FULL if reply is not None else Client())
    task = asyncio.ensure_future(bench.editor.show("Title", "Text"))
    await settle()
    if isinstance(reply, Exception):
        bench.peer.refuse(reply)
    elif reply is not None:
        bench.peer.answer(reply)
    await task
    bench.shown.clear()
    assert bench.peer.told == [("window/showMessage", {"type": 3, "message": "Title\n\nText"})]


def test_texts_of_a_server_that_was_killed_go_after_a_day(tmp_path):
    """They lie in the folder that is named, for this user alone; those of a server that lives stay."""
    within, clock = tmp_path / "state" / "shown", TurnedClock()
    killed, alive, own = (ShownTexts(lambda: within, clock) for _ in range(3))
    killed.sweep()
    assert not within.exists()
    old, new = (Path(urlsplit(texts.write("Title", "secret")).path) for texts in (killed, alive))
    os.utime(old.parent, (clock.now() - 90_000,) * 2)
    os.utime(new.parent, (clock.now() - 3_600,) * 2)

    own.sweep()

    assert new.read_text() == "secret"
    assert list(within.iterdir()) == [new.parent]
    assert within.stat().st_mode & 0o077 == 0
    alive.clear()
    assert list(within.iterdir()) == []


async def test_a_text_that_cannot_be_written_is_told(tmp_path):
    """The person gets it all the same."""
    bench = Bench()
    (tmp_path / "file").touch()
    bench.editor._shown = ShownTexts(lambda: tmp_path / "file", bench.clock)
    await bench.editor.show("Title", "Text")
    assert bench.peer.told == [("window/showMessage", {"type": 3, "message": "Title\n\nText"})]


def test_no_word_of_anybodys_becomes_a_link_or_acts_on_a_terminal():
    """VS Code makes links of messages, also of those that run commands; terminals obey escapes."""
    bench = Bench()

    bench.editor.tell(
        "info", "[here](command:workbench.action.terminal.new) \x1b]52;c;aGk=\x07 \u202eabc\n\tx"
    )

    ((_, params),) = bench.peer.told
    assert params["message"] == (
        "[here] (command:workbench.action.terminal.new) \\x1b]52;c;aGk=\\x07 \\u202eabc\n\tx"
    )
