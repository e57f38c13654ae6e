"""Answers that were not applied, kept so that nothing is lost (architecture, invariant 5).

One folder, one text file an answer with a small head that says what it was for; 0600; the newest 20, at most 7 days.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from zai_ls.errors import StateUnusable
from zai_ls.state.folder import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zai_ls.clock import Clock

_DAY_S = 86_400.0
_HEAD = re.compile(r"\A(?:[a-z]+: [^\n]*\n)+\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer, as kept."""

    id: str
    kept_at: float
    uri: str
    action: str
    reason: str
    """Why it was not applied: the reasons of `domain.Kept`."""
    text: str
    """What the model proposed, whole."""
    path: Path


class Answers:
    """The kept answers of one user."""

    def __init__(self, folder: Path, clock: Clock, *, keep: int = 20, days: float = 7) -> None:
        self._folder = folder
        self._clock = clock
        self._keep = keep
        self._days = days

    def keep(self, *, uri: str, action: str, reason: str, text: str) -> KeptAnswer:
        """Keep *text* and drop what is too old or too many. Raises `OSError` or `StateUnusable` when the folder cannot be written."""
        prepare(self._folder.parent)
        prepare(self._folder, closes=True)
        now = self._clock.now()
        answer_id = f"{int(now)}-{uuid4().hex[:6]}"
        path = self._folder / f"{answer_id}.txt"
        head = "".join(
            f"{name}: {_one_line(value)}\n"
            for name, value in (("file", uri), ("action", action), ("reason", reason), ("at", f"{now:.0f}"))
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(f"{head}\n{text}")
        self._drop_old(now)
        return KeptAnswer(answer_id, now, uri, action, reason, text, path)

    def all(self) -> list[KeptAnswer]:
        """The newest first."""
        return sorted(self._read_all(), key=lambda answer: answer.kept_at, reverse=True)

    def get(self, answer_id: str) -> KeptAnswer | None:
        """The answer of that id, or of the only id that begins so."""
        matches = [answer for answer in self._read_all() if answer.id.startswith(answer_id)]
        exact = [answer for answer in matches if answer.id == answer_id]
        return exact[0] if exact else matches[0] if len(matches) == 1 else None

    def _drop_old(self, now: float) -> None:
        for place, answer in enumerate(self.all()):
            if place >= self._keep or now - answer.kept_at > self._days * _DAY_S:
                answer.path.unlink(missing_ok=True)

    def _read_all(self) -> Iterator[KeptAnswer]:
        if not self._folder.is_dir():
            return
        with suppress(StateUnusable):  # it can be read all the same
            prepare(self._folder, closes=True)
        for path in self._folder.glob("*.txt"):
            try:
                with path.open(encoding="utf-8", newline="") as file:
                    content = file.read()
            except (OSError, UnicodeDecodeError):
                continue  # another process dropped it, or it is none of ours
            head = _HEAD.match(content)
            if head is None:
                continue
            fields = dict(line.split(": ", 1) for line in head.group().splitlines() if ": " in line)
            try:
                kept_at = float(fields.get("at", ""))
            except ValueError:
                continue
            yield KeptAnswer(
                id=path.stem,
                kept_at=kept_at,
                uri=fields.get("file", ""),
                action=fields.get("action", ""),
                reason=fields.get("reason", ""),
                text=content[head.end() :],
                path=path,
            )


def _one_line(value: str) -> str:
    return " ".join(value.split()) or "-"
