"""Layers of values, the weakest first, become the settings in force.

A bad value falls back alone, to the next weaker layer that has a good one, and says so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, cast

from zai_ls.messages import say, told
from zai_ls.settings.declared import BY_KEY, SECTION, Declaration, Settings
from zai_ls.settings.kinds import NotAccepted, Table, TableOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CLIENT_KEYS = ("server.", "trace.")
"""Prefixes that belong to editor clients themselves, which send their section whole."""

_DEEPEST = 16
"""Levels of tables that are looked into; no setting lies so deep."""

_TABLES = tuple(key for key, d in BY_KEY.items() if isinstance(d.kind, Table | TableOf))


class Origin(StrEnum):
    """Where a value comes from, the weakest first; the words are shown to people."""

    DEFAULT = "default"
    USER_FILE = "user file"
    EDITOR = "editor settings"
    ENVIRONMENT = "environment"
    FLAGS = "command line"
    PROJECT = "project file"

    @property
    def phrase(self) -> str:
        """The place as it reads in a sentence."""
        return say(f"origin.{self.name.lower()}")

    @property
    def strength(self) -> int:
        """Of two that say something about one value, the stronger counts."""
        return list(Origin).index(self)


@dataclass(frozen=True, slots=True)
class Layer:
    """Values from one place: nested tables, dotted keys, or both; with or without the section around them."""

    origin: Origin
    values: Mapping[str, object]
    place: str = ""
    """More exactly: a file's path."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one value; the rest stays in force."""

    key: str
    kind: Literal["value", "unknown", "machine", "file", "key", "url", "catalogue"]
    text: str
    """For a person: what is wrong, what is accepted, what is used instead."""
    origin: Origin
    stops: bool = False
    """Nothing is sent until it is put right, because what is missing decides where requests go or whose slot they share."""


def merge(layers: Sequence[Layer]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings in force after *layers*, the weakest first, and what was wrong with them."""
    values, _, problems = _collect(layers)
    # Each value has been read by its own kind, so the types are right.
    given: dict[str, Any] = {BY_KEY[key].attribute: value for key, value in values.items()}
    return Settings(**given), tuple(problems)


def origins(layers: Sequence[Layer]) -> Mapping[str, Origin]:
    """Where each setting's value comes from, by key."""
    _, sources, _ = _collect(layers)
    return {key: sources.get(key, Origin.DEFAULT) for key in BY_KEY}


def flatten(values: Mapping[str, object]) -> dict[str, object]:
    """Dotted keys below the section; `null` means "not given", as some editors write it."""
    flat: dict[str, object] = {}
    for path, given in _leaves(values, ""):
        name = path.removeprefix(SECTION + ".")
        table = next((t for t in _TABLES if name.startswith(t + ".")), "")
        key, value = (table, {name[len(table) + 1 :]: given}) if table else (name, given)
        before = flat.get(key)
        flat[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return flat


def _leaves(values: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        path = f"{prefix}{name}"
        if value is None or path == "$schema":
            continue
        nested = isinstance(value, Mapping) and path.removeprefix(SECTION + ".") not in BY_KEY
        if nested and path.count(".") < _DEEPEST:
            yield from _leaves(cast("Mapping[str, object]", value), path + ".")
        else:
            yield path, _without_null(value) if isinstance(value, Mapping) else value


def _without_null(table: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in table.items() if value is not None}


def _collect(
    layers: Sequence[Layer],
) -> tuple[dict[str, object], dict[str, Origin], list[Problem]]:
    values: dict[str, object] = {}
    sources: dict[str, Origin] = {}
    problems: list[Problem] = []
    for layer in layers:
        outside = layer.origin in {Origin.EDITOR, Origin.PROJECT}
        for key, value in flatten(layer.values).items():
            declaration = BY_KEY.get(key)
            where = _where(layer, declaration)
            if declaration is None:
                if not key.startswith(_CLIENT_KEYS):
                    meant = None if outside else _vital_like(key)
                    problem = Problem(key, "unknown", _unknown(key, where), layer.origin, meant is not None)
                    problems.append(problem)
                continue
            if declaration.machine and outside:
                text = say("settings.machine", key=key, where=where, variable=_or_variable(declaration))
                problems.append(Problem(key, "machine", text, layer.origin))
                continue
            try:
                values[key] = declaration.kind.read(value)
                sources[key] = layer.origin
            except NotAccepted:
                # The value of a machine setting may hold a secret: a URL with a password, a command with a token.
                shown = "" if declaration.machine else f" ({_short(value)})"
                text = say(
                    "settings.value",
                    key=key,
                    where=where,
                    shown=shown,
                    accepted=told(declaration.kind.accepts),
                )
                problems.append(Problem(key, "value", text, layer.origin, declaration.vital))
    problems = [_with_its_effect(problem, sources) for problem in problems]
    _check_thresholds(values, sources, problems)
    return values, sources, problems


def _where(layer: Layer, declaration: Declaration | None) -> str:
    """Where to put a value of *layer* right, as exactly as is known."""
    if layer.origin is Origin.ENVIRONMENT and declaration is not None and declaration.env:
        return say("origin.variable", variable=declaration.env)
    return say("origin.place", place=layer.place) if layer.place else layer.origin.phrase


def _check_thresholds(values: dict[str, object], sources: dict[str, Origin], problems: list[Problem]) -> None:
    low, high = "routing.standardFrom", "routing.strongFrom"
    standard = cast("float", values.get(low, BY_KEY[low].default))
    strong = cast("float", values.get(high, BY_KEY[high].default))
    if standard <= strong:
        return
    origin = max(sources.get(low, Origin.DEFAULT), sources.get(high, Origin.DEFAULT), key=list(Origin).index)
    text = say("settings.thresholds", low=low, high=high, standard=f"{standard:g}", strong=f"{strong:g}")
    problems.append(Problem(low, "value", text, origin))
    for key in (low, high):
        values.pop(key, None)
        sources.pop(key, None)


def _vital_like(key: str) -> str | None:
    """The vital setting that *key* can only be a misspelling of, such as `base_url`."""
    last = _bare(key.rpartition(".")[2])
    return next((k for k, d in BY_KEY.items() if d.vital and _bare(k) == last), None)


def _bare(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def _with_its_effect(problem: Problem, sources: Mapping[str, Origin]) -> Problem:
    """*problem* with what comes of it: a stronger place may have said it right."""
    meant = (_vital_like(problem.key) or problem.key) if problem.stops else problem.key
    stops = problem.stops and sources.get(meant, Origin.DEFAULT).strength <= problem.origin.strength
    if problem.origin is Origin.FLAGS:
        return replace(problem, stops=stops)  # ends the call: there is nothing that goes on
    if stops:
        return replace(problem, text=f"{problem.text} {say('settings.stops')}")
    text = f"{problem.text} {say('settings.goes_on')}" if problem.kind == "value" else problem.text
    return replace(problem, text=text, stops=False)


def _unknown(key: str, where: str) -> str:
    if re.sub(r"[^a-z]", "", key.lower().rpartition(".")[2]) in {"apikey", "key", "token", "secret"}:
        return say("settings.key_as_setting", key=key, where=where)
    near = difflib.get_close_matches(key.lower(), [k.lower() for k in BY_KEY], n=1, cutoff=0.6)
    if not near:
        # The last word alone: `maxFileBytes` for `limits.maxFileBytes`.
        last = key.lower().rpartition(".")[2]
        near = [k.lower() for k in BY_KEY if k.lower().rpartition(".")[2] == last][:1]
    hint = next((say("settings.near", near=k) for k in BY_KEY if near and k.lower() == near[0]), "")
    return say("settings.unknown", key=key, where=where, hint=hint)


def _or_variable(declaration: Declaration) -> str:
    return say("settings.or_variable", variable=declaration.env) if declaration.env else ""


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"
