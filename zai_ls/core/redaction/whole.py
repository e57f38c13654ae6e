"""The texts that a prompt shows parts of: a name may stand in one part and its secret in another, or be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_USUAL = 3_000
"""Lines of a document that is looked at whole; some milliseconds."""
_AROUND = 300


def wholes(lines: Sequence[str], *seams: int) -> Iterator[str]:
    """All of *lines*; of very many only what is around the lines *seams*, at which the prompt's parts begin and end."""
    if len(lines) <= _USUAL:
        yield "".join(lines)
        return
    for seam in seams:
        yield "".join(lines[max(0, seam - _AROUND) : seam + _AROUND])
