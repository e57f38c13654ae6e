"""How a verb ends: exit codes a script can use, and errors that are sentences."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from zai_ls.errors import (
    BadReply,
    Closed,
    InsecureHost,
    NoKey,
    Paused,
    QuotaExhausted,
    ServiceError,
    TimedOut,
    Unreachable,
)

if TYPE_CHECKING:
    from zai_ls.errors import ZaiError


class Exit(IntEnum):
    """Exit codes; those of `run` are public names."""

    DONE = 0
    FAILED = 1
    """Anything that has no code of its own; of `doctor`: something is wrong."""
    BAD_USE = 2
    DECLINED = 3
    QUOTA = 4
    SERVICE = 5
    CONFLICT = 6
    KEPT = 7
    INTERRUPTED = 130
    """As a shell reports an interrupt."""


class BadUse(Exception):
    """The command line asks for something that cannot be; its text is a sentence for the person."""


class NothingToDo(Exception):
    """Nothing is sent, for a good reason; its text is a sentence for the person."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        """In a word, as in `Declined`."""


class CannotWrite(Exception):
    """The change could not go into the file; its text is a sentence for the person."""


def exit_for(error: ZaiError) -> Exit:
    """The exit code of *error*."""
    from zai_ls.config import NotConfigured

    match error:
        case QuotaExhausted() | Closed() | Paused():
            return Exit.QUOTA
        case NoKey() | NotConfigured() | InsecureHost():
            return Exit.BAD_USE
        case ServiceError() | Unreachable() | TimedOut() | BadReply():
            return Exit.SERVICE
        case _:
            return Exit.FAILED
