"""A lock that the kernel frees when its holder dies: the truth of "one in flight" and the proof of life.

Files are never written and, while another may hold them, never removed; their names and meaning never change, because
processes of different versions share them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.errors import StateUnusable
from zai_ls.state.folder import check_file

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock


_spare: dict[Path, BaseFileLock] = {}
"""Objects that hold no lock, one for each path, used again because making one costs more than taking it."""
_MOST_SPARE = 64


class KernelLock:
    """One lock file. Two of these on one path exclude each other, within a process as between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: BaseFileLock | None = None

    def try_take(self, patience_s: float = 0.0) -> bool:
        """Take it if it is free, or becomes free within *patience_s*, which blocks.

        Raises `StateUnusable` where the file system has no such locks.
        """
        import filelock

        if self.is_held:
            return False
        lock = _spare.pop(self.path, None) or _new_lock(self.path)
        try:
            lock.acquire(timeout=patience_s, poll_interval=0.005)
        except filelock.Timeout:
            _spare[self.path] = lock
            return False
        except (OSError, NotImplementedError) as error:
            raise StateUnusable(str(error), path=str(self.path)) from error
        self._lock = lock
        return True

    def free(self) -> None:
        """Give it back; nothing happens when it is not held."""
        if self._lock is None:
            return
        self._lock.release(force=True)
        if len(_spare) >= _MOST_SPARE:
            _spare.clear()
        _spare[self.path], self._lock = self._lock, None

    def renew(self) -> None:
        """Take the file that bears the name now, if ours was removed; whoever took it before us keeps it."""
        if self._lock is None or self.path.exists():
            return
        again = KernelLock(self.path)
        if again.try_take():
            self._lock.release(force=True)
            self._lock, again._lock = again._lock, None

    @property
    def is_held(self) -> bool:
        """Is it held through this object?"""
        return self._lock is not None and self._lock.is_locked


def is_held_elsewhere(path: Path) -> bool:
    """Does anyone hold the lock at *path*? A missing file is held by nobody, and is not made."""
    if not path.exists():
        return False
    probe = KernelLock(path)
    if not probe.try_take():
        return True
    probe.free()
    return False


def _new_lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    check_file(path)  # who can open it can hold it for ever
    # Newer versions of filelock fall back to a lock that outlives a killed holder where flock is missing. Older ones have
    # no such fallback and no such parameter.
    try:
        return FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)
    except TypeError:
        return FileLock(path, mode=0o600, thread_local=False)
