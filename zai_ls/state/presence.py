"""Who lives: each process holds a lock file of its own for life, so that the kernel says when it has died.

No process ids are asked after: they are used again, and on Windows asking by signal kills.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from zai_ls.core.throttle import Closure
from zai_ls.errors import StateUnusable
from zai_ls.messages import say
from zai_ls.state import closures
from zai_ls.state.folder import prepare
from zai_ls.state.kernel_lock import KernelLock, is_held_elsewhere
from zai_ls.state.ledger import settle_orphans
from zai_ls.state.slot import GAP

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_ENTRY_S = 1.0
"""Somebody may be trying our lock file at this instant, to see whether it is a dead one's."""


class Presence:
    """One process among the living."""

    def __init__(self, folder: Path, process_id: str, name: str, gap_s: float) -> None:
        self.id = process_id
        self._name = name
        self._gap_s = gap_s
        self._folder = folder / "procs"
        self._life = KernelLock(self._path(process_id))
        self._accounts: dict[str, int] = {}
        self._port, self._token = 0, ""

    @property
    def has_entered(self) -> bool:
        """Do others know of us?"""
        return self._life.is_held

    def live(self) -> None:
        """Take our lock file, again if somebody removed it. Raises `StateUnusable`."""
        if self._life.is_held:
            if self._life.path.exists():
                return
            self._life.free()
        prepare(self._folder.parent)
        prepare(self._folder, closes=True)
        while not self._life.is_held:
            if not self._life.try_take(_ENTRY_S):
                raise StateUnusable(say("state.locked"), path=str(self._life.path))
            if not self._life.path.exists():
                self._life.free()  # somebody took it for a dead one's in the instant before, and removed it

    def answers_to(self, port: int, token: str) -> None:
        """How others wake us."""
        self._port, self._token = port, token

    def enter(self, connection: sqlite3.Connection, now: float) -> None:
        """Make ourselves known: how to wake us, and what limits we have."""
        connection.execute(
            "INSERT OR REPLACE INTO proc (id, pid, port, token, name, started_at) VALUES (?, ?, ?, ?, ?, ?)",
            (self.id, os.getpid(), self._port, self._token, self._name, now),
        )
        for account, slots in self._accounts.items():
            self._note(connection, account, slots)

    def bury_the_dead(self, connection: sqlite3.Connection, now: float) -> None:
        """Take out of all tables whoever died since anyone last looked."""
        known = [proc for (proc,) in connection.execute("SELECT id FROM proc")]
        owing = [
            proc for (proc,) in connection.execute("SELECT DISTINCT proc FROM request WHERE state = 'open'")
        ]
        for proc in {*known, *owing, *(path.stem for path in self._folder.glob("*.lock"))}:
            if not self.is_alive(proc):
                self.bury(connection, proc, now)

    def is_alive(self, proc: str) -> bool:
        """Does that process live? Ask only inside a transaction: two askers at once would each see the other."""
        return proc == self.id or is_held_elsewhere(self._path(proc))

    def bury(self, connection: sqlite3.Connection, proc: str, now: float) -> None:
        """Remove a dead process; where it held the slot, the next one waits the gap."""
        held = connection.execute(
            "SELECT DISTINCT account FROM ticket WHERE proc = ? AND state = 'holding'", (proc,)
        ).fetchall()
        for (account,) in held:
            closures.put(connection, account, Closure(now + self._gap_s, GAP))
        settle_orphans(connection, proc, now)
        self._remove(connection, proc)
        with suppress(OSError):
            self._path(proc).unlink(missing_ok=True)

    def limit(self, connection: sqlite3.Connection, account: str, slots: int, now: float) -> int:
        """The smallest number of slots among the living that use *account*; ours is *slots*."""
        if self._accounts.get(account) != slots:
            self._accounts[account] = slots
            self._note(connection, account, slots)
        smaller = connection.execute(
            "SELECT proc, slots FROM proc_account WHERE account = ? AND slots < ? ORDER BY slots",
            (account, slots),
        ).fetchall()
        for proc, theirs in smaller:
            if self.is_alive(proc):
                return max(1, int(theirs))
            self.bury(connection, proc, now)
        return 1 if slots > 1 and self._strangers(connection) else max(1, slots)

    def leave(self, connection: sqlite3.Connection, now: float) -> None:
        """Take our rows away; what is still open in the ledger nobody could settle after us."""
        settle_orphans(connection, self.id, now)
        self._remove(connection, self.id)

    def die(self) -> None:
        """Give up our lock file."""
        self._life.free()
        with suppress(OSError):
            self._life.path.unlink(missing_ok=True)

    def _strangers(self, connection: sqlite3.Connection) -> bool:
        """Does anyone live whom the database does not know, because it was lost? Their limits are unknown."""
        known = {proc for (proc,) in connection.execute("SELECT id FROM proc")}
        strange = [path for path in self._folder.glob("*.lock") if path.stem not in known | {self.id}]
        return any(is_held_elsewhere(path) for path in strange)

    def _note(self, connection: sqlite3.Connection, account: str, slots: int) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO proc_account (proc, account, slots) VALUES (?, ?, ?)",
            (self.id, account, slots),
        )

    def _remove(self, connection: sqlite3.Connection, proc: str) -> None:
        connection.execute("DELETE FROM ticket WHERE proc = ?", (proc,))
        connection.execute("DELETE FROM proc_account WHERE proc = ?", (proc,))
        connection.execute("DELETE FROM proc WHERE id = ?", (proc,))

    def _path(self, proc: str) -> Path:
        return self._folder / f"{proc}.lock"
