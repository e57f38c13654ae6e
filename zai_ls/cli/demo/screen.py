"""What the demo prints: events with their times, diffs, the quota windows, the emulator's record."""

from __future__ import annotations

import difflib
import time
from typing import TYPE_CHECKING, Any

from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COLOURS = {"A": "cyan", "B": "magenta"}


class Screen:
    """A terminal, or a pipe: then without colours."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False, soft_wrap=True)
        self._started = time.monotonic()

    def line(self, text: str = "") -> None:
        """One line of our own words."""
        self._console.print(text, markup=False)

    def event(self, window: str, text: str) -> None:
        """Something happened in a window."""
        from rich.markup import escape

        seconds = time.monotonic() - self._started
        self._console.print(
            f"[dim]{seconds:6.2f} s[/dim]  [{_COLOURS[window]}]{say('demo.window', window=window)}[/]  {escape(text)}"
        )

    def menu(self, where: str, actions: Sequence[dict[str, Any]]) -> None:
        """The code actions that an editor would list."""
        self.line(f"\n{say('demo.menu', where=where)}")
        for action in actions:
            off = say("demo.off", reason=action["disabled"]["reason"]) if "disabled" in action else ""
            self.line(f"  · {action['title']}{off}")

    def diff(self, title: str, before: Sequence[str], after: Sequence[str]) -> None:
        """What became of a text."""
        self._console.rule(title, style="dim")
        diff = list(difflib.unified_diff(before, after, "before", "after", n=2))
        if not diff:
            self.line(say("demo.no_change"))
        for row in diff:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(row[:1], "")
            self._console.print(row.rstrip("\r\n"), style=style, markup=False)

    def document(self, title: str, path: Path) -> None:
        """A text that was shown to be read."""
        self._console.rule(title, style="dim")
        self.line(path.read_text(encoding="utf-8"))

    def section(self, title: str, text: str) -> None:
        """A titled block."""
        self._console.rule(title, style="dim")
        self.line(text.rstrip())

    def record(self, record: dict[str, Any]) -> bool:
        """The emulator's own record; True when nobody ever tried to have two in flight."""
        asked = [entry for entry in record["served"] if entry["model"]]
        began = min((entry["started_at"] for entry in asked), default=0.0)
        rows = []
        for entry in asked:
            start = entry["started_at"] - began
            end = (entry["ended_at"] or entry["started_at"]) - began
            rows.append(
                f"  {start:7.3f} s – {end:7.3f} s  {entry['model']:<14} {entry['status']}  {entry['ended']}"
            )
        # Counts also what was turned away, so that it tells what the clients did, not what the emulator allowed.
        most = record["most_at_once"]
        rows.append(
            say(
                "demo.served",
                count=len(asked),
                most=most,
                verdict=say("demo.never_two" if most <= 1 else "demo.more"),
            )
        )
        self.section(say("demo.record"), "\n".join(rows))
        return bool(most <= 1)
