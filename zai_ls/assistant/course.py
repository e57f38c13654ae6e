"""How far one running action has come: what progress shows, from the first wait to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.assistant.ports import Stage
from zai_ls.assistant.replying import CHARACTERS_A_TOKEN

if TYPE_CHECKING:
    from zai_ls.assistant.ports import Progress, StageKind
    from zai_ls.clock import Clock


class Course:
    """Model, tokens and seconds of one action, over all the requests it takes."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self.model = ""
        """Who is asked now."""
        self.answering = False
        """The reply has begun: from here on nobody else is asked instead."""
        self._progress = progress
        self._clock = clock
        self._started = clock.now()
        self._characters = 0

    def received(self, kind: StageKind, text: str) -> None:
        """More of the reply has come; *kind* says what it is part of."""
        self.answering = True
        self._characters += len(text)
        self.report(kind)

    def report(
        self, kind: StageKind, text: str = "", *, place: int = 0, expected_s: float | None = None
    ) -> None:
        """*kind* has been reached; *text* says it better than the numbers do."""
        self._progress.report(
            Stage(
                kind,
                model=self.model,
                tokens=round(self._characters / CHARACTERS_A_TOKEN),
                seconds=self._clock.now() - self._started,
                place=place,
                expected_s=expected_s,
                text=text,
            )
        )
