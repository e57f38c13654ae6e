"""Coverage-guided fuzzing of what reads foreign bytes: `make fuzz`, or `python -m tests.fuzz TARGET [SECONDS]`.

No part of `make test`, whose own fuzzing (tests/unit/lsp/test_fuzz.py) knows the protocol better and is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(include=["zai_ls"]):
    from tests.unit.lsp.test_protocol import Line
    from zai_ls.core.readings import parse, parse_balance
    from zai_ls.core.spoofing import spoofs
    from zai_ls.errors import ZaiError
    from zai_ls.glm.anthropic import AnthropicDecoder
    from zai_ls.glm.body import Body
    from zai_ls.glm.openai import OpenAIDecoder
    from zai_ls.glm.refusals import classify
    from zai_ls.lsp.transport import BrokenFrame, Frames
    from zai_ls.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable

_NOW = 1_800_000_000.0


def frames(data: bytes) -> None:
    """Headers and bodies of LSP, cut as the first byte says."""
    one, step = Frames(longest=64), 1 + (data[0] % 50 if data else 0)
    with contextlib.suppress(BrokenFrame):
        for at in range(1, len(data), step):
            one.feed(data[at : at + step])


def messages(data: bytes) -> None:
    """Bodies of JSON-RPC, one a line, to a server over an assistant that does nothing."""
    _LOOP.run_until_complete(_conversation(data.split(b"\n")))


_LOOP = asyncio.new_event_loop()
_LINES: list[Line] = []
"""The server at hand; making one takes as long as a hundred conversations."""


async def _conversation(bodies: list[bytes]) -> None:
    if not _LINES or _LINES[0].protocol._state != "running" or len(_LINES[0].written) > 2_000:
        for line in _LINES:
            await line.protocol.finish()
        _LINES[:] = [Line()]
        _LINES[0].begin()
    for body in bodies:
        _LINES[0].protocol.received(body)
        await asyncio.sleep(0)


def replies(data: bytes) -> None:
    """Bodies of both dialects, whole and in pieces."""
    for kind in (OpenAIDecoder, AnthropicDecoder):
        for step in (len(data) or 1, 7):
            decoder = kind(Body(host="h", model="m", now=_NOW))
            with contextlib.suppress(ZaiError):
                for at in range(0, len(data), step):
                    decoder.feed(data[at : at + step])
                decoder.close()


def refusals(data: bytes) -> None:
    """Bodies of refusals and of the quota's readings."""
    assert classify(500, data, host="h", model="m", now=_NOW).user_text
    with contextlib.suppress(ZaiError):
        parse(data, 200, _NOW)
    with contextlib.suppress(ZaiError):
        parse_balance(data, 200, _NOW, "CNY")


def texts(data: bytes) -> None:
    """Words for a person, and proposed code."""
    text = data.decode("utf-8", "replace")
    assert visible(visible(text)) == visible(text)
    spoofs(text[: len(text) // 2], text, lambda offset: bool(offset % 2))


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (frames, messages, replies, refusals, texts)
}

_EVENT = b'data: {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": "x"}}]}\n\n'
_STOP = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}\n\ndata: [DONE]\n\n'
SEEDS = {
    "frames": [b"\x07Content-Length: 2\r\n\r\n{}", b"\x01Content-Type: a\r\ncontent-length:99\r\n\r\n"],
    "messages": [
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "file:///w/a.py"}, '
            b'"range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 9}}, "context": {"diagnostics": []}}}'
        ),
        (
            b'{"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///w/a.py", "version": 2}, '
            b'"contentChanges": [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "text": "y"}]}}'
        ),
        b'{"id": "a", "method": "workspace/executeCommand", "params": {"command": "zai.run", "arguments": [{"action": "fix"}]}}',
        b'{"method": "workspace/didChangeConfiguration", "params": {"settings": {"zai": {"a": 1}}}}',
    ],
    "replies": [
        _EVENT + _STOP,
        (
            b'event: message_start\ndata: {"type": "message_start", "message": {"id": "1", "model": "m", "usage": {}}}\n\n'
            b'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}\n\n'
            b'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}\n\ndata: {"type": "message_stop"}\n\n'
        ),
        b'{"choices": [{"message": {"content": [{"text": "x"}]}, "finish_reason": "stop"}]}',
    ],
    "refusals": [
        b'{"error": {"code": "1308", "message": "used up, resets at 2027-01-16 05:00:00"}, "request_id": "20270115120000ab"}',
        b'{"type": "error", "error": {"type": "1302", "message": "[1302][busy][20270115]"}}',
        (
            b'{"code": 200, "success": true, "data": {"level": "pro", "limits": [{"type": "TOKENS_LIMIT", "unit": 3, "number": 5, '
            b'"usage": 100, "currentValue": 5, "remaining": 95, "percentage": 5, "nextResetTime": 1800000000000}]}}'
        ),
    ],
    "texts": ["x = 1\u202e\u200b p\u0430ypal \x1b[31m".encode(), "🏴󠁧󠁢󠁥󠁮󠁧󠁿 ⚠️".encode()],
}

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    name, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[name]):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = [f"-max_total_time={seconds}", "-rss_limit_mb=1024", "-timeout=10", "-max_len=2000"]
        atheris.Setup(
            [sys.argv[0], *limits, f"-artifact_prefix={tempfile.gettempdir()}/", corpus], TARGETS[name]
        )
        atheris.Fuzz()
