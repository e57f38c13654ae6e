"""A ledger of a million requests: how long the questions of a status take, and how large the file is after a year."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.stage import percentile
from zai_ls.catalogue import Catalogue
from zai_ls.clock import SystemClock
from zai_ls.core.quota import forecast, windows_at
from zai_ls.domain import Reading, Window
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger
from zai_ls.state.shown import Shown

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

_DAY_S = 86_400.0
_ACCOUNT = "bench"
_MODELS = ("glm-4.5-air", "glm-4.7", "glm-5")
_LANES = ("typing", "typing", "typing", "invoked", "action")
_PLAN = Catalogue.load().plan("pro").windows
_EDITORS = ("neovim", "visual studio code")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; times in seconds, p99."""

    rows: int
    year: float
    """All that a status asks of the ledger, after a year of so many requests."""
    week: float
    """The same, with a tenth of the requests in the last seven days."""
    dense: float
    """The same, with all of them in the last ten days: nothing has been let go yet."""
    report: float
    """What `zai-ls quota` asks further, after the year: today's and the week's sums, and the latest refusals."""
    mib: float
    """Size of the file after the year, with half as many completions, tidied as it went."""
    tidying: float
    """One step of that, which is how long it keeps others waiting."""


@dataclass(frozen=True, slots=True)
class _At(SystemClock):
    """It is so late, whenever it is measured: in the middle of the day's work."""

    at: float

    def now(self) -> float:
        return self.at


def measure(folder: Path, *, rows: int = 1_000_000) -> Figures:
    """A year of *rows* requests; a tenth of them in a week; all of them in ten days."""
    folder.mkdir()
    now = time.time() // _DAY_S * _DAY_S + 13.6 * 3600
    mib, tidying = _live_a_year(folder / "year", now, rows)
    for name, days, share in (("week", 7, 10), ("dense", 10, 1)):
        with _database(folder / name) as database:
            database.transaction(
                lambda connection, days=days, share=share: _fill(
                    connection, now, days * _DAY_S, rows // share
                )
            )
    return Figures(
        rows,
        *(_p99(folder / name, now, _status) for name in ("year", "week", "dense")),
        _p99(folder / "year", now, _report),
        mib,
        percentile(tidying, 99),
    )


def _p99(folder: Path, now: float, ask: Callable[[Ledger, float, list[Reading]], object]) -> float:
    took: list[float] = []
    with _database(folder) as database:
        ledger = Ledger(database, _At(now))
        for number in range(300):
            readings = _read(now) if number % 2 else []
            began = time.perf_counter()
            ask(ledger, now, readings)
            took.append(time.perf_counter() - began)
    return percentile(took, 99)


def _status(ledger: Ledger, now: float, readings: list[Reading]) -> None:
    """The windows, and where they are going; how long a request takes."""
    history = ledger.history(_ACCOUNT)
    for window, of in zip(windows_at(_PLAN, history, readings, now), _PLAN, strict=True):
        forecast(window, of, history, readings, now)
    ledger.service_s(_ACCOUNT)


def _read(now: float) -> list[Reading]:
    week = Window("week", 40.0, now + 2 * _DAY_S, "reported", 60_000, 24_000)
    return [Reading(now - 200, (Window("5h", 30.0, now + 9_000, "reported", 12_000, 3_600), week))]


def _report(ledger: Ledger, now: float, _: list[Reading]) -> None:
    midnight = now // _DAY_S * _DAY_S
    ledger.usage(_ACCOUNT, midnight, now, now - midnight)
    ledger.usage(_ACCOUNT, now - 7 * _DAY_S, now, 7 * _DAY_S)
    ledger.refusals(_ACCOUNT, 5)


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    database = Database(folder)
    yield database
    database.close()


def _live_a_year(folder: Path, now: float, rows: int) -> tuple[float, list[float]]:
    """A year in weeks, each tidied when it is over. The file's size then, and how long the steps of tidying took."""
    tidying: list[float] = []
    weeks = 52
    with _database(folder) as database:
        for week in range(weeks):
            end = now - 7 * _DAY_S * (weeks - 1 - week)
            ledger, shown = Ledger(database, _At(end)), Shown(database, _At(end))

            def work(connection: sqlite3.Connection, end: float = end) -> None:
                _fill(connection, end, 7 * _DAY_S, rows // weeks)
                _complete(connection, end, 7 * _DAY_S, rows // weeks // 2)

            database.transaction(work)
            steps_left = 20  # of those that delete no row, but put hours together and shrink the file
            while steps_left:
                began = time.perf_counter()
                steps_left -= not ledger.tidy()
                tidying.append(time.perf_counter() - began)
            while database.transaction(
                lambda connection, shown=shown, end=end: shown.forget_old(connection, end)
            ):
                pass
    return sum(file.stat().st_size for file in folder.glob("state.db*")) / 2**20, tidying


def _fill(connection: sqlite3.Connection, end: float, length_s: float, rows: int) -> None:
    """*rows* settled requests, spread over waking hours."""
    chance = random.Random(7)

    def row(at: float) -> tuple[object, ...]:
        prompt, reply = chance.randrange(500, 4_000), chance.randrange(10, 400)
        return (
            (int(at * 1000) << 20) | chance.getrandbits(20), _ACCOUNT, "p1", chance.choice(_LANES), "complete",
            chance.choice(_EDITORS), chance.choice(_MODELS), "refused" if chance.random() < 0.002 else "complete", at, at, at + 0.5, at + 2.0, prompt, reply, 0.6, 1.0,
        )  # fmt: skip

    starts = (end - length_s + length_s * n / rows for n in range(rows))
    awake = (at if at % 86_400 < 57_600 else at - 30_000 for at in starts)
    connection.executemany(
        """INSERT OR IGNORE INTO request (id, account, proc, lane, action, editor, model, state, started_at, sent_at,
           first_byte_at, ended_at, prompt_tokens, completion_tokens, credits, prompts)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        map(row, awake),
    )


def _complete(connection: sqlite3.Connection, end: float, length_s: float, rows: int) -> None:
    connection.executemany(
        """INSERT INTO completion (id, account, lane, model, language, editor, shown_at, characters, lines, outcome,
           decided_at) VALUES (?, ?, 'typing', 'glm-4.5-air', 'python', 'neovim', ?, 40, 1, 'rejected', ?)""",
        (
            (f"{end:.0f}-{n:024x}", _ACCOUNT, at, at)
            for n in range(rows)
            if (at := end - length_s + length_s * n / rows)
        ),
    )
