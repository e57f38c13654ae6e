"""The account's own key, taken out of what a service says: some repeat what they were sent, whole or in part."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zai_ls.domain import Secret
    from zai_ls.errors import ZaiError

_PIECE = 8
"""Characters of a key that no sentence holds by chance."""
_INSTEAD = "…"


def without_key(text: str, key: Secret) -> str:
    """*text* without any piece of *key*: as it is, reversed, or in base64, whatever the case of its letters."""
    hidden = key.reveal().casefold()
    if not hidden or not text:
        return text
    size = min(_PIECE, len(hidden))
    forms = [hidden, hidden[::-1], *(form.casefold() for form in _in_base64(key.reveal()))]
    pieces = {form[at : at + size] for form in forms for at in range(len(form) - size + 1)}
    lower = text.casefold()
    if len(lower) != len(text):  # letters that are longer in the other case
        lower = text.lower() if len(text.lower()) == len(text) else "".join(c.lower()[:1] for c in text)
    out, at = [], 0
    while at < len(text):
        end = at
        while lower[end : end + size] in pieces:
            end += 1
        if end == at:
            out.append(text[at])
            at += 1
        else:
            out.append(_INSTEAD)
            at = end + size - 1
    return "".join(out)


def _in_base64(key: str) -> Iterator[str]:
    """*key* wherever it stands in something encoded, but for the letters it shares with its neighbours."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + key.encode("utf-8", "replace")).decode().rstrip("=")
        yield encoded[(0, 2, 3)[before] : -1]


def scrub(error: ZaiError, key: Secret) -> None:
    """Take *key* out of all that *error* says."""
    error.detail, error.why = without_key(error.detail, key), without_key(error.why, key)
    error.args = tuple(without_key(a, key) if isinstance(a, str) else a for a in error.args)
