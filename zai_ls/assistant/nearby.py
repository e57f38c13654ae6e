"""A file beside the document that nobody has opened: whether it may be read, sent and written to."""

from __future__ import annotations

import stat
from pathlib import Path

_FOLDERS_UP = 3
"""How far from its source a file may lie when no folder is open: as far as tests are looked for."""


def top_of(source: str, root: str | None) -> Path:
    """The folder that a file beside *source* must lie in: *root* when the source is in it, else the nearest folders above."""
    here = Path(source)
    if root is not None and Path(root) in here.parents:
        return Path(root)
    return list(here.parents)[:_FOLDERS_UP][-1]


def why_not(path: str, *, within: Path, max_bytes: int) -> str | None:
    """Why *path* must be left alone: `link`, `outside`, `no_file` or `too_large`; None when it is fine, or not there.

    A link may show into any folder, and a device has no end.
    """
    file = Path(path)
    try:
        if file.is_symlink():
            return "link"
        if not file.resolve().is_relative_to(within.resolve()):
            return "outside"
        found = file.stat()
    except FileNotFoundError:
        return None
    except (OSError, RuntimeError):  # a loop of links, or a folder that is closed to us
        return "no_file"
    if not stat.S_ISREG(found.st_mode):
        return "no_file"
    return "too_large" if found.st_size > max_bytes else None
