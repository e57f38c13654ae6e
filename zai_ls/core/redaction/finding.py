"""Where the secrets of a text are. Linear in the text's length, whatever stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zai_ls.core.redaction.assigned import assigned
from zai_ls.core.redaction.kinds import AWS_SECRET, KINDS, ZAI_FORM, ZAI_KEY
from zai_ls.core.redaction.looks import is_random, is_weak

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zai_ls.core.redaction.kinds import Alphabet, Kind


class Found(NamedTuple):
    """One secret in a text."""

    start: int
    end: int
    kind: str
    head: str = ""
    """What it begins with and may be known."""
    alphabet: Alphabet = "alnum"
    form: tuple[str | int, ...] = ()


_NEAR = 300
"""Characters around."""
_EDGE = re.compile(
    r"-----(?P<edge>BEGIN|END) (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"|---- (?:(?P<begin>BEGIN)|END) SSH2 (?:ENCRYPTED )?PRIVATE KEY ----"
    r"|(?P<lines>Private-Lines): \d{1,4}|Private-MAC:"
)
"""The last two lines are those of SSH2 and PuTTY."""
_MARKS = ("PRIVATE KEY", "Private-Lines:")
_JUDGED = 80
"""Characters of a token that tell how it looks."""
_BODY = re.compile(r"[A-Za-z0-9+/=]{16,}+")
_ENDING = re.compile(r"\\[nrt]|[A-Za-z0-9+/=]{2,}+|[A-Za-z0-9+/=](?![\"'])")
_LONGEST_BLOCK = 20_000
_AUTHORITY = re.compile(r"[^\s/\"'`<>\\]{3,400}+")
_WITH_SLASH = re.compile(
    r"""(?![0-9]{1,5}/)(?P<password>[^\s/@:\"'`<>\\?#]{0,60}+/[^\s@:\"'`<>\\]{0,100}+)@[\w.-]{1,255}(?::\d|[/\"'`\s?]|\Z)"""
)
"""A password that holds the sign which elsewhere ends the part of an address that holds it."""
ESCAPED = re.compile(r"(?:\\[nrtbfv]|%[0-9A-Fa-f]{2}|\\u[0-9a-fA-F]{4})\Z")
"""What stands before a token and is no part of it, though it ends with a letter or digit."""


def find(text: str) -> list[Found]:
    """The secrets of *text* in the order in which they stand; none within another."""
    low = _lowered(text)
    found = [
        *_private_keys(text),
        *(each for kind in KINDS for each in _of(kind, text)),
        *(Found(m.start(), m.end(), "zai", form=ZAI_FORM) for m in _zai(text)),
        *_in_addresses(text),
        *(Found(*each) for each in assigned(text, low)),
    ]
    found += _aws_secrets(text, found)
    return _apart(found)


def is_in_secret(lines: Sequence[str], line: int, column: int) -> bool:
    """Does the cursor touch a secret? What is written there is nobody's to complete."""
    first = max(0, line - _LINES_AROUND)
    near = lines[first : line + _LINES_AROUND]
    at = sum(map(len, lines[first:line])) + column
    return any(each.start <= at <= each.end for each in find("".join(near)))


_LINES_AROUND = 60


def bodies(text: str) -> list[str]:
    """The lines of each private key in *text*, for texts that show only some of them."""
    return [line for key in _private_keys(text) for line in _BODY.findall(text, key.start, key.end)]


def _apart(found: list[Found]) -> list[Found]:
    """Those that overlap are one, of the kind of the longest; of two alike the first, which says more."""
    kept: list[Found] = []
    longest = 0
    for each in sorted(found, key=lambda f: (f.start, f.start - f.end)):
        length = each.end - each.start
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
            longest = length
            continue
        last = kept[-1]
        kind = each if length > longest else last
        longest = max(longest, length)
        kept[-1] = kind._replace(start=last.start, end=max(last.end, each.end))
    return kept


def _lowered(text: str) -> str:
    """*text* in small letters, each at its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _of(kind: Kind, text: str) -> Iterator[Found]:
    for hint in kind.hints:
        at = text.find(hint)
        while at >= 0:
            match = kind.pattern.match(text, at) if kind.anywhere or _begins(text, at) else None
            if match is None and text[at - 1] in "_-" and at:
                match = _after_name(kind, text, at)
            if match is not None and (kind.near is None or _is_near(kind.near, text, match)):
                group = "secret" if "secret" in kind.pattern.groupindex else 0
                head = match["head"] if "head" in kind.pattern.groupindex else ""
                yield Found(match.start(group), match.end(group), kind.name, head, kind.alphabet, kind.form)
            at = text.find(hint, match.end() if match else at + 1)


def _after_name(kind: Kind, text: str, at: int) -> re.Match[str] | None:
    """A token that a name is joined to by a sign: only one that no words make up."""
    if kind.form or "head" not in kind.pattern.groupindex:
        return None
    match = kind.pattern.match(text, at)
    if match is None:
        return None
    body = text[match.end("head") : min(match.end(), match.end("head") + _JUDGED)]
    return match if any(c.isdigit() for c in body) and is_random(body) else None


def _begins(text: str, at: int) -> bool:
    """May a token begin at *at*? Letters that are a line break in a string, or a byte in an address, do not count."""
    if at == 0 or not (text[at - 1].isalnum() or text[at - 1] in "_-"):
        return True
    return ESCAPED.search(text, max(0, at - 6), at) is not None


def _is_near(what: re.Pattern[str], text: str, match: re.Match[str]) -> bool:
    return what.search(text, max(0, match.start() - _NEAR), match.end() + _NEAR) is not None


def _zai(text: str) -> Iterator[re.Match[str]]:
    """Sought from its dot: hex digits stand everywhere."""
    at = text.find(".", 32)
    while at >= 0:
        if at + 16 < len(text) and text[at - 1] in "0123456789abcdefABCDEF":
            match = ZAI_KEY.match(text, at - 32)
            if match is not None and (at == 32 or not text[at - 33].isalnum() or _begins(text, at - 32)):
                yield match
        at = text.find(".", at + 1)


def _in_addresses(text: str) -> Iterator[Found]:
    at = text.find("://")
    while at >= 0:
        authority = _AUTHORITY.match(text, at + 3)
        if authority is not None:
            part = authority[0]
            if text.startswith("http", max(0, at - 5)) or text.startswith("http", max(0, at - 4)):
                part = re.split(r"[?#]", part, maxsplit=1)[0]
            user, colon, rest = part.partition(":")
            password, sign, _ = rest.rpartition("@")
            if colon and not sign and (match := _WITH_SLASH.match(text, at + 3 + len(user) + 1)) is not None:
                password = match["password"]
                sign = "@" if any(c.isdigit() for c in password) and is_random(password) else ""
            if colon and sign and "@" not in user and password and not is_weak(password, user):
                start = at + 3 + len(user) + 1
                yield Found(start, start + len(password), "address")
        at = text.find("://", at + 3)


def _private_keys(text: str) -> Iterator[Found]:
    """The body of each key, the marks around it left as they are; also of one that is cut off."""
    if not any(mark in text for mark in _MARKS):
        return
    edges = list(_EDGE.finditer(text))
    begins = [bool(edge["begin"] or edge["lines"] or edge["edge"] == "BEGIN") for edge in edges]
    for number, edge in enumerate(edges):
        before = edges[number - 1] if number else None
        after = edges[number + 1] if number + 1 < len(edges) else None
        start: int | None
        if begins[number]:
            is_whole = (
                after is not None and not begins[number + 1] and after.start() < edge.end() + _LONGEST_BLOCK
            )
            most = min(after.start() if after is not None else len(text), edge.end() + _LONGEST_BLOCK)
            stop = most if is_whole else _unended(text, edge.end(), most)
            start = _body_from(text, edge.end(), stop)
        elif before is not None and begins[number - 1] and edge.start() < before.end() + _LONGEST_BLOCK:
            continue
        else:
            stop = edge.start()
            start = _unbegun(text, max(before.end() if before else 0, stop - _LONGEST_BLOCK), stop)
        if start is not None:
            yield Found(start, _last(text, start, stop), "private_key", "MII", form=_ROW)


def _body_from(text: str, start: int, stop: int) -> int | None:
    body = _BODY.search(text, start, stop)
    if body is None:
        return None
    return body.start() + (
        text[body.start() - 1 : body.start()] == "\\"
    )  # the letter of a line break in a string


_ROW: tuple[str | int, ...] = ("MII", 61)


def _last(text: str, start: int, stop: int) -> int:
    """Where the body that begins at *start* ends, before the quotes and signs that lead to *stop*."""
    last = start
    for piece in _ENDING.finditer(text, start, stop):
        if not piece[0].startswith("\\"):
            last = piece.end()
    return last


_KEY_LINE = re.compile(
    r"(?:[^A-Za-z0-9+/=\n]|//(?=[ \t])){0,40}+[A-Za-z0-9+/=]{16,400}+[^A-Za-z0-9+/=\n]{0,20}+(?:\n|\Z)"
)


def _unended(text: str, start: int, most: int) -> int:
    """Where a key whose end is not shown stops to look like one."""
    at = text.find("\n", start, most)
    if at < 0 or at - start > 40:
        return most if at < 0 else at
    at += 1
    while (line := _KEY_LINE.match(text, at, most)) is not None and line.end() > at:
        at = line.end()
    return at


def _unbegun(text: str, floor: int, end: int) -> int | None:
    """Where a key whose beginning is not shown begins to look like one."""
    first = None
    lines = text[floor:end].splitlines(keepends=True)
    at = end
    for line in reversed(lines):
        at -= len(line)
        body = _body_from(line, 0, len(line))
        if body is not None:
            first = at + body
        elif first is not None or len(line.strip()) > 64:
            break
    return first


def _aws_secrets(text: str, found: list[Found]) -> Iterator[Found]:
    done = 0
    for each in found:
        if each.kind != "aws":
            continue
        for match in AWS_SECRET.finditer(text, max(done, each.start - _NEAR), each.end + _NEAR):
            value = match[0]
            if (
                any(c.isupper() for c in value)
                and any(c.islower() for c in value)
                and any(c.isdigit() for c in value)
            ):
                yield Found(match.start(), match.end(), "aws")
        done = max(done, each.end + _NEAR - 40)
