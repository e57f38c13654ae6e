"""The database's tables, as numbered migrations that only ever add.

Processes of different versions share the file: a column or table that exists keeps its name and meaning for good, a new
column has a default, and a process that meets a newer schema goes on with the columns it knows. For the same reason no
statement of ours says `SELECT *`, or `INSERT` without naming its columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.state import hours

if TYPE_CHECKING:
    import sqlite3

_FIRST = (
    # Small facts by name: `arrival`, `skew` (the line's own time) and `seen` (the clock when last written).
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value REAL NOT NULL)",
    # Who lives. Proof of life is the lock file procs/<id>.lock, never a row.
    """CREATE TABLE IF NOT EXISTS proc (
        id TEXT PRIMARY KEY,
        pid INTEGER NOT NULL DEFAULT 0,
        port INTEGER NOT NULL DEFAULT 0,
        token TEXT NOT NULL DEFAULT '',
        name TEXT NOT NULL DEFAULT '',
        started_at REAL NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE IF NOT EXISTS proc_account (
        proc TEXT NOT NULL,
        account TEXT NOT NULL,
        slots INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (proc, account)
    )""",
    # The line. state: waiting, holding, superseded, refused; the last two are answers that the owner has yet to read.
    """CREATE TABLE IF NOT EXISTS ticket (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        proc TEXT NOT NULL,
        account TEXT NOT NULL,
        lane TEXT NOT NULL,
        model TEXT NOT NULL DEFAULT '',
        topic TEXT NOT NULL DEFAULT '',
        eligible_at REAL NOT NULL DEFAULT 0,
        deadline REAL,
        arrived_at REAL NOT NULL,
        rank REAL NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        slot INTEGER,
        since REAL,
        revoked INTEGER NOT NULL DEFAULT 0,
        offered_at REAL,
        code TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        until REAL
    )""",
    "CREATE INDEX IF NOT EXISTS ticket_line ON ticket (account, state, rank)",
    """CREATE TABLE IF NOT EXISTS closure (
        account TEXT NOT NULL,
        model TEXT NOT NULL DEFAULT '',
        lane TEXT NOT NULL DEFAULT '',
        code TEXT NOT NULL,
        not_before REAL NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (account, model, lane, code)
    )""",
    # The ledger. state: open, then one of complete, aborted, cut, refused, orphaned.
    """CREATE TABLE IF NOT EXISTS request (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        proc TEXT NOT NULL,
        lane TEXT NOT NULL,
        action TEXT NOT NULL DEFAULT '',
        editor TEXT NOT NULL DEFAULT '',
        model TEXT NOT NULL,
        served_model TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL DEFAULT 'open',
        started_at REAL NOT NULL,
        sent_at REAL,
        first_byte_at REAL,
        ended_at REAL,
        prompt_tokens INTEGER NOT NULL DEFAULT 0,
        cached_tokens INTEGER NOT NULL DEFAULT 0,
        completion_tokens INTEGER NOT NULL DEFAULT 0,
        reasoning_tokens INTEGER NOT NULL DEFAULT 0,
        received_tokens INTEGER NOT NULL DEFAULT 0,
        credits REAL NOT NULL DEFAULT 0,
        money REAL NOT NULL DEFAULT 0,
        estimated INTEGER NOT NULL DEFAULT 1,
        code TEXT NOT NULL DEFAULT '',
        waited_s REAL NOT NULL DEFAULT 0,
        score REAL
    )""",
    # Sums over a window read this index alone.
    """CREATE INDEX IF NOT EXISTS request_spent ON request
        (account, started_at, credits, money, prompt_tokens, cached_tokens, completion_tokens, state, estimated)""",
    "CREATE INDEX IF NOT EXISTS request_ended ON request (account, ended_at)",
    "CREATE INDEX IF NOT EXISTS request_open ON request (proc) WHERE state = 'open'",
)

_COMPLETIONS = (
    # What became of each completion that was shown. outcome: accepted, typed, rejected. retained: is what was accepted
    # still there a while later; NULL when that is not known.
    """CREATE TABLE IF NOT EXISTS completion (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        lane TEXT NOT NULL,
        model TEXT NOT NULL,
        language TEXT NOT NULL DEFAULT '',
        editor TEXT NOT NULL DEFAULT '',
        cached INTEGER NOT NULL DEFAULT 0,
        shown_at REAL NOT NULL,
        characters INTEGER NOT NULL DEFAULT 0,
        lines INTEGER NOT NULL DEFAULT 0,
        outcome TEXT NOT NULL,
        decided_at REAL NOT NULL,
        accepted_characters INTEGER NOT NULL DEFAULT 0,
        retained INTEGER
    )""",
    # Sums over a time read this index alone.
    """CREATE INDEX IF NOT EXISTS completion_sums ON completion
        (account, shown_at, model, outcome, retained, accepted_characters)""",
    "CREATE INDEX IF NOT EXISTS completion_age ON completion (shown_at)",
)

_CALIBRATIONS = (
    # By what our count of a prompt is corrected: the service's count over ours, as an average over so many requests.
    """CREATE TABLE IF NOT EXISTS calibration (
        account TEXT NOT NULL,
        model TEXT NOT NULL,
        factor REAL NOT NULL DEFAULT 1,
        requests INTEGER NOT NULL DEFAULT 0,
        updated_at REAL NOT NULL DEFAULT 0,
        PRIMARY KEY (account, model)
    )""",
)

_READINGS = (
    # What the service told of an account, the later the higher the id. told: a reading as JSON.
    """CREATE TABLE IF NOT EXISTS reading (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL,
        at REAL NOT NULL,
        told TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS reading_of ON reading (account, id)",
    "CREATE INDEX IF NOT EXISTS reading_age ON reading (at)",
    # Who asks, since when and for how long at the most; how the last question that was answered or not ended. bearer: the
    # form in which the key was taken; NULL when that is not known. why: empty when the last question was answered.
    """CREATE TABLE IF NOT EXISTS question (
        account TEXT PRIMARY KEY,
        proc TEXT NOT NULL DEFAULT '',
        claimed_at REAL NOT NULL DEFAULT 0,
        claimed_until REAL NOT NULL DEFAULT 0,
        ended_at REAL NOT NULL DEFAULT 0,
        not_before REAL NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        why TEXT NOT NULL DEFAULT '',
        bearer INTEGER
    )""",
    # What a person was told once: that a window passed a threshold, by the time at which it refills; 0: not known.
    """CREATE TABLE IF NOT EXISTS notice (
        account TEXT NOT NULL,
        period TEXT NOT NULL,
        resets_at REAL NOT NULL DEFAULT 0,
        threshold REAL NOT NULL,
        told_at REAL NOT NULL DEFAULT 0,
        PRIMARY KEY (account, period, threshold, resets_at)
    )""",
    "CREATE INDEX IF NOT EXISTS notice_age ON notice (told_at)",
)

_PACING = (
    # The pause between requests that refusals as "too fast" have taught; it is forgotten with time.
    """CREATE TABLE IF NOT EXISTS pacing (
        account TEXT PRIMARY KEY,
        gap_s REAL NOT NULL DEFAULT 0,
        refused_at REAL NOT NULL DEFAULT 0
    )""",
)

_PROMPTS = (
    # What a request takes from windows that are counted in prompts.
    "ALTER TABLE request ADD COLUMN prompts REAL NOT NULL DEFAULT 0",
    # Sums over any time, in each unit that a window may count, read this index alone.
    """CREATE INDEX IF NOT EXISTS request_taken ON request
        (account, started_at, state, lane, ended_at, credits, prompts, prompt_tokens, completion_tokens, money)""",
)

_HOURS = hours.SCHEMA

_DAYS = (
    # What became of the completions of a day (of UTC) whose rows have gone; one day and model of an account each.
    """CREATE TABLE IF NOT EXISTS completion_day (
        account TEXT NOT NULL,
        at REAL NOT NULL,
        model TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0,
        accepted INTEGER NOT NULL DEFAULT 0,
        typed INTEGER NOT NULL DEFAULT 0,
        rejected INTEGER NOT NULL DEFAULT 0,
        retained INTEGER NOT NULL DEFAULT 0,
        retained_known INTEGER NOT NULL DEFAULT 0,
        characters INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (account, at, model)
    ) WITHOUT ROWID""",
    # Refusals are few; the latest are looked for in this index alone.
    "CREATE INDEX IF NOT EXISTS request_refused ON request (account, started_at) WHERE state = 'refused'",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST,
    _COMPLETIONS,
    _CALIBRATIONS,
    _READINGS,
    _PACING,
    _PROMPTS,
    _HOURS,
    _DAYS,
)
"""Migration n brings `user_version` from n to n + 1."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to ours; a newer one is left as it is."""
    if _version(connection) >= len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
