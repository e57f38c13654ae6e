"""The state folder: one per user, for nobody else's eyes."""

from __future__ import annotations

import os
import shlex
import stat
from typing import TYPE_CHECKING

from zai_ls.errors import StateUnusable
from zai_ls.messages import say

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def prepare(folder: Path) -> Path:
    """Make *folder* (0700) if need be, see that it is this user's and closed to others, and return it.

    Raises `StateUnusable` with what to do about it. Windows keeps user folders private by itself and has no such bits.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except FileExistsError:
        raise _unusable(folder, say("state.no_folder")) from None
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    if os.name == "posix":
        if found.st_uid != os.geteuid():
            raise _unusable(folder, say("state.not_ours"))
        if found.st_mode & _OTHERS:
            raise _unusable(folder, say("state.open_to_others", path=shlex.quote(str(folder))))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, say("state.read_only"))
    return folder


def _unusable(folder: Path, detail: str) -> StateUnusable:
    return StateUnusable(detail, path=str(folder))
