"""The rows of what the service's counts say about ours: by account and model, for all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core.tokens import Calibration, calibrated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


def read(connection: sqlite3.Connection, account: str) -> Mapping[str, Calibration]:
    """What is known of *account*, by model."""
    rows = connection.execute("SELECT model, factor, requests FROM calibration WHERE account = ?", (account,))
    return {model: Calibration(factor, requests) for model, factor, requests in rows}


def put(
    connection: sqlite3.Connection, account: str, model: str, counted: int, reported: int, now: float
) -> None:
    """Take one more request into account, which we counted as *counted* tokens and the service as *reported*."""
    row = connection.execute(
        "SELECT factor, requests FROM calibration WHERE account = ? AND model = ?", (account, model)
    ).fetchone()
    before = Calibration(*row) if row else Calibration()
    after = calibrated(before, counted, reported)
    if after == before:
        return
    connection.execute(
        """INSERT INTO calibration (account, model, factor, requests, updated_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (account, model) DO UPDATE SET factor = excluded.factor, requests = excluded.requests,
           updated_at = excluded.updated_at""",
        (account, model, after.factor, after.requests, now),
    )
