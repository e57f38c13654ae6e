"""Waking another process: one datagram to its port on 127.0.0.1, carrying its token.

UDP because Python on Windows has no unix sockets. A lost datagram costs one look of the safety net, never more, and so
nothing here fails loudly: where no port can be had, the safety net serves alone.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

_HERE = "127.0.0.1"


class Waker:
    """A bell of our own, and a finger for the bells of others."""

    def __init__(self, on_wake: Callable[[], None]) -> None:
        self.token = secrets.token_hex(16)
        self.port = 0
        """0: nobody can wake us."""
        self._on_wake = on_wake
        self._bell: asyncio.DatagramTransport | None = None
        self._finger: socket.socket | None = None
        self._gate = asyncio.Lock()

    async def open(self) -> None:
        """Listen, once."""
        async with self._gate:
            if self._bell is not None:
                return
            try:
                self._bell, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Bell(self.token.encode(), self._on_wake), local_addr=(_HERE, 0)
                )
            except OSError as error:
                _log.warning("slot.deaf detail=%s", error)
                return
            self.port = self._bell.get_extra_info("sockname")[1]

    def wake(self, port: int, token: str) -> None:
        """Ring; whoever has left does not hear it."""
        if not port:
            return
        if self._finger is None:
            self._finger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._finger.setblocking(False)
        with suppress(OSError):
            self._finger.sendto(token.encode(), (_HERE, port))

    def close(self) -> None:
        """Listen and ring no more."""
        if self._bell is not None:
            self._bell.close()
            self._bell, self.port = None, 0
        if self._finger is not None:
            self._finger.close()
            self._finger = None


class _Bell(asyncio.DatagramProtocol):
    def __init__(self, token: bytes, on_wake: Callable[[], None]) -> None:
        self._token = token
        self._on_wake = on_wake

    def datagram_received(self, data: bytes, addr: object) -> None:
        if hmac.compare_digest(data, self._token):
            self._on_wake()
