"""Quota on the whole road: readings of the emulated service, what is told, what is closed, and what a status line shows."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from tests.clock import settle
from tests.integration.stories import LIGHT, Story, fenced, lines, story
from tests.integration.writing import writing
from zai_ls import errors
from zai_ls.assistant.gauge import Notice
from zai_ls.assistant.report import report
from zai_ls.core.throttle import RESERVE, Go, Refuse
from zai_ls.domain import Lane, Usage
from zai_ls.state.ledger import Reservation

BEFORE = "def f(x):\n    return not not x\n"
REPLY = fenced("def f(x):\n    return bool(x)\n", "python")
F = lines(1, 3)
HOUR = 3600.0


async def ask(s: Story) -> None:
    """One action."""
    s.desk.open("a.py", BEFORE)
    s.reply(REPLY)
    await s.run("simplify", "a.py", F)


async def read(s: Story, *, every_s: float = 0.0) -> None:
    await s.kit.gauge.refresh(s.road.account, every_s=every_s)


def ahead(s: Story, seconds: float) -> None:
    """So much time passes, here and at the service."""
    s.kit.clock = s.road.clock
    s.road.clock.ahead += seconds
    s.emulator.service.turned_s += seconds


def used(s: Story) -> dict[str, float | None]:
    return {w.name: w.used_percent for w in s.assistant.status().windows}


# -- readings -------------------------------------------------------------------------------------------------------


async def test_the_services_word_replaces_the_estimate(tmp_path):
    """Other tools have spent, which this machine cannot know; from then on its own requests are added."""
    async with story(tmp_path, plan="lite") as s:
        await ask(s)
        before = s.assistant.status().windows[0]
        assert before.source == "estimated"
        s.emulator.windows.fill("5h", 40, s.emulator.service.now())

        await read(s)

        assert used(s) == {"5h": pytest.approx(40), "week": pytest.approx(before.used / 100, abs=0.01)}
        assert {w.source for w in s.assistant.status().windows} == {"reported"}
        await ask(s)
        assert used(s)["5h"] == pytest.approx(40 + before.used / 20, rel=1e-3)


async def test_other_tools_share_is_told(tmp_path):
    """Between two readings, what our own requests do not explain."""
    async with story(tmp_path, plan="lite") as s:
        await ask(s)
        await read(s)
        ahead(s, 120)
        s.emulator.windows.spend(500, s.emulator.service.now())
        await read(s)

        five_hours = s.assistant.status().windows[0]
        assert five_hours.others == pytest.approx(25, abs=0.5)
        s.assistant._board.changed()
        assert "other tools took 25 %" in s.statuses[-1].tooltip


async def test_an_older_plan_learns_what_a_call_takes(tmp_path):
    """15 calls a prompt: unknown at first, then proven by two readings; only percentages are told."""
    async with story(tmp_path, plan="lite", unit="prompts") as s:
        await ask(s)
        await read(s)
        assert s.kit.gauge.readings("test")[-1].windows[0].unit == "prompts"
        for _ in range(12):
            await ask(s)
        guessed = used(s)["5h"]
        assert guessed == pytest.approx(12 * 100 / 80 + 0, abs=1.3), (
            "one prompt each, as long as nobody knows"
        )

        ahead(s, 60)
        await read(s)
        for _ in range(12):
            await ask(s)
        known = used(s)["5h"]
        assert known - s.kit.gauge.readings("test")[-1].windows[0].used_percent < 12 * 100 / 80 / 3


@pytest.mark.parametrize("fault", ["status=500", "garbage", "status=404", "cut"])
async def test_without_an_answer_it_is_an_estimate_and_says_so(fault, tmp_path):
    """Nothing else fails; the endpoint is asked less often, and the reason can be read."""
    async with story(tmp_path, plan="lite") as s:
        await ask(s)
        s.emulator.fail_quota(fault)
        await read(s)

        status = s.assistant.status()
        assert {w.source for w in status.windows} == {"estimated"}
        assert "estimated from what this machine sends" in s.kit.gauge.trouble(s.road.account)
        await ask(s)
        s.check_at_rest()


async def test_pay_as_you_go_has_a_balance_and_no_windows(tmp_path):
    """The quota endpoint knows no plan; what is spent is in money."""
    async with story(tmp_path) as s:
        await ask(s)
        await read(s)

        assert s.kit.gauge.readings("test")[-1].balance == 25.0
        assert s.assistant.status().windows == ()
        assert s.road.ledger.spent("test", 0).money > 0


@pytest.mark.parametrize("keys", ["raw", "bearer"])
async def test_either_form_of_the_key_is_found_and_remembered(keys, tmp_path):
    """One question more the first time, none after."""
    async with story(tmp_path, plan="lite", console_keys=keys) as s:
        await read(s)
        ahead(s, 60)
        await read(s)
        asked = [served for served in s.emulator.record.served if served.route == "quota"]
        assert len(asked) == (2 if keys == "raw" else 3)


async def test_two_processes_never_ask_at_once(tmp_path):
    """Nor one behind the other: the reading is for both."""
    async with story(tmp_path, plan="lite") as s:
        other = s.road.gauge_for(lambda: s.kit.config, s.road.clock)
        await read(s, every_s=60)
        await other.refresh(s.road.account, every_s=60)

        assert len([served for served in s.emulator.record.served if served.route == "quota"]) == 1
        assert other.windows(s.road.account) == s.kit.gauge.windows(s.road.account)


# -- what is closed -------------------------------------------------------------------------------------------------


async def test_a_reading_that_says_full_closes_the_account_for_all(tmp_path):
    """Nothing is sent before the time that the service names."""
    async with story(tmp_path, plan="lite") as s:
        s.emulator.windows.fill("week", 100, s.emulator.service.now())
        await read(s)

        with pytest.raises(errors.QuotaExhausted) as refused:
            await ask(s)
        assert s.requests == []
        week = s.assistant.status().windows[1]
        assert refused.value.resets_at == pytest.approx(week.resets_at, abs=10)


@pytest.mark.parametrize("limit", [2_000.0, 12_000.0])
async def test_a_refusal_holds_until_the_time_it_names_or_a_larger_plan(limit, tmp_path):
    """A reading may lag behind, and of some limits it says nothing: only another plan takes a refusal back."""
    async with story(tmp_path, plan="lite") as s:
        await read(s)
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1308")
        with pytest.raises(errors.QuotaExhausted):
            await s.run("simplify", "a.py", F)
        s.emulator.windows.at(s.emulator.service.now())[0].limit = limit
        ahead(s, 60)
        await read(s)

        s.reply(REPLY)
        if limit == 2_000:
            with pytest.raises(errors.QuotaExhausted):
                await s.run("simplify", "a.py", F)
        else:
            await s.run("simplify", "a.py", F)
        assert s.requests == [LIGHT] * (1 if limit == 2_000 else 2)


async def test_typing_stops_at_the_reserve_and_actions_go_on(tmp_path):
    """For every process; and it goes on when there is clearly more again."""
    async with story(tmp_path, plan="lite") as s:
        account, admit = s.road.account, s.road.dispatcher.admit
        s.emulator.windows.fill("5h", 91, s.emulator.service.now())
        await read(s)

        verdict = admit(account, Lane.TYPING, LIGHT)
        assert isinstance(verdict, Refuse)
        assert verdict.code == RESERVE
        assert [c.lane for c in s.kit.slot.closures("test") if c.code == RESERVE] == ["typing"]
        assert isinstance(admit(account, Lane.ACTION, LIGHT), Go)
        assert isinstance(admit(account, Lane.INVOKED, LIGHT), Go)
        await ask(s)

        for percent, on in ((89, False), (50, True)):
            s.emulator.windows.fill("5h", percent, s.emulator.service.now())
            ahead(s, 60)
            await read(s)
            assert isinstance(admit(account, Lane.TYPING, LIGHT), Go) == on, percent
        assert not [c for c in s.kit.slot.closures("test") if c.code == RESERVE]


async def test_who_types_is_told_why_nothing_comes(tmp_path):
    """Not at every key: in the status and by `explain last`."""
    async with writing(tmp_path, "def f(x):\n    return ⎸\n", plan="lite") as w:
        s = w.story
        s.emulator.windows.fill("5h", 95, s.emulator.service.now())
        await s.road.gauge.refresh(s.road.account, every_s=0)

        assert (await w.complete(invoked=False)).startswith("no: throttled")
        assert "kept for what you ask for" in "\n".join(s.assistant.explain_last()[0].lines)
        assert s.requests == []


async def test_a_budget_of_ones_own_stops_everything(tmp_path):
    """Pay-as-you-go: when the day's money is spent, nothing is sent before midnight."""
    async with story(tmp_path) as s:
        await ask(s)
        spent = s.road.ledger.spent("test", 0).money
        s.kit.config = s.kit.config.with_editor({})
        object.__setattr__(s.kit.config.settings, "budget_daily", spent)

        (budget,) = s.assistant.status().windows
        assert (budget.name, budget.used_percent, budget.unit) == ("budget", pytest.approx(100), "money")
        with pytest.raises(errors.Closed) as refused:
            await ask(s)
        assert "Your own budget is used up" in refused.value.user_text
        assert len(s.requests) == 1


async def test_too_fast_slows_every_process_down_and_is_forgotten(tmp_path):
    """1302 for two requests: the pause after each one grows, and heals with time."""
    async with story(tmp_path, pacing=True) as s:
        pacing = s.road.dispatcher._pacing
        assert pacing.gap_s("test") == 0
        for _ in range(2):
            s.emulator.fail("1302", times=2)
            await ask(s)
        assert pacing.gap_s("test") == pytest.approx(1.0, rel=0.01)
        assert [c.code for c in s.kit.slot.closures("test")] == ["gap"]
        assert s.assistant.status().closed_reason == "", "it is over before anybody has read of it"
        assert report(s.kit, s.road.account).closed_reason == ""
        s.road.clock.ahead += 3600
        assert pacing.gap_s("test") == 0


# -- what is told ---------------------------------------------------------------------------------------------------


def listening(s: Story) -> list[str]:
    told: list[str] = []
    s.kit.gauge.on_notice = lambda notice: told.append(notice.text)
    return told


async def test_each_threshold_is_told_once_over_all_processes(tmp_path):
    """80, 95, 100, and that it is back."""
    async with story(tmp_path, plan="lite") as s:
        told = listening(s)
        other = s.road.gauge_for(lambda: s.kit.config, s.road.clock)
        both: list[Notice] = []
        other.on_notice = both.append
        for percent in (10, 82, 84, 96, 96, 100):
            s.emulator.windows.fill("5h", percent, s.emulator.service.now())
            ahead(s, 60)
            await read(s)
            for gauge in (s.kit.gauge, other):
                gauge._tell(s.road.account)

        assert both == []
        assert [text.split(".")[0] for text in told] == [
            "GLM: 82 % of the 5-hour quota is used",
            "GLM: 96 % of the 5-hour quota is used; the rest is kept for what you ask for, so there are no completions while you type",
            "GLM: the 5-hour quota is used up",
        ]
        ahead(s, 5 * HOUR)
        await read(s)
        s.kit.gauge._tell(s.road.account)
        s.kit.gauge._tell(s.road.account)
        assert told[3:] == ["GLM: the 5-hour quota is back."]


async def test_a_window_found_full_is_told_once_not_three_times(tmp_path):
    """Whoever starts late learns how it is."""
    async with story(tmp_path, plan="lite") as s:
        told = listening(s)
        s.emulator.windows.fill("5h", 97, s.emulator.service.now())
        await read(s)
        s.kit.gauge._tell(s.road.account)
        assert len(told) == 1


async def test_notices_can_be_switched_off(tmp_path):
    """A setting."""
    async with story(tmp_path, {"quota.notices": False}, plan="lite") as s:
        told = listening(s)
        s.emulator.windows.fill("5h", 97, s.emulator.service.now())
        await read(s)
        s.kit.gauge._tell(s.road.account)
        assert told == []


async def test_fair_use_is_told_at_once(tmp_path):
    """1313: everything stops, and the person is told, whatever lane met it."""
    async with story(tmp_path, plan="lite") as s:
        told = listening(s)
        s.emulator.fail("1313")
        with pytest.raises(errors.FairUse):
            await ask(s)
        assert len(told) == 1
        s.assistant._board.changed()
        assert (s.statuses[-1].state, s.statuses[-1].cooldown.until) == ("closed", None)


# -- the watch ------------------------------------------------------------------------------------------------------


async def test_it_asks_when_it_is_started_after_a_refusal_and_while_requests_are_made(tmp_path):
    """And not while nothing happens: a day without requests is one question."""
    async with writing(tmp_path, "x = ⎸\n", plan="lite") as w:
        s, clock, gauge = w.story, w.clock, w.story.road.gauge

        def questions() -> int:
            return len([served for served in s.emulator.record.served if served.route == "quota"])

        async def pass_(seconds: float) -> None:
            for _ in range(int(seconds // 20) + 1):
                await clock.turn(20)
                for _ in range(40):
                    await settle()

        gauge.watch()
        await w.until(lambda: questions() == 1)
        await pass_(1200)
        assert questions() == 1, "nothing was sent"
        await gauge.aclose()


async def test_what_is_old_is_let_go_while_it_watches(tmp_path):
    """The rows; what they come to stays."""
    async with story(tmp_path, plan="lite") as s:
        ledger, account = s.road.ledger, s.road.account.label
        number = ledger.reserve(Reservation(account, Lane.ACTION, "glm-5", Usage(10, 0, 5)), lambda _: Go())
        ledger.settle(number, Usage(10, 0, 5), "complete", credits=2.0)
        ahead(s, 11 * 24 * HOUR)
        s.kit.gauge.watch()
        async with asyncio.timeout(10):
            while ledger.recent(account, 1):
                await asyncio.sleep(0.01)
        assert ledger.spent(account, 0).credits == 2.0
        await s.kit.gauge.aclose()


# -- the status line ------------------------------------------------------------------------------------------------


async def test_the_status_has_all_there_is_to_say(tmp_path):
    """Windows, forecast, model, closure and the last decline, in words and as data."""
    async with story(tmp_path, plan="lite") as s:
        await ask(s)
        s.emulator.windows.fill("5h", 85, s.emulator.service.now())
        await read(s)
        s.assistant._board.changed()
        status = s.statuses[-1]

        assert (status.state, status.severity, status.model, status.cooldown) == (
            "ready",
            "warning",
            LIGHT,
            None,
        )
        assert status.text == "GLM 85 %"
        assert [w.name for w in status.windows] == ["5h", "week"]
        assert status.windows[0].resets_at is not None
        assert "5-hour quota: 85 % used, refills" in status.tooltip
        assert status.forecast

        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1308")
        with pytest.raises(errors.QuotaExhausted):
            await s.run("simplify", "a.py", F)
        status = s.statuses[-1]
        assert (status.state, status.severity) == ("closed", "error")
        assert "1308" in status.last_decline
        assert status.cooldown.until is not None

        s.assistant.pause()
        s.assistant._board.changed()
        assert s.statuses[-1].state == "paused"


@pytest.mark.parametrize(
    ("at", "unit", "said"),
    [
        ("2026-10-05T15:00", "credits", "Peak hours until"),
        ("2026-10-05T13:00", "credits", "Peak hours begin"),
        ("2026-10-05T11:00", "credits", ""),
        ("2026-10-04T15:00", "credits", ""),
        ("2026-10-04T15:00", "prompts", "Peak hours until"),
    ],
)
async def test_peak_hours_are_told_and_known_in_advance(at, unit, said, tmp_path):
    """While they last, and two hours before; not where the hour changes nothing."""
    async with story(tmp_path, plan="lite", unit=unit) as s:
        await read(s)
        windows = s.kit.gauge.windows(s.road.account)
        s.road.clock.ahead = datetime.fromisoformat(f"{at}+08:00").timestamp() - s.road.clock.now()
        assert s.kit.gauge.peak_text(windows).startswith(said)
        assert bool(s.kit.gauge.peak_text(windows)) == bool(said)
    async with story(tmp_path) as s:
        assert s.kit.gauge.peak_text(()) == ""


async def test_a_running_action_shows_its_place_and_its_model(tmp_path):
    """Waiting behind another tool, then working."""
    async with story(tmp_path) as s:
        await ask(s)
        texts = [status.text for status in s.statuses if status.state == "busy"]
        assert texts[-1] == f"GLM: {LIGHT} …"
        assert s.statuses[-1].state == "ready"
        assert s.statuses[-1].place is None
