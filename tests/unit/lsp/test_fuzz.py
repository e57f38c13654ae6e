"""Anything may come over the wire: each request is answered exactly once, and afterwards a proper one is served."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.clock import settle
from tests.e2e.rawclient import frame
from tests.unit.lsp.test_protocol import URI, Line
from zai_ls.lsp.transport import BrokenFrame, Frames, Skipped

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))

METHODS = [
    "initialize",
    "initialized",
    "shutdown",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didSave",
    "textDocument/didClose",
    "textDocument/codeAction",
    "textDocument/completion",
    "textDocument/inlineCompletion",
    "workspace/executeCommand",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders",
    "window/workDoneProgress/cancel",
    "$/cancelRequest",
    "$/setTrace",
    "textDocument/brandNew",
    "",
    "__class__",
]
COMMANDS = [
    "zai.run",
    "zai.cancel",
    "zai.showPrompt",
    "zai.completionAccepted",
    "zai.explainLast",
    "zai.brandNew",
]
numbers = st.one_of(
    st.integers(-3, 5),
    st.sampled_from([2**31 - 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 0.5, -0.0, 1e308]),
)
words = st.one_of(
    st.text(max_size=8), st.sampled_from([URI, "file:///w/b.py", "file://\0", "untitled:x", "zai", "\ud800"])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, words)
names = st.one_of(
    words,
    st.sampled_from(["__proto__", "constructor", "uri", "range", "line", "text", "zai", "id", "settings"]),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)


def either(proper):
    """Mostly as it should be."""
    return st.one_of(proper, proper, proper, values)


def record(**fields):
    """An object of *fields*, some of them missing or odd, with more besides."""
    return st.fixed_dictionaries({}, optional={name: either(value) for name, value in fields.items()})


positions = record(line=numbers, character=numbers)
ranges = record(start=positions, end=positions)
documents = record(uri=words, version=numbers, languageId=words, text=st.text(max_size=20))
diagnostics = st.lists(record(range=ranges, message=words, severity=numbers, code=numbers), max_size=2)
contexts = record(diagnostics=diagnostics, triggerKind=numbers, only=st.lists(words, max_size=2))
changes = st.lists(record(range=ranges, text=st.text(max_size=9), rangeLength=numbers), max_size=3)
arguments = st.lists(
    record(action=words, uri=words, range=ranges, version=numbers, instruction=words, id=words), max_size=2
)
params = record(
    textDocument=documents,
    position=positions,
    range=ranges,
    context=contexts,
    contentChanges=changes,
    command=st.sampled_from(COMMANDS),
    arguments=arguments,
    settings=values,
    event=record(added=values, removed=values),
    id=leaves,
    token=leaves,
    capabilities=values,
    initializationOptions=values,
)
ids = st.one_of(st.integers(-2, 9), words, leaves, values)
messages = st.one_of(
    values,
    st.fixed_dictionaries({"method": either(st.sampled_from(METHODS)), "params": either(params)}),
    st.fixed_dictionaries({"id": ids, "method": either(st.sampled_from(METHODS)), "params": either(params)}),
    st.fixed_dictionaries({"id": ids}, optional={"result": values, "error": values}),
    st.lists(st.fixed_dictionaries({"id": ids, "method": st.sampled_from(METHODS)}), max_size=3),
)


def is_request(message):
    return (
        isinstance(message, dict)
        and isinstance(message.get("method"), str)
        and isinstance(message.get("id"), str | int)
        and not isinstance(message["id"], bool)
    )


async def talk(begun, said):
    """Say it all; what came back, and whether a proper request is served still."""
    line = Line()
    line.server.protocol.on_end = _nothing
    if begun:
        line.begin()
    before = len(line.written)
    for message in said:
        line.protocol.received(json.dumps(message).encode())
        await settle()
    answered = [m.get("id") for m in line.written[before:] if "method" not in m]
    line.protocol._state = "running"
    text = {"uri": "file:///w/last.py", "languageId": "python", "version": 1, "text": "x = 1\n"}
    line.says(method="textDocument/didOpen", params={"textDocument": text})
    nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    last = {
        "textDocument": {"uri": text["uri"]},
        "range": nowhere,
        "context": {"diagnostics": [], "triggerKind": 1},
    }
    line.says(id="the last one", method="textDocument/codeAction", params=last)
    await settle()
    await line.protocol.finish()
    replies = [m for m in line.written if m.get("id") == "the last one" and "method" not in m]
    return answered, replies


async def _nothing():
    pass


@QUICK
@given(st.booleans(), st.lists(messages, max_size=6))
@example(True, [{"id": 1, "method": "textDocument/codeAction"}] * 2)
@example(False, [{"id": "\ud800", "method": "initialize", "params": {}}])
@example(True, [{"id": 0, "method": "initialize", "params": {"capabilities": {}}}])
@example(True, [{"id": "", "method": "workspace/executeCommand", "params": {"command": "zai.run"}}])
def test_each_request_is_answered_once(begun, said):
    """Whatever else is said, in or out of turn."""
    answered, replies = asyncio.run(talk(begun, said))

    asked = [m["id"] for m in said if is_request(m)]
    for each in set(asked):
        assert answered.count(each) == asked.count(each), ascii(each)
    assert [bool(reply.get("result")) for reply in replies] == [True]


@QUICK
@given(st.lists(st.one_of(st.binary(max_size=30), st.text(max_size=10).map(str.encode)), max_size=8))
def test_no_body_ends_the_conversation(bodies):
    """No JSON, halves of it, other encodings."""

    async def conversation():
        line = Line()
        for body in bodies:
            line.protocol.received(body)
        line.begin()
        return line.written[-1]

    assert "result" in asyncio.run(conversation())


@QUICK
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40), st.just(b"\r\n\r\n"), st.just(frame(b"{}")), st.just(b"Content-Length: ")
        ),
        max_size=8,
    ),
    st.integers(1, 50),
)
def test_any_bytes_are_messages_or_a_broken_stream(pieces, size):
    """Never another error, and never more held than a message and its headers may be."""
    frames, stream = Frames(longest=100), b"".join(pieces)
    try:
        for at in range(0, len(stream), size):
            for message in frames.feed(stream[at : at + size]):
                assert isinstance(message, Skipped) or len(message) <= 100
            assert len(frames._held) <= 4096 + size
    except BrokenFrame:
        pass


@pytest.mark.parametrize("depth", [100, 900, 5_000, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"zai":'])
async def test_depth_harms_nobody(depth, opening):
    """As a message, as params, as settings: what is too deep is refused, and the next request is served."""
    closing = {"[": "]", '{"zai":': "}"}[opening]
    deep = opening * depth + "1" + closing * depth
    line = Line(on_settings=lambda _: ())
    line.begin()
    await settle()
    line.written.clear()
    for message in (
        deep,
        '{"method": "workspace/didChangeConfiguration", "params": {"settings": ' + deep + "}}",
        '{"id": 1, "method": "textDocument/codeAction", "params": ' + deep + "}",
        '{"id": ' + deep + ', "method": "textDocument/codeAction"}',
    ):
        line.protocol.received(message.encode())
    await settle()
    line.says(id=2, method="brandNew")

    assert [m["id"] for m in line.written if "error" in m][-1] == 2
    assert all(m["id"] in (None, 1, 2) for m in line.written if "error" in m)
