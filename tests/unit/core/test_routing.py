from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from zai_ls.catalogue import Catalogue
from zai_ls.core.actions import ACTIONS
from zai_ls.core.routing import Routing, route, route_completion, step_up
from zai_ls.domain import Choice

CATALOGUE = Catalogue.load()


@dataclass
class Scored:
    value: float
    features: dict[str, float] = field(default_factory=lambda: {"loops": 0.2, "branching": 0.3, "size": 0.0})


def chosen(
    score: float, action: str = "simplify", language: str = "python", explicit: str | None = None, **routing
) -> Choice:
    given = Routing(CATALOGUE, routing.pop("plan", "payg"), **routing)
    return route(Scored(score), ACTIONS[action], language, explicit=explicit, routing=given)


def check(
    expected: str,
    score: float,
    action: str = "simplify",
    language: str = "python",
    explicit: str | None = None,
    **routing,
) -> None:
    """The choice is `MODEL TIER`."""
    choice = chosen(score, action, language, explicit, **routing)
    assert f"{choice.model} {choice.tier}" == expected
    assert choice.model in choice.reason
    assert choice.model not in choice.fallbacks


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (0.0, "glm-4.5-air light"),
        (0.299, "glm-4.5-air light"),
        (0.3, "glm-4.7 standard"),
        (0.699, "glm-4.7 standard"),
        (0.7, "glm-5 strong"),
        (1.0, "glm-5 strong"),
    ],
)
def test_the_score_decides(score: float, expected: str) -> None:
    """Below 0.3 the light model, below 0.7 the standard one, else the strong one."""
    check(expected, score)


def test_the_thresholds_are_settings() -> None:
    """Each threshold moves by its own setting."""
    check("glm-4.7 standard", 0.15, standard_from=0.1)
    check("glm-4.7 standard", 0.85, strong_from=0.9)
    check("glm-5 strong", 0.0, standard_from=0.0, strong_from=0.0)


def test_the_action_weighs_in() -> None:
    """The same code takes less thought to explain than to refactor."""
    check("glm-4.5-air light", 0.35, "explain")
    check("glm-4.7 standard", 0.25, "refactor")
    assert chosen(0.95, "optimise").score == 1.0
    assert chosen(0.05, "explain").score == 0.0
    assert chosen(0.25, "refactor").features["action"] == pytest.approx(0.1)
    assert "action" not in chosen(0.25, "simplify").features


def test_a_persons_choice_wins_the_nearest_first() -> None:
    """The call's model, then the action's, then the language's, then the one for everything, whatever the score."""
    settings = {"model": "glm-4.6", "per_language": {"python": "glm-4.5"}, "per_action": {"fix": "glm-5.1"}}

    check("glm-4.5-flash chosen", 0.9, "fix", explicit="glm-4.5-flash", **settings)
    check("glm-5.1 chosen", 0.1, "fix", **settings)
    check("glm-4.5 chosen", 0.9, "simplify", **settings)
    check("glm-4.6 chosen", 0.9, "simplify", "go", **settings)
    check("my-own-model chosen", 0.9, explicit="my-own-model")


def test_a_tier_may_be_chosen_by_its_name() -> None:
    """`strong` in a setting means the strong model, and `code` the one for completions."""
    check("glm-5 chosen", 0.1, per_action={"simplify": "strong"})
    check("mine chosen", 0.1, per_language={"python": "code"}, models={"code": "mine"})
    check("mine light", 0.1, models={"light": "mine"})


@pytest.mark.parametrize("score", [0.0, 0.2, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("plan", ["lite", "pro", "max", "payg"])
def test_no_plan_is_asked_for_a_model_it_lacks(plan, score: float) -> None:
    """Whatever score and settings say, model and fallbacks are the plan's."""
    for settings in (
        {},
        {"models": {"light": "glm-5", "standard": "glm-5", "strong": "glm-5"}},
        {"model": "glm-5"},
    ):
        choice = chosen(score, plan=plan, **settings)
        assert all(CATALOGUE.has(plan, model) for model in (choice.model, *choice.fallbacks))
        for stepped in (step_up(choice, Routing(CATALOGUE, plan, **settings)),):
            assert CATALOGUE.has(plan, stepped.model)


def test_what_a_plan_lacks_is_replaced_and_told() -> None:
    """Lite has no glm-5: its own model of that kind stands in, and the reason says why."""
    check("glm-4.7 chosen", 0.1, explicit="glm-5", plan="lite")
    check("glm-4.7 strong", 0.9, plan="lite", models={"strong": "glm-5"})
    reason = chosen(0.1, explicit="glm-5", plan="lite").reason
    assert (
        reason == "glm-4.7 in place of glm-5 (chosen for this request), which the plan lite does not include."
    )


def test_a_closed_model_is_gone_round() -> None:
    """A model that takes no requests is left out unless a person chose it; cheaper ones come first."""
    check("glm-4.7 strong", 0.9, closed=frozenset({"glm-5"}))
    check("glm-4.5-air strong", 0.9, closed=frozenset({"glm-5", "glm-4.7"}))
    check("glm-5.3-flash strong", 0.9, closed=frozenset({"glm-5", "glm-4.7", "glm-4.5-air"}))
    everyone = frozenset({"glm-5", "glm-4.7", "glm-4.5-air", "glm-5.3-flash", "glm-5.3"})
    check("glm-5 strong", 0.9, closed=everyone)
    check("glm-4.7 strong", 0.9, removed=frozenset({"glm-5"}), closed=everyone - {"glm-5"})
    check("glm-5 chosen", 0.1, explicit="glm-5", closed=frozenset({"glm-5"}))
    assert "glm-5 takes no requests at present" in chosen(0.9, closed=frozenset({"glm-5"})).reason


def test_when_the_service_refuses_there_is_a_next_one() -> None:
    """Cheaper models before dearer ones, then the plan's spare ones; none in place of what a person chose."""
    spare = ("glm-5.3-flash", "glm-5.3")
    assert chosen(0.9).fallbacks == ("glm-4.7", "glm-4.5-air", *spare)
    assert chosen(0.5).fallbacks == ("glm-4.5-air", "glm-5", *spare)
    assert chosen(0.1).fallbacks == ("glm-4.7", "glm-5", *spare)
    assert chosen(0.9, plan="lite").fallbacks == ("glm-4.5-air", *spare)
    assert chosen(0.9, removed=frozenset({"glm-4.7", "glm-5.3"})).fallbacks == (
        "glm-4.5-air",
        "glm-5.3-flash",
    )
    assert chosen(0.1, explicit="glm-5").fallbacks == ()
    without = Routing(Catalogue.load({"models": {"glm-5.3": False}}), "pro")
    taken = route(Scored(0.9), ACTIONS["fix"], "go", explicit=None, routing=without)
    assert taken.fallbacks == ("glm-4.7", "glm-4.5-air", "glm-5.3-flash")
    assert route_completion("python", Routing(CATALOGUE, "payg")).fallbacks == ("glm-4.7", "glm-5.3-flash")


def check_step(expected: str, choice: Choice, **routing) -> None:
    stepped = step_up(choice, Routing(CATALOGUE, routing.pop("plan", "payg"), **routing))
    assert f"{stepped.model} {stepped.tier}" == expected


def test_an_unusable_reply_goes_one_model_up() -> None:
    """Light to standard, standard to strong; the strongest, and what a person chose, is asked again itself."""
    check_step("glm-4.7 standard", chosen(0.1))
    check_step("glm-5 strong", chosen(0.5))
    check_step("glm-5 strong", chosen(0.9))
    check_step("glm-4.5-air chosen", chosen(0.9, explicit="glm-4.5-air"))
    check_step("glm-4.7 standard", chosen(0.5, plan="lite"), plan="lite")
    check_step("glm-5 strong", chosen(0.1), closed=frozenset({"glm-4.7"}))
    check_step("glm-4.5-air light", chosen(0.1), closed=frozenset({"glm-4.7", "glm-5"}))


def test_the_reason_is_a_sentence_with_its_numbers() -> None:
    """Score, what made it most, and the threshold it is held against."""
    assert chosen(0.25).reason == (
        "glm-4.5-air, the light model: the score 0.25 (branches 0.30, loops 0.20) is below 0.3."
    )
    assert chosen(0.65, "refactor").reason == (
        "glm-5, the strong model: the score 0.75 (branches 0.30, loops 0.20, +0.1 for the action) is 0.7 or more."
    )
    assert step_up(chosen(0.1), Routing(CATALOGUE, "payg")).reason == (
        "glm-4.7, because the reply of glm-4.5-air could not be used."
    )


# -- completions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, "glm-4.5-air", id="the plan's own"),
        pytest.param({"models": {"code": "glm-4.7"}}, "glm-4.7", id="the person's model for completions"),
        pytest.param({"models": {"light": "glm-4.7"}}, "glm-4.5-air", id="a tier's model is not for completions"),
        pytest.param({"per_action": {"complete": "strong"}}, "glm-5", id="the person's tier for completions"),
        pytest.param({"per_action": {"fix": "strong"}}, "glm-4.5-air", id="not that for another action"),
        pytest.param({"per_language": {"python": "standard"}}, "glm-4.7", id="the language's"),
        pytest.param({"per_language": {"python": "code"}}, "glm-4.5-air", id="the language's, by its use"),
        pytest.param({"model": "glm-5"}, "glm-5", id="the one for everything"),
        pytest.param(
            {"per_action": {"complete": "glm-4.7"}, "model": "glm-5"}, "glm-4.7", id="the most particular counts"
        ),
    ],
)  # fmt: skip
def test_the_model_for_completions(given, expected) -> None:
    """A person's choice, else the plan's own: how hard the code is does not matter."""
    choice = route_completion("python", Routing(CATALOGUE, given.pop("plan", "payg"), **given))

    assert choice.model == expected
    assert expected in choice.reason
    assert expected not in choice.fallbacks


def test_a_closed_model_for_completions_is_gone_round() -> None:
    """To a cheap one that is open, and it is told; when none is, there is nowhere to go."""
    own = route_completion("python", Routing(CATALOGUE, "payg"))
    other = route_completion("python", Routing(CATALOGUE, "payg", closed=frozenset({own.model})))
    none = route_completion("python", Routing(CATALOGUE, "payg", closed=frozenset(CATALOGUE.models)))

    assert other.model == own.fallbacks[0]
    assert own.model in other.reason
    assert own.model not in other.fallbacks
    assert none.model == own.model


def test_a_model_for_completions_that_the_plan_lacks_is_told() -> None:
    """The person reads what is used in its place, and where they chose it."""
    plan = next(
        name for name in ("lite", "pro", "max") if any(not CATALOGUE.has(name, m) for m in CATALOGUE.models)
    )
    lacking = next(model for model in CATALOGUE.models if not CATALOGUE.has(plan, model))
    choice = route_completion("python", Routing(CATALOGUE, plan, models={"code": lacking}))

    assert choice.model == CATALOGUE.plan(plan).completion
    assert lacking in choice.reason
    assert "zai.models.code" in choice.reason


def test_models_that_a_person_never_wants_are_not_used_when_others_are_left():
    """All of the plan's own taken away: the spare one; that too: any that the plan may ask for. It is said when the file is read."""
    own = dict.fromkeys(("glm-4.5-air", "glm-4.7", "glm-5"), False)
    without = Catalogue.load({"models": own})
    assert {Routing(without, "pro").model_of(tier) for tier in ("light", "standard", "strong")} == {
        "glm-5.3-flash"
    }
    assert without.problems == ()

    spare = {**own, "glm-5.3-flash": False, "glm-5.3": False}
    hardly_any = Catalogue.load({"models": spare})
    assert Routing(hardly_any, "pro").model_of("strong") not in spare
    assert "leaves the plan pro none of its models" in " ".join(hardly_any.problems)
