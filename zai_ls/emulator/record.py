"""Who was served when: the places of each key, and the truth about how many requests ever were in flight.

A request is in flight from the moment its headers arrive until it ends.
It ends before its last byte is written (else a client that sends its next request upon that byte would be accused falsely),
or when its client's hang-up is noticed. Its place may be held longer than that: see `Record.free`.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Ended = Literal["", "complete", "refused", "rejected", "fault", "hangup"]
"""`complete`: a whole reply; `refused`: an error in answer; `rejected`: no place was free (1302); `fault`: played one."""


@dataclass(slots=True)
class Served:
    """One request, as far as it has come. Times are epoch seconds, to the microsecond."""

    id: int
    key: str
    """Digest of the key; empty when none was sent."""
    route: str
    started_at: float
    model: str = ""
    stream: bool = False
    ended_at: float | None = None
    ended: Ended = ""
    status: int | None = None
    """HTTP status that was sent."""
    code: str = ""
    """Business code of a refusal."""
    fault: str = ""
    """The fault that was played, as it was asked for."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """As many as were sent."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A request that arrived when its key had no place left."""

    id: int
    others: tuple[int, ...]
    """The requests that held the places."""
    not_yet: bool
    """True when a place was held only for a client that had hung up: the newcomer was early, not a second one in flight."""
    at: float


@dataclass(slots=True)
class _Places:
    """Of one key, by request id."""

    in_flight: set[int] = field(default_factory=set)
    hung_up: set[int] = field(default_factory=set)


class Record:
    """What the emulator served, readable at any time."""

    def __init__(self, now: Callable[[], float], slots: int = 1, *, enforce: bool = True) -> None:
        self.served: list[Served] = []
        self.overlaps: list[Overlap] = []
        self.most_in_flight = 0
        """Most requests of one key that were being served at once."""
        self.most_at_once = 0
        """The same, with those counted that were rejected because no place was free: what the clients really did."""
        self.listeners: list[Callable[[Served], None]] = []
        """Called with each request when it has ended."""
        self._now = now
        self._slots = slots
        self._enforce = enforce
        self._places: dict[str, _Places] = {}

    def arrive(self, key: str, route: str) -> tuple[Served, bool]:
        """Note a request and take a place for it, if there is one. One that got none ends at once, as rejected."""
        served = Served(len(self.served) + 1, digest(key), route, self._stamp())
        self.served.append(served)
        places = self._places.setdefault(key, _Places())
        self.most_at_once = max(self.most_at_once, len(places.in_flight) + 1)
        if len(places.in_flight) + len(places.hung_up) >= self._slots:
            others = tuple(sorted(places.in_flight | places.hung_up))
            not_yet = len(places.in_flight) < self._slots
            self.overlaps.append(Overlap(served.id, others, not_yet, served.started_at))
            if self._enforce:
                self._close(served, "rejected")
                return served, False
        places.in_flight.add(served.id)
        self.most_in_flight = max(self.most_in_flight, len(places.in_flight))
        return served, True

    def note(self, key: str, route: str) -> Served:
        """Note a request that needs no place."""
        served = Served(len(self.served) + 1, digest(key), route, self._stamp())
        self.served.append(served)
        return served

    def end(self, served: Served, key: str, ended: Ended) -> bool:
        """The request is over; only the first call counts. Its place is free at once, but for a hang-up: see `free`."""
        if served.ended_at is not None:
            return False
        places = self._places.get(key, _Places())
        if served.id in places.in_flight:
            places.in_flight.discard(served.id)
            if ended == "hangup":
                places.hung_up.add(served.id)
        self._close(served, ended)
        return True

    def free(self, served: Served, key: str) -> None:
        """The service has got over the hang-up of *served*."""
        self._places.get(key, _Places()).hung_up.discard(served.id)

    def in_flight(self, key: str | None = None) -> int:
        """How many are being served now, of one key or of all."""
        return sum(len(p.in_flight) for k, p in self._places.items() if key is None or k == key)

    @property
    def chats(self) -> list[Served]:
        """The requests that asked a model, rejected ones included."""
        return [served for served in self.served if served.route in CHAT_ROUTES]

    @property
    def too_many(self) -> list[Overlap]:
        """The overlaps that were not merely early: each is a fault of the clients."""
        return [overlap for overlap in self.overlaps if not overlap.not_yet]

    def as_json(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {
            "most_in_flight": self.most_in_flight,
            "most_at_once": self.most_at_once,
            "served": [asdict(served) for served in self.served],
            "overlaps": [asdict(overlap) for overlap in self.overlaps],
        }

    def _close(self, served: Served, ended: Ended) -> None:
        served.ended_at = self._stamp()
        served.ended = ended
        for listener in self.listeners:
            listener(served)

    def _stamp(self) -> float:
        return round(self._now(), 6)


CHAT_ROUTES = frozenset({"paas", "coding", "anthropic"})
"""Names of the routes that ask a model and hold a place."""


def digest(key: str) -> str:
    """A short name for *key* that does not give it away."""
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else ""
