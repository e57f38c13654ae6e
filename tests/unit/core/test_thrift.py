"""Quota, pace and hour: when a cheaper model is taken, and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zai_ls.catalogue import Catalogue
from zai_ls.core.actions import ACTIONS
from zai_ls.core.routing import TIERS, Routing, route, step_up
from zai_ls.core.thrift import Bounds, Load, Means, expense, left_of, likely, percent, share_of
from zai_ls.domain import Choice, Thinking, Window

CATALOGUE = Catalogue.load()
BEIJING = timezone(timedelta(hours=8))
PEAK = datetime(2026, 10, 5, 15, 0, tzinfo=BEIJING).timestamp()
"""A Monday."""
SUNDAY_PEAK = datetime(2026, 10, 4, 15, 0, tzinfo=BEIJING).timestamp()
"""Peak for plans that count prompts, not for those that count credits."""
NIGHT = datetime(2026, 10, 5, 3, 0, tzinfo=BEIJING).timestamp()
LOAD = Load(prompt_tokens=8_000, max_tokens=2_000)


@dataclass
class Scored:
    value: float
    features: dict[str, float] = field(default_factory=lambda: {"size": 0.1})


def window(name="5h", left=12_000.0, limit=12_000.0, *, unit="credits", hours=4.0, now=NIGHT) -> Window:
    """With so much left, refilled in so many hours."""
    return Window(name, 100 * (1 - left / limit), now + hours * 3600, "reported", limit, limit - left, unit)


def percentage(left: float, unit="prompts") -> Window:
    """A window of which only that is known."""
    return Window("5h", 100 - left, None, "reported", unit=unit)


def chosen(score: float, *windows: Window, plan="pro", action="simplify", explicit=None, pace=None, now=NIGHT,
           saving=(), load=LOAD, bounds=None, **routing) -> Choice:  # fmt: skip
    means = Means(windows, pace or {}, now, frozenset(saving))
    given_routing = Routing(CATALOGUE, plan, means=means, bounds=bounds or Bounds(), **routing)
    return route(
        Scored(score), ACTIONS[action], "python", explicit=explicit, routing=given_routing, load=load
    )


COST = expense(CATALOGUE, "pro", "glm-5", LOAD, NIGHT).credits
"""Of a request to the strong model, some 6.4 credits."""

RULES = {
    # name: (score, windows, other arguments) -> model, words of the reason
    "plenty": (0.9, [window()], {}, "glm-5", "strong model"),
    "no quota known": (0.9, [], {}, "glm-5", "strong model"),
    "a window with nothing known": (0.9, [Window("5h", None, None, "reported")], {}, "glm-5", "strong model"),
    "its share is too large": (0.9, [window(left=COST / 0.031)], {}, "glm-4.7", "3.1 % of what is left of the 5h window"),
    "its share is just small enough": (0.9, [window(left=COST / 0.029)], {}, "glm-5", "strong model"),
    "the share is a setting": (0.9, [window(left=COST / 0.031)], {"bounds": Bounds(most_share=0.5)}, "glm-5", "strong"),
    "any window counts": (0.9, [window(), window("week", left=COST / 0.2)], {}, "glm-4.5-air", "of the week window"),
    "so far down as it must": (0.9, [window(left=COST / 0.08)], {}, "glm-4.5-air", "% of what is left"),
    "the pace adds no step, and takes none back": (0.9, [window(left=COST / 0.08)], {"pace": {"5h": 2_000}}, "glm-4.5-air", "% of what is left"),
    "nothing left": (0.9, [window(left=0.0)], {}, "glm-4.5-air", "100 % of what is left"),
    "the standard model too": (0.5, [window(left=COST / 0.1)], {}, "glm-4.5-air", "% of what is left"),
    "the light model has no cheaper one": (0.1, [window(left=0.0)], {}, "glm-4.5-air", "light model"),
    "only the percentage known, scarce": (0.9, [percentage(9)], {}, "glm-4.7", "9 % of the 5h window is left"),
    "only the percentage known, enough": (0.9, [percentage(11)], {}, "glm-5", "strong model"),
    "scarce is a setting": (0.9, [percentage(11)], {"bounds": Bounds(scarce_below=20)}, "glm-4.7", "bound: 20 %"),
    "older plans count prompts": (0.9, [window(left=4, limit=400, unit="prompts")], {}, "glm-4.7", "% of what is left"),
    "tool calls are another matter": (0.9, [window("month", left=0, limit=100, unit="calls")], {}, "glm-5", "strong model"),
    "the pace ends it early": (0.9, [window(left=6_000)], {"pace": {"5h": 2_000}}, "glm-4.7", "used up in 3.0 h and resets only in 4.0 h"),
    "the pace just does": (0.9, [window(left=6_000)], {"pace": {"5h": 1_800}}, "glm-5", "strong model"),
    "the pace of a percentage": (0.9, [replace(percentage(40), resets_at=NIGHT + 4 * 3600)], {"pace": {"5h": 20}}, "glm-4.7", "used up in 2.0 h"),
    "one tier, not two": (0.5, [window(left=6_000)], {"pace": {"5h": 2_000}}, "glm-4.5-air", "resets only"),
    "the pace is a setting": (0.9, [window(left=6_000)], {"pace": {"5h": 2_000}, "bounds": Bounds(pace_margin=0)}, "glm-5", "strong"),
    "a window that resets at once": (0.9, [window(left=100_000, limit=120_000, hours=0)], {"pace": {"5h": 9e9}}, "glm-5", "strong"),
    "peak, close to the threshold": (0.75, [window(now=PEAK)], {"now": PEAK}, "glm-4.7", "peak hour"),
    "peak, far above it": (0.81, [window(now=PEAK)], {"now": PEAK}, "glm-5", "strong model"),
    "peak, standard": (0.35, [window(now=PEAK)], {"now": PEAK}, "glm-4.5-air", "close to 0.3"),
    "peak is a setting": (0.75, [window(now=PEAK)], {"now": PEAK, "bounds": Bounds(peak_margin=0)}, "glm-5", "strong"),
    "night": (0.75, [window()], {}, "glm-5", "strong model"),
    "peak on Sunday, credits": (0.75, [window(now=SUNDAY_PEAK)], {"now": SUNDAY_PEAK}, "glm-5", "strong model"),
    "peak on Sunday, prompts": (0.75, [window(left=400, limit=400, unit="prompts", now=SUNDAY_PEAK)], {"now": SUNDAY_PEAK}, "glm-4.7", "peak hour"),
    "peak, no windows": (0.75, [], {"now": PEAK}, "glm-5", "strong model"),
    "a step that saves nothing": (0.9, [window(left=0.0)], {"models": {"standard": "glm-5.3", "light": "glm-5.3"}}, "glm-5", "strong"),
    "lite": (0.9, [window(left=1, limit=2000)], {"plan": "lite"}, "glm-4.5-air", "% of what is left"),
    "lite at peak": (0.75, [window(now=PEAK)], {"plan": "lite", "now": PEAK}, "glm-4.7", "strong model"),
    "pay as you go has no windows": (0.75, [], {"plan": "payg", "now": PEAK}, "glm-5", "strong model"),
    "a budget in money": (0.9, [window("budget", left=0.4, limit=5, unit="money")], {"plan": "payg"}, "glm-4.7", "of the budget window"),
    "what is refused is gone round after the step": (0.9, [window(left=COST / 0.031)], {"closed": frozenset({"glm-4.7"})}, "glm-4.5-air", "takes no requests"),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_the_rules(name):
    """Score, windows, hour and settings to a model, and the reason names what decided."""
    score, windows, how, model, words = RULES[name]
    choice = chosen(score, *windows, **how)

    assert choice.model == model
    assert words in choice.reason
    plain = chosen(score, **{k: v for k, v in how.items() if k in {"plan", "models"}}).model
    assert (choice.in_place_of != "") == (choice.model != plain)
    assert choice.model in choice.reason


EXPLICIT = {
    "the call": {"explicit": "glm-5"},
    "the action": {"per_action": {"simplify": "glm-5"}},
    "the language": {"per_language": {"python": "strong"}},
    "everything": {"model": "glm-5"},
}


@pytest.mark.parametrize("where", EXPLICIT)
def test_an_explicit_choice_stays_and_its_cost_is_said(where):
    """Whatever is left; and nothing is said where the cost is small."""
    choice = chosen(0.1, window(left=COST / 0.2, now=PEAK), pace={"5h": 9e9}, now=PEAK, **EXPLICIT[where])
    small = chosen(0.1, window(), **EXPLICIT[where])

    assert (choice.model, choice.tier, choice.in_place_of) == ("glm-5", "chosen", "")
    assert (
        "What glm-5 costs now: this request would take 40 % of what is left of the 5h window" in choice.reason
    )
    assert choice.fallbacks == ()
    assert small.model == "glm-5"
    assert "costs now" not in small.reason


@pytest.mark.parametrize(
    ("id_", "at", "held", "windows", "pace"),
    [
        ("share:5h", 0.029, "glm-4.7", lambda x: window(left=COST / x), {}),
        ("share:5h", 0.022, "glm-5", lambda x: window(left=COST / x), {}),
        ("share:5h", 11.0, "glm-4.7", percentage, {}),
        ("share:5h", 13.0, "glm-5", percentage, {}),
        ("pace:5h", 6_500.0, "glm-4.7", lambda x: window(left=x), {"5h": 2_000}),
        ("pace:5h", 8_100.0, "glm-5", lambda x: window(left=x), {"5h": 2_000}),
    ],
)
def test_what_held_goes_on_to_hold_until_it_is_clearly_over(id_, at, held, windows, pace):
    """Just short of the bound the dearer model is not taken back; well short of it, it is."""
    assert chosen(0.9, windows(at), pace=pace).model == "glm-5"
    choice = chosen(0.9, windows(at), pace=pace, saving={id_})
    assert choice.model == held
    assert choice.saving == ({id_} if held != "glm-5" else frozenset())
    assert chosen(0.9, windows(at), pace=pace, saving={id_}, bounds=Bounds(steadiness=0)).model == "glm-5"


def test_what_was_not_asked_is_remembered():
    """A request for simple code in between says nothing about the quota."""
    assert chosen(0.1, window(), saving={"pace:week"}).saving == {"pace:week"}
    assert chosen(0.1, window(), explicit="glm-5", saving={"pace:week"}).saving == {"pace:week"}


SPECIAL = {
    # score, action, other arguments -> model
    "not certain to exist": (0.9, "refactor", {}, "glm-5"),
    "named by the person": (0.9, "refactor", {"models": {"specialist": "glm-5-code"}}, "glm-5-code"),
    "optimise": (0.9, "optimise", {"models": {"specialist": "glm-5-code"}}, "glm-5-code"),
    "implement": (0.9, "implement", {"models": {"specialist": "glm-5-code"}}, "glm-5-code"),
    "test": (0.9, "test", {"models": {"specialist": "glm-5-code"}}, "glm-5-code"),
    "the action's weight counts": (0.65, "refactor", {"models": {"specialist": "glm-5-code"}}, "glm-5-code"),
    "not on ordinary code": (0.5, "refactor", {"models": {"specialist": "glm-5-code"}}, "glm-4.7"),
    "not to explain": (0.95, "explain", {"models": {"specialist": "glm-5-code"}}, "glm-5"),
    "not to fix": (0.9, "fix", {"models": {"specialist": "glm-5-code"}}, "glm-5"),
    "lite lacks it": (0.9, "refactor", {"models": {"specialist": "glm-5-code"}, "plan": "lite"}, "glm-4.7"),
    "refused lately": (0.9, "refactor", {"models": {"specialist": "glm-5-code"}, "removed": frozenset({"glm-5-code"})}, "glm-5"),
    "an explicit choice wins": (0.9, "refactor", {"models": {"specialist": "glm-5-code"}, "model": "glm-4.6"}, "glm-4.6"),
    "by its name": (0.1, "fix", {"models": {"specialist": "glm-5-code"}, "per_action": {"fix": "specialist"}}, "glm-5-code"),
    "by its name, lite": (0.1, "fix", {"per_action": {"fix": "specialist"}, "plan": "lite"}, "glm-4.7"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_the_specialist_gets_code_heavy_work_on_hard_code(name):
    """Where the plan has it, and where it is certain to be there or the person named it."""
    score, action, how, model = SPECIAL[name]

    choice = chosen(score, action=action, **how)

    assert choice.model == model
    if model == "glm-5-code" and choice.tier != "chosen":
        assert "specialist" in choice.reason
        assert choice.fallbacks[:3] == ("glm-5", "glm-4.7", "glm-4.5-air"), "a refusal goes on with the next"
        assert step_up(choice, Routing(CATALOGUE, "pro")) == choice


def test_a_specialist_that_is_certain_needs_no_setting():
    """One line of a person's own catalogue makes it so."""
    sure = Catalogue.load({"models": {"glm-5-code": {"certain": True}}})
    for plan, model in (
        ("pro", "glm-5-code"),
        ("max", "glm-5-code"),
        ("payg", "glm-5-code"),
        ("lite", "glm-4.7"),
    ):
        choice = route(
            Scored(0.9), ACTIONS["refactor"], "python", explicit=None, routing=Routing(sure, plan)
        )  # fmt: skip
        assert choice.model == model


def test_a_plan_without_the_named_specialist_is_told():
    """Never silently another one."""
    choice = chosen(0.9, action="refactor", plan="lite", models={"specialist": "glm-5-code"})
    assert (
        "in place of glm-5-code (chosen in the setting zai.models.specialist), which the plan lite"
        in choice.reason
    )


# -- whatever holds --------------------------------------------------------------------------------------------

PLANS = st.sampled_from(["payg", "lite", "pro", "max"])
SCORES = st.floats(0, 1)
MODELS = st.sampled_from([*CATALOGUE.models, "", "mine"])
SETS = st.frozensets(st.sampled_from(list(CATALOGUE.models)), max_size=6)


@st.composite
def windows_(draw):
    limit = draw(st.sampled_from([400.0, 2_000.0, 12_000.0, 140_000.0]))
    unit = draw(st.sampled_from(["credits", "prompts", "calls", "tokens", "money"]))
    known = draw(st.booleans())
    name = draw(st.sampled_from(["5h", "week", "month", "budget"]))
    used = draw(st.one_of(st.none(), st.floats(0, 100)))
    resets = draw(st.one_of(st.none(), st.floats(NIGHT - 9e3, NIGHT + 6e5)))
    return Window(
        name,
        used,
        resets,
        "reported",
        limit if known else None,
        limit * used / 100 if known and used is not None else None,
        unit,
    )


MEANS = st.builds(
    Means,
    st.lists(windows_(), max_size=3).map(tuple),
    st.dictionaries(st.sampled_from(["5h", "week"]), st.floats(0, 1e5)),
    st.sampled_from([NIGHT, PEAK, SUNDAY_PEAK]),
    st.frozensets(st.sampled_from(["share:5h", "pace:week", "pace:5h", "peak"])),
)
LOADS = st.builds(Load, st.integers(1, 200_000), st.integers(1, 50_000))
ROUTINGS = st.builds(
    Routing,
    st.just(CATALOGUE),
    PLANS,
    models=st.dictionaries(st.sampled_from([*TIERS, "code", "specialist"]), MODELS),
    closed=SETS,
    removed=SETS,
    means=MEANS,
)


@settings(max_examples=300, deadline=None)
@given(ROUTINGS, SCORES, st.sampled_from(list(ACTIONS)), LOADS, MODELS)
def test_never_a_model_outside_the_plan(routing, score, action, load, wish):
    """Model, chain and the step after an unusable reply; and nobody in the chain is known to be refused."""
    choice = route(Scored(score), ACTIONS[action], "go", explicit=wish, routing=routing, load=load)
    for each in (choice, step_up(choice, routing)):
        assert all(CATALOGUE.has(routing.plan, model) for model in (each.model, *each.fallbacks))
        assert not any(routing.is_out(model) for model in each.fallbacks)
        assert each.model not in each.fallbacks
        assert len(set(each.fallbacks)) == len(each.fallbacks)
    free = [m for m in (routing.model_of(t) for t in TIERS) if not routing.is_out(m)]
    if choice.tier != "chosen" and free:
        assert not routing.is_out(choice.model)


@settings(max_examples=300, deadline=None)
@given(ROUTINGS, SCORES, st.sampled_from(list(ACTIONS)), LOADS, MODELS)
def test_never_a_silent_step_down_on_an_explicit_choice(routing, score, action, load, wish):
    """The model that was named is asked, or the reason says that the plan lacks it."""
    choice = route(Scored(score), ACTIONS[action], "go", explicit=wish, routing=routing, load=load)
    if not wish:
        return
    assert (choice.tier, choice.fallbacks, choice.in_place_of) == ("chosen", (), "")
    assert choice.model == wish or f"in place of {wish} " in choice.reason
    assert (choice.model == wish) == CATALOGUE.has(routing.plan, wish)


@settings(max_examples=300, deadline=None)
@given(
    PLANS, MEANS, LOADS, st.sampled_from(["simplify", "refactor", "explain"]), st.lists(SCORES, min_size=2)
)
def test_harder_code_never_gets_a_weaker_model(plan, means, load, action, scores):
    """All else equal, tier and model go up with the score or stay."""
    routing = Routing(CATALOGUE, plan, means=means)
    choices = [
        route(Scored(score), ACTIONS[action], "go", explicit=None, routing=routing, load=load)
        for score in sorted(scores)
    ]
    places = [TIERS.index(choice.tier) for choice in choices]
    order = list(dict.fromkeys(routing.model_of(tier) for tier in TIERS))

    assert places == sorted(places)
    models = [order.index(choice.model) for choice in choices]
    assert models == sorted(models)


@settings(max_examples=200, deadline=None)
@given(ROUTINGS, SCORES, LOADS)
def test_no_step_down_without_a_reason(routing, score, load):
    """Another model than the score's own is always explained."""
    choice = route(Scored(score), ACTIONS["fix"], "go", explicit=None, routing=routing, load=load)
    if choice.in_place_of:
        assert f"{choice.in_place_of}, the" in choice.reason or "in place of" in choice.reason
        assert " instead: " in choice.reason or " instead." in choice.reason
        assert choice.saving or routing.is_out(choice.in_place_of)


# -- what a request costs ----------------------------------------------------------------------------------------


def test_what_a_request_likely_takes():
    """Half of the reply's bound, and for a model that thinks an eighth of its room for that; our count, corrected."""
    entry = CATALOGUE.model("glm-5")
    assert likely(LOAD, entry).completion_tokens == 1_000 + entry.thinking.room // 8
    assert likely(LOAD, CATALOGUE.model("glm-4.5-air")).completion_tokens == 1_000
    assert likely(Load(100, 100, Thinking.OFF), CATALOGUE.model("glm-5.3")).completion_tokens == 50
    assert likely(LOAD, entry, 1.5).prompt_tokens == 12_000
    assert likely(LOAD, entry).estimated


def test_what_it_costs_whom():
    """Money where tokens are paid for, else credits and prompts; twice as many credits at peak."""
    payg = expense(CATALOGUE, "payg", "glm-5", LOAD, NIGHT)
    night, peak = (expense(CATALOGUE, "pro", "glm-5", LOAD, at) for at in (NIGHT, PEAK))
    assert payg.money == pytest.approx((8_000 * 1.0 + 3_048 * 3.2) / 1e6)
    assert (payg.credits, payg.prompts) == (0, 0)
    assert expense(CATALOGUE, "payg", "mine", LOAD, NIGHT).money is None
    assert night.credits == pytest.approx((8_000 * 6.9 + 3_048 * 24) / 10_000 / 2)
    assert peak.credits == pytest.approx(2 * night.credits)
    assert (night.prompts, peak.prompts) == (2, 3)
    assert night.money is None


@pytest.mark.parametrize(
    ("given_window", "left"),
    [
        (Window("5h", 25.0, None, "reported", 2000.0, 400.0), 1600.0),
        (Window("5h", 25.0, None, "reported", 2000.0), 1500.0),
        (Window("5h", 25.0, None, "reported"), None),
        (Window("5h", None, None, "reported", 2000.0), None),
        (Window("5h", 100.0, None, "reported", 2000.0, 2400.0), 0.0),
    ],
)
def test_what_is_left(given_window, left):
    """The amounts count before the rounded percentage; unknown is never nothing."""
    assert left_of(given_window) == left


def test_the_share_of_what_is_left():
    """None where it cannot be told, everything where nothing is left."""
    cost = expense(CATALOGUE, "pro", "glm-5", LOAD, NIGHT)
    assert share_of(cost, window(left=10 * COST)) == pytest.approx(0.1)
    assert share_of(cost, window(left=0)) == 1
    assert share_of(cost, percentage(50)) is None
    assert share_of(cost, window(unit="calls")) is None
    assert [percent(x) for x in (0.0312, 0.31, 0.999, 1.0, 0.00042)] == ["3.1", "31", "100", "100", "0.042"]
