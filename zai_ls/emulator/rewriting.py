"""The emulated author's changes to code: few, small, and such that sound code stays sound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zai_ls.emulator.comments import comments_of

if TYPE_CHECKING:
    from collections.abc import Callable

_PYTHON = frozenset({"python", "py"})
_MUST_STAY_FIRST = re.compile(r"#!|<\?|<!DOCTYPE", re.IGNORECASE)
_EMULATED = re.compile(r"emulated: (?P<task>[a-z ]+?)(?: \((?P<times>\d+)\))?(?: \*/| -->)?$")
_RENAME = re.compile(r"\brename\s+`?(\w+)`?\s+(?:to|into|as)\s+`?(\w+)`?", re.IGNORECASE)


def rewrite(code: str, language: str, task: str, request: str = "") -> str:
    """*code* changed as *task* wants it, marked as emulated on its first line."""
    lines = code.split("\n")
    if task in {"as requested", "refactor"} and (renaming := _RENAME.search(request)):
        old, new = renaming.groups()
        lines = [re.sub(rf"\b{old}\b", new, line) for line in lines]
    if task == "as requested":
        lines = [line for line in lines if not re.match(r"\s*\W{1,4}\s*zai:", line)]
    if language in _PYTHON and task in _PYTHON_CHANGES:
        lines = _PYTHON_CHANGES[task](lines)
    elif task == "document":
        lines = _doc_comment(lines, language)
    return "\n".join(_marked(lines, language, task))


def _marked(lines: list[str], language: str, task: str) -> list[str]:
    """With the comment that says so; one that is there already is counted up."""
    at = next((i for i, line in enumerate(lines) if line.strip() and not _MUST_STAY_FIRST.match(line)), None)
    if at is None:
        comment = comments_of(language).line(f"emulated: {task}")
        return (
            [*lines, comment] if comment and "".join(lines).strip() else [comment or line for line in lines]
        )
    said = _EMULATED.search(lines[at])
    again = f" ({int(said['times'] or 1) + 1})" if said and said["task"] == task else ""
    comment = comments_of(language).line(f"emulated: {task}{again}")
    if not comment:
        return lines
    return [*lines[:at], _indent(lines[at]) + comment, *lines[at + (1 if again else 0) :]]


def _doc_comment(lines: list[str], language: str) -> list[str]:
    at = next((i for i, line in enumerate(lines) if line.strip() and not _MUST_STAY_FIRST.match(line)), None)
    doc = comments_of(language).doc_line("Emulated documentation.")
    if at is None or not doc or any(doc in line for line in lines):
        return lines
    return [*lines[:at], _indent(lines[at]) + doc, *lines[at:]]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


# -- Python ---------------------------------------------------------------------------------------------------

_DEF = re.compile(r"^([ \t]*)(?:async\s+)?def\s+(\w+)")
_SIGNATURE_END = re.compile(r"\)\s*(->\s*[^:#]+)?:\s*(#.*)?$")


def _signatures(lines: list[str]) -> list[tuple[int, int]]:
    """First and last line of each definition's head that has its body on lines of its own."""
    found = []
    for first, line in enumerate(lines):
        if not _DEF.match(line):
            continue
        depth = 0
        for last in range(first, min(len(lines), first + 40)):
            depth += sum(lines[last].count(c) for c in "([{") - sum(lines[last].count(c) for c in ")]}")
            if depth <= 0:
                if _SIGNATURE_END.search(lines[last]):
                    found.append((first, last))
                break
    return found


def _body(lines: list[str], first: int, last: int) -> list[str]:
    """The lines below a head that are indented deeper than it."""
    depth = len(_indent(lines[first]))
    body = []
    for line in lines[last + 1 :]:
        if line.strip() and len(_indent(line)) <= depth:
            break
        body.append(line)
    return body


def _document(lines: list[str]) -> list[str]:
    done = list(lines)
    for first, last in reversed(_signatures(lines)):
        start = next((line for line in _body(lines, first, last) if line.strip()), None)
        if start is not None and not re.match(r"\s*[rRbBuU]?(\"|')", start):
            done.insert(last + 1, f'{_indent(start)}"""Emulated: documents `{_name(lines[first])}`."""')
    return done


def _name(line: str) -> str:
    found = _DEF.match(line)
    return found[2] if found else "it"


def _annotate(lines: list[str]) -> list[str]:
    done = list(lines)
    for first, last in _signatures(lines):
        body = "\n".join(_body(lines, first, last))
        if "->" in lines[last] or not body.strip():
            continue
        gives = re.search(r"\breturn[ \t]+\S|\byield\b", body)
        head, _, tail = done[last].rpartition(":")
        if "#" not in done[last]:
            done[last] = f"{head} -> {'object' if gives else 'None'}:{tail}"
    return done


_SHORTER = (
    (re.compile(r"\b(if|elif|while)\s+(\w+)\s*==\s*True\s*:"), r"\1 \2:"),
    (re.compile(r"\b(if|elif|while)\s+(\w+)\s*==\s*False\s*:"), r"\1 not \2:"),
    (re.compile(r"\breturn True if (.+) else False$"), r"return bool(\1)"),
    (re.compile(r"\blen\((\w+)\)\s*==\s*0\s*:"), r"not \1:"),
    (re.compile(r"\blen\((\w+)\)\s*>\s*0\s*:"), r"\1:"),
    (re.compile(r"^(\s*)(\w+)\s*=\s*\2\s*([-+*])\s*(\w+)$"), r"\1\2 \3= \4"),
)


def _simplify(lines: list[str]) -> list[str]:
    done = []
    for line in lines:
        for longer, shorter in _SHORTER:
            line = longer.sub(shorter, line)  # noqa: PLW2901 - one spelling after the other
        done.append(line)
    return _returned_tests(done)


def _returned_tests(lines: list[str]) -> list[str]:
    """`if x: return True`, `else: return False` on four lines is `return bool(x)`."""
    done: list[str] = []
    at = 0
    while at < len(lines):
        four = [line.strip() for line in lines[at : at + 4]]
        test = re.match(r"if (.+):$", four[0])
        if test and four[1:] == ["return True", "else:", "return False"]:
            done.append(f"{_indent(lines[at])}return bool({test[1]})")
            at += 4
        else:
            done.append(lines[at])
            at += 1
    return done


def _implement(lines: list[str]) -> list[str]:
    return [
        re.sub(r"^(\s*)(?:raise NotImplementedError\b.*|pass|\.\.\.)$", r"\1return None", line)
        for line in lines
    ]


_PYTHON_CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "document": _document,
    "add types": _annotate,
    "simplify": _simplify,
    "implement": _implement,
}
