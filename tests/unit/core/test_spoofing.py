"""Characters that reorder, hide or imitate others: what is flagged, and what is a language's own."""

from __future__ import annotations

import pytest

from zai_ls.assistant.spoofing import told_spoofs
from zai_ls.core.spoofing import spoofs
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines
from zai_ls.domain import Snapshot

OLD = "def paypal(scope, level):\n    return scope\n"
FLAGGED = {
    "an override in a comment": ("x = 1  # \u202e} if admin\n", "direction", "U+202E"),
    "an isolate in a string": ('x = "user\u2066 // \u2069"\n', "direction", "U+2066"),
    "an embedding alone": ("x = 1 \u202b\n", "direction", "U+202B"),
    "a zero-width space in a name": ("sco\u200bpe = 1\n", "unseen", "U+200B"),
    "a joiner between ASCII letters": ('x = "ad\u200dmin"\n', "unseen", "U+200D"),
    "a word joiner": ("x = 1\u2060\n", "unseen", "U+2060"),
    "a soft hyphen": ('x = "ad\xadmin"\n', "unseen", "U+00AD"),
    "a filler that some languages take for a name": ("\u3164 = 1\n", "unseen", "U+3164"),
    "a byte-order mark inside": ("x = 1\n\ufeffy = 2\n", "unseen", "U+FEFF"),
    "letters of tags": ('x = "\U000e0061\U000e0062"\n', "unseen", "U+E0061"),
    "selectors that stand for bytes": ('x = "é\ufe01\ufe02"\n', "unseen", "U+FE02"),
    "a selector after ASCII": ('x = "a\ufe00"\n', "unseen", "U+FE00"),
    "a mark of direction among ASCII": ("x = 1 \u200f+ 2\n", "unseen", "U+200F"),
    "an escape": ('x = "\x1b[2K"\n', "control", "U+001B"),
    "a NUL": ('x = "\0"\n', "control", "U+0000"),
    "an eight-bit escape": ("# \x9b31m\n", "control", "U+009B"),
    "a backspace": ("# a\x08b\n", "control", "U+0008"),
    "a separator of lines that JavaScript knows": ("x = 1  # so\u2028y = 2\n", "control", "U+2028"),
    "a separator of paragraphs": ('x = "a\u2029b"\n', "control", "U+2029"),
    "a return that is no end of a line": ("x = 1  # so\ry = 2\n", "control", "U+000D"),
    "a joiner of graphemes": ("sco\u034fpe = 1\n", "unseen", "U+034F"),
    "a blank of Braille": ("\u2800 = 1\n", "unseen", "U+2800"),
    "a vowel of Khmer that is not written": ("sco\u17b4pe = 1\n", "unseen", "U+17B4"),
    "a selector of Mongolian": ("sco\u180bpe = 1\n", "unseen", "U+180B"),
    "a Greek question mark": ("x = 1\u037e y = 2\n", "lookalike", "U+037E"),
    "a wide semicolon": ("x = 1\uff1b y = 2\n", "lookalike", "U+FF1B"),
    "Cherokee in a Latin name": ("\u13dfOUNT = 1\n", "lookalike", "\u13dfOUNT"),
    "Cyrillic in a Latin name": ("p\u0430ypal(1, 2)\n", "lookalike", "p\u0430ypal"),
    "Greek capitals in a Latin name": ("\u0391dmin = 1\n", "lookalike", "\u0391dmin"),
    "a name all in Cyrillic that is another's twin": (
        "\u0455\u0441\u043e\u0440\u0435 = 1\n",
        "lookalike",
        "\u0455\u0441\u043e\u0440\u0435",
    ),
    "wide letters, which Python reads as plain ones": (
        "\uff45\uff56\uff41\uff4c(x)\n",
        "lookalike",
        "\uff45\uff56\uff41\uff4c",
    ),
    "letters of mathematics": (
        "\U0001d41e\U0001d42f\U0001d41a\U0001d425(x)\n",
        "lookalike",
        "\U0001d41e\U0001d42f\U0001d41a\U0001d425",
    ),
    "an odd Latin letter that makes a twin": ("leve\ua731 = scope\nleves = 1\n", "lookalike", "leve\ua731"),
    "inside what a string computes": ('x = f"{p\u0430ypal}"\n', "lookalike", "p\u0430ypal"),
}
FINE = {
    "a comment in Russian": "x = 1  # область видимости: рост и сорт\n",
    "a homoglyph in a comment": "x = 1  # п\u0430ypal, p\u0430ypal\n",
    "a homoglyph in a string": 'x = "p\u0430ypal"\n',
    "a docstring in Greek": '"""Ένα ΑΒΕ."""\nx = 1\n',
    "names in Russian": "область = 1\nчислоId = область\n",
    "names in Chinese": "价格 = 1\n",
    "names of formulas": "Δt = 1\nρ_x = 2\nαβ = ν = 3\nx² = 4\n",
    "a name in Turkish": "sayı = 1\n",
    "names with accents": "naïve = café = 1\n",
    "emoji of several": 'x = "👩‍👩‍👧 ⚠️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿"\n',
    "Persian with its joiner": 'x = "می‌خواهم"\n',
    "Hebrew with a mark of direction": 'x = "שלום\u200f!"\n',
    "a Chinese character's selector": 'x = "葛\U000e0100"\n',
    "Chinese prose with its semicolon": "x = 1  # 先读\uff1b后写\n",
    "a question in Greek": 'x = "Τι κάνεις\u037e"\n',
    "Mongolian with its selectors": 'x = "ᠮᠣᠩᠭ\u180bᠣᠯ"\n',
    "Braille": 'x = "⠓⠊⠀⠽⠕⠥ ⠋⠙⠹"\n',
    "names in Cherokee": "ᏣᎳᎩ = 1\n",
    "tabs, form feeds and both line ends": "\tx = 1\r\n\f\ny = 2\n",
}


def told(old: str, new: str, language: str = "python") -> str:
    snapshot = Snapshot("file:///a", language, 1, tuple(split_lines(old)))
    return told_spoofs(old, new, snapshot, Syntax())


@pytest.mark.parametrize("name", FLAGGED)
def test_what_deceives_is_flagged(name):
    """With its line and what it is."""
    text, kind, shown = FLAGGED[name]
    (spoof, *_) = spoofs(OLD, OLD + text, lambda _: True)

    assert (spoof.kind, spoof.shown) == (kind, shown)
    assert 2 <= spoof.line <= 3
    assert "line 3" in told(OLD, OLD + text) or "line 4" in told(OLD, OLD + text)


@pytest.mark.parametrize("name", FINE)
def test_a_languages_own_letters_are_not(name):
    """In comments, strings and names, as people write them."""
    assert told(OLD, OLD + FINE[name]) == ""


@pytest.mark.parametrize("name", FLAGGED)
def test_what_was_there_before_is_the_persons_own(name):
    """Also when it moves; one more of it is new."""
    text, _, _ = FLAGGED[name]
    assert told(OLD + text, text + OLD) == ""
    if not text.startswith(("p\u0430", "x = f")) and "lookalike" not in FLAGGED[name]:
        assert told(OLD + text, OLD + text + text) != ""


def test_prose_and_unknown_languages():
    """A text has no names; characters that hide or reorder deceive there too."""
    assert told("", "p\u0430ypal\n", "markdown") == ""
    assert "U+202E" in told("", "\u202e\n", "markdown")
    assert "paypal" in told("", "p\u0430ypal\n", "no-such-language")


def test_a_few_are_told():
    """Whoever reads needs no list of hundreds."""
    assert told("", "\u200b \u200b \u200b \u200b \u200b\n").count("U+200B") == 3


def test_a_file_whose_lines_end_in_returns():
    """As they once did: a new line has one too."""
    assert told("x = 1\ry = 2\r", "x = 1\ry = 2\rz = 3\r") == ""
    assert "U+000D" in told("x = 1\ry = 2\n\n", "x = 1\ry = 2\n\nz = 3\rw = 4\n")
