"""Replies as models write them, and the document afterwards: one file, many cases, each of which states a rule.

A file starts with a sentence. Each case starts with its rule under `== rule ==`, and has three sections:

- `-- language --`, with the words `block` and `cut_off` as wanted: the document, in which `⎸` marks the cursor.
- `-- reply --`: the model's, word for word, without the last newline.
- `-- then --`: the document afterwards; `-- then early --` when that is certain as soon as the last line has ended, and more may come;
  or `-- nothing: why --`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "scenarios" / "completions"

_RULE = re.compile(r"^== (.+) ==\n", re.MULTILINE)
_HEADER = re.compile(r"^-- (.+) --\n", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    name: str
    language: str
    document: str
    """With the cursor's mark."""
    reply: str
    block: bool
    cut_off: bool
    then: str | None
    """The document afterwards; None when nothing is inserted."""
    early: bool
    why: str


def cases() -> list[Case]:
    """All of them."""
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        _, *pieces = _RULE.split(path.read_text("utf-8"))
        for rule, text in zip(pieces[::2], pieces[1::2], strict=True):
            found.append(_case(f"{path.stem}: {rule}", text))
    return found


def _case(name: str, text: str) -> Case:
    """The case in *text*. Raises `ValueError` with its name when it is not one."""
    _, *pieces = _HEADER.split(text)
    sections = list(zip(pieces[::2], pieces[1::2], strict=True))
    if [header.split(":")[0].split(" ")[0] for header, _ in sections[1:]] not in (
        ["reply", "then"],
        ["reply", "nothing"],
    ):
        raise ValueError(f"{name}: a document, a reply and an outcome are needed")
    (head, document), (_, reply), (outcome, then) = sections
    language, *words = head.split()
    if document.count("⎸") != 1 or set(words) - {"block", "cut_off"}:
        raise ValueError(f"{name}: one cursor is marked by ⎸, and the words are block and cut_off")
    nothing = outcome.startswith("nothing: ")
    return Case(
        name,
        language,
        document,
        reply.removesuffix("\n"),
        "block" in words,
        "cut_off" in words,
        None if nothing else then.rstrip("\n") + "\n",
        outcome == "then early",
        outcome.removeprefix("nothing: ") if nothing else "",
    )
