"""A service that repeats the key is not repeated."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.domain import Secret
from zai_ls.errors import ServerError
from zai_ls.glm.scrubbing import scrub, without_key

KEY = "0badc0de5ec2e75afe0123456789abcd.KeyThatLeaks1"
CASES = {
    "alone": (KEY, "…"),
    "in a sentence": (f"Key {KEY} is wrong.", "Key … is wrong."),
    "in capitals": (KEY.upper(), "…"),
    "its first half": (f"0badc0de5ec2*** {KEY[-9:]}", "…*** …"),
    "backwards": (KEY[::-1], "…"),
    "less than would tell": ("0badc0d and eaks1", "0badc0d and eaks1"),
    "other words": ("The model glm-5 is busy (1305).", "The model glm-5 is busy (1305)."),
    "letters that grow": ("İ" * 3 + KEY, "İİİ…"),
}


@pytest.mark.parametrize("name", CASES)
def test_pieces_of_the_key_go(name):
    """From eight characters on; the rest of the sentence stays."""
    text, left = CASES[name]
    assert without_key(text, Secret(KEY)) == left


@given(st.binary(max_size=7), st.binary(max_size=7))
def test_base64_of_it_goes(before, after):
    """Wherever it stands in what was encoded."""
    text = base64.b64encode(before + KEY.encode() + after).decode()
    shown = without_key(text, Secret(KEY))
    assert len(shown) <= 26


@given(st.text(), st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_any_key_and_any_text(text, key):
    """Never an error; the key itself is never left; without a key nothing changes."""
    shown = without_key(text + key + text, Secret(key))
    assert not key or key not in shown or len(key) < 2
    assert without_key(text, Secret("")) == text


def test_an_error_tells_it_nowhere():
    """Its detail, its sentence, its arguments."""
    error = ServerError(f"bad {KEY}", why=f"{KEY}")
    scrub(error, Secret(KEY))
    assert KEY[:12] not in f"{error!r} {error} {error.user_text} {error.detail} {error.why}"
