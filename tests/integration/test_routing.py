"""The choice of a model on the whole road: refusals that are remembered, quota, contexts, and what a person reads of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.integration.road import chat
from tests.integration.stories import LIGHT, STANDARD, STRONG, Story, Watch, fenced, lines, story
from tests.integration.writing import writing
from zai_ls import errors
from zai_ls.catalogue import Catalogue
from zai_ls.core.throttle import Go
from zai_ls.domain import Ask, Declined, Edits, Explanation, Lane, Usage
from zai_ls.state.ledger import Reservation

BEFORE = "def f(x):\n    return not not x\n"
AFTER = "def f(x):\n    return bool(x)\n"
REPLY = fenced(AFTER, "python")
F = lines(1, 3)
HARD = {"routing.standardFrom": 0.0, "routing.strongFrom": 0.0, "routing.peakMargin": 0.0}
"""All code is hard, at every hour."""
HOUR_S = 3600.0


async def simplify(s: Story, **ask: Any) -> str:
    """Simplify the file once; who answered, as explain names it."""
    s.desk.open("a.py", BEFORE)
    s.reply(REPLY)
    assert isinstance(await s.run(ask.pop("action", "simplify"), "a.py", F, **ask), Edits)
    decision, *_ = s.assistant.explain_last()
    assert decision.choice is not None
    return decision.choice.model


def turn(s: Story, seconds: float) -> None:
    """So much time passes for the assistant and for the road."""
    s.kit.clock = s.road.clock
    s.road.clock.ahead += seconds


def spend(s: Story, amount: float) -> None:
    """Another request of this account has taken so many credits."""
    entry = Reservation("test", Lane.AGENT, STRONG, Usage(1, 0, 1), amount)
    number = s.road.ledger.reserve(entry, lambda _: Go())
    assert isinstance(number, int)
    s.road.ledger.settle(number, Usage(1, 0, 1), "complete", credits=amount)


# -- what the service refuses is remembered ---------------------------------------------------------------------


@pytest.mark.parametrize(("code", "for_s"), [("1211", HOUR_S), ("1311", 24 * HOUR_S)])
async def test_a_model_that_is_not_there_is_left_alone_for_a_while(code, for_s, tmp_path):
    """An unknown one for an hour, one that the plan lacks for a day; then it is asked again."""
    async with story(tmp_path, HARD) as s:
        s.emulator.fail(code, model=STRONG)

        assert [await simplify(s), await simplify(s)] == [STANDARD, STANDARD]
        assert f"{STRONG} was refused by the service lately" in s.said
        turn(s, for_s - 60)
        assert await simplify(s) == STANDARD
        turn(s, 120)
        assert await simplify(s) == STRONG

        assert s.requests == [STRONG, STANDARD, STANDARD, STANDARD, STRONG]


async def test_a_second_process_knows_what_was_refused(tmp_path):
    """It is in the database: by account, for all."""
    async with story(tmp_path, HARD) as s:
        s.emulator.fail("1311", model=STRONG)
        await simplify(s)
    async with story(tmp_path, HARD) as s:
        assert await simplify(s) == STANDARD
        assert s.requests == [STANDARD]


async def test_who_names_a_refused_model_is_asked_for(tmp_path):
    """They may just have bought the plan: the service has the last word, and no other lane is held up."""
    async with story(tmp_path, HARD) as s:
        s.emulator.fail("1311", model=STRONG)
        await simplify(s)

        assert await simplify(s, model=STRONG) == STRONG
        s.emulator.fail("1311", model=STRONG)
        with pytest.raises(errors.PlanLacksModel):
            await simplify(s, model=STRONG)


async def test_a_model_that_has_answered_is_there_again(tmp_path):
    """They bought the plan and named the model: from then on it is chosen as before."""
    async with story(tmp_path, HARD) as s:
        s.emulator.fail("1311", model=STRONG)
        assert await simplify(s) == STANDARD
        assert await simplify(s, model=STRONG) == STRONG
        assert await simplify(s) == STRONG
        assert s.kit.slot.closures("test") == ()


async def test_a_specialist_that_is_not_there_costs_one_refusal(tmp_path):
    """Named in a setting, unknown to the service: the request goes on with the strong model, the next one begins with it."""
    async with story(tmp_path, {**HARD, "models.specialist": "glm-5-code"}) as s:
        s.emulator.fail("1211", model="glm-5-code", times=None)

        assert [await simplify(s, action="refactor") for _ in range(2)] == [STRONG, STRONG]

        assert s.requests == ["glm-5-code", STRONG, STRONG]
        s.check_at_rest()


async def test_a_specialist_that_is_there_gets_its_work(tmp_path):
    """And only that."""
    async with story(tmp_path, {**HARD, "models.specialist": "glm-5-code"}) as s:
        assert await simplify(s, action="refactor") == "glm-5-code"
        assert "the specialist for work that is mostly code" in s.said
        assert await simplify(s) == STRONG


async def test_a_model_that_closes_while_one_waits_is_gone_round(tmp_path):
    """Another process has met an overload meanwhile: the chain goes on, and the lane stays open."""
    async with story(tmp_path, HARD) as s:
        s.emulator.fail("1211", model=STRONG)
        until = s.kit.clock.now() + 300
        s.heard.meanwhile.append(
            lambda: s.kit.slot.close("test", until, "1305", model=STANDARD, reason="Busy.")
        )

        assert await simplify(s) == LIGHT

        assert s.requests == [STRONG, LIGHT]
        assert "Busy. Going on with" in s.said
        assert not [c for c in s.kit.slot.closures("test") if not c.model]
        s.check_at_rest()


@pytest.mark.parametrize("code", ["1211", "1311", "1305"])
async def test_explain_speaks_of_the_model_that_answered(code, tmp_path):
    """Reason, cost, what it stands in for and whom to ask next are those of the next model, not of the refused one."""
    async with story(tmp_path, HARD) as s:
        s.emulator.fail(code, model=STRONG, times=None)

        assert await simplify(s) == STANDARD

        choice = s.assistant.explain_last()[0].choice
        asked = s.kit.routing(s.kit.account())
        assert choice.reason.endswith(f"{STANDARD} instead: {STRONG} took no request just now.")
        assert choice.in_place_of == STRONG
        assert STANDARD not in choice.fallbacks
        assert STRONG not in choice.fallbacks
        dear = asked.catalogue.price(STRONG, choice.expense.usage)
        assert choice.expense.money == asked.catalogue.price(STANDARD, choice.expense.usage) < dear


@pytest.mark.parametrize("code", ["1211", "1311"])
async def test_completions_go_on_with_another_model_too(code, tmp_path):
    """Nobody who types gets a refusal at every pause."""
    async with writing(tmp_path, "def f(x):\n    return ⎸\n") as w:
        w.story.emulator.fail(code, model=LIGHT, times=None)
        w.story.reply("x + 1")
        assert await w.complete() == "x + 1"
        w.open("def g(y):\n    return ⎸\n", "b.py")
        w.story.reply("y + 1")
        assert await w.complete() == "y + 1"

        assert w.story.requests == [LIGHT, STANDARD, STANDARD]


# -- quota ------------------------------------------------------------------------------------------------------------


async def test_a_cheaper_model_when_quota_runs_short(tmp_path):
    """The reason says which window; explain has the windows, the cost, and whom to ask next."""
    async with story(tmp_path, HARD, plan="pro") as s:
        assert await simplify(s) == STRONG
        assert "The 5h window: 0 % used" in s.said
        spend(s, 11_990)

        assert await simplify(s) == LIGHT

        decision, *_ = s.assistant.explain_last()
        assert decision.choice is not None
        assert (decision.choice.in_place_of, decision.choice.tier) == (STRONG, "light")
        assert f"{LIGHT} instead: this request would take" in s.said
        assert "The 5h window: 100 % used, resets " in s.said
        assert "The week window: 20 % used" in s.said
        assert "Likely " in s.said
        assert " credits" in s.said
        assert "If it is refused: glm-4.7, glm-5, glm-5.3-flash, glm-5.3, in this order." in s.said
        assert f"{LIGHT} answered: " in s.said
        assert "share:5h" in s.kit.saving


async def test_what_a_person_chose_is_asked_and_its_cost_said(tmp_path):
    """Whatever is left."""
    async with story(tmp_path, plan="pro") as s:
        spend(s, 11_990)

        assert await simplify(s, model=STRONG) == STRONG

        assert f"What {STRONG} costs now: this request would take" in s.said
        assert "The score of the code is 0." in s.said
        assert "no other model is asked: you chose this one" in s.said


async def test_a_preview_changes_nothing_of_the_choice(tmp_path):
    """Looking at a prompt is no choice that the next one is steadied by."""
    async with story(tmp_path, HARD, plan="pro") as s:
        spend(s, 11_990)
        uri = s.desk.open("a.py", BEFORE)
        preview = s.assistant.preview(Ask("simplify", uri, F), s.desk)

        assert not isinstance(preview, Declined)
        assert preview.choice.model == LIGHT
        assert s.kit.saving == frozenset()


# -- who answers --------------------------------------------------------------------------------------------------


async def test_who_really_answered_is_shown(tmp_path):
    """In explain, and in the sums."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY, answers_as="glm-5.3")
        await s.run("simplify", "a.py", F)
        await simplify(s)

        rows = {row.served_model: row.totals.requests for row in s.road.ledger.stats("test", 0)}
        assert rows == {"glm-5.3": 1, "": 1}


async def test_a_name_in_other_letters_is_no_other_model(tmp_path):
    """The service writes GLM-4.5-Air."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY, answers_as=LIGHT.upper())
        await s.run("simplify", "a.py", F)

        assert "was asked for" not in s.said
        assert [row.served_model for row in s.road.ledger.stats("test", 0)] == [""]


async def test_an_escalated_reply_is_fitted_too(tmp_path):
    """One step up, once; a stronger model without the room for it is not asked."""
    laid = Catalogue.load(
        {"models": {STANDARD: {"context": 200, "max_output": 100, "thinking": {"room": 0}}}}
    )
    async with story(tmp_path) as s:
        s.kit.catalogue = laid
        s.desk.open("a.py", BEFORE)
        s.reply("I would rather not change this, because it looks fine.", REPLY)

        assert isinstance(await s.run("simplify", "a.py", F), Edits)

        assert s.requests == [LIGHT, LIGHT]


# -- contexts -------------------------------------------------------------------------------------------------------

AROUND = "".join(f"def helper_{n}(value):\n    return value + {n}\n\n\n" for n in range(200))
"""About 2,900 tokens."""
LONG = "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(2_000)) + "    return x\n"
"""About 14,000 tokens."""


def contexts(s: Story, **tokens: int) -> None:
    """The plan's models have contexts of so many tokens, by tier; all others are gone."""
    tiers = {"light": LIGHT, "standard": STANDARD, "strong": STRONG}
    small: dict[str, Any] = dict.fromkeys(s.kit.catalogue.models, False)
    for tier, context in tokens.items():
        small[tiers[tier]] = {"context": context, "max_output": 1_000, "thinking": {"room": 0}}
    s.kit.catalogue = Catalogue.load({"models": small})


async def test_what_is_farthest_is_left_out(tmp_path):
    """Enough fits: the nearest code is sent, all of the selection, and the person is told where it ends."""
    async with story(tmp_path) as s:
        contexts(s, light=3_300, standard=3_300, strong=3_300)
        s.desk.open("a.py", AROUND + BEFORE)
        count = AROUND.count("\n")
        s.reply(REPLY)
        s.watch = Watch()

        assert isinstance(await s.run("simplify", "a.py", lines(count + 1, count + 3)), Edits)

        sent = s.heard.bodies[-1]
        assert s.requests == [LIGHT]
        assert "return not not x" in sent
        assert "helper_199(" in sent
        assert "helper_0(" not in sent
        told = f"{LIGHT} has no room for all that was meant to be sent"
        assert told in s.said
        assert "Not shown: lines 1-" in s.said
        (stage,) = [stage for stage in s.watch.stages if stage.kind == "sent"]
        assert told in stage.text


async def test_a_model_with_more_room_is_asked(tmp_path):
    """Where too little would fit; the reason says so, and nothing is left out."""
    async with story(tmp_path) as s:
        contexts(s, light=1_500, standard=1_600, strong=20_000)
        s.desk.open("a.py", AROUND + BEFORE)
        count = AROUND.count("\n")
        s.reply(REPLY)

        assert isinstance(await s.run("simplify", "a.py", lines(count + 1, count + 3)), Edits)

        assert s.requests == [STRONG]
        assert "helper_0(" in s.heard.bodies[-1]
        assert f"{STRONG} instead: about " in s.said
        assert f"do not fit into {LIGHT}" in s.said
        decision, *_ = s.assistant.explain_last()
        assert decision.choice is not None
        assert decision.choice.fallbacks == (), "nobody else has the room"


async def test_a_model_that_a_person_chose_gets_what_fits(tmp_path):
    """It is not left for one with more room."""
    async with story(tmp_path) as s:
        contexts(s, light=2_500, standard=1_600, strong=20_000)
        s.desk.open("a.py", AROUND + BEFORE)
        count = AROUND.count("\n")
        s.reply(REPLY)

        assert isinstance(await s.run("simplify", "a.py", lines(count + 1, count + 3), model=LIGHT), Edits)

        assert s.requests == [LIGHT]
        assert "helper_0(" not in s.heard.bodies[-1]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [(None, f"fits no model that can be asked ({LIGHT}, {STANDARD}, {STRONG})"), (LIGHT, f"too long for {LIGHT}, which you chose")],
)  # fmt: skip
async def test_a_selection_that_fits_nobody_is_declined(chosen, says, tmp_path):
    """One sentence, before anything is sent."""
    async with story(tmp_path) as s:
        contexts(s, light=5_000, standard=6_000, strong=7_000)
        s.desk.open("a.py", LONG)

        outcome = await s.run("explain", "a.py", model=chosen)

        assert isinstance(outcome, Declined)
        assert says in outcome.text
        assert "Nothing was sent." in outcome.text
        assert s.said == outcome.text
        assert s.requests == []
        s.check_at_rest()


async def test_code_that_cannot_come_back_whole_is_not_sent(tmp_path):
    """A rewrite is about as long as the code; an explanation need not be."""
    async with story(tmp_path) as s:
        contexts(s, light=40_000)
        s.desk.open("a.py", LONG)
        s.reply("It adds numbers.")

        assert isinstance(await s.run("simplify", "a.py"), Declined)
        assert isinstance(await s.run("explain", "a.py"), Explanation)


# -- how we count ------------------------------------------------------------------------------------------------


async def test_our_count_learns_from_the_services(tmp_path):
    """After five requests what is reserved for a prompt is what the service counted for the like of it."""
    async with story(tmp_path) as s:
        for _ in range(6):
            await simplify(s)
        newest, *_, oldest = s.emulator.record.chats[::-1]
        factor = s.road.ledger.factors("test")[LIGHT]

        assert factor != 1.0
        decision, *_ = s.assistant.explain_last()
        assert decision.choice is not None
        assert decision.choice.expense is not None
        reported = newest.prompt_tokens
        assert abs(decision.choice.expense.usage.prompt_tokens - reported) <= 0.1 * reported
        assert oldest.prompt_tokens > 0


async def test_completions_teach_too(tmp_path):
    """They are most of the requests."""
    code = "".join(f"def helper_{n}(value):\n    return value + {n}\n\n\n" for n in range(40))
    async with writing(tmp_path, code + "def f(x):\n    return ⎸\n") as w:
        for n in range(5):
            w.open(f"{code}def f(x_{n}):\n    return ⎸\n", f"{n}.py")
            w.story.reply(f"x_{n} + 1")
            assert await w.complete() == f"x_{n} + 1"
            await w.until(w.story.road.is_at_rest)

        assert w.story.road.ledger.factors("test")[LIGHT] != 1.0


async def test_foreign_requests_teach_nothing(tmp_path):
    """We have not counted their prompts."""
    async with story(tmp_path) as s:
        for _ in range(6):
            await s.road.ask(replace(s.road.exchange(), body=chat(stream=True)))

        assert s.road.ledger.factors("test") == {}
