from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from zai_ls.core.parsing import _runs

PIECES = st.tuples(
    st.sampled_from([b"a", b"(", b" ", b"(((", b"'", b"\xc3\xa9"]),
    st.sampled_from([1, 5, 99, 199, 200, 201, 450]),
)
DATA = st.lists(PIECES.map(lambda piece: piece[0] * piece[1]), max_size=8).map(b"".join)


@given(DATA)
def test_long_runs_of_signs_are_found_by_looking_at_one_byte_in_two_hundred(data):
    """The same ones as by looking at all of them."""
    assert list(_runs(data)) == re.findall(rb"[^\w\"'`\x80-\xff]{200,}", data)
