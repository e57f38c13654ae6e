"""What the lines of a `.gitignore` mean: as git reads them, byte for byte, oddities included.

Git compares bytes, walks from the top folder down, and stops at the first folder that is excluded: nothing in it can be
taken back. Of several lists the nearest counts, and in a list the last line that matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Matcher = re.Pattern[bytes]

_SPECIAL = re.compile(rb"[*?\[\\]")
_HARD = re.compile(rb"[\[\\]")
_WILD = re.compile(rb"[*?/]+")
_SLASH = ord("/")
_NEVER = re.compile(rb"(?!)")

_CLASSES: dict[bytes, bytes] = {
    b"alnum": rb"[0-9A-Za-z]",
    b"alpha": rb"[A-Za-z]",
    b"blank": rb"[ \t]",
    b"cntrl": rb"[\x00-\x1f\x7f]",
    b"digit": rb"[0-9]",
    b"graph": rb"[!-~]",
    b"lower": rb"[a-z]",
    b"print": rb"[ -~]",
    b"punct": rb"[!-/:-@\[-`{-~]",
    b"space": rb"[ \t-\r]",
    b"upper": rb"[A-Z]",
    b"xdigit": rb"[0-9A-Fa-f]",
}


@dataclass(frozen=True)
class Rule:
    """One line of a list that names files."""

    text: str
    """As it is written."""
    number: int
    """Which line it is, from 1."""
    takes_back: bool
    """It began with `!`."""
    folders_only: bool
    """It ended in a slash."""
    _pattern: bytes = field(repr=False)
    _folds: bool = field(default=False, repr=False)

    def matches(self, path: bytes, name: bytes) -> bool:
        """Does it name *path*, which is relative to the list's own folder and ends in *name*?"""
        kind, literal = self._quick
        if kind == "name":
            return name == literal
        if kind == "ending":
            return name.endswith(literal)
        if kind == "path":
            return path == literal
        subject = name if kind == "any name" else path
        if not all(piece in subject for piece in self._pieces):
            return False
        return subject.startswith(literal) and self._rest.match(subject, len(literal)) is not None

    @cached_property
    def _quick(self) -> tuple[str, bytes]:
        """How to compare, and what with: most patterns need no more than that."""
        pattern = self._pattern
        plain = _literal(pattern)
        if b"/" not in pattern:
            if plain == pattern:
                return "name", pattern
            if pattern[:1] == b"*" and _literal(pattern[1:]) == pattern[1:]:
                return "ending", pattern[1:]
            return "any name", b""
        pattern, plain = pattern.removeprefix(b"/"), _literal(pattern.removeprefix(b"/"))
        return ("path" if plain == pattern else "any path"), plain

    @cached_property
    def _pieces(self) -> tuple[bytes, ...]:
        """What any name or path that it names has in it: most need no expression made, which takes long."""
        pattern = self._pattern
        return () if _HARD.search(pattern) else tuple(piece for piece in _WILD.split(pattern) if piece)

    @cached_property
    def wildcards(self) -> int:
        """How many there are in it, at most: making an expression of it takes as long."""
        return len(_SPECIAL.findall(self._pattern))

    @cached_property
    def _rest(self) -> Matcher:
        """What has to follow the literal beginning. For git it is a pattern of its own, even amid a name."""
        kind, literal = self._quick
        pattern = self._pattern if kind == "any name" else self._pattern.removeprefix(b"/")[len(literal) :]
        return _compiled(pattern, folds=self._folds)


@dataclass(frozen=True, eq=False)
class Listing:
    """The rules of one place. Two are the same only when they are one object."""

    place: str
    """The file they stand in, or the setting."""
    depth: int
    """Of how many parts the folder's path consists that they are relative to."""
    rules: tuple[Rule, ...]
    folds: bool = False
    """The case of letters does not count."""

    @cached_property
    def weight(self) -> int:
        """How much work it is: its rules, and the wildcards in them."""
        return len(self.rules) + sum(rule.wildcards for rule in self.rules)

    @cached_property
    def _backwards(self) -> tuple[Rule, ...]:
        return self.rules[::-1]

    def match(self, parts: Sequence[bytes], end: int, *, is_folder: bool) -> Rule | None:
        """The last rule that names the path of the first *end* of *parts*; None when none does."""
        path, name = b"/".join(parts[self.depth : end]), parts[end - 1]
        if self.folds:
            path, name = path.lower(), name.lower()
        return next(
            (r for r in self._backwards if (is_folder or not r.folders_only) and r.matches(path, name)), None
        )


def rules_in(text: str, *, folds: bool = False) -> tuple[Rule, ...]:
    """The rules in the *text* of a `.gitignore`; with *folds* for a file system to which the case of letters means nothing."""
    lines = text.removeprefix("\ufeff").split("\n")
    found = (_rule(line, number, folds=folds) for number, line in enumerate(lines, 1))
    return tuple(rule for rule in found if rule is not None)


def _rule(line: str, number: int, *, folds: bool) -> Rule | None:
    if line.startswith("#"):
        return None
    line = _trimmed(line.removesuffix("\r"))
    pattern = line.encode("utf-8", "surrogateescape")
    takes_back = pattern.startswith(b"!")
    pattern = pattern.removeprefix(b"!")
    folders_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    if not pattern:
        return None
    return Rule(line, number, takes_back, folders_only, pattern.lower() if folds else pattern, folds)


def _trimmed(line: str) -> str:
    """Without the blanks at its end; a backslash keeps one."""
    end = position = 0
    while position < len(line):
        if line[position] == "\\":
            position += 1
            end = position + 1
        elif line[position] != " ":
            end = position + 1
        position += 1
    return line[:end]


def excluded_by(
    parts: Sequence[bytes], top: int, listings: Sequence[Listing], *, folder: bool = False
) -> tuple[Listing, Rule] | None:
    """The list and the rule that exclude a path, and so everything in it; None when it is not excluded.

    *parts* are the path's, of which the first *top* are the folder where all begins. *listings* are in the order in
    which they count, the strongest first. *folder*: the path is a folder itself.
    """
    for end in range(top + 1, len(parts) + 1):
        is_folder = folder or end < len(parts)
        for listing in listings:
            if listing.depth >= end:
                continue
            rule = listing.match(parts, end, is_folder=is_folder)
            if rule is None:
                continue
            if rule.takes_back:
                break
            return listing, rule
    return None


def parts_of(path: str) -> tuple[bytes, ...]:
    """The names that *path*, with slashes between them, consists of; its root is none."""
    return tuple(path.encode("utf-8", "surrogateescape").strip(b"/").split(b"/"))


# -- one pattern ----------------------------------------------------------------------------------------------


def _literal(pattern: bytes) -> bytes:
    """The beginning of *pattern* that means itself."""
    found = _SPECIAL.search(pattern)
    return pattern if found is None else pattern[: found.start()]


_STAR = b"*"
_NEXT = b"**/"
_FAR = b"**"
"""Tokens that match more than one character: within a name; any folders, or none; anything."""


def _compiled(pattern: bytes, *, folds: bool) -> Matcher:
    """*pattern* as a regular expression.

    What a star has to match is settled as soon as the characters behind it are found: giving them back and looking
    further could only fail again, and take time without end on names made for that.
    """
    tokens = list(_tokens(pattern, folds=folds))
    if None in tokens:
        return _NEVER
    runs: list[list[bytes]] = [[]]
    far: list[bytes] = []
    for token in tokens:
        if token in {_NEXT, _FAR}:
            far.append(rb"(?:.*?/)??" if token == _NEXT else rb".*?")
            runs.append([])
        else:
            runs[-1].append(token or b"")
    whole = _run(runs[0], last=not far)
    for index, (reach, run) in enumerate(zip(far, runs[1:], strict=True), 1):
        last = index == len(far)
        body = reach + _run(run, last=last)
        whole += body if last else b"(?>" + body + b")"
    return re.compile(rb"(?s:" + whole + rb")\Z")


def _run(tokens: list[bytes], *, last: bool) -> bytes:
    """What stands between two `**`."""
    chunks: list[bytes] = [b""]
    for token in tokens:
        if token == _STAR:
            chunks.append(b"")
        else:
            chunks[-1] += token
    if len(chunks) == 1:
        return chunks[0]
    inner = b"".join(b"(?>[^/]*?" + chunk + b")" for chunk in chunks[1:-1])
    final = b"[^/]*" + chunks[-1] if last else b"(?>[^/]*?" + chunks[-1] + b")"
    return chunks[0] + inner + final


def _tokens(pattern: bytes, *, folds: bool) -> Iterator[bytes | None]:
    """Expressions for single characters, and tokens for more; None where the pattern makes no sense and names nothing."""
    at = 0
    while at < len(pattern):
        char = pattern[at : at + 1]
        if char == b"*":
            end = at
            while pattern[end : end + 1] == b"*":
                end += 1
            bounded = (at == 0 or pattern[at - 1] == _SLASH) and (
                end == len(pattern) or pattern[end] == _SLASH or pattern[end : end + 2] == b"\\/"
            )
            if end - at == 1 or not bounded:
                yield _STAR
            elif pattern[end : end + 1] == b"/":
                yield _NEXT
                end += 1
            else:
                yield _FAR
            at = end
        elif char == b"?":
            yield b"[^/]"
            at += 1
        elif char == b"[":
            set_, at = _set(pattern, at + 1, folds=folds)
            yield set_
        else:
            if char == b"\\":
                at += 1
                char = pattern[at : at + 1]
            yield re.escape(char) if char else None
            at += 1


def _set(pattern: bytes, at: int, *, folds: bool) -> tuple[bytes | None, int]:
    """The expression for a set of characters that begins at *at*, and where it ends; None: it does not end."""
    negated = pattern[at : at + 1] in {b"!", b"^"}
    at += negated
    members: set[int] = set()
    before: int | None = None
    first = True
    while first or pattern[at : at + 1] != b"]":
        first = False
        char = pattern[at : at + 1]
        if char == b"-" and before is not None and pattern[at + 1 : at + 2] not in {b"", b"]"}:
            at += 1
            at += pattern[at : at + 1] == b"\\"
            if at >= len(pattern):
                return None, at
            members |= set(range(before, pattern[at] + 1))
            before = None
        elif (
            char == b"["
            and pattern[at + 1 : at + 2] == b":"
            and (end := pattern.find(b"]", at + 2)) != -1
            and (pattern[end - 1 : end] == b":" and end - 1 >= at + 2)
        ):
            named = _CLASSES.get(pattern[at + 2 : end - 1])
            if named is None:
                return None, at
            members |= {code for code in range(256) if re.match(named, bytes((code,)))}
            at, before = end, None
        else:
            at += char == b"\\"
            if at >= len(pattern):
                return None, at
            members.add(pattern[at])
            before = pattern[at]
        at += 1
        if at >= len(pattern):
            return None, at
    if folds:
        members |= {
            code for member in members for code in bytes((member,)).lower() + bytes((member,)).upper()
        }
    chosen = (set(range(256)) - members if negated else members) - {_SLASH}
    return _any_of(frozenset(chosen)), at + 1


@lru_cache(maxsize=1024)
def _any_of(codes: frozenset[int]) -> bytes:
    """The expression for one of *codes*, as ranges: they are compiled in no time."""
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    body = b"".join(b"\\x%02x-\\x%02x" % (first, last) for first, last in ranges)
    return b"[" + body + b"]" if body else b"(?!)"
