"""Refusals, faults and cancellation, as a person meets them: what is told, what explain and status say, what is spent."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace

import pytest

from tests.integration.road import CATALOGUE
from tests.integration.stories import LIGHT, STANDARD, STRONG, Watch, fenced, lines, story
from zai_ls import errors
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Ask, Edits, FinishReason, Lane

BEFORE = "def f(x):\n    return not not x\n"
AFTER = "def f(x):\n    return bool(x)\n"
REPLY = fenced(AFTER, "python")
F = lines(1, 3)


# -- going on with another model --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["1311", "1211", "1305", "1312"])
async def test_a_model_that_is_refused_is_replaced(code, tmp_path):
    """The next model answers, explain says why, and the refused one is left alone for a while."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail(code, model=LIGHT, times=None)
        s.reply(REPLY, REPLY, model=STANDARD)

        outcome = await s.run("simplify", "a.py", F)

        assert isinstance(outcome, Edits)
        assert AFTER == s.desk.text("a.py")
        tries = 2 if code in {"1305", "1312"} else 1
        assert [LIGHT] * tries + [STANDARD] == s.requests
        assert STANDARD == s.assistant.explain_last()[0].choice.model
        assert f"({code})" in s.said
        assert f"Going on with {STANDARD}." in s.said
        assert [] == s.desk.told
        s.check_at_rest()

        s.desk.open("a.py", BEFORE)
        await s.run("simplify", "a.py", F)
        assert STANDARD == s.requests[-1], "not asked again so soon"
        assert tries + 2 == len(s.requests)
        gone = code in {"1311", "1211"}
        assert ("was refused by the service lately" if gone else "takes no requests at present") in s.said


async def test_when_no_model_is_left_the_last_refusal_is_told(tmp_path):
    """Each model is asked once; nothing is applied, and nothing is spent."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1211", times=None)

        with pytest.raises(errors.UnknownModel) as refused:
            await s.run("simplify", "a.py", F)

        spare = CATALOGUE.plan("payg").spare
        assert [LIGHT, STANDARD, STRONG, *spare] == s.requests
        assert spare[-1] in refused.value.user_text
        assert spare[-1] == s.assistant.explain_last()[0].choice.model, "explain names who was asked last"
        assert 0 == s.road.ledger.spent("test", 0).requests
        s.check_at_rest()


async def test_a_model_that_a_person_chose_is_not_replaced(tmp_path):
    """An explicit choice is refused in the service's words, not changed behind the person's back."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1311", model=STRONG)

        with pytest.raises(errors.PlanLacksModel):
            await s.run("simplify", "a.py", F, model=STRONG)

        assert [STRONG] == s.requests
        s.check_at_rest()


async def test_a_second_go_goes_on_with_another_model_too(tmp_path):
    """An unusable reply, then a model that the service does not know: the next one is asked."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1211", model=STANDARD)
        s.reply("I would rather not change this, because it looks fine.", REPLY, model=LIGHT)

        assert isinstance(await s.run("simplify", "a.py", F), Edits)

        assert [LIGHT, STANDARD, LIGHT] == s.requests
        assert AFTER == s.desk.text("a.py")
        s.check_at_rest()


async def test_too_fast_is_tried_again_by_itself(tmp_path):
    """1302: waits and goes on; the person notices nothing."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1302", times=2)
        s.reply(REPLY)

        assert isinstance(await s.run("simplify", "a.py", F), Edits)

        assert AFTER == s.desk.text("a.py")
        assert [LIGHT] * 3 == s.requests
        assert [] == s.desk.told
        s.check_at_rest()


# -- refusals that are told --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A fault, and what the person reads."""

    error: type[errors.ZaiError]
    says: str
    requests: int = 1


TOLD = {
    "1113": Told(errors.NoBalance, "no balance"),
    "1000": Told(errors.AuthFailed, "Check the key"),
    "1309": Told(errors.PlanEnded, "Renew it"),
    "1110": Told(errors.AccountLocked, "Sign in"),
    "1210": Told(errors.BadRequest, "zai-ls doctor"),
    "1261": Told(errors.ContextTooLong, "Select less"),
    "1301": Told(errors.ContentBlocked, "content filter"),
    "1308": Told(errors.QuotaExhausted, "The 5h quota is used up (1308). Requests are possible again from"),
    "1310": Told(errors.QuotaExhausted, "The week quota is used up (1310). Requests are possible again from"),
    "1313": Told(errors.FairUse, "zai-ls resume"),
    "inband=1113": Told(errors.NoBalance, "no balance"),
    "status=502": Told(errors.ServerError, "Nothing was changed", 4),
    "finish=sensitive": Told(errors.ContentBlocked, "content filter"),
    "finish=model_context_window_exceeded": Told(errors.ContextTooLong, "Select less"),
    "finish=network_error": Told(errors.BadReply, "broke off"),
    "cut=2": Told(errors.BadReply, "broke off"),
    "cut-json=2": Told(errors.BadReply, "broke off"),
    "garbage": Told(errors.BadReply, "made no sense"),
    "error-in-stream=1305": Told(errors.Overloaded, "overloaded"),
}


@pytest.mark.parametrize("fault", TOLD)
async def test_a_refusal_is_told_once_and_nothing_is_applied(fault, tmp_path):
    """The text stays, the sentence says what to do and names the host and not its path, explain says the same, the slot is free."""
    case = TOLD[fault]
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail(fault, times=None)

        with pytest.raises(case.error) as refused:
            await s.run("simplify", "a.py", F)

        text = refused.value.user_text
        assert case.says in text
        assert "/api/paas" not in text.replace("ending in /api/coding/paas/v4", "")
        assert "http://" not in text
        assert text in s.said
        assert [] == s.desk.told, "the caller tells it, once"
        assert BEFORE == s.desk.text("a.py")
        assert case.requests == len(s.requests)
        assert s.assistant.explain_last()[0].outcome is None
        assert ("waiting" not in s.watch.kinds[:1]) or s.watch.kinds[-1] == "done"
        s.check_at_rest()


async def test_a_spent_window_closes_the_account_until_it_refills(tmp_path):
    """The next action is not sent; both sentences name the same local time, and so does status."""
    async with story(tmp_path, plan="lite") as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1308")
        with pytest.raises(errors.QuotaExhausted) as first:
            await s.run("simplify", "a.py", F)

        with pytest.raises(errors.QuotaExhausted) as second:
            await s.run("simplify", "a.py", F)

        assert [LIGHT] == s.requests
        for refused in (first.value, second.value):
            assert "The 5h quota is used up (1308)." in refused.user_text
            assert f"from {s.kit.local_time(refused.resets_at)}." in refused.user_text
            assert 1 == refused.user_text.count("quota")
        status = s.assistant.status()
        assert second.value.resets_at == status.closed_until
        assert "The 5h quota is used up (1308)." == status.closed_reason
        spent = status.windows[0]
        assert (100.0, status.closed_until, "reported") == (spent.used_percent, spent.resets_at, spent.source)
        assert ["week"] == [window.name for window in status.windows[1:]]
        assert not status.paused
        s.check_at_rest()


async def test_fair_use_stops_everything_until_a_person_resumes(tmp_path):
    """No end is named, nothing is sent, resume goes on."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1313")
        s.reply(REPLY)
        for _ in range(2):
            with pytest.raises(errors.FairUse) as refused:
                await s.run("simplify", "a.py", F)
            assert "zai-ls resume" in refused.value.user_text
            assert "again from" not in refused.value.user_text
        assert 1 == len(s.requests)
        status = s.assistant.status()
        assert "zai-ls resume" in status.closed_reason
        assert (None, False) == (status.closed_until, status.paused), "nobody has paused, and no end is known"

        s.assistant.resume()

        assert "" == s.assistant.status().closed_reason
        assert isinstance(await s.run("simplify", "a.py", F), Edits)


async def test_a_wrong_key_does_not_keep_a_person_who_put_it_right_waiting(tmp_path):
    """After 1000 the next action is sent at once."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.emulator.fail("1000")
        s.reply(REPLY)
        with pytest.raises(errors.AuthFailed):
            await s.run("simplify", "a.py", F)

        assert isinstance(await s.run("simplify", "a.py", F), Edits)


async def test_paused(tmp_path):
    """Nothing is sent, the sentence says how to go on, and resume does."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY)
        s.assistant.pause()
        with pytest.raises(errors.Paused) as refused:
            await s.run("simplify", "a.py", F)
        assert "zai-ls resume" in refused.value.user_text
        assert [] == s.requests
        assert s.assistant.status().paused

        s.assistant.resume()

        assert isinstance(await s.run("simplify", "a.py", F), Edits)
        s.check_at_rest()


def test_the_time_of_resuming_is_local_and_has_the_date_when_it_is_not_today(monkeypatch):
    """A person reads a clock time; with weekday and date from tomorrow on."""
    from tests.clock import TurnedClock
    from zai_ls.assistant import Kit

    noon = 1_795_435_200.0  # 2026-11-23 12:00 UTC
    kit = object.__new__(Kit)
    kit.clock = TurnedClock(noon)
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert "20:30" == kit.local_time(noon + 1800)
        assert "Tue 24 Nov, 00:00" == kit.local_time(noon + 4 * 3600)
        assert "" == kit.local_time(None)
    finally:
        monkeypatch.undo()
        time.tzset()


# -- explain, status, preview, progress ---------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["simplify", "fix", "document", "explain", "test"])
async def test_the_preview_is_what_is_sent(action, tmp_path):
    """Byte for byte."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        ask = Ask(action, s.desk.uri("a.py"), F, instruction="in one line")

        made = s.assistant.preview(ask, s.desk)
        assert [] == s.requests
        assert s.assistant.explain_last() == (), "a preview is no request"
        await s.assistant.run(ask, s.desk, s.watch)

        assert [made.request.body.decode()] == s.heard.bodies
        assert made.prompt.user == json.loads(made.request.body)["messages"][-1]["content"]
        assert made.choice.model == s.requests[0]


async def test_the_other_dialect_does_the_same(tmp_path):
    """Over the Anthropic-style route: the preview is what is sent, the edit lands, the ledger has the service's count."""
    async with story(tmp_path, plan="lite", anthropic=True) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY, thinking="Let me see.")
        wire = s.assistant.preview(Ask("simplify", s.desk.uri("a.py"), F), s.desk).request

        assert isinstance(await s.run("simplify", "a.py", F), Edits)

        assert [wire.body.decode()] == s.heard.bodies
        assert AFTER == s.desk.text("a.py")
        assert not s.road.ledger.recent("test", 1)[0].usage.estimated
        s.check_at_rest()


async def test_without_a_key_all_is_offered_disabled_and_says_why(tmp_path):
    """The same sentence in the menu and when an action is run all the same; nothing is sent."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        missing = errors.NoKey(path="zai.toml")
        s.assistant.configure(replace(s.kit.config, account=None, no_account=missing))

        assert {missing.user_text} == {offer.disabled for offer in s.offers("a.py", F).values()}
        with pytest.raises(errors.NoKey):
            await s.run("simplify", "a.py", F)

        assert [] == s.requests


async def test_progress_tells_model_tokens_and_seconds_to_the_end(tmp_path):
    """From the first request to the last: thinking and writing count, a second go adds to them."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(
            "I would rather not change this, because it looks fine.", REPLY, thinking="Let me think about it."
        )

        await s.run("simplify", "a.py", F)

        seen = ["sent", "thinking", "writing", "sent", "thinking", "writing", "applying", "done"]
        assert seen == [kind for kind in s.watch.kinds if kind != "waiting"]
        tokens = [stage.tokens for stage in s.watch.stages]
        assert sorted(tokens) == tokens
        done = s.watch.stages[-1]
        assert (STANDARD, tokens[-2]) == (done.model, done.tokens)
        assert done.tokens > 25
        assert done.seconds >= s.watch.stages[0].seconds >= 0
        sent = [stage.text for stage in s.watch.stages if stage.kind == "sent"]
        assert sent[0].startswith(LIGHT)
        assert sent[1].startswith(STANDARD)


async def test_status_and_running_while_the_model_runs(tmp_path):
    """What any window shows: one in flight, nobody waiting, which action."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        seen = []
        s.heard.meanwhile.append(lambda: seen.append((s.assistant.status(), s.assistant.running())))
        s.reply(REPLY)

        await s.run("simplify", "a.py", F)

        ((status, running),) = seen
        assert (1, 0, None, False) == (status.in_flight, status.waiting, status.closed_until, status.paused)
        assert ("simplify",) == running
        assert f"action {LIGHT}" in status.dispatcher
        assert s.emulator.url.removeprefix("http://") == status.host
        after = s.assistant.status()
        assert (0, 0) == (after.in_flight, after.waiting)


async def test_another_model_than_asked_is_said(tmp_path):
    """The service says who answered; explain passes it on, and the ledger notes it."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY, answers_as="glm-5.2")

        await s.run("simplify", "a.py", F)

        assert f"{LIGHT} was asked for; the service says glm-5.2 answered." in s.said
        (entry,) = s.road.ledger.recent("test", 9)
        assert ("glm-5.2", "simplify", "desk", "complete") == (
            entry.served_model,
            entry.action,
            entry.editor,
            entry.state,
        )


async def test_the_ledger_has_what_the_service_counted(tmp_path):
    """Tokens of the service's own count, thinking included, both requests of a second go."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply("No, thank you. I would rather not do that.", REPLY, thinking="Hm, let me see.")

        await s.run("simplify", "a.py", F)

        served = s.emulator.record.chats
        entries = sorted(s.road.ledger.recent("test", 9), key=lambda e: e.started_at)
        assert [(e.prompt_tokens, e.completion_tokens) for e in served] == [
            (e.usage.prompt_tokens, e.usage.completion_tokens) for e in entries
        ]
        assert not any(e.usage.estimated for e in entries)


async def test_an_explanation_that_was_cut_off_says_so(tmp_path):
    """What came is shown, with the remark at its end; one request."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply("`f` gives the truth of", finish=FinishReason.LENGTH)

        await s.run("explain", "a.py", F)

        ((title, text),) = s.desk.shown
        assert "GLM: Explain a.py" == title
        assert text.startswith("`f` gives the truth of\n\n*(")
        assert 1 == len(s.requests)


# -- cancellation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["waiting", "sent", "thinking", "writing", "applying"])
async def test_cancelled(stage, tmp_path):
    """At every stage: nothing is applied, nothing is told, the slot is free at once, and the next action works."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        long = fenced("\n".join([BEFORE, *(f"x{n} = {n}" for n in range(20))]))
        s.reply(long, thinking="Let me see. " * 50)
        other = None
        if stage == "waiting":
            other = await s.kit.slot.hold(Ticket("other", "test", Lane.ACTION, LIGHT))
        s.watch = Watch(stage, lambda: running.cancel())
        running = asyncio.ensure_future(s.run("simplify", "a.py", F))

        with pytest.raises(asyncio.CancelledError):
            await running

        assert BEFORE == s.desk.text("a.py")
        assert [] == s.desk.applied
        assert [] == s.desk.told
        assert "Cancelled." in s.said
        assert "done" == s.watch.kinds[-1]
        if other is not None:
            other.release(clean=True)
            assert [] == s.requests
        assert () == s.assistant.running()
        assert s.road.is_at_rest()

        s.heard.rules.clear()
        s.reply(REPLY)
        s.watch = Watch()
        assert isinstance(await s.run("simplify", "a.py", F), Edits)
        assert 1 == s.emulator.record.most_in_flight
        assert s.road.is_at_rest()


async def test_cancelled_requests_are_paid_for_as_far_as_they_came(tmp_path):
    """The ledger marks them as our own count, and never as free."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY, thinking="Let me see. " * 50, fault="stall=9")
        s.watch = Watch("thinking", lambda: running.cancel())
        running = asyncio.ensure_future(s.run("simplify", "a.py", F))
        with pytest.raises(asyncio.CancelledError):
            await running

        (entry,) = s.road.ledger.recent("test", 9)
        assert "aborted" == entry.state
        assert entry.usage.estimated
        assert entry.usage.prompt_tokens > 0
        assert entry.usage.completion_tokens > 0
