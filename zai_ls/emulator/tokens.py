"""Tokens as the emulator counts them: a reply in pieces of a word's size, a prompt by its bytes."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\s*(?:\w{1,5}|[^\w\s]{1,3})|\s+")
_LONGEST_IN_PIECES = 200_000
"""Characters; what is longer goes out in large pieces, or it would take seconds to cut."""
_LARGE = 4096
_BYTES_PER_TOKEN = 4
_PER_MESSAGE = 4


def pieces(text: str) -> list[str]:
    """*text* cut as a model would utter it; joined they are *text* again."""
    if len(text) > _LONGEST_IN_PIECES:
        return [text[at : at + _LARGE] for at in range(0, len(text), _LARGE)]
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens a prompt of *text* is."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN) + _PER_MESSAGE
