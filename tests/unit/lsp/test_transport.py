"""Messages out of a stream of bytes."""

from __future__ import annotations

import itertools
import os
import sys
import threading

import pytest

from zai_ls.lsp.transport import BrokenFrame, Frames, Skipped, _ThreadWriter, check_loopback

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
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",  # longer than Python makes a number of
        b"Content-Length: 2\r\n" + b"A: b\r\n" * 1000 + b"\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Type: application/json\r\n\r\n{}",
        b"Content-Length 2\r\n\r\n{}",
        b": 2\r\n\r\n{}",
        # A web page can make its browser send this to any port of this machine.
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /a:b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_stream_that_is_not_lsp_ends_the_conversation(stream):
    """Where the next message begins cannot be known, so nothing more is read."""
    with pytest.raises(BrokenFrame):
        Frames().feed(stream)


def test_a_length_is_read_whatever_python_takes_for_a_number():
    """Its own bound on digits can be set lower, and then it raises what nobody expects here."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        with pytest.raises(BrokenFrame):
            Frames().feed(b"Content-Length: " + b"9" * 1000 + b"\r\n\r\n")
    finally:
        sys.set_int_max_str_digits(before)


def test_sockets_are_for_this_machine_alone():
    """Whoever reaches the port can spend the quota."""
    for host in ("127.0.0.1", "localhost", "::1"):
        check_loopback(host)
    for host in ("0.0.0.0", "192.168.1.2", ""):
        with pytest.raises(ValueError, match="this machine only"):
            check_loopback(host)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_message_that_is_too_long_is_skipped_and_the_next_one_read(size):
    """Its head is kept, to know what it was; the rest is never held."""
    long = b'{"id": 7, "method": "x", "params": "' + b"a" * 5000 + b'"}'
    stream = b"Content-Length: %d\r\n\r\n%bContent-Length: 2\r\n\r\n{}" % (len(long), long)
    frames, most = Frames(longest=1000), 0
    got = []
    for at in range(0, len(stream), size):
        got += frames.feed(stream[at : at + size])
        most = max(most, len(frames._held))

    assert got == [Skipped(long[:1024], len(long)), b"{}"]
    assert most <= 1000


def test_the_same_length_said_twice_is_no_harm():
    """Only what contradicts itself cannot be read."""
    assert Frames().feed(b"Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}") == [b"{}"]


def test_an_editor_that_reads_nothing_counts_as_gone():
    """What it leaves unread is bounded, and nothing waits for it."""
    gone = threading.Event()
    read, write = os.pipe()
    writer = _ThreadWriter(os.fdopen(write, "wb"), gone.set)
    for _ in range(65):
        writer.write(b"x" * 2**20)

    assert gone.wait(5)
    with os.fdopen(read, "rb") as rest:
        threading.Thread(target=writer.close).start()
        assert len(rest.read()) <= 64 * 2**20
