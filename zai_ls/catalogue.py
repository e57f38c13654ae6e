"""Models, plans, prices, endpoints and business codes: what `catalogue.toml` says, as values.

Pure once loaded. An overlay of the same shape goes on top; a bad entry of it falls back alone and is named in `problems`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast
from urllib.parse import urlsplit

from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zai_ls.domain import DialectName, PlanName, Usage

Role = Literal["light", "standard", "strong", "code", "vision", "free"]
Currency = Literal["usd", "cny"]
Product = Literal["payg", "plan"]
Refill = Literal["block", "sliding", "cycle"]

_Entry = TypeVar("_Entry")

_ROLES = frozenset({"light", "standard", "strong", "code", "vision", "free"})
_PLANS = frozenset({"payg", "lite", "pro", "max"})
_REFILLS = frozenset({"block", "sliding", "cycle"})
_DIALECTS = frozenset({"openai", "anthropic"})
_CHINA = "bigmodel.cn"
_PER_CREDIT = 10_000
_PER_PRICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """What a token costs, by kind: credits (per 10,000) or money (per million)."""

    input: float
    cached: float
    output: float

    def of(self, usage: Usage) -> float:
        """Sum over the tokens of *usage*; the cached part of the prompt is counted once, at its own rate."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        return (
            (usage.prompt_tokens - cached) * self.input
            + cached * self.cached
            + usage.completion_tokens * self.output
        )


@dataclass(frozen=True, slots=True)
class ThinkingRule:
    """What a model lets a request say about its thinking."""

    can_disable: bool
    """False: it thinks whatever one says, and may refuse to be told not to."""
    auto: bool
    """Whether it shall think when the request leaves it to us."""
    efforts: tuple[str, ...] = ()
    """Accepted values of `reasoning_effort`, least first; empty: the field is not sent."""
    auto_effort: str = ""
    room: int = 0
    """Tokens added to `max_tokens` when it thinks, because thinking counts against that bound."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model."""

    name: str
    role: Role
    context: int
    """Tokens of prompt and reply together."""
    max_output: int
    thinking: ThinkingRule
    plans: frozenset[str]
    """Products whose keys may ask for it."""
    credits: Rates | None = None
    usd: tuple[tuple[int, Rates], ...] = ()
    """Tiers by prompt length, ascending: (from so many prompt tokens, rates)."""
    cny: tuple[tuple[int, Rates], ...] = ()
    off_peak: float | None = None
    """What credits cost outside peak hours, as a part of what they cost in them; None: as everywhere."""
    prompts: tuple[float, float] = (1.0, 1.0)
    """How many times one call counts on plans whose windows are in prompts: at peak, and outside."""
    images: bool = False
    certain: bool = True
    """False: nobody has shown that it can be called; it is used only where a person names it."""
    note: str = ""
    """What is uncertain about this entry."""
    unknown: bool = False
    """True when the catalogue does not know the name: bounds are guesses and no vendor-only field is sent."""


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """One quota window of a plan."""

    name: Literal["5h", "week"]
    seconds: float
    credits: float
    prompts: float
    """The limit of plans sold before 2026-07-30; a prompt is 15 to 20 calls."""
    refill: Refill = "block"
    """How it refills (`zai_ls.core.quota`)."""


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One product a key can belong to."""

    name: PlanName
    title: str
    windows: tuple[PlanWindow, ...]
    light: str
    standard: str
    strong: str
    completion: str
    specialist: str = ""
    """For code-heavy work on hard code; empty: there is none."""
    spare: tuple[str, ...] = ()
    """Whom to ask, in this order, when all of these are refused."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API base of the vendor."""

    host: str
    path: str
    product: Product
    dialect: DialectName

    @property
    def base_url(self) -> str:
        """Without a trailing slash."""
        return f"https://{self.host}{self.path}"


@dataclass(frozen=True, slots=True)
class Code:
    """What a business code means to us."""

    code: str
    error: str
    """Name of a class in `zai_ls.errors`."""
    status: int
    """HTTP status it usually comes with."""
    window: str = ""
    """`5h`, `week` or `day` when it says that a window is spent."""


@dataclass(frozen=True, slots=True)
class Peak:
    """When credits cost their full price."""

    utc_offset_hours: float
    weekdays: frozenset[int]
    from_hour: int
    to_hour: int
    off_peak_factor: float

    def covers(self, at: float) -> bool:
        """Is *at* (epoch seconds) in peak hours? Asked in the vendor's zone, which has no daylight saving."""
        there = self._there(at)
        return there.weekday() in self.weekdays and self._covers_hour(there)

    def covers_prompts(self, at: float) -> bool:
        """The same for plans whose windows are in prompts: they have peak hours on every day."""
        return self._covers_hour(self._there(at))

    def changes_at(self, at: float, *, prompts: bool = False) -> float:
        """When peak hours end, or begin again, after *at*; of plans that count *prompts*, or of those that count credits."""
        covers = self.covers_prompts if prompts else self.covers
        now = covers(at)
        hour = at - at % 3600  # whole hours there are whole hours here: the zone's offset is one
        return next(
            (then for n in range(1, 8 * 24) if covers(then := hour + n * 3600) != now), hour + 8 * 86_400
        )

    def _there(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC) + timedelta(hours=self.utc_offset_hours)

    def _covers_hour(self, there: datetime) -> bool:
        return self.from_hour <= there.hour < self.to_hour


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of `catalogue.toml`, with a reader's overlay on top."""

    models: Mapping[str, ModelEntry]
    plans: Mapping[str, PlanEntry]
    endpoints: tuple[Endpoint, ...]
    codes: Mapping[str, Code]
    peak: Peak
    unknown_model: ModelEntry
    yuan_a_dollar: float = 7.1
    """For prices that are known in dollars only: an approximation."""
    removed: frozenset[str] = frozenset()
    """Models that the overlay takes away: no plan has them, and they do not count as unknown ones that may be tried."""
    problems: tuple[str, ...] = ()
    """Sentences about overlay entries that were not understood and fell back."""

    @classmethod
    def load(cls, overlay: Mapping[str, Any] | None = None) -> Catalogue:
        """Read the shipped file and put *overlay* on top. Costs a few milliseconds: the caller keeps the result."""
        shipped = _shipped()
        laid = overlay or {}
        problems: list[str] = []

        def table(section: str, read: Callable[[str, Mapping[str, Any]], _Entry]) -> dict[str, _Entry]:
            return _table(section, shipped[section], laid.get(section, {}), read, problems)

        unknown = _model("unknown", shipped["unknown_model"], unknown=True)
        models = table("models", _model)
        listed = laid.get("models", {})
        removed = (
            {str(name) for name, raw in listed.items() if raw is False} if isinstance(listed, dict) else set()
        )
        problems += (
            say("catalogue.nothing_to_remove", entry=f"models.{name}")
            for name in sorted(removed - models.keys())
        )
        models = {name: entry for name, entry in models.items() if name not in removed}
        plans = table("plans", _plan)
        problems += _wrong_roles(plans, laid.get("plans", {}), models)
        problems += _unknown_names("", laid, _SECTIONS)
        problems += _without_models(plans, models) if laid else ()
        return cls(
            models=models,
            removed=frozenset(removed),
            plans=plans,
            endpoints=tuple(_endpoint(raw) for raw in shipped["endpoints"]),
            codes=table("codes", _code),
            peak=_peak(shipped["peak"]),
            unknown_model=unknown,
            yuan_a_dollar=float(shipped["yuan_a_dollar"]),
            problems=tuple(problems),
        )

    def model(self, name: str) -> ModelEntry:
        """The entry of *name*, in any case of letters; safe defaults when it is not known."""
        found = self.models.get(name) or self.models.get(name.lower())
        if found is not None:
            return found
        guess = self.unknown_model
        return ModelEntry(
            name,
            guess.role,
            guess.context,
            guess.max_output,
            guess.thinking,
            guess.plans,
            guess.credits,
            prompts=guess.prompts,
            unknown=True,
        )

    def plan(self, name: PlanName) -> PlanEntry:
        """The plan *name*."""
        return self.plans[name]

    def has(self, plan: PlanName, model: str) -> bool:
        """May a key of *plan* ask for *model*? An unknown model may always be tried: the service will say."""
        return plan in self.model(model).plans and not {model, model.lower()} & self.removed

    def models_of(self, plan: PlanName) -> tuple[str, ...]:
        """Names a key of *plan* may ask for, in the catalogue's order."""
        return tuple(name for name, entry in self.models.items() if plan in entry.plans)

    def endpoint(self, base_url: str) -> Endpoint | None:
        """The vendor's endpoint that *base_url* names, or None for any other host or path."""
        parts = urlsplit(base_url)
        path = parts.path.rstrip("/")
        return next((e for e in self.endpoints if e.host == parts.hostname and e.path == path), None)

    def is_vendor(self, base_url: str) -> bool:
        """Does *base_url* lie on a host of the vendor?"""
        host = urlsplit(base_url).hostname
        return any(e.host == host for e in self.endpoints)

    def credits(self, model: str, usage: Usage, at: float) -> float:
        """What *usage* costs a plan at *at* (epoch seconds), in credits; unknown models at the dearest factors, free ones nothing."""
        entry = self.model(model)
        rates = entry.credits or self.unknown_model.credits
        if rates is None or entry.role == "free":
            return 0.0
        return rates.of(usage) * self.credit_factor(model, at) / _PER_CREDIT

    def credit_factor(self, model: str, at: float) -> float:
        """What credits cost at *at*, as a part of what they cost in peak hours."""
        if self.peak.covers(at):
            return 1.0
        off_peak = self.model(model).off_peak
        return self.peak.off_peak_factor if off_peak is None else off_peak

    def is_dear(self, model: str, at: float, unit: str) -> bool:
        """Does a call take more from a window in *unit* at *at* than at other hours?"""
        entry = self.model(model)
        match unit:
            case "credits":
                off_peak = self.peak.off_peak_factor if entry.off_peak is None else entry.off_peak
                return self.peak.covers(at) and off_peak < 1
            case "prompts":
                return self.peak.covers_prompts(at) and entry.prompts[0] > entry.prompts[1]
            case _:
                return False

    def prompts(self, model: str, at: float) -> float:
        """How many times one call counts on a plan whose windows are in prompts; a free model's not at all.

        A prompt was said to be 15 to 20 calls; what it really is, readings teach (`core.quota.prompts_a_call`).
        """
        entry = self.model(model)
        at_peak, off_peak = (0.0, 0.0) if entry.role == "free" else entry.prompts
        return at_peak if self.peak.covers_prompts(at) else off_peak

    def price(self, model: str, usage: Usage, currency: Currency = "usd") -> float | None:
        """What *usage* costs pay-as-you-go, in *currency*; None when no price is known (which is not "nothing").

        Where only the dollar price is known, it stands in at `yuan_a_dollar`.
        """
        entry = self.model(model)
        scale = 1.0
        tiers = entry.usd if currency == "usd" else entry.cny
        if not tiers and currency == "cny":
            tiers, scale = entry.usd, self.yuan_a_dollar
        rates = next((r for start, r in reversed(tiers) if usage.prompt_tokens >= start), None)
        return None if rates is None else scale * rates.of(usage) / _PER_PRICE


def currency_of(base_url: str) -> Currency:
    """In what the account at *base_url* is billed: yuan on the vendor's hosts in China, dollars elsewhere."""
    host = (urlsplit(base_url).hostname or "").lower()
    return "cny" if f".{host}".endswith(f".{_CHINA}") else "usd"


def is_this_machine(host: str) -> bool:
    """Is *host* a loopback name or address? A name that merely begins like one is not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def dialect_of(base_url: str) -> DialectName:
    """Which wire format *base_url* speaks, told by its path: a segment `anthropic` says so, all else is OpenAI-style."""
    segments = urlsplit(base_url).path.lower().split("/")
    return "anthropic" if "anthropic" in segments else "openai"


# -- reading ------------------------------------------------------------------------------------------------


@cache
def _shipped() -> dict[str, Any]:
    import tomllib
    from importlib import resources

    return tomllib.loads(resources.files("zai_ls").joinpath("catalogue.toml").read_text("utf-8"))


@cache
def shipped_codes() -> Mapping[str, Code]:
    """The business codes as shipped, for whoever reads a refusal without a catalogue at hand."""
    return {str(code): _code(str(code), raw) for code, raw in _shipped()["codes"].items()}


def _table(
    section: str,
    shipped: Mapping[str, Any],
    laid: object,
    read: Callable[[str, Mapping[str, Any]], _Entry],
    problems: list[str],
) -> dict[str, _Entry]:
    """Each shipped entry with the overlay's fields on top, then the overlay's new ones; what cannot be read falls back."""
    entries = {str(name): read(str(name), raw) for name, raw in shipped.items()}
    if not isinstance(laid, dict):
        problems.append(say("catalogue.bad_entry", entry=section, why=told("a table is expected")))
        return entries
    for key, raw in laid.items():
        name = str(key)
        if raw is False and section == "models":
            continue  # taken away
        try:
            if not isinstance(raw, dict):
                raise TypeError("a table is expected")
            entries[name] = read(name, _laid_over(shipped.get(name, {}), raw))
            problems += _unknown_names(f"{section}.{name}.", raw, _FIELDS[section])
            roles = raw.get("roles")
            if section == "plans" and isinstance(roles, dict):
                problems += _unknown_names(f"{section}.{name}.roles.", roles, _ROLE_NAMES)
        except (KeyError, TypeError, ValueError) as error:
            why = say("catalogue.missing", name=error) if isinstance(error, KeyError) else told(str(error))
            problems.append(say("catalogue.bad_entry", entry=f"{section}.{name}", why=why))
    return entries


_SECTIONS = frozenset({"models", "plans", "codes"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "models": frozenset(
        [
            "role",
            "context",
            "max_output",
            "plans",
            "thinking",
            "credits",
            "usd",
            "cny",
            "off_peak",
            "prompts",
            "images",
            "certain",
            "note",
        ]
    ),
    "plans": frozenset({"title", "windows", "roles"}),
    "codes": frozenset({"error", "status", "window"}),
}
_ROLE_NAMES = frozenset({"light", "standard", "strong", "completion", "specialist", "spare"})


def _unknown_names(place: str, raw: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    """A sentence for each name in *raw* that means nothing; what it may be meant for is the nearest one that does."""
    for name in raw:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(str(name), sorted(known), 1, 0.0)[0]
            yield say("catalogue.unknown_name", entry=f"{place}{name}", near=near)


def _without_models(plans: Mapping[str, PlanEntry], models: Mapping[str, ModelEntry]) -> Iterator[str]:
    """The plans all of whose own models the overlay has taken away."""
    for name, plan in plans.items():
        own = (plan.light, plan.standard, plan.strong, *plan.spare)
        if not any(each in models and name in models[each].plans for each in own):
            yield say("catalogue.no_model_left", plan=name)


def _wrong_roles(
    plans: Mapping[str, PlanEntry], laid: object, models: Mapping[str, ModelEntry]
) -> Iterator[str]:
    """What is odd about the models that the overlay *laid* gives to plans: ones that a plan lacks, ones that nobody knows."""
    for name, raw in laid.items() if isinstance(laid, dict) else ():
        roles = raw.get("roles", {}) if isinstance(raw, dict) else {}
        for role, model in roles.items() if name in plans and isinstance(roles, dict) else ():
            for each in model if isinstance(model, list) else [model] if isinstance(model, str) else ():
                entry = f"plans.{name}.roles.{role}"
                known = models.get(str(each).lower())
                if known is None and each:
                    yield say("catalogue.unknown_model", entry=entry, model=each)
                elif known is not None and name not in known.plans:
                    yield say("catalogue.plan_lacks", entry=entry, model=each, plan=name)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """*above* on top of *below*, tables inside (such as `roles`) field by field."""
    return {
        **below,
        **{
            key: _laid_over(below[key], value)
            if isinstance(value, dict) and isinstance(below.get(key), dict)
            else value
            for key, value in above.items()
        },
    }


def _model(name: str, raw: Mapping[str, Any], *, unknown: bool = False) -> ModelEntry:
    return ModelEntry(
        name=name,
        role=cast("Role", _one_of(raw["role"], _ROLES)),
        context=_count(raw["context"]),
        max_output=_count(raw["max_output"]),
        thinking=_thinking(raw.get("thinking", {})),
        plans=frozenset(_one_of(plan, _PLANS) for plan in raw["plans"]),
        credits=_rates(raw["credits"]) if "credits" in raw else None,
        usd=_tiers(raw.get("usd", ())),
        cny=_tiers(raw.get("cny", ())),
        off_peak=_part(raw["off_peak"]) if "off_peak" in raw else None,
        prompts=_two(raw.get("prompts", (1, 1))),
        images=bool(raw.get("images", False)),
        certain=bool(raw.get("certain", True)),
        note=str(raw.get("note", "")),
        unknown=unknown,
    )


def _thinking(raw: Mapping[str, Any]) -> ThinkingRule:
    efforts = tuple(str(effort) for effort in raw.get("efforts", ()))
    return ThinkingRule(
        can_disable=bool(raw.get("can_disable", True)),
        auto=_one_of(raw.get("auto", "off"), frozenset({"on", "off"})) == "on",
        efforts=efforts,
        auto_effort=_one_of(raw["auto_effort"], frozenset(efforts)) if "auto_effort" in raw else "",
        room=int(raw.get("room", 0)),
    )


def _plan(name: str, raw: Mapping[str, Any]) -> PlanEntry:
    roles = raw["roles"]
    return PlanEntry(
        name=cast("PlanName", _one_of(name, _PLANS)),
        title=str(raw["title"]),
        windows=tuple(
            PlanWindow(
                name=cast("Literal['5h', 'week']", _one_of(window["name"], frozenset({"5h", "week"}))),
                seconds=float(window["seconds"]),
                credits=float(window["credits"]),
                prompts=float(window["prompts"]),
                refill=cast("Refill", _one_of(window.get("refill", "block"), _REFILLS)),
            )
            for window in raw["windows"]
        ),
        light=_name(roles["light"]),
        standard=_name(roles["standard"]),
        strong=_name(roles["strong"]),
        completion=_name(roles["completion"]),
        specialist=_name(roles.get("specialist", "")),
        spare=tuple(_name(model) for model in roles.get("spare", ())),
    )


def _endpoint(raw: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        host=str(raw["host"]),
        path=str(raw["path"]),
        product=cast("Product", _one_of(raw["product"], frozenset({"payg", "plan"}))),
        dialect=cast("DialectName", _one_of(raw["dialect"], _DIALECTS)),
    )


def _code(code: str, raw: Mapping[str, Any]) -> Code:
    return Code(code, str(raw["error"]), int(raw["status"]), str(raw.get("window", "")))


def _peak(raw: Mapping[str, Any]) -> Peak:
    return Peak(
        utc_offset_hours=float(raw["utc_offset_hours"]),
        weekdays=frozenset(int(day) for day in raw["weekdays"]),
        from_hour=int(raw["from_hour"]),
        to_hour=int(raw["to_hour"]),
        off_peak_factor=float(raw["off_peak_factor"]),
    )


def _tiers(raw: Iterable[Any]) -> tuple[tuple[int, Rates], ...]:
    """Three numbers are one tier from 0; otherwise a list of `{from, price}`."""
    listed = list(raw)
    if listed and not isinstance(listed[0], dict):
        return ((0, _rates(listed)),)
    return tuple(sorted(((int(t["from"]), _rates(t["price"])) for t in listed), key=lambda tier: tier[0]))


def _rates(raw: Iterable[Any]) -> Rates:
    numbers = [float(number) for number in raw]
    if len(numbers) != 3 or min(numbers) < 0:
        raise ValueError("three numbers are expected: input, cached input, output")
    return Rates(*numbers)


def _two(raw: Iterable[Any]) -> tuple[float, float]:
    numbers = [float(number) for number in raw]
    if len(numbers) != 2 or min(numbers) < 0:
        raise ValueError("two numbers are expected: at peak, and outside")
    return numbers[0], numbers[1]


def _part(raw: object) -> float:
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not 0 <= raw <= 1:
        raise ValueError(say("catalogue.no_part", given=repr(raw)))
    return float(raw)


def _name(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError(f"{raw!r} is no model's name")
    return raw


def _count(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw <= 0:
        raise ValueError(say("catalogue.no_count", given=repr(raw)))
    return raw


def _one_of(raw: object, accepted: frozenset[str]) -> str:
    if raw not in accepted:
        raise ValueError(say("catalogue.none_of", given=repr(raw), accepted=", ".join(sorted(accepted))))
    return str(raw)
