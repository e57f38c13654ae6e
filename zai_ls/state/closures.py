"""The rows of closed accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core.throttle import Closure

if TYPE_CHECKING:
    import sqlite3


def read(connection: sqlite3.Connection, account: str, now: float) -> tuple[Closure, ...]:
    """What of *account* is closed at *now*."""
    rows = connection.execute(
        "SELECT not_before, code, model, lane, reason FROM closure WHERE account = ? AND not_before > ?",
        (account, now),
    )
    return tuple(Closure(*row) for row in rows)


def put(connection: sqlite3.Connection, account: str, closure: Closure) -> None:
    """Close; of two with the same model, lane and code the later end counts."""
    connection.execute(
        """INSERT INTO closure (account, model, lane, code, not_before, reason) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (account, model, lane, code)
           DO UPDATE SET not_before = excluded.not_before, reason = excluded.reason
           WHERE excluded.not_before > closure.not_before""",
        (account, closure.model, closure.lane, closure.code, closure.until, closure.reason),
    )


def remove(connection: sqlite3.Connection, account: str, code: str, model: str | None = None) -> None:
    """Open what *code* closed; everything when *code* is empty. Only of *model*, when one is named."""
    connection.execute(
        "DELETE FROM closure WHERE account = ? AND (? = '' OR code = ?) AND (? IS NULL OR model = ?)",
        (account, code, code, model, model),
    )
