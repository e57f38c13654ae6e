"""Indentation: how a file does it, and a reply's lines moved to where they belong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.text import body_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOKED_AT = 1000
"""Lines that tell a file's indentation; more would tell the same."""


@dataclass(frozen=True, slots=True)
class Style:
    """What one step of indentation is."""

    tabs: bool
    width: int
    """Columns of a step; for tabs, how many spaces a step is taken for."""

    @property
    def step(self) -> str:
        """The step as text."""
        return "\t" if self.tabs else " " * self.width


def style_of(lines: Sequence[str]) -> Style | None:
    """How *lines* are indented; None when none of them is."""
    tabs = spaces = 0
    steps: Counter[int] = Counter()
    before = 0
    for line in lines[:_LOOKED_AT]:
        lead = lead_of(line)
        if not line.strip():
            continue
        if "\t" in lead:
            tabs += 1
        elif lead:
            spaces += 1
        if "\t" not in lead:
            if len(lead) - before > 1:
                steps[len(lead) - before] += 1
            before = len(lead)
    if not tabs and not spaces:
        return None
    return Style(tabs > spaces, steps.most_common(1)[0][0] if steps else 4)


def lead_of(line: str) -> str:
    """The blanks that *line* starts with."""
    body = body_of(line)
    return body[: len(body) - len(body.lstrip(" \t"))]


def fitted(fresh: Sequence[str], target: Sequence[str], file: Sequence[str]) -> list[str]:
    """*fresh* lines in the tabs or spaces of *target* (else of *file*), with the first as deep as the target's first.

    Lines have no endings. Blank ones become empty unless the target has them as they are.
    """
    given, style = style_of(fresh), style_of(target) or style_of(file)
    lines = [_converted(line, given, style) for line in fresh]
    known = set(target)
    first = next((line for line in target if line.strip()), target[0] if target else "")
    wanted = lead_of(first)
    options = [_shifted(lines, lead_of(lines[0]), wanted), [wanted + lines[0].lstrip(" \t"), *lines[1:]]]
    options.sort(
        key=lambda option: (
            -sum(1 for line in option if line.strip() and line in known),
            not _steps(option, style),
        )
    )
    return [line if line.strip() or line in known else "" for line in options[0]]


def _converted(line: str, given: Style | None, wanted: Style | None) -> str:
    """*line* with its indentation in tabs or spaces as *wanted*."""
    lead = lead_of(line)
    if not lead or given is None or wanted is None or given.tabs == wanted.tabs:
        return line
    body = line[len(lead) :]
    if wanted.tabs:
        depth, rest = divmod(len(lead.expandtabs(given.width)), given.width)
        return "\t" * depth + " " * rest + body
    return lead.replace("\t", wanted.step) + body


def _shifted(lines: Sequence[str], base: str, wanted: str) -> list[str]:
    """*lines* moved so that what was indented by *base* is by *wanted*; none further out than the margin."""
    moved = []
    for line in lines:
        lead = lead_of(line)
        if not line.strip():
            moved.append(line)
        elif lead.startswith(base):
            moved.append(wanted + line[len(base) :])
        else:
            kept = max(0, len(wanted) - (len(base) - len(lead)))
            moved.append(wanted[:kept] + line[len(lead) :])
    return moved


def _steps(lines: Sequence[str], style: Style | None) -> bool:
    """Does the second line lie at most one step deeper than the first? Else the first has lost its blanks."""
    filled = [lead_of(line) for line in lines if line.strip()]
    if len(filled) < 2 or style is None:
        return True
    step = 1 if style.tabs else style.width
    return len(filled[1]) - len(filled[0]) <= step
