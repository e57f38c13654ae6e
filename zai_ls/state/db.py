"""The database that all processes of a user share: opened late, reopened when it is lost, set aside when it is damaged.

Nothing here is the truth of "one in flight"; that is the kernel's locks. So a database may vanish under running
processes and be begun anew: whoever keeps rows in it (slot, ledger) puts back its own when that happens.
"""

from __future__ import annotations

import os
import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import uuid4

from zai_ls.errors import StateLocked, StateUnusable
from zai_ls.messages import say
from zai_ls.state.folder import check_file, prepare
from zai_ls.state.kernel_lock import KernelLock
from zai_ls.state.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

FILE = "state.db"
BUSY_S = 1.0
"""How long another process's writing is waited for, which blocks: a whole second of an editor is much already."""
SHORT_S = 0.1
"""The same, where the work can be done later or left."""
_OPENING_S = 10.0
_QUICK_TRIES = 40
_QUICK_PAUSE_S = 0.0002
"""A transaction of ours lasts less than a millisecond. SQLite itself would wait 1, 2, 5 and then 10 ms between its tries."""
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_FAULT_OF_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
    }
)
"""After these, opening the file anew would help nothing."""
_DAMAGE = frozenset({0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""What a damaged file says when it is opened: 0 is our own finding, ERROR a table or column that is not there."""
_SHORT_READ = sqlite3.SQLITE_IOERR | 2 << 8
"""SQLITE_IOERR_SHORT_READ: the file ends in the middle of a page."""


_ROOM_PAGES = 1_000
"""So much free room in the file, 4 MiB, is not worth giving back."""
_GIVEN_BACK_PAGES = 250
_LOG_BYTES = 4 * 2**20
"""What a large transaction has made of the log beside the file is cut to this by the next one that begins it anew."""


class _Owed(NamedTuple):
    work: Callable[[sqlite3.Connection], object]
    done: Callable[[], object]


class Database:
    """One connection, used from one thread; opened at first use."""

    def __init__(
        self, folder: Path, *, on_message: Callable[[str], None] = lambda text: None, vfs: str = ""
    ) -> None:
        self.folder = folder
        self.path = folder / FILE
        self.process_id = uuid4().hex
        """Names this process in all tables."""
        self._on_message = on_message
        self._vfs = vfs
        """SQLite's way to the file system; empty: its default."""
        self._connection: sqlite3.Connection | None = None
        self._file: os.stat_result | None = None
        self._restorers: list[Callable[[sqlite3.Connection], None]] = []
        self._owed: list[_Owed] = []

    def transaction(self, work: Callable[[sqlite3.Connection], T], *, patience_s: float = BUSY_S) -> T:
        """What *work* returns, done alone among all processes and as a whole or not at all.

        *work* runs again when the file turns out lost or damaged, so it must leave no trace outside when it fails.
        Raises `StateUnusable`; `StateLocked` when another process has been writing for *patience_s* seconds.
        """
        return self._twice(partial(self._paid, work), "BEGIN IMMEDIATE", patience_s)

    def owe(
        self, work: Callable[[sqlite3.Connection], object], done: Callable[[], object] = lambda: None
    ) -> None:
        """Do *work* at the beginning of the next transaction, whose ever it is; then call *done*."""
        self._owed.append(_Owed(work, done))

    @property
    def owes(self) -> bool:
        """Is there work that waits for the next transaction?"""
        return bool(self._owed)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns, seeing the tables as of one instant; it writes nothing and waits for no writer."""
        return self._twice(work, "BEGIN", BUSY_S)

    def _paid(self, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
        for owed in self._owed:
            owed.work(connection)
        return work(connection)

    def _twice(self, work: Callable[[sqlite3.Connection], T], begin: str, patience_s: float) -> T:
        owed = self._owed if begin == "BEGIN IMMEDIATE" else []
        result = self._tried_twice(work, begin, patience_s)
        while owed:
            owed.pop(0).done()
        return result

    def _tried_twice(self, work: Callable[[sqlite3.Connection], T], begin: str, patience_s: float) -> T:
        try:
            return self._once(work, begin, patience_s)
        except sqlite3.Error as error:
            if _code(error) in _NO_FAULT_OF_THE_FILE:
                raise self._unusable(error) from error
            suspicion = error
        self._close()
        try:
            self._open(suspicion)
            return self._once(work, begin, patience_s)
        except sqlite3.Error as error:
            self._close()
            raise self._unusable(error) from error

    def shrink(self) -> None:
        """Give back some of the room that deleted rows have left in the file, when it is much.

        Raises `StateUnusable`; `StateLocked` when another process is writing.
        """

        def look(connection: sqlite3.Connection) -> tuple[int, int, int]:
            pages, free, can_give_back = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "auto_vacuum")
            )
            return pages, free, can_give_back

        pages, free, can_give_back = self.read(look)
        if free <= max(_ROOM_PAGES, pages // 4):  # that much is soon needed again
            return
        if can_give_back:
            self.transaction(_give_back, patience_s=SHORT_S)
        elif free > 3 * (pages - free):
            self._write_anew()

    def _write_anew(self) -> None:
        """Shrink a file that was begun by a version that could not, once; what is left in it is little beside what goes."""
        connection = self._current()
        try:
            connection.execute(f"PRAGMA busy_timeout = {SHORT_S * 1000:.0f}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def on_restored(self, restore: Callable[[sqlite3.Connection], None]) -> None:
        """Call *restore*, in a transaction, whenever another file has taken the place of the one in use."""
        self._restorers.append(restore)

    def forget(self, restore: Callable[[sqlite3.Connection], None]) -> None:
        """Call *restore* no more."""
        self._restorers.remove(restore)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        self._close()

    def _once(self, work: Callable[[sqlite3.Connection], T], begin: str, patience_s: float) -> T:
        connection = self._current()
        _begin(connection, begin, patience_s)
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _current(self) -> sqlite3.Connection:
        """The connection, to the file that bears the name now."""
        if self._connection is not None:
            found = _stat(self.path)
            if _has_content(found) and _same_file(found, self._file):
                return self._connection
            self._close()
        return self._open(None)

    def _open(self, suspicion: sqlite3.Error | None) -> sqlite3.Connection:
        """Open, or begin, the file: one process at a time, so that nobody opens what another is setting aside."""
        prepare(self.folder)
        for ending in ("", "-wal", "-shm", "-journal"):
            check_file(self.path.with_name(FILE + ending))
        opening = KernelLock(self.folder / "state.lock")
        if not opening.try_take(_OPENING_S):
            raise StateUnusable(say("state.locked"), path=str(self.path))
        try:
            try:
                connection = self._connect(check=suspicion is not None)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._set_aside(error)
                connection = self._connect(check=False)
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            opening.free()
        again = self._file is not None
        self._connection, self._file = connection, _stat(self.path)
        if again:
            for restore in self._restorers:
                self._once(restore, "BEGIN IMMEDIATE", BUSY_S)
        return connection

    def _connect(self, *, check: bool) -> sqlite3.Connection:
        """A connection with our schema. *check*: look the whole file through. Raises `sqlite3.DatabaseError`."""
        is_new = not _has_content(_stat(self.path))
        if is_new:
            # Its log, if one was left behind, would be played into the new one.
            for ending in ("", "-wal", "-shm"):
                self.path.with_name(FILE + ending).unlink(missing_ok=True)
            os.close(
                os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            )  # SQLite gives its other files this mode
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw" + (f"&vfs={self._vfs}" if self._vfs else ""),
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
        )
        try:
            if is_new:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before there is any table
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                connection.execute("PRAGMA journal_mode = DELETE")
                self._on_message(say("state.no_wal", path=self.path))
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            migrate(connection)
            if check:
                (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                connection.execute("SELECT max(seq), max(rank), max(until) FROM ticket").fetchone()
                connection.execute("SELECT max(id), max(started_at), max(score) FROM request").fetchone()
                connection.execute("SELECT max(not_before), max(reason) FROM closure").fetchone()
                connection.execute("SELECT max(shown_at), max(cached) FROM completion").fetchone()
                connection.execute("SELECT max(updated_at), max(factor) FROM calibration").fetchone()
                connection.execute("SELECT max(id), max(told) FROM reading").fetchone()
                connection.execute("SELECT max(ended_at), max(bearer) FROM question").fetchone()
                connection.execute("SELECT max(told_at), max(period) FROM notice").fetchone()
                connection.execute("SELECT max(at), max(requests) FROM hour").fetchone()
                connection.execute("SELECT max(at), max(shown) FROM completion_day").fetchone()
                connection.execute("SELECT max(refused_at), max(gap_s) FROM pacing").fetchone()
                connection.execute("SELECT max(value) FROM meta").fetchone()
                connection.execute("SELECT max(id), max(port) FROM proc").fetchone()
                connection.execute("SELECT max(slots) FROM proc_account").fetchone()
                if said != "ok":
                    raise sqlite3.DatabaseError(said)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, why: sqlite3.Error) -> None:
        """Rename the damaged file and its log: evidence for a person, and out of our way."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self.path.stat().st_mtime))
        aside = self.path.with_name(f"{FILE}.corrupt-{stamp}")
        number = 1
        while aside.exists():
            number += 1
            aside = self.path.with_name(f"{FILE}.corrupt-{stamp}-{number}")
        try:
            self.path.rename(aside)
            for ending in ("-wal", "-shm"):
                log = self.path.with_name(FILE + ending)
                if log.exists():
                    log.rename(aside.with_name(aside.name + ending))
        except OSError:
            # Windows does not rename what another process has open. Those close it as soon as they meet the damage.
            raise StateUnusable(say("state.stuck", why=why), path=str(self.path)) from why
        self._on_message(say("state.set_aside", path=self.path, why=why, aside=aside.name))

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _unusable(self, error: sqlite3.Error) -> StateUnusable:
        kind = StateLocked if _code(error) in _LOCKED else StateUnusable
        return kind(str(error), path=str(self.path))


def _begin(connection: sqlite3.Connection, begin: str, patience_s: float) -> None:
    """Begin, as soon as no other process writes; at first with short pauses, then as patiently as SQLite does."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        for _ in range(_QUICK_TRIES):
            try:
                connection.execute(begin)
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY:
                    raise
                time.sleep(_QUICK_PAUSE_S)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_s * 1000:.0f}")
    connection.execute(begin)


def _give_back(connection: sqlite3.Connection) -> None:
    for _ in range(_GIVEN_BACK_PAGES):  # one at a time: asked for many, Python's module stops after the first
        connection.execute("PRAGMA incremental_vacuum(1)")


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _has_content(found: os.stat_result | None) -> bool:
    """A file that was emptied in place is as lost as one that was removed."""
    return found is not None and found.st_size > 0


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for an error that is not its own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_damage(error: sqlite3.Error) -> bool:
    """Does *error* speak of the file's content, not of rights, room or traffic?"""
    return _code(error) in _DAMAGE or getattr(error, "sqlite_errorcode", 0) == _SHORT_READ


def _same_file(first: os.stat_result | None, second: os.stat_result | None) -> bool:
    """Do these describe one file? On file systems without inode numbers every file is the same."""
    if first is None or second is None:
        return first is second
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
