"""Where each line of a reply goes: columns in the file's own tabs or spaces, from columns as a model wrote them.

A model may count from the margin, or from the cursor's line; in spaces where the file has tabs; in steps of another width.
The first line that follows tells from where it counts, the first step into a block tells the width.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zai_ls.core.completion.near import column_of, opens_block
from zai_ls.core.indentation import lead_of

if TYPE_CHECKING:
    from zai_ls.core.completion.near import Near
    from zai_ls.core.completion.place import Place

CLOSES = re.compile(
    r"[)\]}]|(?:end|fi|done|esac|else|elif|elsif|except|finally|catch|rescue|ensure|until|when|case|default)\b|</"
)
"""A line that ends a block, or goes on with the next part of one."""
_LEAVES = re.compile(r"(?:return|break|continue|raise|throw|pass|goto|exit)\b")
"""A line after which nothing follows in its block."""
_DECLARES = re.compile(
    r"(?:def|class|func|fn|function|export|import|public|private|protected|impl|struct|enum|interface|module|pub|package|namespace|if __name__)\b"
    r"|[@}#]"
)
"""A line that mostly stands at the margin."""
_WIDEST = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of a reply become columns of the file."""

    origin: int | None
    """A column of the reply; None before the first line that follows the cursor's."""
    target: int
    """Where that column is in the file."""
    step: int
    """Columns of a step in the reply; 0: not seen yet."""

    def column(self, given: int, width: int) -> int:
        """The file's column of the reply's column *given*; *width*: of a step in the file, 0 to take the reply's."""
        away = given - (self.origin or 0)
        if self.step and width and away % self.step == 0:
            away = away // self.step * width
        return max(0, self.target + away)


def first_column(place: Place, given: int | None, at: Near) -> int:
    """The column of the line that the cursor is on, once the reply's first line is there.

    With text before the cursor, that is as it is. On a blank line, the reply may have the indentation again, or none; if it has more,
    that counts as far as the line above allows: up to its own column, or a step further if it opens a block.
    """
    lead = column_of(place.lead + "x", at.width)
    if not place.is_line_start or given is None:
        return lead
    deeper = at.expected if at.above_opens else min(given, at.expected)
    if given > lead:
        return max(lead, deeper)
    if at.above_opens and lead < at.expected and (lead + given == at.expected or at.row.id == "python"):
        return at.expected if given or not lead else lead
    return lead


def next_layout(
    line: str, blank: bool, full: str, first: int, given: int | None, at: Near, *, opened: bool
) -> Layout:
    """The layout that *line*, the first to follow the cursor's line, tells.

    *full*: the cursor's line; *first*: its column in the file, *given*: in the reply; *opened*: it opens a block;
    *blank*: a blank line stands between. A line where it is expected from the margin counts from there; else, where it is expected from
    the reply's own first line, from that. In doubt it counts from the margin, as the text at the cursor has its indentation already.
    """
    column = column_of(line, at.width)
    text = line.strip()
    base = given or 0
    closing = bool(CLOSES.match(text))
    if opened and not closing:
        if column > first:
            step = column - first
            known = step <= _WIDEST and (bool(at.tabs) or (at.known_width and opens_block(full, at.row)))
            return Layout(column, first + at.width, step) if known else Layout(column, column, 0)
        if column > base:
            step = column - base
            return Layout(column, first + (at.width if at.known_width else step), step)
        return Layout(column, column, 0)
    outer = not opened and (
        blank or bool(_LEAVES.match(full.strip())) or closing or bool(_DECLARES.match(text))
    )
    if column == base and column < first and not outer:
        return Layout(column, first, 0)
    if base and column >= base and base != first:
        return Layout(base, first, 0)
    return Layout(column, column, 0)


def seen_step(layout: Layout, before: str, column_before: int, line: str, at: Near) -> Layout:
    """*layout* with the width of a step, if *line* is the first that is a step into a block after *before*."""
    step = column_of(line, at.width) - column_before
    if layout.step or not 1 < step <= _WIDEST or not opens_block(before, at.row):
        return layout
    return replace(layout, step=step)


def rendered(line: str, column: int, at: Near) -> str:
    """*line* at *column*, in tabs or spaces as the file has; as it is when it has that already."""
    lead = lead_of(line)
    tabs = ("\t" in lead) if at.tabs is None else at.tabs
    if len(lead.expandtabs(at.width)) == column and ("\t" in lead) == (tabs and column >= at.width):
        return line
    return lead_at(column, at, tabs=tabs) + line[len(lead) :]


def lead_at(column: int, at: Near, *, tabs: bool | None = None) -> str:
    """The blanks of a line at *column*."""
    if at.tabs if tabs is None else tabs:
        return "\t" * (column // at.width) + " " * (column % at.width)
    return " " * column
