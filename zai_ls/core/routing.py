"""Score, plan, quota, hour and settings to a model, with the reason in words, and whom to ask when it is refused. Pure.

In this order, and `docs/routing.md` says the same to readers:

1. A person's explicit choice (of the call, of the action, of the language, of everything) wins, whatever else holds. It is
   never replaced by a cheaper one; what it costs is said instead. Only a model that the plan lacks is replaced, and told.
2. The score, with the action's weight, gives a tier; code-heavy work of the strong tier goes to the specialist, if there is one.
3. What is left of the quota, the pace and the hour may speak for the next cheaper model (`core.thrift`).
4. A model that the service refuses at present, or has refused as unknown or not in the plan, is gone round.

No plan is ever asked for a model it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from zai_ls.core import thrift
from zai_ls.core.thrift import Bounds, Load, Means, Objection
from zai_ls.domain import Choice
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zai_ls.catalogue import Catalogue, Currency
    from zai_ls.domain import Expense, PlanName

Tier = Literal["light", "standard", "strong"]

TIERS: tuple[Tier, ...] = ("light", "standard", "strong")
"""From the cheapest up."""

SPECIALIST = "specialist"
"""What the model for code-heavy work is called where tiers have names."""

CODE_HEAVY = frozenset({"implement", "refactor", "optimise", "test"})
"""Actions whose reply is mostly code that was not there before: there a model trained on code alone earns its price.

The others read more than they write (explain), change little (fix, simplify, addTypes, handleErrors), write words
(document, translateComments), or may be anything (instruct).
"""

NAMES = (*TIERS, "code", SPECIALIST)
"""What a setting may say in place of a model's name."""


class Scored(Protocol):
    """How hard some code is."""

    @property
    def value(self) -> float:
        """From 0, plain, to 1, hard."""
        ...

    @property
    def features(self) -> Mapping[str, float]:
        """What made the value."""
        ...


class Weighted(Protocol):
    """What is to be done with the code."""

    @property
    def id(self) -> str:
        """The action's name."""
        ...

    @property
    def weight(self) -> float:
        """Added to the code's score."""
        ...


@dataclass(frozen=True, slots=True)
class Routing:
    """What the choice depends on besides the code: catalogue, plan, what the person set, and how the account stands now."""

    catalogue: Catalogue
    plan: PlanName
    standard_from: float = 0.3
    """The score from which the standard model is used."""
    strong_from: float = 0.7
    """The score from which the strong model is used."""
    models: Mapping[str, str] = field(default_factory=dict)
    """The person's model for `light`, `standard`, `strong`, `code` or `specialist`; empty or absent: the plan's."""
    model: str = ""
    """One model for everything."""
    per_action: Mapping[str, str] = field(default_factory=dict)
    """Action id to one of `NAMES` or a model."""
    per_language: Mapping[str, str] = field(default_factory=dict)
    """Language id to one of `NAMES` or a model."""
    closed: frozenset[str] = frozenset()
    """Models that the service takes no requests for at present: overloaded, or asked to wait."""
    removed: frozenset[str] = frozenset()
    """Models that the service has lately refused to this account as unknown or not in the plan."""
    means: Means = field(default_factory=Means)
    bounds: Bounds = field(default_factory=Bounds)
    currency: Currency = "usd"
    """In which tokens are paid for."""
    factors: Mapping[str, float] = field(default_factory=dict)
    """By model: by what our count of a prompt is corrected."""

    def tier_of(self, score: float) -> Tier:
        """The tier for *score*: light below the first threshold, standard below the second, else strong."""
        if score < self.standard_from:
            return "light"
        return "standard" if score < self.strong_from else "strong"

    def model_of(self, tier: str) -> str:
        """The model of *tier*, of `code` or of `specialist`: the person's if the plan has it, else the plan's own.

        Where the plan lacks its own one (an overlay has taken it away) the nearest cheaper one stands in, then a dearer one.
        """
        wished = self.models.get(tier, "")
        if wished and self.has(wished):
            return wished
        plan = self.catalogue.plan(self.plan)
        own = {"light": plan.light, "standard": plan.standard, "strong": plan.strong, "code": plan.completion}
        if tier == SPECIALIST:
            return (
                plan.specialist if plan.specialist and self.has(plan.specialist) else self.model_of("strong")
            )
        at = TIERS.index(tier) if tier in TIERS else 0
        order = (tier, *reversed(TIERS[:at]), *TIERS[at:])
        stand_in = next((own[each] for each in order if self.has(own[each])), None)
        return stand_in or next(self._any_model(), own[tier])

    def _any_model(self) -> Iterator[str]:
        """Models that the plan may ask for where a person's catalogue has taken all of its own away: the spare ones, then any."""
        plan = self.catalogue.plan(self.plan)
        writing = (
            name
            for name in self.catalogue.models_of(self.plan)
            if self.catalogue.model(name).role in {*TIERS, "free"} and self.catalogue.model(name).certain
        )
        return (name for name in (*plan.spare, *writing) if self.has(name))

    def has(self, model: str) -> bool:
        """May this plan ask for *model*?"""
        return self.catalogue.has(self.plan, model)

    def is_out(self, model: str) -> bool:
        """Would the service refuse *model* now, as far as is known?"""
        return model in self.closed or model in self.removed

    def expense(self, model: str, load: Load) -> Expense:
        """What a request of *load* likely takes with *model* now."""
        return thrift.expense(
            self.catalogue,
            self.plan,
            model,
            load,
            self.means.now,
            self.factors.get(model, 1.0),
            self.currency,
        )

    def threshold_of(self, tier: Tier) -> float:
        """The score from which *tier* is used."""
        return {"light": 0.0, "standard": self.standard_from, "strong": self.strong_from}[tier]


_NOMINAL = Load()


def route(
    score: Scored,
    action: Weighted,
    language: str,
    *,
    explicit: str | None,
    routing: Routing,
    load: Load = _NOMINAL,
) -> Choice:
    """The model for *action* on code of *score*, whose request is as large as *load* says."""
    effective = min(1.0, max(0.0, score.value + action.weight))
    features = {**score.features, **({"action": action.weight} if action.weight else {})}
    wish = _wish(action.id, language, explicit, routing)
    if wish is not None:
        value, why = wish
        return _chosen(value, why, effective, features, routing, load)
    tier = routing.tier_of(effective)
    special, lacking = _specialist(action.id, tier, routing)
    model = special or routing.model_of(tier)
    reason = _by_score(tier, model, score, action.weight, effective, routing, is_special=bool(special))
    wished = lacking or ("" if special else _lacking(tier, model, routing))
    if wished:
        why = say("route.wish_tier", tier=SPECIALIST if lacking else tier)
        reason = say("route.plan_lacks", model=model, wished=wished, why=why, plan=routing.plan)
    found = _afforded(tier, model, effective, routing, load)
    if found.objections:
        why = "; ".join(dict.fromkeys(objection.text for objection in found.objections))
        reason = f"{reason} {say('route.stepped_down', model=found.model, why=why)}"
    choice = Choice(
        found.model,
        found.tier,
        reason,
        effective,
        features,
        in_place_of=model if found.model != model else "",
        saving=found.saving,
    )
    return _open(choice, routing, load)


COMPLETE = "complete"
"""What completions are called where actions have names, such as in `routing.perAction`."""


def route_completion(language: str, routing: Routing) -> Choice:
    """The model for completions: a person's choice, else the plan's own for it, which is quick and cheap."""
    wish = _wish(COMPLETE, language, None, routing)
    if wish is not None:
        value, why = wish
        return _chosen(value, why, 0.0, {}, routing, None)
    model = routing.model_of("code")
    reason = say("route.completion", model=model)
    wished = _lacking("code", model, routing)
    if wished:
        why = say("route.wish_tier", tier="code")
        reason = say("route.plan_lacks", model=model, wished=wished, why=why, plan=routing.plan)
    choice = _open(Choice(model, "light", reason, 0.0, {}), routing, None)
    cheap = tuple(m for m in choice.fallbacks if routing.catalogue.model(m).role != "strong")
    return replace(choice, fallbacks=cheap)  # nobody asked for it, so it must not get dear


def step_up(choice: Choice, routing: Routing) -> Choice:
    """Whom to ask once more after an unusable reply: one model up, or the same when there is none or a person chose it."""
    if choice.tier == "chosen":
        return choice
    for tier in TIERS[TIERS.index(choice.tier) + 1 :]:
        model = routing.model_of(tier)
        if model != choice.model and not routing.is_out(model):
            reason = say("route.step_up", model=model, before=choice.model)
            return replace(
                choice,
                model=model,
                tier=tier,
                reason=reason,
                fallbacks=_chain(tier, model, routing),
                expense=None,
                in_place_of="",
            )
    return choice


def go_on(choice: Choice, model: str, routing: Routing, load: Load | None) -> Choice:
    """*choice* after the service, or the throttle, took no request for its model, and *model* is asked in its place."""
    if model == choice.model:
        return choice
    return replace(
        choice,
        model=model,
        reason=f"{choice.reason} {say('route.went_on', model=model, before=choice.model)}",
        fallbacks=tuple(other for other in choice.fallbacks[_place(choice, model) :] if other != model),
        expense=None if load is None else routing.expense(model, load),
        in_place_of=choice.in_place_of or choice.model,
    )


def _place(choice: Choice, model: str) -> int:
    """Where *model* stands in the chain of *choice*; 0 when it does not."""
    return choice.fallbacks.index(model) if model in choice.fallbacks else 0


# -- what a person chose -------------------------------------------------------------------------------------


def _wish(action: str, language: str, explicit: str | None, routing: Routing) -> tuple[str, str] | None:
    """What a person chose, and where: the most particular place counts."""
    places = (
        (explicit or "", say("route.wish_call")),
        (routing.per_action.get(action, ""), say("route.wish_action", action=action)),
        (routing.per_language.get(language, ""), say("route.wish_language", language=language)),
        (routing.model, say("route.wish_model")),
    )
    return next((place for place in places if place[0]), None)


def _chosen(
    value: str, why: str, score: float, features: Mapping[str, float], routing: Routing, load: Load | None
) -> Choice:
    """The model *value* names; a tier's name stands for its model. What it costs is said where that is much."""
    if value in NAMES:
        model = routing.model_of(value)
        reason = say("route.chosen", model=model, why=why)
    elif routing.has(value):
        model, reason = value, say("route.chosen", model=value, why=why)
    else:
        role = routing.catalogue.model(value).role
        model = routing.model_of(role if role in TIERS else "standard")
        reason = say("route.plan_lacks", model=model, wished=value, why=why, plan=routing.plan)
    choice = Choice(model, "chosen", reason, score, features, saving=routing.means.saving)
    if load is None:
        return choice
    cost = routing.expense(model, load)
    found = list(thrift.too_large(cost, routing.means, routing.bounds))
    if found:
        texts = "; ".join(objection.text for objection in found)
        choice = replace(choice, reason=f"{reason} {say('route.costs', model=model, why=texts)}")
    return replace(choice, expense=cost)


def _lacking(tier: str, model: str, routing: Routing) -> str:
    """The person's model for *tier*, when the plan lacks it and *model* stands in its place; else nothing."""
    wished = routing.models.get(tier, "")
    return wished if wished and wished != model else ""


# -- the score -----------------------------------------------------------------------------------------------


def _specialist(action: str, tier: Tier, routing: Routing) -> tuple[str, str]:
    """The specialist, if this is work for it; and the model that the person named for it, if the plan lacks that.

    One that is not certain to exist is taken only when the person named it: else each request for hard code might begin
    with a refusal. One that the service has refused is not taken until that is forgotten.
    """
    if tier != "strong" or action not in CODE_HEAVY:
        return "", ""
    named = routing.models.get(SPECIALIST, "")
    model = named or routing.catalogue.plan(routing.plan).specialist
    if not model or (not named and not routing.catalogue.model(model).certain):
        return "", ""
    if not routing.has(model):
        return "", named
    return ("" if routing.is_out(model) or model == routing.model_of(tier) else model), ""


_SAID = 3
"""Features that a reason names; more would be read by nobody."""


def told_features(features: Mapping[str, float]) -> str:
    """The features that made a score most, as a person reads them; the action's weight is not one of them."""
    made = [item for item in features.items() if item[0] != "action"]
    told = sorted(made, key=lambda item: -abs(item[1]))[:_SAID]
    return say("join.list").join(f"{say(f'feature.{name}')} {value:.2f}" for name, value in told if value)


def _by_score(
    tier: Tier,
    model: str,
    score: Scored,
    weight: float,
    effective: float,
    routing: Routing,
    *,
    is_special: bool,
) -> str:
    parts = [part for part in (told_features(score.features),) if part]
    if weight:
        parts.append(say("route.weight", weight=f"{weight:+g}"))
    return say(
        "route.specialist" if is_special else f"route.{tier}",
        model=model,
        score=f"{effective:.2f}",
        why=f" ({say('join.list').join(parts)})" if parts else "",
        low=f"{routing.standard_from:g}",
        high=f"{routing.strong_from:g}",
    )


# -- quota and hour ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Afforded:
    tier: Tier
    model: str
    objections: tuple[Objection, ...]
    """What spoke against the ones before it; empty when it is the first."""
    saving: frozenset[str]


def _afforded(tier: Tier, model: str, score: float, routing: Routing, load: Load) -> _Afforded:
    """*model* of *tier*, or the first cheaper one that quota and hour leave.

    *share* goes down as far as it must. *pace* and *peak* go down one tier, from the tier of the score and never twice: they
    speak of all requests, not of this one. A step that would save nothing is not taken.
    """
    means, bounds = routing.means, routing.bounds
    at = TIERS.index(tier)
    steps: list[tuple[Tier, str]] = [(tier, model)]
    steps += [(each, routing.model_of(each)) for each in reversed(TIERS[: at + 1])]
    steps = [step for place, step in enumerate(steps) if step[1] not in {m for _, m in steps[:place]}]
    held: list[Objection] = []
    asked: set[str] = set()
    here = 0
    while here + 1 < len(steps) and steps[here][0] != "light":
        cost = routing.expense(steps[here][1], load)
        found = list(thrift.too_large(cost, means, bounds))
        asked |= {f"share:{window.name}" for window in means.windows}
        cheaper = next(
            (n for n in range(here + 1, len(steps)) if _saves(routing, steps[here][1], steps[n][1], load)),
            None,
        )
        held += found
        if not found or cheaper is None:
            break
        here = cheaper
    share_told = held if here else []
    general: list[Objection] = []
    if tier != "light":
        general = [
            *thrift.too_fast(means, bounds),
            *thrift.too_dear_now(
                routing.catalogue, model, means, bounds, score=score, threshold=routing.threshold_of(tier)
            ),
        ]
        asked |= {f"pace:{window.name}" for window in means.windows} | {"peak"}
        held += general
        below = TIERS[at - 1]
        if general and not here:
            lower = next((n for n, step in enumerate(steps) if n and step[0] == below), None)
            if lower is not None and _saves(routing, model, steps[lower][1], load):
                here, share_told = lower, general
    saving = (means.saving - asked) | {objection.id for objection in held}
    return _Afforded(*steps[here], tuple(share_told), frozenset(saving))


def _saves(routing: Routing, dear: str, cheap: str, load: Load) -> bool:
    """Does a request take less with *cheap*, from every window that there is?"""
    one, other = routing.expense(dear, load), routing.expense(cheap, load)
    pairs = [(one.of(unit), other.of(unit)) for unit in {window.unit for window in routing.means.windows}]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    return bool(known) and all(b < a for a, b in known)


# -- who answers ---------------------------------------------------------------------------------------------


def _open(choice: Choice, routing: Routing, load: Load | None) -> Choice:
    """*choice*, or the first after it that the service takes requests for; with its chain and its cost."""
    assert choice.tier != "chosen"
    model, reason = choice.model, choice.reason
    chain = _chain(choice.tier, model, routing)
    if routing.is_out(model):
        order = _in_order(choice.tier, model, routing)
        instead = next(iter(chain), None) or (
            next((m for m in order if m not in routing.removed), None) if model in routing.removed else None
        )
        if instead is not None:
            why = "route.removed" if model in routing.removed else "route.closed"
            reason = f"{reason} {say(why, model=model, instead=instead)}"
            chain = tuple(m for m in chain if m != instead)
            model = instead
    return replace(
        choice,
        model=model,
        reason=reason,
        fallbacks=chain,
        expense=None if load is None else routing.expense(model, load),
    )


def _chain(tier: Tier, model: str, routing: Routing) -> tuple[str, ...]:
    """Models to go on with when *model* is refused, in order; none that the service refuses as well."""
    return tuple(other for other in _in_order(tier, model, routing) if not routing.is_out(other))


def _in_order(tier: Tier, model: str, routing: Routing) -> Iterator[str]:
    """The tier's own model, the cheaper ones, nearest first, then the dearer ones, for nobody likes a surprise bill.

    At the end the plan's spare ones, which are there for when a plan's older models have all gone.
    """
    at = TIERS.index(tier)
    tiers = (tier, *reversed(TIERS[:at]), *TIERS[at + 1 :])
    everyone: Iterable[str] = (*map(routing.model_of, tiers), *routing.catalogue.plan(routing.plan).spare)
    return (other for other in dict.fromkeys(everyone) if other != model and routing.has(other))
