"""Does a request fit into a model, and what is done when it does not: send less around the code, or ask a model with more room. Pure.

A model's context holds prompt and reply together, thinking included. Of the prompt only what surrounds the code may be left
out (the farthest first, `core.context`), never the code itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zai_ls.catalogue import ModelEntry
    from zai_ls.core.routing import Routing
    from zai_ls.core.thrift import Load

_MARGIN = 0.05
"""Of the context, what is kept free: we count to within some per cent, and the service adds a few tokens of its own."""
_ENOUGH_SHARE = 0.5
"""Of the surroundings that were meant to be sent, the part that must fit for a model to be kept rather than left."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a request is, by our own count."""

    whole: int
    """Tokens of the prompt as it was meant."""
    bare: int
    """Tokens of it without what surrounds the code."""
    max_tokens: int
    """Bound on the reply, without room for thinking."""
    least_reply: int
    """Tokens that a usable reply takes at least: rewritten code is about as long as the code."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Who is asked, and with how much around the code."""

    model: str
    budget: int | None = None
    """Most tokens of surroundings, by our own count; None: all that was meant."""


def room_for(entry: ModelEntry, max_tokens: int, factor: float = 1.0) -> int:
    """The tokens, by our own count, that a prompt may have with a reply bounded by *max_tokens* and the thinking before it."""
    rule = entry.thinking
    thinking = rule.room if rule.auto or not rule.can_disable else 0
    reply = min(max_tokens + thinking, entry.max_output)
    return max(0, int((entry.context * (1 - _MARGIN) - reply) / factor))


def fit(size: Size, model: str, others: Iterable[str], routing: Routing) -> Fit | None:
    """*model* if the request fits it, else the best that can be done with it or *others*; None when nothing can.

    1. All of it fits *model*.
    2. It fits with at least half of the surroundings: less is sent.
    3. Another model takes all of it: the first of them.
    4. Less is sent to whoever has the most room, *model* before others.
    """
    rooms: dict[str, int] = {}
    for each in dict.fromkeys((model, *others)):
        entry = routing.catalogue.model(each)
        if size.least_reply <= entry.max_output:
            rooms[each] = room_for(entry, size.max_tokens, routing.factors.get(each, 1.0))
    around = size.whole - size.bare
    own = rooms.get(model, -1)
    if own >= size.whole:
        return Fit(model)
    if own - size.bare >= around * _ENOUGH_SHARE:
        return Fit(model, own - size.bare)
    roomy = next((each for each, room in rooms.items() if room >= size.whole), None)
    if roomy is not None:
        return Fit(roomy)
    best = max(rooms, key=lambda each: rooms[each], default=None)
    if best is None or rooms[best] < size.bare:
        return None
    return Fit(best, rooms[best] - size.bare)


def roomier(model: str, routing: Routing, load: Load) -> tuple[str, ...]:
    """Models of the plan with more room than *model*, that write code and that the service takes requests for; the cheapest first."""
    catalogue = routing.catalogue
    room = catalogue.model(model).context
    found = [
        (name, entry)
        for name, entry in catalogue.models.items()
        if entry.context > room and entry.role in {"light", "standard", "strong"} and entry.certain
        and routing.has(name) and not routing.is_out(name)
    ]  # fmt: skip

    def cost(item: tuple[str, ModelEntry]) -> tuple[float, int]:
        expense = routing.expense(item[0], load)
        amount = expense.money if expense.money is not None else expense.credits
        return amount, -item[1].context

    return tuple(name for name, _ in sorted(found, key=cost))
