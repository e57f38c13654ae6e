from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.errors import BadReply
from zai_ls.glm.sse import Event, SseDecoder

SAMPLE = (
    "\ufeffdata: one\r\ndata: two\r\n\r\n"
    ": a comment\r\n"
    'data: {"a":"春\u2028\u0085\x0c"}\n\n'
    "event: error\rdata:no space\rdata:  two spaces\r\r"
    "id: 7\nretry: 10\nunknown\ndata\n\n"
    "data: 😀\r\n\r\n"
    "\n\n"
    "data: [DONE]\n\n"
).encode()

EVENTS = [
    Event("message", "one\ntwo"),
    Event("message", '{"a":"春\u2028\u0085\x0c"}'),
    Event("error", "no space\n two spaces"),
    Event("message", ""),
    Event("message", "😀"),
    Event("message", "[DONE]"),
]


def decode(*chunks: bytes) -> list[Event]:
    decoder = SseDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


@pytest.mark.parametrize("cut", range(len(SAMPLE) + 1))
def test_survives_a_cut_anywhere(cut):
    """Where the network cuts the bytes makes no difference, also inside a character or between \\r and \\n."""
    assert decode(SAMPLE[:cut], SAMPLE[cut:]) == EVENTS


def test_survives_single_bytes():
    """A byte at a time is as good as all at once."""
    assert decode(*(SAMPLE[i : i + 1] for i in range(len(SAMPLE)))) == EVENTS


@given(st.lists(st.integers(0, len(SAMPLE)), max_size=20))
def test_survives_any_number_of_cuts(cuts):
    """Many cuts, empty pieces among them."""
    places = [0, *sorted(cuts), len(SAMPLE)]
    assert decode(*(SAMPLE[a:b] for a, b in pairwise(places))) == EVENTS


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_gives_back_what_was_put_in(texts, end):
    """Whatever stands in a data line comes out, with each kind of line end."""
    stream = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    assert decode(stream) == [Event("message", text) for text in texts]


def test_ends_on_an_event_without_its_blank_line():
    """Some gateways send no blank line at the very end; the event counts."""
    assert decode(b"data: a\n\ndata: b") == [Event("message", "a"), Event("message", "b")]
    assert decode(b"data: a\n\ndata: b\n") == [Event("message", "a"), Event("message", "b")]


@pytest.mark.parametrize(
    ("chunk", "times"),
    [
        (b"x" * 100_000, 110),
        (b"data: " + b"y" * 100_000 + b"\n", 110),
        (b"data:\n" * 10_000, 60),
        (b"data\n" * 10_000, 60),
    ],
    ids=["a line without an end", "an event without an end", "empty lines", "names of lines"],
)
def test_is_bounded(chunk, times):
    """More than any reply can be is refused, before it fills the memory."""
    with pytest.raises(BadReply):
        decode(*[chunk] * times)


def test_refuses_what_is_not_utf8():
    """Half a character is never guessed at: the text may be code."""
    with pytest.raises(BadReply):
        decode(b"data: \xff\xfe\n\n")


def test_a_line_that_comes_byte_by_byte_takes_no_more_than_its_length():
    """Each piece an object of its own would be fifty times as much."""
    decoder = SseDecoder(max_line=200_000)
    tracemalloc.start()
    try:
        for _ in range(99_999):
            decoder.feed("é".encode())
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
