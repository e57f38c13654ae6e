from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.clock import TurnedClock, settle
from zai_ls.clock import SystemClock
from zai_ls.domain import Account, Secret
from zai_ls.errors import (
    BadReply,
    BadRequest,
    InsecureHost,
    TimedOut,
    Unreachable,
    ZaiError,
)
from zai_ls.glm.client import Client, Timeouts

EVENT = b'data: {"a": 1}\n\n'
DONE = b"data: [DONE]\n\n"


@dataclass
class Peer:
    """One connection, as the server sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def begin(self, *headers: bytes, status: bytes = b"200 OK") -> None:
        lines = [b"HTTP/1.1 " + status, b"Content-Type: text/event-stream", *headers, b"", b""]
        await self.send(b"\r\n".join(lines))

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def whole(self, body: bytes, status: bytes = b"200 OK", *headers: bytes) -> None:
        await self.begin(b"Content-Length: %d" % len(body), *headers, status=status)
        await self.send(body)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Return when the client has hung up."""
        while await self.reader.read(4096):
            pass

    def reset(self) -> None:
        """Close without a goodbye."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
        self.writer.transport.abort()


CHUNKED = b"Transfer-Encoding: chunked"


@dataclass
class Served:
    """What a server saw."""

    url: str = ""
    connections: int = 0
    requests: list[tuple[bytes, dict[bytes, bytes], bytes]] = field(default_factory=list)
    """Request line, headers, body."""


@asynccontextmanager
async def serving(answer: Callable[[Peer], Awaitable[None]]) -> AsyncIterator[Served]:
    """A server that speaks bytes: *answer* is called for each request with its connection."""
    served = Served()
    tasks: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        served.connections += 1
        try:
            while True:
                line, *rest = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                headers: dict[bytes, bytes] = {}
                for name, _, value in (header.partition(b":") for header in rest if header):
                    before = headers.get(name.lower())
                    headers[name.lower()] = (before + b", " if before else b"") + value.strip()
                body = await reader.readexactly(int(headers.get(b"content-length", 0)))
                served.requests.append((line, headers, body))
                await answer(Peer(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/paas/v4"
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


def account(url: str, **more) -> Account:
    return Account("a", url, "openai", Secret("the-key"), **more)


@asynccontextmanager
async def client(clock=None, **more) -> AsyncIterator[Client]:
    one = Client(clock or SystemClock(), "zai-ls/0", environ={}, **more)
    try:
        async with asyncio.timeout(20):
            yield one
    finally:
        await one.aclose()


async def fetch(one: Client, url: str, headers=(), body: bytes = b"{}") -> bytes:
    async with one.stream(account(url), "POST", "/chat/completions", headers, body) as response:
        received = b"".join([piece async for piece in response.chunks()])
        assert response.ended
        return received


async def stream_well(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    for piece in (EVENT, EVENT, DONE):
        await peer.chunk(piece)
    await peer.send(b"0\r\n\r\n")


async def test_bytes_pass_through_unchanged():
    """Body out, status, headers and body back, byte for byte; who we are and whose key it is come from us."""

    async def answer(peer: Peer) -> None:
        await peer.whole(b"\x00\xff\r\ngzip?", b"418 I'm a teapot", b"X-A: 1", b"X-A: 2")

    async with serving(answer) as served, client() as one:
        foreign = [
            ("X-Odd", "ä1"),
            ("x-odd", "2"),
            ("Authorization", "Bearer stolen"),
            ("X-Api-Key", "stolen"),
            ("Cookie", "stolen"),
            ("Host", "example.org"),
            ("User-Agent", "other/1"),
            ("Content-Length", "1"),
        ]
        async with one.stream(
            account(served.url), "PUT", "/odd/p%20ath?q=ä", foreign, b"\x00\xff"
        ) as response:
            assert await response.read(1000) == b"\x00\xff\r\ngzip?"
            assert response.status == 418
            assert response.headers["X-a"] == "1, 2"
            assert [v for k, v in response.raw_headers if k.lower() == b"x-a"] == [b"1", b"2"]
    ((line, headers, body),) = served.requests
    assert line == b"PUT /api/paas/v4/odd/p%20ath?q=%C3%A4 HTTP/1.1"
    assert body == b"\x00\xff"
    assert headers[b"authorization"] == b"Bearer the-key"
    assert headers[b"user-agent"] == b"zai-ls/0"
    assert headers[b"accept-encoding"] == b"identity"
    assert headers[b"host"] != b"example.org"
    assert headers[b"x-odd"] == "ä1, 2".encode("latin-1")
    assert not {b"x-api-key", b"cookie"} & set(headers)


async def test_a_caller_may_ask_for_compression():
    """Bytes come as sent, also when they are compressed."""

    async def answer(peer: Peer) -> None:
        await peer.whole(b"\x1f\x8bnot really", b"200 OK", b"Content-Encoding: gzip")

    async with serving(answer) as served, client() as one:
        assert await fetch(one, served.url, [("Accept-Encoding", "gzip")]) == b"\x1f\x8bnot really"
    assert served.requests[0][1][b"accept-encoding"] == b"gzip"


async def test_five_streams_use_one_connection():
    """Each is read to its end after [DONE], so that the next need not connect again."""
    async with serving(stream_well) as served, client() as one:
        for _ in range(5):
            assert await fetch(one, served.url) == EVENT + EVENT + DONE
    assert (served.connections, len(served.requests)) == (1, 5)


async def test_pieces_come_as_they_are_sent():
    """Nothing is held back: each piece is there before the next is written."""
    go = asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.begin(CHUNKED)
        for _ in range(3):
            await peer.chunk(EVENT)
            await go.wait()
            go.clear()
        await peer.send(b"0\r\n\r\n")

    async with (
        serving(answer) as served,
        client() as one,
        one.stream(account(served.url), "POST", "/c", (), b"") as response,
    ):
        pieces = []
        async for piece in response.chunks():
            pieces.append(piece)
            go.set()
        assert pieces == [EVENT] * 3


@pytest.mark.parametrize("when", ["before the headers", "in mid-stream", "between reads"])
async def test_leaving_closes_the_socket_at_once(when):
    """Cancelled or left early: the service sees the socket close, which is all that tells it to stop."""
    begun, gone = asyncio.Event(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        if when != "before the headers":
            await peer.begin(CHUNKED)
            await peer.chunk(EVENT)
        else:
            begun.set()
        await peer.gone()
        gone.set()

    kept = []

    async def ask(one: Client, url: str) -> None:
        async with one.stream(account(url), "POST", "/c", (), b"{}") as response:
            kept.append(response)  # that nobody collects it is no excuse
            kept.append(response.chunks())
            async for _ in kept[1]:
                begun.set()
                if when == "between reads":
                    return

    async with serving(answer) as served, client() as one:
        task = asyncio.create_task(ask(one, served.url))
        await begun.wait()
        if when == "between reads":
            await task
        else:
            await settle()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with asyncio.timeout(0.5):
            await gone.wait()


@pytest.mark.parametrize("begun_with", ["nothing", "head", "body"])
@pytest.mark.parametrize("pauses", range(8))
async def test_whoever_is_cancelled_twice_leaves_no_socket_open(begun_with, pauses):
    """The second cancellation may come while the first is still cleaning up, after any number of its steps."""
    gone, begun = asyncio.Event(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        if begun_with != "nothing":
            peer.writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        if begun_with == "body":
            peer.writer.write(b"3\r\nabc\r\n")
        begun.set()
        await peer.reader.read()
        gone.set()

    async def ask(one: Client, url: str) -> None:
        async with one.stream(account(url), "POST", "/c", (), b"{}") as response:
            async for _ in response.chunks():
                pass

    async with serving(answer) as served, client() as one:
        task = asyncio.create_task(ask(one, served.url))
        await begun.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        for _ in range(pauses):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(0.5):
            await gone.wait()


async def hang_up(peer: Peer) -> None:
    peer.writer.close()


async def reset_at_once(peer: Peer) -> None:
    peer.reset()


async def reset_in_mid_stream(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.chunk(EVENT)
    await asyncio.sleep(0.05)
    peer.reset()


async def cut_chunk(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.send(b"ff\r\ndata: {")
    peer.writer.close()


async def cut_between_chunks(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.chunk(EVENT)
    peer.writer.close()


async def lying_length(peer: Peer) -> None:
    await peer.begin(b"Content-Length: 1000")
    await peer.send(EVENT)
    peer.writer.close()


async def garbage(peer: Peer) -> None:
    await peer.send(b"\x00\x01SSH-2.0-OpenSSH\r\n\r\n")
    peer.writer.close()


async def bad_chunk_size(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.send(b"zz\r\nx\r\n")


async def endless_headers(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000)


@pytest.mark.parametrize(
    "fault",
    [
        hang_up,
        reset_at_once,
        reset_in_mid_stream,
        cut_chunk,
        cut_between_chunks,
        lying_length,
        garbage,
        bad_chunk_size,
        endless_headers,
    ],
)
async def test_what_is_no_answer_is_a_bad_reply(fault):
    """Below HTTP anything may happen; above this wall it has one name, and the next request works."""
    faults = [fault, stream_well]

    async def answer(peer: Peer) -> None:
        await faults.pop(0)(peer)

    async with serving(answer) as served, client() as one:
        with pytest.raises(BadReply) as raised:
            await fetch(one, served.url)
        assert raised.value.host == "127.0.0.1"
        assert await fetch(one, served.url) == EVENT + EVENT + DONE


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://127.0.0.1:{port}/v1", "connection refused"),
        ("https://127.0.0.1:{port}/v1", "connection refused"),
        ("https://does-not-exist.invalid/v1", "no such host"),
    ],
)
async def test_no_connection(url, detail):
    """It says why, and names the host."""
    async with client() as one:
        with pytest.raises(Unreachable) as raised:
            await fetch(one, url.format(port=free_port()))
    assert raised.value.detail == detail
    assert raised.value.host in {"127.0.0.1", "does-not-exist.invalid"}


async def test_a_redirect_is_not_followed():
    """The key goes to the account's own host and nowhere else."""

    async def elsewhere(peer: Peer) -> None:
        raise AssertionError("nobody should come here")

    async with serving(elsewhere) as other, client() as one:

        async def answer(peer: Peer) -> None:
            await peer.whole(b"", b"307 Temporary Redirect", b"Location: " + other.url.encode())

        async with serving(answer) as served:
            with pytest.raises(Unreachable, match="redirects"):
                await fetch(one, served.url)
        assert other.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "@example.org/",
        ".example.org/x",
        ":1@example.org/",
        "x",
        "",
        "/a b",
        "/a\r\nX: 1",
        "/a\\b",
        "\\\\example.org",
    ],
)
async def test_a_path_cannot_lead_elsewhere(path):
    """Whatever a caller makes of the path, host and framing stay ours."""
    async with client() as one:
        with pytest.raises(BadRequest):
            async with one.stream(account("https://api.z.ai"), "POST", path, (), b""):
                raise AssertionError("nothing may be sent")


async def test_the_key_is_not_sent_over_plain_http():
    """Except to this machine; without a key there is nothing to protect."""
    async with client() as one:
        with pytest.raises(InsecureHost):
            await fetch(one, "http://example.invalid/v1")
        with pytest.raises(Unreachable):
            async with one.stream(
                Account("a", "http://example.invalid/v1", "openai", Secret("")), "GET", "/m", (), b""
            ):
                pass

    async def answer(peer: Peer) -> None:
        await peer.whole(b"{}")

    async with (
        serving(answer) as served,
        client() as one,
        one.stream(Account("a", served.url, "openai", Secret("")), "GET", "/m", (), b"") as response,
    ):
        await response.read(10)
    assert b"authorization" not in served.requests[0][1]


async def test_no_error_shows_the_key():
    """Not in its text, not in what its traceback would print of the values."""
    async with client() as one:
        with pytest.raises(Unreachable) as raised:
            await fetch(one, f"http://127.0.0.1:{free_port()}/v1")
    assert "the-key" not in raised.value.user_text + repr(raised.value) + repr(account("x"))


async def silent(peer: Peer) -> None:
    await peer.gone()


async def headers_only(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.gone()


async def one_event(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.chunk(EVENT)
    await peer.gone()


@pytest.mark.parametrize(
    ("server", "events", "patient_s", "too_long_s"),
    [(silent, 0, 59, 20), (headers_only, 0, 59, 20), (one_event, 1, 29, 10)],
)
async def test_silence_is_given_up(server, events, patient_s, too_long_s):
    """60 s before the first byte of the body, 30 s after it; time is the clock's own."""
    clock, gone, came = TurnedClock(), asyncio.Event(), asyncio.Queue()

    async def answer(peer: Peer) -> None:
        came.put_nowait(None)
        await server(peer)
        gone.set()

    async def ask(one: Client, url: str) -> None:
        async with one.stream(account(url), "POST", "/c", (), b"{}") as response:
            came.put_nowait(None)
            async for _ in response.chunks():
                came.put_nowait(None)

    async with serving(answer) as served, client(clock) as one:
        task = asyncio.create_task(ask(one, served.url))
        for _ in range(1 + (server is not silent) + events):
            await came.get()
        await settle()
        await clock.turn(patient_s)
        assert not task.done()
        await clock.turn(too_long_s)
        with pytest.raises(TimedOut, match="no byte for"):
            await task
        await gone.wait()
        assert clock.sleeping == 0


async def test_the_whole_is_bounded():
    """A stream that never falls silent is given up after 300 s all the same."""
    clock, go = TurnedClock(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.begin(CHUNKED)
        while True:
            await peer.chunk(EVENT)
            await go.wait()
            go.clear()

    seconds = 0

    async def ask(one: Client, url: str) -> None:
        nonlocal seconds
        async with one.stream(account(url), "POST", "/c", (), b"{}") as response:
            async for _ in response.chunks():
                await clock.turn(10)
                seconds += 10
                go.set()

    async with serving(answer) as served, client(clock) as one:
        with pytest.raises(TimedOut, match="not finished after 300 s"):
            await ask(one, served.url)
    assert 300 <= seconds <= 330


async def test_a_reader_that_takes_its_time_is_no_silence():
    """Only what we wait for counts: a slow consumer does not make the service late."""
    clock = TurnedClock()
    async with (
        serving(stream_well) as served,
        client(clock) as one,
        one.stream(account(served.url), "POST", "/c", (), b"{}") as response,
    ):
        async for _ in response.chunks():
            await clock.turn(70)
        assert response.ended
    await settle()
    assert clock.sleeping == 0


async def test_after_the_last_event_the_end_is_waited_for_a_second():
    """A service that leaves the body open costs the connection, not the reply."""
    clock, last, gone = TurnedClock(), asyncio.Event(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.begin(CHUNKED)
        await peer.chunk(EVENT)
        await peer.chunk(DONE)
        await peer.gone()
        gone.set()

    async def ask(one: Client, url: str) -> tuple[bytes, bool]:
        received = b""
        async with one.stream(account(url), "POST", "/c", (), b"{}") as response:
            async for piece in response.chunks():
                received += piece
                if received.endswith(DONE):
                    last.set()
            return received, response.ended

    async with serving(answer) as served, client(clock) as one:
        task = asyncio.create_task(ask(one, served.url))
        await last.wait()
        await settle()
        await clock.turn(0.9)
        assert not task.done()
        await clock.turn(0.5)
        assert await task == (EVENT + DONE, False)
        await gone.wait()


@pytest.mark.parametrize(("raw_key", "header"), [(False, b"Bearer the-key"), (True, b"the-key")])
@pytest.mark.parametrize("status", [b"200 OK", b"401 Unauthorized"])
async def test_a_short_answer(status, raw_key, header):
    """Beside the base's own path, on its origin, of any status, up to a bound."""

    async def answer(peer: Peer) -> None:
        await peer.whole(b"x" * 100, status, b"Retry-After: 7")

    async with serving(answer) as served, client() as one:
        path = "/api/monitor/usage/quota/limit?type=2"
        asked = {"headers": [("Accept-Language", "en"), ("Authorization", "other")], "raw_key": raw_key}
        whole = await one.get(account(served.url), path, limit=1000, **asked)
        begun = await one.get(account(served.url), path, limit=10, **asked)

    assert (whole.status, whole.body, whole.headers["retry-after"]) == (int(status[:3]), b"x" * 100, "7")
    assert begun.body == b"x" * 10
    line, headers, _ = served.requests[0]
    assert line == b"GET /api/monitor/usage/quota/limit?type=2 HTTP/1.1"
    assert (headers[b"authorization"], headers[b"accept-language"]) == (header, b"en")


async def test_a_short_answer_is_waited_for_as_long_as_is_said():
    """Not as long as a model's reply."""
    clock = TurnedClock()
    asked = asyncio.Event()

    async def answer(peer: Peer) -> None:
        asked.set()
        await peer.gone()

    async with serving(answer) as served, client(clock) as one:
        timeouts = Timeouts(first_byte=10.0, between=10.0, total=10.0)
        task = asyncio.create_task(one.get(account(served.url), "/a", limit=10, timeouts=timeouts))
        await asked.wait()
        await clock.turn(9.0)
        assert not task.done()
        await clock.turn(2.0)
        with pytest.raises(TimedOut):
            await task


@pytest.mark.parametrize(
    ("url", "setting", "environ", "through"),
    [
        ("https://api.z.ai/v4", None, {}, None),
        ("https://api.z.ai/v4", None, {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://api.z.ai/v4", None, {"https_proxy": "http://p:1"}, "http://p:1"),
        ("https://api.z.ai/v4", "http://q:2", {"HTTPS_PROXY": "http://p:1"}, "http://q:2"),
        ("https://api.z.ai/v4", None, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.org, .z.ai"}, None),
        ("https://api.z.ai/v4", None, {"HTTPS_PROXY": "http://p:1", "no_proxy": "z.ai"}, None),
        ("https://api.z.ai/v4", None, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://api.z.ai/v4", None, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "pi.z.ai,,i"}, "http://p:1"),
        ("https://api.z.ai/v4", None, {"ALL_PROXY": "http://p:1", "HTTP_PROXY": "http://p:1"}, None),
        ("http://127.0.0.1:9/v4", "http://q:2", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://localhost:9/v4", None, {"HTTPS_PROXY": "http://p:1"}, None),
    ],
)
def test_which_proxy(url, setting, environ, through):
    """The setting, else HTTPS_PROXY unless NO_PROXY names the host; never for this machine."""
    assert (
        Client(SystemClock(), "zai-ls/0", environ=environ).proxy_for(account(url, proxy=setting)) == through
    )


async def test_a_proxy_is_asked_for_a_tunnel_and_gets_no_key():
    """What a proxy sees of a request is the host's name."""

    async def answer(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with serving(answer) as served, client() as one:
        proxied = account("https://api.z.ai/v4", proxy=served.url.removesuffix("/api/paas/v4"))
        with pytest.raises(Unreachable, match="proxy"):
            async with one.stream(proxied, "POST", "/c", (), b"{}"):
                pass
    ((line, headers, _),) = served.requests
    assert line == b"CONNECT api.z.ai:443 HTTP/1.1"
    assert b"the-key" not in b"".join(headers.values())


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1", "nonsense", "http://[::1"])
async def test_an_unusable_proxy_is_said(proxy):
    """A wrong setting is a sentence, not a traceback."""
    async with client() as one:
        with pytest.raises(ZaiError) as raised:
            await one.warm(account("https://api.z.ai/v4", proxy=proxy))
    assert isinstance(raised.value, Unreachable)


async def test_many_at_once_build_one_pool():
    """The first requests of a process may come together; what they need is built once, beside the loop."""

    async with serving(stream_well) as served, client() as one:
        await asyncio.gather(*(fetch(one, served.url) for _ in range(8)))
        assert len(one._pools) == 1


@pytest.mark.parametrize("header", [("X-A", "春"), ("Ü", "1"), ("X-A", "1\r\nX-B: 2"), ("X A", "1")])
async def test_a_header_that_cannot_be_sent_is_said(header):
    """No caller's header, however strange, becomes a traceback or two headers."""
    async with serving(stream_well) as served, client() as one:
        with pytest.raises(BadRequest):
            await fetch(one, served.url, [header])
        assert served.requests == []
