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

_SYSTEM = 0
"""Whose links are trusted besides the user's own."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def prepare(folder: Path, *, closes: bool = False) -> Path:
    """Make *folder* (0700) if need be, see that it is this user's and closed to others, and return it.

    *closes*: an open one, which lies in a closed one so that nobody could reach it, is closed too.
    Raises `StateUnusable` with what to do about it. Windows keeps user folders private by itself and has no such bits.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        link, found = folder.lstat(), folder.stat()
    except FileExistsError:
        raise _unusable(folder, say("state.no_folder")) from None
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    if os.name == "posix":
        if found.st_uid != os.geteuid() or link.st_uid not in {os.geteuid(), _SYSTEM}:
            raise _unusable(folder, say("state.not_ours"))
        if found.st_mode & _OTHERS and not (closes and _closed(folder, stat.S_IRWXU)):
            raise _unusable(folder, say("state.open_to_others", path=shlex.quote(str(folder))))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, say("state.read_only"))
    return folder


def check_file(path: Path) -> None:
    """See that the file *path* in the closed folder, if there is one, is a plain one of this user's, and close it too.

    Raises `StateUnusable`. A file that was copied there may be open: nobody could reach it so far, and it stays so.
    """
    why = why_unsafe(path, closes=True)
    if why:
        raise _unusable(path, why)


def why_unsafe(path: Path, *, links: bool = False, closes: bool = False) -> str:
    """Why what a file of this user alone holds must not go into *path*, for a person; empty when it may.

    *links*: a link that the user made may lead elsewhere, to a file or to a device. *closes*: an open file is closed.
    """
    if os.name != "posix":
        return ""
    try:
        link = path.lstat()
        found = path.stat() if links else link
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or str(error)
    if stat.S_ISLNK(found.st_mode):
        return say("state.is_link")
    if not stat.S_ISREG(found.st_mode):
        return "" if links else say("state.no_file")
    if found.st_uid != os.geteuid() or link.st_uid not in {os.geteuid(), _SYSTEM}:
        return say("state.not_ours")
    if found.st_mode & _OTHERS and not (closes and _closed(path)):
        return say("state.file_open", path=shlex.quote(str(path)))
    return ""


def _closed(path: Path, mode: int = stat.S_IRUSR | stat.S_IWUSR) -> bool:
    try:
        path.chmod(mode)
    except OSError:
        return False
    return True


def _unusable(folder: Path, detail: str) -> StateUnusable:
    return StateUnusable(detail, path=str(folder))
