from __future__ import annotations

import pytest
from lsprotocol import types

from tests.clock import TurnedClock, settle
from zai_ls.lsp.documents import Documents
from zai_ls.lsp.reading_ahead import ReadingAhead

URI = "file:///a.py"


class Reader:
    def __init__(self, read=None):
        self.clock = TurnedClock()
        self.documents = Documents(self.clock)
        self.read: list[str] = []
        self.ahead = ReadingAhead(self.documents, read or self._note, self.clock)

    def _note(self, snapshot):
        self.read.append("".join(snapshot.lines))

    def open(self, text="x", uri=URI):
        self.documents.open(uri, "python", 1, text)
        self.ahead.opened(uri)

    def type(self, text, version):
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.documents.change(URI, version, [change])
        self.ahead.changed(URI)


async def test_what_is_opened_is_read_at_once_and_not_inside_the_message():
    """The list of actions is often the next thing an editor asks for."""
    reader = Reader()
    reader.open()
    assert reader.read == []
    await settle()
    assert reader.read == ["x"]


async def test_what_is_typed_is_read_once_when_the_typing_pauses():
    """Each change would cost a parse."""
    reader = Reader()
    reader.open()
    await settle()
    for version, text in enumerate(["xy", "xyz", "xyzz"], 2):
        reader.type(text, version)
        await reader.clock.turn(0.1)
    assert reader.read == ["x"]
    await reader.clock.turn(0.3)
    assert reader.read == ["x", "xyzz"]


async def test_what_is_closed_meanwhile_is_not_read():
    """Nothing is kept for a document that is gone."""
    reader = Reader()
    reader.open()
    reader.documents.close(URI)
    await settle()
    assert reader.read == []


@pytest.mark.parametrize("uri", ["file:///a.py", "file:///b.py"])
async def test_a_reader_that_fails_is_heard_in_the_log_only(uri, caplog):
    """Nobody asked for it; and the next document is read all the same."""
    read = []

    def fail_once(snapshot):
        read.append(snapshot.uri)
        if len(read) == 1:
            raise ValueError("x")

    reader = Reader(fail_once)
    reader.open()
    await settle()
    reader.open(uri=uri)
    await settle()
    assert read == [URI, uri]
    assert "Reading ahead failed with ValueError" in caplog.text


async def test_no_more_is_read_when_the_server_stops():
    """Work that nobody waits for must not hold up the end."""
    reader = Reader()
    reader.open()
    reader.ahead.stop()
    await settle()
    assert reader.read == []
