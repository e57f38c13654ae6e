"""Score, plan and settings to a model, with the reason in words. Version one: two thresholds.

A person's explicit choice (of the call, of the action, of the language, of everything) always wins;
what is left to us follows the score. No plan is ever asked for a model it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from zai_ls.domain import Choice
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.catalogue import Catalogue
    from zai_ls.domain import PlanName

Tier = Literal["light", "standard", "strong"]

TIERS: tuple[Tier, ...] = ("light", "standard", "strong")
"""From the cheapest up."""


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
    """What the choice depends on besides the code: catalogue, plan, and what the person set."""

    catalogue: Catalogue
    plan: PlanName
    standard_from: float = 0.3
    """The score from which the standard model is used."""
    strong_from: float = 0.7
    """The score from which the strong model is used."""
    models: Mapping[str, str] = field(default_factory=dict)
    """The person's model for `light`, `standard`, `strong` or `code`; empty or absent: the plan's."""
    model: str = ""
    """One model for everything."""
    per_action: Mapping[str, str] = field(default_factory=dict)
    """Action id to a tier, `code` or a model."""
    per_language: Mapping[str, str] = field(default_factory=dict)
    """Language id to a tier, `code` or a model."""
    closed: frozenset[str] = frozenset()
    """Models that the service takes no requests for at present."""

    def tier_of(self, score: float) -> Tier:
        """The tier for *score*: light below the first threshold, standard below the second, else strong."""
        if score < self.standard_from:
            return "light"
        return "standard" if score < self.strong_from else "strong"

    def model_of(self, tier: str) -> str:
        """The model of *tier* (or of `code`): the person's if the plan has it, else the plan's own."""
        plan = self.catalogue.plan(self.plan)
        own = {"light": plan.light, "standard": plan.standard, "strong": plan.strong, "code": plan.completion}
        wished = self.models.get(tier, "")
        return wished if wished and self.has(wished) else own[tier]

    def has(self, model: str) -> bool:
        """May this plan ask for *model*?"""
        return self.catalogue.has(self.plan, model)


def route(
    score: Scored, action: Weighted, language: str, *, explicit: str | None, routing: Routing
) -> Choice:
    """The model for *action* on code of *score*."""
    effective = min(1.0, max(0.0, score.value + action.weight))
    features = {**score.features, **({"action": action.weight} if action.weight else {})}
    wish = _wish(action.id, language, explicit, routing)
    if wish is not None:
        value, why = wish
        return _chosen(value, why, effective, features, routing)
    tier = routing.tier_of(effective)
    reason = _by_score(tier, score, action.weight, effective, routing)
    return _of_tier(tier, reason, effective, features, routing)


COMPLETE = "complete"
"""What completions are called where actions have names, such as in `routing.perAction`."""


def route_completion(language: str, routing: Routing) -> Choice:
    """The model for completions: a person's choice, else the plan's own for it, which is quick and cheap."""
    wish = _wish(COMPLETE, language, None, routing)
    if wish is not None:
        value, why = wish
        return _chosen(value, why, 0.0, {}, routing)
    model = routing.model_of("code")
    others = tuple(m for m in dict.fromkeys(map(routing.model_of, TIERS[:2])) if m != model)
    reason = say("route.completion", model=model)
    wished = routing.models.get("code", "")
    if wished and wished != model:
        why = say("route.wish_tier", tier="code")
        reason = say("route.plan_lacks", model=model, wished=wished, why=why, plan=routing.plan)
    if model in routing.closed:
        instead = next((other for other in others if other not in routing.closed), None)
        if instead is not None:
            reason = f"{reason} {say('route.closed', model=model, instead=instead)}"
            return Choice(instead, "light", reason, 0.0, {}, (model,))
    return Choice(model, "light", reason, 0.0, {}, others)


def step_up(choice: Choice, routing: Routing) -> Choice:
    """Whom to ask once more after an unusable reply: one model up, or the same when there is none or a person chose it."""
    if choice.tier == "chosen":
        return choice
    for tier in TIERS[TIERS.index(choice.tier) + 1 :]:
        model = routing.model_of(tier)
        if model != choice.model and model not in routing.closed:
            reason = say("route.step_up", model=model, before=choice.model)
            return replace(
                choice, model=model, tier=tier, reason=reason, fallbacks=_others(tier, model, routing)
            )
    return choice


def _wish(action: str, language: str, explicit: str | None, routing: Routing) -> tuple[str, str] | None:
    """What a person chose, and where: the most particular place counts."""
    places = (
        (explicit or "", say("route.wish_call")),
        (routing.per_action.get(action, ""), say("route.wish_action", action=action)),
        (routing.per_language.get(language, ""), say("route.wish_language", language=language)),
        (routing.model, say("route.wish_model")),
    )
    return next((place for place in places if place[0]), None)


def _chosen(value: str, why: str, score: float, features: Mapping[str, float], routing: Routing) -> Choice:
    """The model *value* names; a tier's name stands for its model."""
    if value in TIERS or value == "code":
        model = routing.model_of(value)
        return Choice(model, "chosen", say("route.chosen", model=model, why=why), score, features)
    if routing.has(value):
        return Choice(value, "chosen", say("route.chosen", model=value, why=why), score, features)
    role = routing.catalogue.model(value).role
    tier: Tier = role if role in TIERS else "standard"
    model = routing.model_of(tier)
    reason = say("route.plan_lacks", model=model, wished=value, why=why, plan=routing.plan)
    return Choice(model, "chosen", reason, score, features)


def _of_tier(
    tier: Tier, reason: str, score: float, features: Mapping[str, float], routing: Routing
) -> Choice:
    model = routing.model_of(tier)
    others = _others(tier, model, routing)
    wished = routing.models.get(tier, "")
    if wished and wished != model:
        why = say("route.wish_tier", tier=tier)
        reason = say("route.plan_lacks", model=model, wished=wished, why=why, plan=routing.plan)
    if model in routing.closed:
        instead = next((other for other in others if other not in routing.closed), None)
        if instead is not None:
            reason = f"{reason} {say('route.closed', model=model, instead=instead)}"
            others = tuple(other for other in (model, *others) if other != instead)
            model = instead
    return Choice(model, tier, reason, score, features, others)


def _others(tier: Tier, model: str, routing: Routing) -> tuple[str, ...]:
    """Models to go on with: the cheaper ones, nearest first, then the dearer ones, for nobody likes a surprise bill."""
    at = TIERS.index(tier)
    order = (*reversed(TIERS[:at]), *TIERS[at + 1 :])
    return tuple(dict.fromkeys(m for m in map(routing.model_of, order) if m != model))


_SAID = 3
"""Features that a reason names; more would be read by nobody."""


def _by_score(tier: Tier, score: Scored, weight: float, effective: float, routing: Routing) -> str:
    told = sorted(score.features.items(), key=lambda item: -abs(item[1]))[:_SAID]
    parts = [f"{name} {value:.2f}" for name, value in told if value]
    if weight:
        parts.append(say("route.weight", weight=f"{weight:+g}"))
    return say(
        f"route.{tier}",
        model=routing.model_of(tier),
        score=f"{effective:.2f}",
        why=f" ({', '.join(parts)})" if parts else "",
        low=f"{routing.standard_from:g}",
        high=f"{routing.strong_from:g}",
    )
