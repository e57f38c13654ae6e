"""What is to go wrong, or to be said, and for which requests: faults, exact replies, and the queue of rules.

A fault is written `NAME` or `NAME=ARGUMENT`, the same in the header `x-emulator-fault`, in a script file and in Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zai_ls.domain import FinishReason, Usage
from zai_ls.emulator.refusals import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEADER = "x-emulator-fault"

FAULTS: Mapping[str, tuple[str, str]] = {
    # -- answers that are no reply
    "code": ("", "refuse with this business code (its number alone says the same)"),
    "inband": ("1000", "refuse with this business code, in the body of an HTTP 200"),
    "old-shape": ("1308", "refuse with this business code where the Anthropic route once put it, in `error.type`"),
    "status": ("500", "answer with this HTTP status and a gateway's page"),
    "garbage": ("", "HTTP 200, an HTML page"),
    "garbage-stream": ("", "an event stream whose data is no JSON"),
    # -- slow
    "slow-headers": ("2", "seconds before the headers"),
    "slow-first-token": ("2", "seconds before the first token, headers at once"),
    "slow-stream": ("0.2", "seconds before each piece"),
    "hang": ("", "never answer: wait until the client hangs up"),
    "stall": ("2", "so many pieces, then silence until the client hangs up"),
    # -- streams that go wrong
    "cut": ("2", "so many pieces, then the stream ends as if it were whole"),
    "cut-json": ("2", "so many pieces, then the stream ends inside a chunk's JSON"),
    "splice": ("2", "so many pieces, then a chunk is cut and the reply begins anew in the same line, with another id"),
    "restart": ("2", "so many pieces, then the reply begins anew with another id, on a line of its own"),
    "error-in-stream": ("1305", "an error where a chunk was due, after two pieces"),
    "error-event": ("1305", "the same as an event named `error`"),
    # -- replies that are odd
    "empty-text": ("", "thinking, then the end"),
    "finish": ("length", "end for this reason"),
    "huge": ("5000000", "a reply of so many characters"),
    "whole": ("", "one JSON document though a stream was asked for"),
    "other-model": ("glm-5.2", "another model answers"),
    "no-usage": ("", "do not report usage"),
    "no-done": ("", "leave out what ends the stream, after the reason it ended"),
    "tight": ("", "no blank after `data:`, CRLF line ends, and comments between events"),
    # -- below HTTP: only on the raw port
    "reset": ("0", "reset the connection after so many pieces; 0: before the headers"),
    "no-reply": ("", "close the connection without a byte"),
    "lying-length": ("", "promise more bytes than come"),
    "cut-chunk": ("2", "so many pieces, then close the connection inside an HTTP chunk"),
    "bad-head": ("", "bytes that are no HTTP"),
}  # fmt: skip
"""Name: (argument when none is given, what it does)."""

RAW_FAULTS = frozenset({"reset", "no-reply", "lying-length", "cut-chunk", "bad-head"})

_NUMBERS = frozenset(
    {"slow-headers", "slow-first-token", "slow-stream", "stall", "cut", "cut-json", "splice", "restart", "huge", "status",
     "reset", "cut-chunk"}
)  # fmt: skip
_CODED = frozenset({"code", "inband", "old-shape", "error-in-stream", "error-event"})


class BadScript(ValueError):
    """A fault or a rule that cannot be read; the message says which."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong."""

    name: str
    argument: str = ""

    @classmethod
    def read(cls, text: str) -> Fault:
        """From `NAME` or `NAME=ARGUMENT`. Raises `BadScript`."""
        name, _, argument = text.strip().partition("=")
        if name in CODES:
            name, argument = "code", name
        if name not in FAULTS:
            raise BadScript(f"no fault is called {name!r}; there are {', '.join(FAULTS)}")
        argument = argument or FAULTS[name][0]
        try:
            if name in _NUMBERS:
                float(argument)
        except ValueError:
            raise BadScript(f"{name}: {argument!r} is no number") from None
        if name in _CODED and argument not in CODES:
            raise BadScript(f"{name}: {argument!r} is no business code")
        if name == "finish" and argument not in {reason.value for reason in FinishReason}:
            raise BadScript(f"{name}: {argument!r} is no finish reason")
        return cls(name, argument)

    @property
    def number(self) -> float:
        """The argument of a fault that takes a number."""
        return float(self.argument)

    @property
    def is_raw(self) -> bool:
        """Does it lie below HTTP?"""
        return self.name in RAW_FAULTS

    def __str__(self) -> str:
        return f"{self.name}={self.argument}" if self.argument else self.name


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model is to say, word for word."""

    text: str
    thinking: str = ""
    finish: FinishReason = FinishReason.STOP
    usage: Usage | None = None
    """What is reported and charged; counted when None."""
    model: str = ""
    """Who answers; the model that was asked when empty."""


@dataclass(slots=True)
class Rule:
    """Which requests it is for (all conditions must hold), and what happens to them."""

    fault: Fault | None = None
    answer: Answer | None = None
    model: str = ""
    body: str = ""
    """A piece of the request's body, as it stands in the JSON."""
    nth: int | None = None
    """Only the nth request that asked a model and got a place, counted from 1 since the start."""
    times: int | None = 1
    """How many requests it is for; None: all."""

    def matches(self, model: str, body: str, nth: int) -> bool:
        """Is it for this request?"""
        return (
            (self.nth is None or self.nth == nth)
            and (not self.model or self.model == model)
            and (not self.body or self.body in body)
        )


class Script:
    """A queue of rules: the first that matches is used, and leaves when it has been used often enough."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = list(rules)

    def take(self, model: str, body: str, nth: int) -> Rule | None:
        """The rule for this request, used once more."""
        rule = next((rule for rule in self.rules if rule.matches(model, body, nth)), None)
        if rule is not None and rule.times is not None:
            rule.times -= 1
            if rule.times <= 0:
                self.rules.remove(rule)
        return rule


def read_rules(raw: object) -> list[Rule]:
    """Rules from JSON: a list of objects, or `{"rules": […]}`. Raises `BadScript`."""
    listed = raw.get("rules") if isinstance(raw, dict) else raw
    if not isinstance(listed, list):
        raise BadScript("a list of rules is expected")
    return [_rule(item, at) for at, item in enumerate(listed, 1)]


_FIELDS = frozenset(
    {"fault", "reply", "thinking", "finish", "usage", "answers_as", "model", "body", "nth", "times"}
)


def _rule(raw: object, at: int) -> Rule:
    if isinstance(raw, str):
        raw = {"fault": raw}
    if not isinstance(raw, dict) or not raw.keys() <= _FIELDS:
        raise BadScript(f"rule {at}: an object is expected, with {', '.join(sorted(_FIELDS))}")
    try:
        fault = Fault.read(str(raw["fault"])) if raw.get("fault") is not None else None
        answer = _answer(raw) if "reply" in raw else None
        times, nth = raw.get("times", 1), raw.get("nth")
        if fault is None and answer is None:
            raise BadScript("neither a fault nor a reply")
        return Rule(
            fault,
            answer,
            str(raw.get("model", "")),
            str(raw.get("body", "")),
            None if nth is None else int(nth),
            None if times is None else int(times),
        )
    except (TypeError, ValueError) as error:
        raise BadScript(f"rule {at}: {error}") from None


def _answer(raw: dict[str, Any]) -> Answer:
    usage = raw.get("usage")
    return Answer(
        text=str(raw["reply"]),
        thinking=str(raw.get("thinking", "")),
        finish=FinishReason(raw.get("finish", "stop")),
        usage=None if usage is None else _usage(usage),
        model=str(raw.get("answers_as", "")),
    )


def _usage(raw: object) -> Usage:
    if not isinstance(raw, dict):
        raise BadScript("usage: an object is expected")
    return Usage(
        prompt_tokens=int(raw.get("prompt_tokens", 0)),
        cached_tokens=int(raw.get("cached_tokens", 0)),
        completion_tokens=int(raw.get("completion_tokens", 0)),
        reasoning_tokens=int(raw.get("reasoning_tokens", 0)),
    )
