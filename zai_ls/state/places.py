"""The kernel's side of the slot: one lock file for each request that an account may have in flight."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from zai_ls.state.kernel_lock import KernelLock, is_held_elsewhere

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class Places:
    """`slot-<account>-<k>.lock`: whoever holds one has a request in flight, whatever the database says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, account: str, slots: int, known: Collection[int]) -> tuple[int, KernelLock] | None:
        """One of the first *slots* places that is not among the *known* to be in flight; None when all are.

        Places in flight that the database does not know of count too: those beyond *slots* (a limit that was lowered) and
        those of a database that was lost.
        """
        if len(known) >= slots:
            return None
        for index in range(slots):
            if index in known:
                continue
            lock = KernelLock(self._path(account, index))
            if lock.try_take():
                if len(known) + self._unknown(account, {*known, index}) < slots:
                    return index, lock
                lock.free()
                return None
        return None

    def is_free(self, account: str, index: int) -> bool | None:
        """Is nobody in flight there? None when the file is gone: its holder, if it lives, holds what nobody can see."""
        path = self._path(account, index)
        return not is_held_elsewhere(path) if path.exists() else None

    def _unknown(self, account: str, known: Collection[int]) -> int:
        spared = {self._path(account, index) for index in known}
        found = self._folder.glob(f"slot-{_digest(account)}-*.lock")
        return sum(is_held_elsewhere(path) for path in found if path not in spared)

    def _path(self, account: str, index: int) -> Path:
        return self._folder / f"slot-{_digest(account)}-{index}.lock"


def _digest(account: str) -> str:
    return hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()[:16]
