"""Text that is not what it looks like: characters that reorder, hide or imitate others, where a reply brings them in.

What the old text had already is the person's own. Words are looked at in code alone: in a comment or a string a word may
be of any script, but nothing there may hide or reorder what stands around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Literal

from zai_ls.visible import CONTROL, DIRECTION, MARKS, SEPARATORS, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal["direction", "unseen", "control", "lookalike"]

_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_HIDDEN = re.compile(
    f"(?P<direction>[{DIRECTION}])|(?P<control>[{CONTROL}{SEPARATORS}]|\r(?!\n))|(?P<unseen>[{UNSEEN}{_TAGS}]"
    # Joiners and selectors shape what stands before them: an emoji, a letter of Persian, a Chinese character.
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
    # Marks of direction stand beside a letter of a script that is read from the right.
    f"|(?<![^\x00-\x7f])[{MARKS}](?![^\x00-\x7f])"
    # The blank of Braille stands beside what is none.
    r"|(?<![\u2801-\u28ff])\u2800(?![\u2801-\u28ff])"
    f"|(?<![^\x00-\x7f])(?<![0-9#*])[{_SELECTORS}]|(?<=[{_SELECTORS}])[{_SELECTORS}])"
)
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")
"""The flag of a part of a country: the only use of tags that is seen."""

_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_ASCII_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)

_LIKE_LATIN = dict(
    zip(
        # Cyrillic; Greek, but for the small letters that formulas are made of; Armenian; Cherokee.
        "аеорсухіјѕһԁԛԝѵӏкьАВЕЗКМНОРСТУХІЈЅԌѴЬοϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսհոզցՏՕԼᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏎᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏳᏴꭵꮃꮓꮩꮪꮯ",
        "aeopcyxijshdqwvlkbABE3KMHOPCTYXIJSGVbojABEZHIKMNOPTYXouhnqgSOLDRTiyAJEWMHYGhZ4bRWSVSLCPKdGBiwzvsc",
        strict=True,
    )
)
_ODD_LATIN = dict(zip("ıɑɡɩǃᴏᴄᴠᴡᴢꜱꞌ", "iagi!ocvwzs'", strict=True))
"""Letters of the Latin script that imitate others of it; some are a language's own."""
_LIKE_SIGNS = {"\u037e": ";", "\uff1b": ";"}
"""The question mark of Greek, and the wide semicolon, which is usual in Chinese prose."""
_COMPATIBLE = ("<wide>", "<font>", "<compat>")
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Spoof:
    """One place that deceives."""

    kind: Kind
    line: int
    """Zero-based, in the new text."""
    shown: str
    """The word as it stands; of a character its number, such as `U+202E`."""
    imitated: str = ""
    """What the word looks like."""


def spoofs(old: str, new: str, is_code: Callable[[int], bool]) -> tuple[Spoof, ...]:
    """What *new* has and *old* has not, the first few; *is_code* says whether an offset in *new* is in code, not prose."""
    if new.isascii() and new.replace("\r\n", "\n").translate(_LAYOUT).isprintable():
        return ()
    found = []
    for spoof in chain(_hidden(old, new), _lookalikes(old, new, is_code), _like_signs(old, new, is_code)):
        found.append(spoof)
        if len(found) == _MOST_TOLD:
            break
    return tuple(found)


_LAYOUT = dict.fromkeys(map(ord, "\t\n\f"))


def _hidden(old: str, new: str) -> Iterator[Spoof]:
    def places(text: str) -> list[re.Match[str]]:
        # Of the same length, so that lines stay where they are.
        return list(_HIDDEN.finditer(_FLAG.sub(lambda flag: "\U0001f3f4" * len(flag[0]), text)))

    there = Counter(match[0] for match in places(old))
    ends_in_returns = there["\r"] > old.count("\n")
    for match in places(new):
        if match[0] == "\r" and ends_in_returns:
            continue
        there[match[0]] -= 1
        if there[match[0]] < 0:
            kind: Kind = "direction" if match["direction"] else "control" if match["control"] else "unseen"
            yield Spoof(kind, _line_of(new, match.start()), f"U+{ord(match[0]):04X}")


def _lookalikes(old: str, new: str, is_code: Callable[[int], bool]) -> Iterator[Spoof]:
    known = set(_WORD.findall(old))
    for match in _WORD.finditer(new):
        word = match[0]
        if word in known:
            continue
        known.add(word)
        imitated = _imitated(word)
        if imitated is None or not is_code(match.start()):
            known.discard(word)  # it may come again, in code
            continue
        if _is_mixed(word) or imitated in _ascii_words(old) or imitated in _ascii_words(new):
            yield Spoof("lookalike", _line_of(new, match.start()), word, imitated)


def _like_signs(old: str, new: str, is_code: Callable[[int], bool]) -> Iterator[Spoof]:
    for sign, imitated in _LIKE_SIGNS.items():
        if new.count(sign) <= old.count(sign):
            continue
        known, at = set(old.splitlines()), 0
        for line in new.splitlines(keepends=True):
            found = line.find(sign)
            while found != -1 and line.rstrip("\r\n") not in known:
                if is_code(at + found):
                    yield Spoof("lookalike", _line_of(new, at), f"U+{ord(sign):04X}", imitated)
                    break
                found = line.find(sign, found + 1)
            at += len(line)


def _imitated(word: str) -> str | None:
    """The ASCII word that *word* looks like; None when it has letters that look like none."""
    looks = "".join(_looks(letter) for letter in word)
    return looks if looks.isascii() else None


def _looks(letter: str) -> str:
    if letter.isascii():
        return letter
    like = _LIKE_LATIN.get(letter) or _ODD_LATIN.get(letter)
    if like is None and unicodedata.decomposition(letter).startswith(_COMPATIBLE):
        like = unicodedata.normalize("NFKC", letter)
    return like or letter


def _is_mixed(word: str) -> bool:
    """Is it of two scripts, or of letters that are others in disguise (which some languages read as those)?"""
    if any(unicodedata.decomposition(letter).startswith(_COMPATIBLE) for letter in word):
        return True
    return any(letter in _LIKE_LATIN for letter in word) and any(
        letter.isascii() and letter.isalpha() for letter in word
    )


@lru_cache(maxsize=4)
def _ascii_words(text: str) -> frozenset[str]:
    return frozenset(_ASCII_WORD.findall(text))


def _line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset)
