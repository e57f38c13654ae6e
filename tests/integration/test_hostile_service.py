"""A service that means harm, or has lost its mind: each reply ends in an error of the right class, in bounded memory."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.integration.road import road
from tests.integration.test_client import CHUNKED, Peer, account, client, serving
from zai_ls.assistant.replying import ReplyObserver
from zai_ls.core.redaction import Restorer
from zai_ls.errors import BadReply, TimedOut, Unreachable, ZaiError
from zai_ls.glm.body import Body
from zai_ls.glm.client import Timeouts
from zai_ls.glm.monitor import Monitor
from zai_ls.glm.openai import OpenAIDecoder

QUICK = Timeouts(connect=2, first_byte=0.25, between=0.25, total=10)
BOMB = b"data: " + b"0" * 20_000_000
SAYS = b'data: {"id": "1", "choices": [{"index": 0, "delta": {"content": "%b"}}]}\n\n'


async def for_ever(peer: Peer, piece: bytes) -> None:
    with suppress(ConnectionError):
        while True:
            await peer.chunk(piece)


async def a_terabyte(peer: Peer) -> None:
    await peer.begin(b"Content-Length: 1000000000000")
    await peer.send(SAYS % b"x")


async def no_line_end(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await for_ever(peer, b"x" * 65_536)


async def a_long_line(peer: Peer) -> None:
    await peer.whole(SAYS % (b"x" * 10_000_000))


async def comments(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await for_ever(peer, b": ping\n\n" * 8_192)


async def empty_lines(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await for_ever(peer, b"data:\n" * 10_000)


async def words(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await for_ever(peer, SAYS % (b"x" * 60_000))


async def deep(peer: Peer) -> None:
    await peer.whole(b"data: " + b'{"a":' * 100_000 + b"\n\n")


async def a_deep_document(peer: Peer) -> None:
    await peer.whole(b"[" * 1_000_000)


async def nested_parts(peer: Peer) -> None:
    parts = b'[{"text": ' * 300 + b'"x"' + b"}]" * 300
    await peer.whole(b'{"choices": [{"index": 0, "message": {"content": %b}}]}' % parts)


async def impossible_numbers(peer: Peer) -> None:
    usage = b'{"prompt_tokens": 1e999, "completion_tokens": %b}' % (b"9" * 400)
    await peer.whole(b'{"choices": [{"message": {"content": "x"}}], "usage": %b}' % usage)


async def not_over(peer: Peer) -> None:
    await for_ever_informing(peer)


async def for_ever_informing(peer: Peer) -> None:
    with suppress(ConnectionError):
        while True:
            await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.001)


def encoded(name: bytes, body: bytes):
    async def answer(peer: Peer) -> None:
        await peer.whole(body, b"200 OK", b"Content-Encoding: " + name)

    return answer


REPLIES = {
    "a length of a terabyte": (a_terabyte, TimedOut),
    "bytes without a line end": (no_line_end, BadReply),
    "a line of 10 MB": (a_long_line, BadReply),
    "comments that keep it alive": (comments, BadReply),
    "lines of nothing": (empty_lines, BadReply),
    "words without end": (words, BadReply),
    "an event of 100,000 levels": (deep, BadReply),
    "a document of a million levels": (a_deep_document, BadReply),
    "parts within parts": (nested_parts, BadReply),
    "numbers that no count can be": (impossible_numbers, BadReply),
    "100 Continue for ever": (not_over, TimedOut),
    "a bomb in gzip": (encoded(b"gzip", gzip.compress(BOMB)), BadReply),
    "a bomb in deflate": (encoded(b"deflate", zlib.compress(BOMB)), BadReply),
    "a good reply in gzip": (encoded(b"gzip", gzip.compress(SAYS % b"x")), BadReply),
    "an encoding that nobody knows": (encoded(b"br, zstd", b"\xce\xb2\xcf\x81" * 1000), BadReply),
}


@pytest.mark.parametrize("name", REPLIES)
async def test_a_reply_that_means_harm(tmp_path, name):
    """One error, the connection closed, the slot free, and the ledger knows of it."""
    reply, expected = REPLIES[name]
    async with serving(reply) as served, road(tmp_path, timeouts=QUICK) as r:
        r.account = replace(r.account, base_url=served.url)
        async with asyncio.timeout(20):
            with pytest.raises(expected):
                await r.ask(r.exchange())

        assert r.is_at_rest()
        assert {b"identity"} == {headers[b"accept-encoding"] for _, headers, _ in served.requests}


@pytest.mark.parametrize("name", REPLIES)
async def test_a_reading_of_the_quota_that_means_harm(name):
    """What is asked beside the requests is bounded as they are."""
    reply, _ = REPLIES[name]
    async with serving(reply) as served, client() as one:
        monitor = Monitor(one, one._clock)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("zai_ls.glm.monitor._TIMEOUTS", QUICK)
            async with asyncio.timeout(20):
                with pytest.raises(ZaiError):
                    await monitor.read(account(served.url))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/x", "//localhost:{port}/", "https://127.0.0.1:{port}/", "/same/host"]
)
async def test_the_key_is_never_sent_after_a_redirect(status, target):
    """Other port, other name, other scheme, or the same host: whoever redirects gets one request and no second."""

    async def never(peer: Peer) -> None:
        raise AssertionError("nobody should come here")

    async with serving(never) as other, client() as one:
        place = target.format(port=other.url.rpartition(":")[2].partition("/")[0])

        async def redirects(peer: Peer) -> None:
            await peer.whole(b"", b"%d Moved" % status, b"Location: " + place.encode())

        async with serving(redirects) as served:
            with pytest.raises(Unreachable, match="redirects"):
                async with one.stream(account(served.url), "POST", "/chat/completions", (), b"{}"):
                    raise AssertionError("a redirect is no answer")
            with pytest.raises(ZaiError, match="redirects"):
                await Monitor(one, one._clock).read(account(served.url))
            assert len(served.requests) == 2
        assert other.connections == 0


def test_a_reply_says_no_more_than_any_model_can():
    """Long before its body is too long: each piece is held, and joined at the end."""
    decoder = OpenAIDecoder(Body(host="h", model="m", now=None))
    observer = ReplyObserver(decoder, Restorer(()), lambda _event: None)
    said = 0
    with pytest.raises(BadReply, match="no end"):  # noqa: PT012 - when it comes is what counts
        while said < 5 * 2**20:
            observer.feed(SAYS % (b"x" * 60_000))
            said += 60_000
    assert said > 2**20
