"""What this machine sent and what it cost: reserved before it is sent, settled after.

An open reservation counts as spent (architecture, invariant 9). A request that was aborted, cut or orphaned settles as the
prompt's estimate + the tokens received, marked estimated; a refused one costs nothing.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING, Any, Literal, get_args

from zai_ls.core import throttle
from zai_ls.domain import Lane, Usage
from zai_ls.errors import StateUnusable
from zai_ls.state import calibrations, closures, hours
from zai_ls.state.db import BUSY_S, SHORT_S
from zai_ls.state.history import LedgerHistory

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from zai_ls.clock import Clock
    from zai_ls.core.throttle import Closure
    from zai_ls.state.db import Database

_log = logging.getLogger(__name__)

Ending = Literal["complete", "aborted", "cut", "refused", "orphaned"]
"""How a request ended: body read to its end; closed by us; broken off; answered with an error; its process died."""

_ENDINGS = frozenset(get_args(Ending))
_TIDIED_AT_ONCE = 500
_LATELY = 40
"""So many of the latest complete requests tell how long one takes."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A request about to be sent, at its expected cost, not its ceiling."""

    account: str
    lane: Lane
    model: str
    expected: Usage
    credits: float = 0.0
    money: float = 0.0
    prompts: float = 0.0
    """From windows that are counted in prompts."""
    action: str = ""
    editor: str = ""
    waited_s: float = 0.0
    """How long it waited for the slot."""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """A sum over requests; those still open count at their expected cost."""

    requests: int = 0
    """Refused ones not counted: they cost nothing."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    credits: float = 0.0
    money: float = 0.0
    open: int = 0
    """How many of them are still open."""
    estimated: int = 0
    """How many of them we counted ourselves."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, as the ledger has it."""

    id: int
    account: str
    proc: str
    lane: Lane
    action: str
    editor: str
    model: str
    served_model: str
    state: str
    """`open`, or an `Ending`."""
    started_at: float
    sent_at: float | None
    first_byte_at: float | None
    ended_at: float | None
    usage: Usage
    credits: float
    money: float
    code: str
    waited_s: float
    score: float | None


@dataclass(frozen=True, slots=True)
class LastEnded:
    """The request that ended last before another."""

    ended_at: float
    foreign: bool
    """Another process sent it."""
    aborted: bool
    """The service may not have noticed its end yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of statistics."""

    lane: str
    action: str
    model: str
    """Who was asked."""
    totals: Totals
    mean_s: float
    """Mean time from start to end; 0 when none has ended."""
    served_model: str = ""
    """Who answered, in the service's words; empty when it was who was asked, or when nobody said."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A sum over the requests of one step of time, by who wished, who was asked, and in which editor."""

    at: float
    """Start of the step, epoch seconds."""
    lane: str
    model: str
    editor: str
    totals: Totals


class SpendView:
    """What the throttle sees at its second question: inside the transaction that makes the reservation."""

    def __init__(self, connection: sqlite3.Connection, account: str, now: float) -> None:
        self._connection = connection
        self.account = account
        self.now = now
        self.closures: tuple[Closure, ...] = closures.read(connection, account, now)
        self.history = LedgerHistory(lambda work: work(connection), account)

    def spent(self, since: float) -> Totals:
        """What requests started at or after *since* cost, open reservations included."""
        return _spent(self._connection, self.account, since)


class Ledger:
    """The ledger of one user, as one process writes it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._open: dict[int, tuple[Reservation, float]] = {}
        """Our own open entries with their starts, to put back should the database be lost."""
        db.on_restored(self._restore)

    # -- one request's life ---------------------------------------------------------------------------------

    def reserve(
        self,
        entry: Reservation,
        decide: Callable[[SpendView], throttle.Verdict],
        *,
        patience_s: float = BUSY_S,
    ) -> int | throttle.Verdict:
        """Ask *decide* and, when it says go, reserve; both in one transaction. Returns the entry's id or the other verdict.

        Raises `StateUnusable`; `StateLocked` when another process keeps the database locked for *patience_s* seconds.
        """

        def work(connection: sqlite3.Connection) -> tuple[int, float] | throttle.Verdict:
            now = self._clock.now()
            verdict = decide(SpendView(connection, entry.account, now))
            if not isinstance(verdict, throttle.Go):
                return verdict
            entry_id = _new_id(now)
            self._insert(connection, entry_id, entry, now)
            return entry_id, now

        answer = self._db.transaction(work, patience_s=patience_s)
        if not isinstance(answer, tuple):
            return answer
        entry_id, now = answer
        self._open[entry_id] = (entry, now)
        return entry_id

    def sent(self, entry_id: int) -> None:
        """The request is on its way."""
        self._mark(
            "UPDATE request SET sent_at = ? WHERE id = ? AND sent_at IS NULL", (self._clock.now(), entry_id)
        )

    def first_byte(self, entry_id: int) -> None:
        """The reply has begun; from here the request is never tried again."""
        self._mark(
            "UPDATE request SET first_byte_at = ? WHERE id = ? AND first_byte_at IS NULL",
            (self._clock.now(), entry_id),
        )

    def received(self, entry_id: int, tokens: int) -> None:
        """So many tokens have arrived so far: what an orphan is settled with. For now and then, not for each chunk."""
        self._mark(
            "UPDATE request SET received_tokens = ? WHERE id = ? AND state = 'open'", (tokens, entry_id)
        )

    def settle(
        self,
        entry_id: int,
        usage: Usage | None,
        how: str,
        *,
        served_model: str = "",
        error_code: str = "",
        received_tokens: int = 0,
        credits: float | None = None,  # noqa: A002 - the word of the service's price list
        money: float | None = None,
        prompts: float | None = None,
    ) -> None:
        """Close an entry, once; a second time changes nothing.

        Never fails for the database's sake, because the reply is there all the same: what cannot be written now is written
        with the next transaction of this process, and counts as spent until then.
        What others, who took us for dead, have settled as an orphan's is settled anew, with what is really known.

        *how* is an `Ending`. Without *usage* the tokens are the prompt's estimate + *received_tokens*; without *credits* or
        *money* the reserved ones, in proportion to the tokens; without *prompts* the reserved ones.
        """
        if how not in _ENDINGS:
            raise ValueError(how)
        now = self._clock.now()
        mine = self._open.get(entry_id)
        ours = mine is not None

        def work(connection: sqlite3.Connection) -> None:
            row = connection.execute(
                """SELECT prompt_tokens, completion_tokens, credits, money, prompts FROM request
                   WHERE id = ? AND (state = 'open' OR state = 'orphaned' AND ?)""",
                (entry_id, ours),
            ).fetchone()
            if row is None:
                return
            final, share = _final(how, usage, received_tokens, row[0], row[1])
            connection.execute(
                """UPDATE request SET state = ?, ended_at = ?, served_model = ?, code = ?, prompt_tokens = ?,
                   cached_tokens = ?, completion_tokens = ?, reasoning_tokens = ?, received_tokens = ?, credits = ?,
                   money = ?, prompts = ?, estimated = ? WHERE id = ?""",
                (
                    how,
                    now if mine is None else max(now, mine[1]),
                    served_model,
                    error_code,
                    final.prompt_tokens,
                    final.cached_tokens,
                    final.completion_tokens,
                    final.reasoning_tokens,
                    received_tokens,
                    row[2] * share if credits is None or how == "refused" else credits,
                    row[3] * share if money is None or how == "refused" else money,
                    0.0 if how == "refused" else row[4] if prompts is None else prompts,
                    final.estimated,
                    entry_id,
                ),
            )

        def done() -> None:
            self._open.pop(entry_id, None)

        try:
            self._db.transaction(work, patience_s=SHORT_S)
        except StateUnusable as error:
            _log.warning("ledger.not_settled_yet %s", error)
            self._db.owe(work, done)
        else:
            done()

    # -- questions ------------------------------------------------------------------------------------------

    def spent(self, account: str, since: float) -> Totals:
        """What requests of *account* started at or after *since* cost, open reservations included."""
        return self._db.read(lambda connection: _spent(connection, account, since))

    def history(self, account: str) -> LedgerHistory:
        """The requests of *account*, as quota is reckoned from them. Its questions raise `StateUnusable`."""
        return LedgerHistory(self._db.read, account)

    def recent(self, account: str, count: int) -> tuple[Entry, ...]:
        """The latest *count* requests, the newest first."""
        return self._entries("account = ? ORDER BY started_at DESC, id DESC LIMIT ?", account, count)

    def _entries(self, where: str, *values: object) -> tuple[Entry, ...]:
        return self._db.read(
            lambda connection: tuple(
                _entry(row)
                for row in connection.execute(
                    f"""SELECT id, account, proc, lane, action, editor, model, served_model, state, started_at, sent_at,
                       first_byte_at, ended_at, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens,
                       estimated, credits, money, code, waited_s, score
                       FROM request WHERE {where}""",  # noqa: S608 - our own constants
                    values,
                )
            )
        )

    def last_ended(self, account: str, before: int) -> LastEnded | None:
        """The request of *account* that ended last, the entry *before* left out; None when there is none.

        Refused ones do not count: they left nothing behind that the service could still be busy with.
        """

        def work(connection: sqlite3.Connection) -> LastEnded | None:
            row = connection.execute(
                """SELECT ended_at, proc, state FROM request
                   WHERE account = ? AND ended_at IS NOT NULL AND id != ? AND state != 'refused' ORDER BY ended_at DESC LIMIT 1""",
                (account, before),
            ).fetchone()
            if row is None:
                return None
            return LastEnded(
                ended_at=row[0],
                foreign=row[1] != self._db.process_id,
                aborted=row[2] in {"aborted", "cut", "orphaned"},
            )

        return self._db.read(work)

    def service_s(self, account: str) -> float:
        """How long a request lately took from start to end, on average over all lanes; 0 when unknown."""
        lately = self._db.read(lambda connection: latest_durations(connection, account))
        return sum(seconds for _, seconds in lately) / len(lately) if lately else 0.0

    def stats(self, account: str, since: float) -> tuple[Row, ...]:
        """Sums by lane, action, model and who answered, of requests started at or after *since*, the dearest first."""
        table, values = hours.rows(since, inf, account, columns=", lane, action, model, served_model")
        summed = hours.sums((*_TOTALS, "seconds", "ended"))
        return self._db.read(
            lambda connection: tuple(
                Row(lane, action, model, _totals(sums), seconds / ended if ended else 0.0, served)
                for lane, action, model, served, *sums, seconds, ended in connection.execute(
                    f"""SELECT lane, action, model,
                        CASE WHEN lower(served_model) = lower(model) THEN '' ELSE served_model END AS served, {summed}
                        FROM {table} GROUP BY lane, action, model, served
                        ORDER BY sum(credits) DESC, sum(requests) DESC""",  # noqa: S608 - our own constants
                    values,
                )
            )
        )

    def usage(self, account: str, since: float, until: float, step_s: float) -> tuple[Bucket, ...]:
        """Sums over steps of *step_s* seconds from *since* on, of requests started before *until*; the oldest first.

        Where *until* is now or later, what a clock that was set back has put into the future counts to the last step.
        Steps of a time longer than a day and a half are as exact as an hour, unless there is one step only.
        """
        last = max(0, ceil((until - since) / step_s) - 1)
        end = until if until < self._clock.now() else inf
        by_rows = last > 0 and until - since <= _BY_ROWS_S
        of = hours.requests if by_rows else hours.rows
        table, values = of(since, end, account, names=_TOTALS, columns=_OF_WHOM)
        step, by = "0", _OF_WHOM.removeprefix(", ")
        if last > 0:
            step, by = "min(CAST((at - ?) / ? AS INTEGER), ?) AS step", f"step{_OF_WHOM}"
            values = [since, step_s, last, *values]
        return self._db.read(
            lambda connection: tuple(
                Bucket(since + step * step_s, lane, model, editor, _totals(sums))
                for step, lane, model, editor, *sums in connection.execute(
                    f"SELECT {step}{_OF_WHOM}, {hours.sums(_TOTALS)} FROM {table} GROUP BY {by} ORDER BY {by}",  # noqa: S608 - our own constants
                    values,
                )
            )
        )

    def refusals(self, account: str, count: int) -> tuple[Entry, ...]:
        """The latest *count* requests that the service refused, the newest first."""
        return self._entries(
            "account = ? AND state = 'refused' ORDER BY started_at DESC, id DESC LIMIT ?", account, count
        )

    def tidy(self) -> int:
        """Let go of rows that are so old that the hours' sums are enough, and of room in the file; how many rows. Never fails.

        It does little at a time, so that nobody waits for it: call it now and then.
        """
        now = self._clock.now()

        def work(connection: sqlite3.Connection) -> int:
            gone = hours.forget_old(connection, now, _TIDIED_AT_ONCE)
            if not gone:
                hours.put_together(connection, now)
            return gone

        try:
            gone = self._db.transaction(work, patience_s=SHORT_S)
            if not gone:
                self._db.shrink()
        except StateUnusable as error:
            _log.warning("ledger.not_tidied %s", error)
            return 0
        return gone

    # -- how we count ---------------------------------------------------------------------------------------

    def factors(self, account: str) -> Mapping[str, float]:
        """By model: by what our count of a prompt is to be corrected. Nothing when the database cannot be read."""
        try:
            known = self._db.read(lambda connection: calibrations.read(connection, account))
        except StateUnusable as error:
            _log.warning("ledger.not_calibrated %s", error)
            return {}
        return {model: calibration.in_force for model, calibration in known.items()}

    def counted(self, account: str, model: str, ours: int, usage: Usage) -> None:
        """A prompt that we counted as *ours* tokens, uncorrected, has been counted by the service. Never fails."""
        if usage.estimated:
            return
        now = self._clock.now()
        try:
            self._db.transaction(
                lambda connection: calibrations.put(
                    connection, account, model, ours, usage.prompt_tokens, now
                ),
                patience_s=SHORT_S,
            )
        except StateUnusable as error:
            _log.warning("ledger.not_calibrated %s", error)

    def close(self) -> None:
        """Settle what is still owed; have nothing put back any more."""
        if self._db.owes:
            try:
                self._db.transaction(lambda _: None)
            except StateUnusable as error:  # whoever comes next settles it as an orphan's
                _log.warning("ledger.not_settled %s", error)
        self._db.forget(self._restore)

    # -- inside ---------------------------------------------------------------------------------------------

    def _mark(self, statement: str, values: tuple[float, int]) -> None:
        """Note something on the way. A request that is under way is worth more than a note of it: this never fails."""
        try:
            self._db.transaction(lambda connection: connection.execute(statement, values), patience_s=SHORT_S)
        except StateUnusable as error:
            _log.warning("ledger.not_noted %s", error)

    def _restore(self, connection: sqlite3.Connection) -> None:
        for entry_id, (entry, started_at) in self._open.items():
            self._insert(connection, entry_id, entry, started_at)

    def _insert(
        self, connection: sqlite3.Connection, entry_id: int, entry: Reservation, started_at: float
    ) -> None:
        connection.execute(
            """INSERT OR IGNORE INTO request (id, account, proc, lane, action, editor, model, started_at, prompt_tokens,
               cached_tokens, completion_tokens, reasoning_tokens, credits, money, prompts, estimated, waited_s, score)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)""",
            (
                entry_id,
                entry.account,
                self._db.process_id,
                entry.lane.value,
                entry.action,
                entry.editor,
                entry.model,
                started_at,
                entry.expected.prompt_tokens,
                entry.expected.cached_tokens,
                entry.expected.completion_tokens,
                entry.expected.reasoning_tokens,
                entry.credits,
                entry.money,
                entry.prompts,
                entry.waited_s,
                entry.score,
            ),
        )


def settle_orphans(connection: sqlite3.Connection, proc: str, now: float) -> None:
    """Close what the dead process *proc* left open: the prompt's estimate + what it had noted as received."""
    rows = connection.execute(
        """SELECT id, prompt_tokens, completion_tokens, received_tokens, started_at FROM request
           WHERE proc = ? AND state = 'open'""",
        (proc,),
    ).fetchall()
    for entry_id, prompt, completion, received, started_at in rows:
        final, share = _final("orphaned", None, received, prompt, completion)
        connection.execute(
            """UPDATE request SET state = 'orphaned', ended_at = ?, completion_tokens = ?, reasoning_tokens = 0,
               cached_tokens = 0, credits = credits * ?, money = money * ?, estimated = 1 WHERE id = ?""",
            (max(now, started_at), final.completion_tokens, share, share, entry_id),
        )


def latest_durations(connection: sqlite3.Connection, account: str) -> list[tuple[Lane, float]]:
    """Lane and seconds from start to end of the latest complete requests."""
    rows = connection.execute(
        """SELECT lane, state, ended_at - started_at FROM request
           WHERE account = ? AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?""",
        (account, _LATELY),
    )
    return [
        (Lane(lane), max(0.0, took)) for lane, state, took in rows if state == "complete" and _is_lane(lane)
    ]


def _is_lane(lane: str) -> bool:
    """A newer version may have lanes that this one does not know."""
    return lane in _LANES


_LANES: Iterable[str] = frozenset(Lane)

_TOTALS = (
    "requests", "prompt_tokens", "cached_tokens", "completion_tokens", "open", "estimated", "credits", "money",
)  # fmt: skip
"""The fields of `Totals`, which are columns of `hours.rows`; the index `request_spent` has them all."""
_OF_WHOM = ", lane, model, editor"
_BY_ROWS_S = 36 * 3600.0
"""Up to so long a time, its steps are cut from the requests themselves; a longer one from the hours."""


def _totals(sums: list[Any]) -> Totals:
    """From the sums of `_TOTALS`."""
    named = dict(zip(_TOTALS, sums, strict=True))
    return Totals(
        **{name: round(named[name]) for name in _TOTALS[:-2]}, credits=named["credits"], money=named["money"]
    )


def _spent(connection: sqlite3.Connection, account: str, since: float) -> Totals:
    table, values = hours.rows(since, inf, account, names=_TOTALS)
    return _totals(list(connection.execute(f"SELECT {hours.sums(_TOTALS)} FROM {table}", values).fetchone()))  # noqa: S608 - our own constants


def _final(how: str, usage: Usage | None, received: int, prompt: int, completion: int) -> tuple[Usage, float]:
    """The tokens to settle with, and which part of the reserved cost that is."""
    if how == "refused":
        return Usage(), 0.0
    final = usage or Usage(prompt_tokens=prompt, completion_tokens=received, estimated=True)
    reserved = prompt + completion
    share = (final.prompt_tokens + final.completion_tokens) / reserved if reserved else 1.0
    return final, share


def _new_id(now: float) -> int:
    """Unique over processes and databases: an id from before a loss must never name another's entry after it."""
    return (int(now * 1000) << 20) | secrets.randbits(20)


def _entry(row: Any) -> Entry:
    return Entry(
        id=row[0],
        account=row[1],
        proc=row[2],
        lane=Lane(row[3]) if _is_lane(row[3]) else Lane.AGENT,
        action=row[4],
        editor=row[5],
        model=row[6],
        served_model=row[7],
        state=row[8],
        started_at=row[9],
        sent_at=row[10],
        first_byte_at=row[11],
        ended_at=row[12],
        usage=Usage(row[13], row[14], row[15], row[16], bool(row[17])),
        credits=row[18],
        money=row[19],
        code=row[20],
        waited_s=row[21],
        score=row[22],
    )
