"""An editor at the other end, played by hand: what it was asked lies in `asked`, and the test answers."""

from __future__ import annotations

import asyncio

from lsprotocol.converters import get_converter

_plain = get_converter().unstructure


class PlayedPeer:
    """Records what the server says; a test completes the futures of its requests."""

    def __init__(self):
        self.asked = []
        self.told = []

    def request(self, method, params=None):
        reply = asyncio.get_running_loop().create_future()
        self.asked.append((method, _plain(params), reply))
        return reply

    def notify(self, method, params=None):
        self.told.append((method, _plain(params)))

    def answer(self, result):
        """Answer the newest request."""
        self.asked[-1][2].set_result(result)

    def refuse(self, error):
        """Answer the newest request with an error."""
        self.asked[-1][2].set_exception(error)
