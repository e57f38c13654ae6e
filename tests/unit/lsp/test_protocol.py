"""Odd messages of an editor: each is answered or ignored, none ends the conversation."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.clock import TurnedClock, settle
from tests.e2e.fake_server import FakeAssistant
from tests.e2e.rawclient import MODERN
from zai_ls.lsp.protocol import EditorError
from zai_ls.lsp.server import Server

URI = "file:///w/a.py"


class Line:
    """A server in this process, and the bytes that it wrote."""

    def __init__(self, **wiring):
        self.server = Server(FakeAssistant(), clock=TurnedClock(), **wiring)
        self.protocol = self.server.protocol
        self.written = []
        self.protocol.connected(self, framed=False)

    def write(self, data):
        self.written.append(json.loads(data))

    def says(self, **message):
        """The editor sends it."""
        self.protocol.received(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def begin(self):
        self.says(id=0, method="initialize", params={"processId": None, "capabilities": MODERN})
        text = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
        self.says(method="textDocument/didOpen", params={"textDocument": text})


ODD = {
    "an error without anything": {"error": {}},
    "a code in words": {"error": {"code": "x", "message": "no"}},
    "a code without bound": {"error": {"code": float("inf")}},
    "a code that is no number": {"error": {"code": float("nan")}},
    "an error that is a list": {"error": [1]},
    "a message that is an object": {"error": {"code": 1, "message": {"a": 1}}},
}


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_error_is_an_error(name):
    """Whoever waits for the reply learns that it failed."""
    line = Line()
    reply = line.protocol.request("workspace/applyEdit", {})

    line.says(id=line.written[-1]["id"], **ODD[name])

    assert reply.done()
    assert isinstance(reply.exception(), EditorError)


async def test_a_reply_may_leave_out_a_result_of_nothing():
    """Some editors write null as nothing at all; it is a reply still, to that request alone."""
    line = Line()
    reply = line.protocol.request("workspace/applyEdit", {})
    asked = line.written[-1]["id"]

    for other in (asked + 1, True, None):
        line.says(id=other)
        assert line.written[-1]["error"]["code"] == -32600
    line.says(id=asked)

    assert reply.done()
    assert reply.result() is None


async def test_whatever_fails_inside_the_next_message_is_served(monkeypatch):
    """Over a socket the reader itself would end."""
    line = Line()

    def fails(message):
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr(line.protocol, "handle_message", fails)
        line.says(id=1, method="initialize")
    line.begin()

    assert line.written[-1]["id"] == 0
    assert "result" in line.written[-1]


async def test_an_id_that_is_still_open_is_not_taken_twice():
    """The second request is refused; the first is answered, and then the id is free again."""
    line = Line()
    line.begin()
    line.written.clear()
    params = {"textDocument": {"uri": URI}, "range": _NOWHERE, "context": {"diagnostics": []}}

    for _ in range(2):
        line.says(id="twice", method="textDocument/codeAction", params=params)
    await settle()
    line.says(id="twice", method="textDocument/codeAction", params=params)
    await settle()

    refused, first, again = (m for m in line.written if m.get("id") == "twice")
    assert refused["error"]["code"] == -32600
    assert first["result"]
    assert again["result"]


async def test_what_an_editor_never_answers_is_forgotten():
    """The oldest is given up; the newest still gets its reply."""
    line = Line()
    replies = [line.protocol.request("window/workDoneProgress/create", {}) for _ in range(200)]

    given_up = [reply for reply in replies if reply.done()]
    line.says(id=line.written[-1]["id"], result=None)

    assert given_up == replies[: len(given_up)]
    assert len(given_up) > 100
    assert isinstance(given_up[0].exception(), EditorError)
    assert replies[-1].result() is None


async def test_a_reply_that_nobody_waits_for_is_ignored():
    """Cancelled and forgotten; when it comes after all, nothing happens."""
    line = Line()
    reply = line.protocol.request("window/showDocument", {})
    asked = line.written[-1]["id"]
    reply.cancel()
    await asyncio.sleep(0)
    written = len(line.written)

    line.says(id=asked, result={"success": True})

    assert reply.cancelled()
    assert written == len(line.written)


async def test_a_closed_document_is_told():
    """So that what is remembered of its text can go."""
    closed = []
    line = Line(on_closed=closed.append)
    line.begin()

    line.says(method="textDocument/didClose", params={"textDocument": {"uri": URI}})

    assert closed == [URI]


HEADS = {
    "a request with a number": (b'{"jsonrpc":"2.0","id":7,"method":"a/b","params":{"id":8', [7]),
    "a request with a word": (b'{"jsonrpc":"2.0","method":"a/b","id":"x-1","params":{', ["x-1"]),
    "one whose head tells nothing": (b'{"params":{"id":8,"method":"x"', [None]),
    "a notification": (b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"id":8', []),
    "an id that is cut": (b'{"id":12', [None]),
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_message_that_is_too_long_is_answered_if_it_asks(name):
    """By its id where its first bytes tell it."""
    head, ids = HEADS[name]
    line = Line()
    line.begin()
    line.written.clear()

    line.protocol.skipped(head, 200_000_000)

    assert [m["id"] for m in line.written if "error" in m] == ids
    told = [m for m in line.written if m.get("method") == "window/showMessage"]
    assert "190 MB" in told[0]["params"]["message"]


@pytest.mark.parametrize(
    ("method", "is_known"), [("textDocument/didOpen", True), ("textDocument/didChange", False)]
)
async def test_after_a_message_that_was_skipped_no_text_is_taken_for_new(method, is_known):
    """A change that was not read makes what we hold old; a new document does not."""
    line = Line()
    line.begin()

    line.protocol.skipped(b'{"jsonrpc":"2.0","method":"%b","params":' % method.encode(), 200_000_000)

    assert (line.server.documents.get(URI) is not None) == is_known


_NOWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
