"""Messages out of a stream of bytes."""

from __future__ import annotations

import itertools

import pytest

from zai_ls.lsp.transport import BrokenFrame, Frames, check_loopback

STREAM = (
    b"Content-Length: 2\r\n\r\n{}"
    b'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:4\r\n\r\n"\xc3\xa9"'
    b"Content-Length: 0\r\n\r\n"
    b'Content-Length: 6\r\n\r\n"\r\n\r\n"'
)
BODIES = [b"{}", b'"\xc3\xa9"', b"", b'"\r\n\r\n"']


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_messages_come_out_whole_however_the_bytes_are_cut(size):
    """Split anywhere, or many in one piece: the same messages in the same order."""
    frames = Frames()
    pieces = (STREAM[at : at + size] for at in range(0, len(STREAM), size))
    assert list(itertools.chain.from_iterable(map(frames.feed, pieces))) == BODIES


@pytest.mark.parametrize(
    "stream",
    [
        b"hello\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"x" * 5000,
    ],
)
def test_a_stream_that_is_not_lsp_ends_the_conversation(stream):
    """Where the next message begins cannot be known, so nothing more is read."""
    with pytest.raises(BrokenFrame):
        Frames().feed(stream)


def test_sockets_are_for_this_machine_alone():
    """Whoever reaches the port can spend the quota."""
    for host in ("127.0.0.1", "localhost", "::1"):
        check_loopback(host)
    for host in ("0.0.0.0", "192.168.1.2", ""):
        with pytest.raises(ValueError, match="this machine only"):
            check_loopback(host)
