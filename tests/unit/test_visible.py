"""What would act on a terminal, or on a reader's eyes, is written out; what people write is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.errors import ServerError
from zai_ls.messages import say
from zai_ls.visible import visible

ACTS = {
    "colour": ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    "the clipboard (OSC 52)": ("\x1b]52;c;cm0gLXJm\x07", "\\x1b]52;c;cm0gLXJm\\x07"),
    "a link (OSC 8)": (
        "\x1b]8;;http://evil\x1b\\x\x1b]8;;\x1b\\",
        "\\x1b]8;;http://evil\\x1b\\x\\x1b]8;;\\x1b\\",
    ),
    "eight-bit forms": ("\x9b31m \x9d0;t\x9c", "\\x9b31m \\x9d0;t\\x9c"),
    "going back over a line": ("good\rbad\x08", "good\\x0dbad\\x08"),
    "NUL and DEL": ("a\0b\x7f", "a\\x00b\\x7f"),
    "order": ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
    "lines": ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
    "no room": ("a\u034fb\u3164", "a\\u034fb\\u3164"),
    "sight": ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
}


@pytest.mark.parametrize("name", ACTS)
def test_what_acts_is_written_out(name):
    """As it stands alone, in a sentence of ours, and in an error of the service."""
    text, shown = ACTS[name]
    assert visible(text) == shown
    assert shown in say("error.unreachable", host=text, detail="x")
    assert shown in ServerError(text).user_text


@pytest.mark.parametrize("text", ["plain", "é 春 👩‍👩‍👧 ⚠️ می‌خواهم", "two\nlines\tand a tab", ""])
def test_what_people_write_stays(text):
    """Line ends, tabs, emoji of several characters."""
    assert visible(text) == text


@given(st.text())
def test_nothing_that_acts_is_left(text):
    """And what is written out once stays so."""
    shown = visible(text)
    assert not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in shown)
    assert visible(shown) == shown
