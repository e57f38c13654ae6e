"""What the text near a place tells about it: how it is indented, what is open there, what stands above and below."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from zai_ls.core.completion.brackets import Open, closed_by, open_after
from zai_ls.core.indentation import lead_of, style_of
from zai_ls.core.languages import Language, language
from zai_ls.core.text import body_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.core.completion.place import Place

_USUAL_WIDTH = 4
_WIDEST = 8
"""Columns of the widest step of indentation; more is alignment."""
_FREE_TEXT = frozenset({"yaml", "ini", "shellscript", "bat", "makefile", "dockerfile", "toml", "sql"})
"""Languages of code in which a sentence may stand without quotes, or whose code reads like one."""
_WORD_OPENERS = {
    "ruby": r"^(?:def|class|module|if|unless|while|until|case|begin|for|else|elsif|when|rescue|ensure)\b(?!.*\bend\b)"
    r"|\bdo(?:\s*\|[^|]*\|)?$",
    "lua": r"\b(?:then|do|else|repeat)$|\bfunction\b[^()]*\([^()]*\)$",
    "shellscript": r"\b(?:then|do|else|in)$",
    "elixir": r"(?:\b(?:do|else)|->)$",
    "julia": r"^(?:function|if|for|while|begin|struct|module|let|try|else|elseif|macro)\b(?!.*\bend\b)",
    "html": r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)\w[\w-]*(?:\s[^<>]*)?(?<!/)>$",
}
"""Lines that open a block with words; a language stands for its family."""
_BLOCK_OPENER = re.compile(r"[{:]$|=>$")
_ANY_OPENER = re.compile(r"[{(\[:]$|=>$")


@dataclass(frozen=True, slots=True)
class Near:
    """The text around a place, looked at once for all pieces of a reply."""

    row: Language
    above: tuple[str, ...]
    """The lines above that are not blank, without blanks at their ends."""
    below: tuple[tuple[int, str], ...]
    """The lines below that are not blank: their column, and their text without blanks at its ends."""
    text: str
    """All of it."""
    tabs: bool | None
    """None when nothing near is indented."""
    width: int
    """Columns of a step, and of a tab."""
    known_width: bool
    """Has a step been seen, rather than assumed?"""
    expected: int
    """Column at which a line is expected after the line above."""
    above_opens: bool
    """Does the line above open a block?"""
    at: Open
    """What is open at the cursor."""
    closable: str
    """Brackets open at the cursor that nothing below closes, the innermost last."""

    @property
    def free_text(self) -> bool:
        """May sentences stand here: in prose, in strings and comments, or where text needs no quotes?"""
        return (
            self.row.prose
            or bool(self.at.inside)
            or self.row.family == "html"
            or (self.row.id in _FREE_TEXT)
            or not self.row.endings
        )


@lru_cache(maxsize=32)
def near(place: Place) -> Near:
    """What the text near *place* tells. It is asked again for every piece of a reply, and remembered."""
    row = language(place.language)
    above = [body_of(line) for line in place.above]
    below = [body_of(line) for line in place.below]
    cursor = place.before + place.after
    around = [*above, cursor, *below]
    style = style_of(around)
    width = _width([*above, cursor if cursor.strip() else cursor + "_", *below], row)
    last = next((line for line in reversed(above) if line.strip()), "")
    columns = width or (style.width if style and style.width <= _WIDEST else _USUAL_WIDTH)
    opens = opens_block(last, row)
    at = open_after([*above, place.before], place.language)
    return Near(
        row,
        tuple(line.strip() for line in above if line.strip()),
        tuple((column_of(line, columns), line.strip()) for line in below if line.strip()),
        "\n".join(around),
        style.tabs if style else None,
        columns,
        bool(width) or bool(style and style.tabs),
        column_of(last, columns) + (columns if opens else 0),
        opens,
        at,
        closed_by([place.after, *below], place.language, at),
    )


def column_of(line: str, width: int) -> int:
    """The column at which *line* begins, with tabs of *width*."""
    return len(lead_of(line).expandtabs(width))


def opens_block(line: str, row: Language, *, brackets: bool = False) -> bool:
    """Does *line* open a block, so that the next is a step deeper? Also with a bracket for arguments, if *brackets* count."""
    plain = line.strip()
    comment = _comment(row.id).search(plain) if row.line else None
    if comment is not None:
        plain = plain[: comment.start()].rstrip()
    if not plain or row.prose:
        return False
    words = _WORD_OPENERS.get(row.id) or _WORD_OPENERS.get(row.family)
    return bool(
        (_ANY_OPENER if brackets else _BLOCK_OPENER).search(plain) or (words and re.search(words, plain))
    )


@lru_cache(maxsize=64)
def _comment(language_id: str) -> re.Pattern[str]:
    """A comment to the end of the line."""
    return re.compile(rf"(?:^|\s)(?:{'|'.join(map(re.escape, language(language_id).line))})")


def _width(lines: Sequence[str], row: Language) -> int:
    """The columns that lines are deeper than the line that opens their block, mostly; 0 when there is no such line.

    A blank line at the cursor counts as one: the editor has indented it.
    """
    filled = [line for line in lines if line.strip()]
    steps: Counter[int] = Counter()
    for opener, inner in pairwise(filled):
        lead = lead_of(inner)
        step = len(lead) - len(lead_of(opener))
        if 1 < step <= _WIDEST and "\t" not in lead and opens_block(opener, row):
            steps[step] += 1
    return steps.most_common(1)[0][0] if steps else 0
