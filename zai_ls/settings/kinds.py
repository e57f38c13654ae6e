"""What a setting accepts: each kind reads a value into its final type, or does not accept it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from zai_ls.messages import say, told

T_co = TypeVar("T_co", covariant=True)


class NotAccepted(ValueError):
    """A value that its setting does not accept."""


class Kind(Protocol[T_co]):
    """What a setting accepts."""

    @property
    def accepts(self) -> str:
        """The accepted values, as they read after "expected"; words of ours (`told`) where it is a constant."""
        ...

    def read(self, value: object) -> T_co:
        """*value* in its final type. Raises `NotAccepted`."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string; outer blanks do not count."""

    accepts: str = "text"
    pattern: str = ".*"

    def read(self, value: object) -> str:
        """A string that matches the pattern."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value.strip(), re.DOTALL):
            raise NotAccepted
        return value.strip()


@dataclass(frozen=True, slots=True)
class OneOf:
    """One word of a few."""

    choices: tuple[str, ...]
    meanings: tuple[str, ...] = ()
    """What each of them means, where the words alone do not say it."""

    @property
    def accepts(self) -> str:
        """The words."""
        return say("accepts.one_of", choices=", ".join(self.choices))

    def read(self, value: object) -> Any:
        """The word; its case does not count. Typed as any: the declaration names the literal type."""
        if not isinstance(value, str) or value.strip().lower() not in self.choices:
            raise NotAccepted
        return value.strip().lower()


@dataclass(frozen=True, slots=True)
class Number:
    """A number from *low* to *high*, both included."""

    low: float
    high: float
    unit: str = ""

    @property
    def accepts(self) -> str:
        """The bounds."""
        return say("accepts.number", low=f"{self.low:.9g}", high=f"{self.high:.9g}", unit=_after(self.unit))

    def read(self, value: object) -> float:
        """A number within the bounds."""
        return _bounded(value, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from *low* to *high*, both included."""

    low: int
    high: int
    unit: str = ""

    @property
    def accepts(self) -> str:
        """The bounds."""
        return say("accepts.whole", low=self.low, high=self.high, unit=_after(self.unit))

    def read(self, value: object) -> int:
        """A whole number within the bounds; `3.0` is one."""
        number = _bounded(value, self.low, self.high)
        if number != int(number):
            raise NotAccepted
        return int(number)


@dataclass(frozen=True, slots=True)
class Words:
    """A list of words."""

    accepts: str = "a list of words"

    def read(self, value: object) -> tuple[str, ...]:
        """The words, each once, in their order; one string is a list with commas."""
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
            raise NotAccepted
        return tuple(dict.fromkeys(word.strip() for word in value if word.strip()))


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns as in `.gitignore`. One that names no file is told of elsewhere, and does not count."""

    accepts: str = "a list of patterns as in .gitignore"

    def read(self, value: object) -> tuple[str, ...]:
        """The patterns, each once; one string is split as a shell would."""
        return tuple(dict.fromkeys(Command().read(value)))


@dataclass(frozen=True, slots=True)
class Table:
    """Words by name."""

    accepts: str = "a table of names and words"

    def read(self, value: object) -> Mapping[str, str]:
        """The table."""
        if not isinstance(value, Mapping):
            raise NotAccepted
        if not all(isinstance(k, str) and isinstance(v, str) and v.strip() for k, v in value.items()):
            raise NotAccepted
        return {name: word.strip() for name, word in value.items()}


@dataclass(frozen=True, slots=True)
class TableOf:
    """One word of a few, by name."""

    names: str
    choices: tuple[str, ...]
    """The strictest last."""
    is_name: Callable[[str], bool] = bool
    """Can it be a name? Any text that is not empty can, unless told otherwise."""

    @property
    def accepts(self) -> str:
        """What the names are, and the words."""
        return say("accepts.table_of", names=told(self.names), choices=", ".join(self.choices))

    def read(self, value: object) -> Mapping[str, str]:
        """The table; the case of the words does not count."""
        if not isinstance(value, Mapping):
            raise NotAccepted
        if not all(isinstance(name, str) and self.is_name(name) for name in value):
            raise NotAccepted
        word = OneOf(self.choices)
        return {name: word.read(given) for name, given in value.items()}

    def stricter(self, one: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
        """Both tables, and for a name in both the stricter word."""
        return {
            name: max((t[name] for t in (one, other) if name in t), key=self.choices.index)
            for name in (*one, *other)
        }


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    accepts: str = "true or false"

    def read(self, value: object) -> bool:
        """True or false; variables and flags spell it as a word."""
        if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
            return value.strip().lower() == "true"
        if not isinstance(value, bool):
            raise NotAccepted
        return value


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments; never given to a shell."""

    accepts: str = "a command: a list of words, or one string split as a shell would"

    def read(self, value: object) -> tuple[str, ...]:
        """The program and its arguments."""
        if isinstance(value, str):
            try:
                return tuple(shlex.split(value))
            except ValueError:
                raise NotAccepted from None
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
            raise NotAccepted
        return tuple(value)


def is_pattern(text: str) -> bool:
    """Would git take *text* for a pattern that can name a file? One that begins with `!` takes names out."""
    if not text.strip() or text.startswith(("!", "#")) or "\n" in text:
        return False
    ranges = [pair for set_ in re.findall(r"\[[^\]]+\]", text) for pair in re.findall(r"(.)-(.)", set_[1:-1])]
    return not re.search(r"(?<!\\)(\\\\)*\\$", text) and all(first <= last for first, last in ranges)


def _after(unit: str) -> str:
    return say("accepts.unit", unit=told(unit)) if unit else ""


def _bounded(value: object, low: float, high: float) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise NotAccepted from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise NotAccepted
    return float(value)
