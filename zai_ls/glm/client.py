"""The wall between us and the network: requests out, bytes in exactly as sent, and no error of httpx beyond it.

- HTTP/1.1 only: closing its socket is what tells the service to stop; over HTTP/2 nothing would.
- The key goes to the account's own host, over https (plain http only to this machine), and to nobody else:
  redirects are not followed, and a caller's own credentials are dropped from its headers.
- Proxy: the account's setting; else `HTTPS_PROXY` (any case) unless `NO_PROXY` names the host. This machine is never
  reached through a proxy. No other variable counts.
- httpx is imported, and certificates are read, when the first request is made, beside the event loop.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from zai_ls.errors import BadReply, BadRequest, InsecureHost, TimedOut, Unreachable, ZaiError
from zai_ls.glm.dialect import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence

    import httpx

    from zai_ls.clock import Clock
    from zai_ls.domain import Account

_T = TypeVar("_T")

_OURS = frozenset(
    {
        "authorization",
        "api-key",
        "x-api-key",
        "proxy-authorization",
        "cookie",
        "host",
        "user-agent",
        "content-length",
        "transfer-encoding",
        "connection",
    }
)
"""Headers that a caller cannot set: who we are, whose key it is, and how the bytes are framed."""

_ENDINGS = (b"data: [DONE]", b"data:[DONE]", b'{"type":"message_stop"}', b'{"type": "message_stop"}')
"""How a stream's last event ends; after it only the end of the body is to come."""

_AFTER_LAST_EVENT_S = 1.0
_LOOKS_PER_LIMIT = 4
_KEEP_ALIVE_S = 45.0
"""An idle connection is kept this long: shorter than the vendor's gateways and the routers between keep theirs."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds in seconds. A silent connection is given up after the limit, or up to a quarter of it later."""

    connect: float = 8.0
    first_byte: float = 60.0
    """Silence before the first byte of the body: the service queues and reads the prompt."""
    between: float = 30.0
    """Between two chunks."""
    total: float = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A short reply, read to its end or to the bound that was set."""

    status: int
    headers: Mapping[str, str]
    """Looked up in any case of letters."""
    body: bytes


class Response:
    """A reply under way. Read it to the end, or leave the `stream` block to close its socket at once."""

    def __init__(self, raw: httpx.Response, guard: _Guard, host: str) -> None:
        self.status: int = raw.status_code
        self.headers: Mapping[str, str] = raw.headers
        """Looked up in any case of letters."""
        self.raw_headers: tuple[tuple[bytes, bytes], ...] = tuple(raw.headers.raw)
        """As they came, in order, repeated ones kept."""
        self.ended = False
        """True when the end of the body was seen, so that its connection serves the next request."""
        self._raw = raw
        self._guard = guard
        self._host = host

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes exactly as sent. May be called once.

        Raises `TimedOut` when no byte comes for too long, `BadReply` when the body breaks off.
        After the last event of a stream its end is waited for at most a second; without it the body counts as whole.
        """
        pieces = self._raw.aiter_raw().__aiter__()
        tail = b""
        last = False
        try:
            while True:
                try:
                    chunk = await self._guard.watch(anext(pieces))
                except StopAsyncIteration:
                    self.ended = True
                    return
                except TimedOut:
                    if last:
                        return
                    raise
                tail = (tail + chunk[-64:])[-64:]
                ends = tail.rstrip().endswith(_ENDINGS)
                if ends != last or not self._guard.begun:
                    self._guard.begun = True
                    self._guard.limit(_AFTER_LAST_EVENT_S if ends else None)
                last = ends
                yield chunk
        except ZaiError as error:
            error.host = error.host or self._host
            raise

    async def read(self, limit: int) -> bytes:
        """The body, or its first *limit* bytes and no more."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) >= limit:
                break
        return bytes(body[:limit])


class _Guard:
    """Watches one request: gives up on silence, and on the whole. Time is the clock's, so that tests can turn it."""

    def __init__(self, clock: Clock, timeouts: Timeouts) -> None:
        self.begun = False
        """The first byte of the body has come."""
        self._clock = clock
        self._timeouts = timeouts
        self._scope: asyncio.Timeout | None = None
        self._reads = 0
        self._spent = 0.0
        self._why = ""
        self._watcher = asyncio.create_task(self._look(timeouts.first_byte))

    def limit(self, seconds: float | None) -> None:
        """From now on silence may last *seconds* (None: as between two chunks)."""
        self._watcher.cancel()
        self._watcher = asyncio.create_task(
            self._look(self._timeouts.between if seconds is None else seconds)
        )

    def stop(self) -> None:
        """The request is over."""
        self._watcher.cancel()

    async def watch(self, reading: Awaitable[_T]) -> _T:
        """Await *reading*. Raises `TimedOut` when it takes too long, and httpx's errors as ours."""
        try:
            async with asyncio.timeout(0 if self._why else None) as self._scope:
                return await reading
        except TimeoutError:
            raise TimedOut(self._why) from None
        except Exception as error:
            ours = _translated(error)
            if ours is None:
                raise
            raise ours from error
        finally:
            self._scope = None
            self._reads += 1

    async def _look(self, limit: float) -> None:
        silent = 0.0
        while True:
            step = max(0.0, min(limit / _LOOKS_PER_LIMIT, self._timeouts.total - self._spent))
            reads, scope = self._reads, self._scope
            await self._clock.sleep(step)
            self._spent += step
            waited = scope is not None and scope is self._scope and reads == self._reads
            silent = silent + step if waited else 0.0
            if silent >= limit:
                self._give_up(f"no byte for {limit:.0f} s")
                return
            if self._spent >= self._timeouts.total:
                self._give_up(f"not finished after {self._timeouts.total:.0f} s")
                return

    def _give_up(self, why: str) -> None:
        self._why = why
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())


class Client:
    """All HTTP of a process: one connection pool for each way to the network, built when it is first needed."""

    def __init__(
        self,
        clock: Clock,
        user_agent: str,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        timeouts: Timeouts | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.timeouts = timeouts or Timeouts()
        """For requests that start from now on."""
        self._clock = clock
        self._user_agent = user_agent
        self._transport = transport
        self._environ = os.environ if environ is None else environ
        self._pools: dict[tuple[str | None, bool], httpx.AsyncClient] = {}
        self._building = asyncio.Lock()

    async def warm(self, account: Account) -> None:
        """Import and build what the first request of *account* will need. Raises `Unreachable` for an unusable proxy."""
        await self._pool(account)

    @asynccontextmanager
    async def stream(
        self,
        account: Account,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
    ) -> AsyncIterator[Response]:
        """Send *body* to *path* below the account's base URL; yields when the reply's headers are there, of any status.

        The body is asked for uncompressed unless *headers* say otherwise. Leaving the block before its end closes the socket.
        Raises `Unreachable`, `TimedOut`, `BadReply`, and `InsecureHost` or `BadRequest` when nothing may be sent at all.
        """
        url = account.base_url.rstrip("/") + path
        async with self._open(account, method, url, headers, body, raw_key=False) as response:
            yield response

    async def get(
        self,
        account: Account,
        path: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        raw_key: bool = False,
        limit: int,
        timeouts: Timeouts | None = None,
    ) -> Answer:
        """What *path* (with its query) of the account's origin answers, of any status, such as `/api/monitor/usage/quota/limit`.

        *raw_key* sends the key without `Bearer`, as the vendor's own tools do on the quota routes. More than *limit* bytes
        are not read: the rest is cut off. Raises as `stream` does.
        """
        parts = urlsplit(account.base_url)
        url = f"{parts.scheme}://{parts.netloc}{path}"
        opening = self._open(account, "GET", url, headers, b"", raw_key=raw_key, timeouts=timeouts)
        async with opening as response:
            return Answer(response.status, response.headers, await response.read(limit))

    async def aclose(self) -> None:
        """Close all connections; what is in flight breaks off."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    @asynccontextmanager
    async def _open(
        self,
        account: Account,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        raw_key: bool,
        timeouts: Timeouts | None = None,
    ) -> AsyncIterator[Response]:
        host = _checked(account, url)
        pool = await self._pool(account)
        sent = _headers(account, headers, raw_key=raw_key)
        guard = _Guard(self._clock, timeouts or self.timeouts)
        try:
            request = pool.build_request(method, url, headers=sent, content=body or None)
            try:
                raw = await guard.watch(_sent(pool, request))
            except ZaiError as error:
                error.host = host
                raise
            response = Response(raw, guard, host)
            try:
                if raw.is_redirect:
                    raise Unreachable(
                        "it redirects elsewhere, which is not followed", host=host, status=raw.status_code
                    )
                yield response
            finally:
                await _to_its_end(asyncio.ensure_future(_closed(raw, ended=response.ended)))
        finally:
            guard.stop()

    async def _pool(self, account: Account) -> httpx.AsyncClient:
        secure = account.base_url.startswith("https:")
        way = (self.proxy_for(account), secure)
        if way not in self._pools:
            async with self._building:
                if way not in self._pools:
                    self._pools[way] = await asyncio.to_thread(self._build, *way)
        return self._pools[way]

    def _build(self, proxy: str | None, secure: bool) -> httpx.AsyncClient:
        import httpx

        try:
            return httpx.AsyncClient(
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
                verify=_certificates(secure=secure),
                http1=True,
                http2=False,
                proxy=proxy,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(None, connect=self.timeouts.connect),
                limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_S),
                transport=self._transport,
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise Unreachable("the proxy's URL cannot be used", why=type(error).__name__) from None

    def proxy_for(self, account: Account) -> str | None:
        """The proxy that requests of *account* go through, or None."""
        if is_loopback(account.base_url):
            return None
        if account.proxy or not account.base_url.startswith("https:"):
            return account.proxy
        get = self._environ.get
        proxy = get("HTTPS_PROXY") or get("https_proxy")
        excepted = (get("NO_PROXY") or get("no_proxy") or "").replace(" ", "").split(",")
        return None if _is_excepted(urlsplit(account.base_url).hostname or "", excepted) else proxy or None


async def _closed(raw: httpx.Response, *, ended: bool) -> None:
    """Let go of *raw*; of one that has not *ended* the socket is closed, whatever became of earlier attempts to.

    What httpx closes when a read is cancelled it does not close again, and a second cancellation may have come in between.
    """
    await raw.aclose()
    stream = None if ended else raw.extensions.get("network_stream")
    if stream is not None:
        await stream.aclose()


async def _sent(pool: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send *request*; its response as soon as there are headers.

    A cancellation reaches httpx once, and it may clean up in peace, however often we are cancelled.
    """
    sending = asyncio.ensure_future(pool.send(request, stream=True))
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        sending.cancel()
        try:
            await _to_its_end(sending)
        finally:
            if not sending.cancelled() and sending.exception() is None:
                await _to_its_end(asyncio.ensure_future(_closed(sending.result(), ended=False)))
        raise


async def _to_its_end(task: asyncio.Task[Any]) -> None:
    """Wait until *task* has ended; cancellations that come meanwhile are raised afterwards, what it raised is not."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if not task.cancelled():
        task.exception()  # has been heard
    if cancelled is not None:
        raise cancelled


def _is_excepted(host: str, excepted: Sequence[str]) -> bool:
    """Does a `NO_PROXY` list name *host*, or a domain above it?"""
    return any(
        name == "*" or f".{host}".endswith("." + name.removeprefix(".").lower()) for name in excepted if name
    )


def _checked(account: Account, url: str) -> str:
    """The host of *url*, which is the account's own. Raises when it is not, or when the key would travel in the clear."""
    base, whole = urlsplit(account.base_url), urlsplit(url)
    host = base.hostname or ""
    if (whole.scheme, whole.netloc) != (base.scheme, base.netloc) or not whole.path.startswith("/"):
        raise BadRequest("the path leads to another host", host=host)
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        raise BadRequest("the path holds characters that no path has", host=host)
    if whole.scheme != "https" and account.key and not is_loopback(account.base_url):
        raise InsecureHost(host=host)
    return host


def _headers(
    account: Account, asked: Sequence[tuple[str, str]], *, raw_key: bool
) -> list[tuple[bytes, bytes]]:
    """What a caller may say, and the account's key."""
    named = [(name, value) for name, value in asked if name.lower() not in _OURS]
    if account.key:
        key = account.key.reveal()
        named.append(("Authorization", key if raw_key else f"Bearer {key}"))
    try:
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in named]
    except UnicodeEncodeError:
        raise BadRequest("a header holds characters that no header has") from None


def _certificates(*, secure: bool) -> ssl.SSLContext:
    """What to trust: the machine's own store (and `SSL_CERT_FILE`, by OpenSSL) with the usual public list beside it."""
    import ssl

    if not secure:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; never used on plain http
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


def _translated(error: Exception) -> ZaiError | None:
    """An error of httpx as one of ours; None for what is none of its business."""
    import httpx

    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Unreachable("connecting took too long")
        case httpx.TimeoutException():
            return TimedOut("the connection stalled")
        case httpx.ProxyError():
            return Unreachable("the proxy refused the connection")
        case httpx.ConnectError() | httpx.UnsupportedProtocol():
            return Unreachable(_reason(error))
        case httpx.LocalProtocolError():
            return BadRequest("a header holds characters that no header has")
        case httpx.RemoteProtocolError():
            return BadReply("the connection ended inside the answer")
        case httpx.NetworkError():
            return BadReply("the connection was reset")
        case httpx.HTTPError() | httpx.InvalidURL():
            return BadReply(type(error).__name__)
        case _:
            return None


def _reason(error: BaseException) -> str:
    """Why no connection could be made, from the innermost cause that says so."""
    import socket
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ssl.SSLCertVerificationError():
                return "its certificate is not trusted"
            case ssl.SSLError():
                return "no secure connection could be agreed on"
            case socket.gaierror():
                return "no such host"
            case ConnectionRefusedError():
                return "connection refused"
            case _:
                cause = cause.__cause__ or cause.__context__
    return "no connection"
