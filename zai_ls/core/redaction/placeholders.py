"""What stands for a secret: as long and of such letters as the secret's kind has, and nothing of the secret itself.

Which one is a keyed digest of the secret: the same in each request of a process, so that the service finds in its cache
what it has read before; and of no use to who has the placeholder, because the salt is random and is kept in memory only.
"""

from __future__ import annotations

import hmac
import re
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zai_ls.core.redaction.finding import Found
    from zai_ls.core.redaction.kinds import Alphabet

_ALPHABETS: dict[Alphabet, str] = {
    "alnum": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "upper": string.ascii_uppercase + "234567",
}
_LENGTHS = (16, 20, 24, 32, 40)
_LEAST, _MOST = 16, 40
_LEAST_HEX = 24
_TRIES = 8
"""After so many a placeholder is longer."""
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-f]{16,}")


def placeholder(salt: bytes, value: str, found: Found, attempt: int = 0) -> str:
    """The placeholder of the secret *value*; each *attempt* gives another, and every few a longer one."""
    form, alphabet = _form(value, found)
    if attempt >= _TRIES:
        form = tuple(part if isinstance(part, str) else part + attempt // _TRIES for part in form)
    digest = _Digits(salt, f"{attempt}\0{found.kind}\0{value}".encode("utf-8", "surrogatepass"))
    parts = [part if isinstance(part, str) else digest.text(part, alphabet) for part in form]
    return "".join(parts)


def _form(value: str, found: Found) -> tuple[tuple[str | int, ...], Alphabet]:
    if found.kind == "zai":
        return found.form, "hex"
    if found.form:
        return found.form, found.alphabet
    if found.head:
        return (found.head, min(_MOST, max(_LEAST, len(value) - len(found.head)))), found.alphabet
    if _UUID.fullmatch(value):
        return (8, "-", 4, "-", 4, "-", 4, "-", 12), "hex"
    if _HEX.fullmatch(value):
        return (max(_LEAST_HEX, min(64, len(value))),), "hex"
    return (next((length for length in _LENGTHS if length >= len(value)), _LENGTHS[-1]),), "alnum"


class _Digits:
    """As many characters as are asked for, from a digest."""

    def __init__(self, salt: bytes, message: bytes) -> None:
        self._blocks = (hmac.digest(salt, bytes((n,)) + message, "sha256") for n in range(256))
        self._bytes = b""

    def text(self, length: int, alphabet: Alphabet) -> str:
        while len(self._bytes) < length:
            self._bytes += next(self._blocks)
        taken, self._bytes = self._bytes[:length], self._bytes[length:]
        letters = _ALPHABETS[alphabet]
        return "".join([letters[each % len(letters)] for each in taken])
