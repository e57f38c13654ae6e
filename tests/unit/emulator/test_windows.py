"""Windows open, fill, run out and refill."""

from __future__ import annotations

from zai_ls.catalogue import Catalogue
from zai_ls.emulator.windows import Windows

HOUR, DAY = 3600.0, 86_400.0
ORDERED = 1_000_000.0


def windows(unit="credits", limits=None):
    return Windows(Catalogue.load().plan("lite"), unit, limits or {}, ORDERED)


def test_five_hours_begin_with_the_first_call():
    """Idle, the window has no reset; spent in, it ends five hours after the first call and refills whole."""
    w = windows()
    assert w.at(ORDERED)[0].resets_at is None
    w.spend(10, ORDERED + HOUR)
    w.spend(10, ORDERED + 3 * HOUR)

    assert w.at(ORDERED + 5.9 * HOUR)[0].used == 20
    assert w.at(ORDERED + 5.9 * HOUR)[0].resets_at == ORDERED + 6 * HOUR
    assert w.at(ORDERED + 6 * HOUR)[0].used == 0
    assert w.at(ORDERED + 6 * HOUR)[0].resets_at is None


def test_weeks_run_from_the_order():
    """A week ends seven days after the order, whenever something was spent."""
    w = windows()
    w.spend(10, ORDERED + 6 * DAY)

    assert w.at(ORDERED + 6.9 * DAY)[1].used == 10
    assert w.at(ORDERED + 7 * DAY)[1].used == 0
    assert w.at(ORDERED + 20 * DAY)[1].resets_at == ORDERED + 21 * DAY


def test_the_longer_refusal_counts():
    """When both are spent it is the week that is named."""
    w = windows(limits={"5h": 5, "week": 8})
    assert w.exhausted(ORDERED) is None
    w.spend(5, ORDERED)
    assert w.exhausted(ORDERED) == ("1308", ORDERED + 5 * HOUR)
    w.spend(5, ORDERED)

    assert w.exhausted(ORDERED) == ("1310", ORDERED + 7 * DAY)


def test_limits_of_the_unit():
    """A plan's limit is in credits or in prompts."""
    assert [w.limit for w in windows().at(ORDERED)] == [2000, 10_000]
    assert [w.limit for w in windows("prompts").at(ORDERED)] == [80, 400]
    assert windows("prompts").payload(ORDERED)["data"]["limits"][0]["type"] == "TOKENS_LIMIT"


def test_pay_as_you_go_has_none():
    """Nothing runs out there."""
    w = Windows(Catalogue.load().plan("payg"), "credits", {}, ORDERED)
    w.spend(1e9, ORDERED)

    assert w.at(ORDERED) == []
    assert w.exhausted(ORDERED) is None
