"""What the quota endpoint answers becomes a reading, and what it does not say stays unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.core.readings import parse, parse_balance
from zai_ls.domain import Reading, Window
from zai_ls.errors import NoReading

NOW = datetime(2026, 8, 13, 12, 0, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0
FIVE = {"type": "CREDIT_LIMIT", "unit": 3, "number": 5}
WEEK = {"type": "CREDIT_LIMIT", "unit": 6, "number": 1}


def ms(in_s: float) -> int:
    return round((NOW + in_s) * 1000)


def answer(*limits, level="lite") -> bytes:
    told = {"code": 200, "msg": "ok", "success": True, "data": {"level": level, "limits": list(limits)}}
    return json.dumps(told).encode()


def read(*limits, **more) -> Reading:
    return parse(answer(*limits, **more), 200, NOW)


def only(limit) -> Window:
    (window,) = read(limit).windows
    return window


def window(name, percent, **fields) -> Window:
    fields = {"resets_at": None, "source": "reported", "unit": "credits", "read_at": NOW, **fields}
    return Window(name, percent, **fields)


# -- the generations of the answer ----------------------------------------------------------------------------------

GENERATIONS = {
    "credits, five hours idle": (
        answer(
            {**FIVE, "usage": 2000, "currentValue": 0, "remaining": 2000, "percentage": 0},
            {
                **WEEK,
                "usage": 10_000,
                "currentValue": 9855,
                "remaining": 145,
                "percentage": 98,
                "nextResetTime": ms(30 * HOUR),
            },
        ),
        (
            window("5h", 0.0, limit=2000.0, used=0.0),
            window("week", 98.55, limit=10_000.0, used=9855.0, resets_at=NOW + 30 * HOUR),
        ),
    ),
    "tokens, percentages alone, the month of tool calls with its numbers": (
        answer(
            {
                "type": "TOKENS_LIMIT",
                "unit": 3,
                "number": 5,
                "percentage": 17,
                "nextResetTime": ms(2 * HOUR),
            },
            {"type": "TOKENS_LIMIT", "unit": 6, "number": 1, "percentage": 3, "nextResetTime": ms(6 * DAY)},
            {
                "type": "TIME_LIMIT",
                "unit": 5,
                "number": 1,
                "usage": 1000,
                "currentValue": 25,
                "remaining": 975,
                "percentage": 2,
                "nextResetTime": ms(29 * DAY),
                "usageDetails": [{"modelCode": "a-tool", "usage": 25}],
            },
        ),
        (
            window("5h", 17.0, unit="prompts", resets_at=NOW + 2 * HOUR),
            window("week", 3.0, unit="prompts", resets_at=NOW + 6 * DAY),
            window("month", 2.5, unit="calls", limit=1000.0, used=25.0, resets_at=NOW + 29 * DAY),
        ),
    ),
    "tokens without a week, tool calls first": (
        answer(
            {
                "type": "TIME_LIMIT",
                "unit": 5,
                "number": 1,
                "usage": 100,
                "currentValue": 28,
                "percentage": 28,
            },
            {"type": "TOKENS_LIMIT", "unit": 3, "number": 5, "percentage": 1, "nextResetTime": ms(HOUR)},
        ),
        (
            window("5h", 1.0, unit="prompts", resets_at=NOW + HOUR),
            window("month", 28.0, unit="calls", limit=100.0, used=28.0),
        ),
    ),
    "tokens as they were at first, with absolute numbers": (
        answer(
            {
                "type": "TOKENS_LIMIT",
                "unit": 3,
                "number": 5,
                "usage": 800_000_000,
                "currentValue": 127_000_000,
                "remaining": 673_000_000,
                "percentage": 15,
            },
        ),
        (window("5h", 15.875, unit="tokens", limit=8e8, used=1.27e8),),
    ),
}


@pytest.mark.parametrize(("body", "windows"), GENERATIONS.values(), ids=list(GENERATIONS))
def test_every_generation_is_read(body, windows):
    """Absolute numbers where there are any, the percentage else; tool calls are a window of their own."""
    reading = parse(body, 200, NOW)

    assert reading.windows == windows
    assert (reading.at, reading.level, reading.balance) == (NOW, "lite", None)


# -- traps ------------------------------------------------------------------------------------------------------------


def test_neither_order_nor_reset_time_tells_which_window_it_is():
    """The week may come first, and reset sooner than the five hours."""
    reading = read(
        {**WEEK, "percentage": 90, "nextResetTime": ms(HOUR)},
        {**FIVE, "percentage": 10, "nextResetTime": ms(4 * HOUR)},
    )

    assert [(w.name, w.used_percent, w.resets_at) for w in reading.windows] == [
        ("5h", 10.0, NOW + 4 * HOUR),
        ("week", 90.0, NOW + HOUR),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "CREDIT_LIMIT", "unit": 5, "number": 1, "percentage": 1},
        {"type": "TIME_LIMIT", "unit": 3, "number": 5, "percentage": 1},
        {"type": "CREDIT_LIMIT", "unit": 4, "number": 1, "percentage": 1},
        {"type": "CREDIT_LIMIT", "unit": 3, "number": 1, "percentage": 1},
        {"type": "MCP_LIMIT", "unit": 3, "number": 5, "percentage": 1},
        {"type": ["CREDIT_LIMIT"], "unit": 3, "percentage": 1},
        {"type": "CREDIT_LIMIT", "percentage": 1},
        {"type": "CREDIT_LIMIT", "unit": True, "percentage": 1},
        {"unit": 3, "percentage": 1},
        {},
        None,
        "CREDIT_LIMIT",
        [FIVE],
    ],
)
def test_unknown_windows_hide_no_known_ones(odd):
    """What later plans may add, before and after; alone it is a form that we do not know."""
    reading = read(odd, {**FIVE, "percentage": 10}, odd, {**WEEK, "percentage": 20}, odd)

    assert [(w.name, w.used_percent) for w in reading.windows] == [("5h", 10.0), ("week", 20.0)]
    with pytest.raises(NoReading) as raised:
        read(odd)
    assert raised.value.why == "odd"


@pytest.mark.parametrize(
    ("fields", "percent"),
    [
        ({"percentage": 17}, 17.0),
        ({"percentage": 17.4}, 17.4),
        ({"percentage": "17"}, 17.0),
        ({"percentage": " 17 % "}, 17.0),
        ({"percentage": "17.5%"}, 17.5),
        ({"percentage": 0}, 0.0),
        ({"percentage": 100.4}, 100.0),
        ({"percentage": 1e17}, 100.0),
        ({"percentage": 1e300}, None),
        ({}, None),
        ({"percentage": None}, None),
        ({"percentage": ""}, None),
        ({"percentage": "full"}, None),
        ({"percentage": "%"}, None),
        ({"percentage": -1}, None),
        ({"percentage": True}, None),
        ({"percentage": False}, None),
        ({"percentage": [17]}, None),
        ({"percentage": float("nan")}, None),
        ({"percentage": float("inf")}, None),
        ({"percentage": 10**400}, None),
        ({"percentage": "1e999"}, None),
        ({"percentage": "nan"}, None),
        ({"percentage": "1_7"}, None),
        ({"percentage": "١٧"}, None),
        ({"usage": 2000, "currentValue": 25}, 1.25),
        ({"usage": "2000", "currentValue": "25", "percentage": 1}, 1.25),
        ({"usage": 2000, "currentValue": 25, "percentage": None}, 1.25),
        ({"usage": 2000, "currentValue": 3000}, 100.0),
        ({"usage": 1e-300, "currentValue": 1e17}, 100.0),
        ({"usage": 1e308, "currentValue": 1e307, "percentage": 9}, 9.0),
        ({"usage": 2000, "currentValue": None, "percentage": 9}, 9.0),
        ({"usage": 2000, "remaining": 200}, 90.0),
        ({"usage": 2000}, None),
        ({"usage": 0, "currentValue": 0}, None),
        ({"usage": 0, "currentValue": 0, "percentage": 100}, 100.0),
        ({"usage": -5, "currentValue": 1, "percentage": 3}, 3.0),
        ({"usage": 2000, "currentValue": -1}, None),
        ({"currentValue": 10}, None),
    ],
)
def test_how_full_a_window_is(fields, percent):
    """The exact numbers rather than the rounded percentage; what is no number is unknown, never 0."""
    found = only({**FIVE, **fields}).used_percent

    assert found == (None if percent is None else pytest.approx(percent))


def test_what_is_known_of_the_limit_is_kept():
    """Also where it does not tell how full the window is."""
    found = only({**FIVE, "usage": 2000, "percentage": 9})
    assert (found.limit, found.used, found.unit, found.read_at, found.source) == (
        2000.0,
        None,
        "credits",
        NOW,
        "reported",
    )


@pytest.mark.parametrize(
    ("raw", "resets_in"),
    [
        (ms(2 * HOUR), 2 * HOUR),
        (str(ms(2 * HOUR)), 2 * HOUR),
        (float(ms(2 * HOUR)), 2 * HOUR),
        (None, None),
        (0, None),
        (ms(-1), None),
        (ms(0), None),
        (round(NOW + 2 * HOUR), None),
        (ms(7 * HOUR), None),
        (ms(2 * HOUR) * 1000, None),
        (-5, None),
        (True, None),
        ("tomorrow", None),
        (float("inf"), None),
        (10**400, None),
        ({"ms": 1}, None),
    ],
)
def test_when_a_window_resets(raw, resets_in):
    """Milliseconds, in the future and no farther away than the window is long."""
    found = only({**FIVE, "percentage": 1, "nextResetTime": raw}).resets_at

    assert found == (None if resets_in is None else NOW + resets_in)


@pytest.mark.parametrize(("unit", "number"), [(6, 1), (6, 7), (6, None), ("6", "7"), (6.0, "1")])
def test_a_week_in_each_spelling(unit, number):
    """`6,1` and `6,7` were both seen."""
    found = only({"type": "CREDIT_LIMIT", "unit": unit, "number": number, "percentage": 1})
    assert found.name == "week"


def test_of_two_the_first_usable_one_counts():
    """One that tells nothing does not hide a later one; a later one does not take the place of one that tells."""
    dumb, first, second = {**FIVE}, {**FIVE, "percentage": 10}, {**FIVE, "percentage": 20}

    assert only(dumb).used_percent is None
    for limits in ([dumb, first, second], [first, second], [first, dumb, second]):
        (found,) = read(*limits).windows
        assert found.used_percent == 10.0


@pytest.mark.parametrize(
    ("data", "level"),
    [
        ({"level": "pro"}, "pro"),
        ({"level": None}, ""),
        ({}, ""),
        ({"level": 7}, ""),
        ({"level": " "}, ""),
        ({"level": None, "planName": "GLM Max"}, "GLM Max"),
        ({"plan": "standard"}, "standard"),
        ({"packageName": "p"}, "p"),
        ({"level": "a\nb\ud800" + "x" * 90}, "ab" + "x" * 38),
    ],
)
def test_the_plan_in_the_services_word(data, level):
    """Under each name it was seen under; nothing that a status line or a database would stumble over."""
    told = {"code": 200, "success": True, "data": {**data, "limits": [{**FIVE, "percentage": 1}]}}
    assert parse(json.dumps(told).encode(), 200, NOW).level == level


# -- no reading -------------------------------------------------------------------------------------------------------

REFUSALS = {
    "bad key": (b'{"code": 401, "msg": "token expired or incorrect", "success": false}', 200, "auth"),
    "no header": ('{"code": 1001, "msg": "未收到", "success": false}'.encode(), 200, "auth"),
    "authentication failed": (
        b'{"code": "1000", "msg": "Authentication Failed", "success": false}',
        200,
        "auth",
    ),
    "as the models' routes say it": (b'{"error": {"code": "1002", "message": "no"}}', 401, "auth"),
    "a plain 401": (b"", 401, "auth"),
    "a plain 403": (b"<html>no</html>", 403, "auth"),
    "no plan": ('{"code": 500, "msg": "您没有 Coding Plan 套餐", "success": false}'.encode(), 200, "no_plan"),
    "no plan, with its status": (b'{"code": 500, "msg": "no coding plan", "success": false}', 500, "no_plan"),
    "it failed": (b'{"code": 500, "msg": "try later", "success": false}', 200, "http"),
    "too many": (b'{"code": 1302, "msg": "slow", "success": false}', 429, "http"),
    "refused, it does not say why": (b'{"success": false}', 200, "http"),
    "refused in words": (b'{"error": "no", "data": {"limits": []}}', 200, "http"),
    "gone": (b"Not Found", 404, "http"),
    "down": (b"<html>", 503, "http"),
    "team": (b'{"code": 200, "msg": "success", "success": true, "data": {}}', 200, "team"),
    "null": (b'{"code": 200, "success": true, "data": null}', 200, "odd"),
    "a list": (b'{"code": 200, "success": true, "data": [1]}', 200, "odd"),
    "a list at the top": (b"[]", 200, "odd"),
    "a number": (b"17", 200, "odd"),
    "no limits": (b'{"code": 200, "success": true, "data": {"level": "pro"}}', 200, "odd"),
    "no list of limits": (b'{"code": 200, "success": true, "data": {"limits": {"5h": 1}}}', 200, "odd"),
    "an empty list of limits": (b'{"code": 200, "success": true, "data": {"limits": []}}', 200, "odd"),
    "a page": (b"<!doctype html><html></html>", 200, "not_json"),
    "nothing": (b"", 200, "not_json"),
    "half of it": (answer({**FIVE, "percentage": 1})[:60], 200, "not_json"),
    "no UTF-8": (b'{"code": 200, "\xff', 200, "not_json"),
    "deep": (b"[" * 200_000, 200, "not_json"),
    "a number of many digits": (b'{"code": 200, "data": ' + b"9" * 5000 + b"}", 200, "not_json"),
}


@pytest.mark.parametrize(("body", "status", "why"), REFUSALS.values(), ids=list(REFUSALS))
def test_no_reading_and_why(body, status, why):
    """One kind of error for all of them, with a sentence of its own for each why."""
    with pytest.raises(NoReading) as raised:
        parse(body, status, NOW)

    assert raised.value.why == why
    assert raised.value.status in {status, None}


def test_each_why_has_its_sentence():
    """And a why that a later version wrote down has one too."""
    sentences = {NoReading("HTTP 503", why=why, host="api.example").user_text for why in NoReading.whys}

    assert len(sentences) == len(NoReading.whys)
    assert all("api.example" in sentence for sentence in sentences)
    assert NoReading(why="of tomorrow").user_text == NoReading(why="odd").user_text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
odd_numbers = st.sampled_from([3, 5, 6, 1, 7, "3", "17%", None, True, -1, 0, 1e308, 10**400]) | json_values
limits = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["CREDIT_LIMIT", "TOKENS_LIMIT", "TIME_LIMIT"]) | json_values,
        **dict.fromkeys(
            ["unit", "number", "percentage", "usage", "currentValue", "remaining", "nextResetTime"],
            odd_numbers,
        ),
    },
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from([200, "200", 401, 500]) | json_values,
        "success": st.booleans() | json_values,
        "msg": json_values,
        "data": st.fixed_dictionaries(
            {}, optional={"level": json_values, "limits": st.lists(limits | json_values, max_size=5)}
        )
        | json_values,
    },
)


def known(none: NoReading) -> None:
    assert none.why in NoReading.whys
    assert none.user_text


@given(answers | json_values, st.sampled_from([200, 401, 404, 500]))
def test_any_json_is_a_reading_or_none(value, status):
    """Nothing else is raised; percentages lie in 0..100, resets in the future, and each window comes once."""
    try:
        reading = parse(json.dumps(value).encode(), status, NOW)
    except NoReading as none:
        known(none)
        return
    names = [found.name for found in reading.windows]
    assert names == sorted(set(names), key=["5h", "week", "month"].index)
    for found in reading.windows:
        assert found.used_percent is None or 0 <= found.used_percent <= 100
        assert found.resets_at is None or found.resets_at > NOW


nothing_said = st.sampled_from(
    [None, True, False, "", " ", "none", "%", -1, "-0.5", float("nan"), float("inf"), 10**400, [], [0], {}]
)


@given(
    st.sampled_from([FIVE, WEEK, {"type": "TOKENS_LIMIT", "unit": 3}, {"type": "TIME_LIMIT", "unit": 5}]),
    st.dictionaries(st.sampled_from(["percentage", "currentValue", "nextResetTime"]), nothing_said),
    st.dictionaries(st.just("usage"), nothing_said | st.sampled_from([0, 2000, "2000"])),
)
def test_unknown_is_never_0_percent(kind, fields, total):
    """A window that the service told no number of is not empty."""
    assert only({**kind, **fields, **total}).used_percent is None


@given(
    st.binary(max_size=200) | answers.map(lambda value: json.dumps(value).encode()[:-3]),
    st.integers(100, 599),
)
def test_any_bytes_are_a_reading_or_none(body, status):
    """Also with any status, for both endpoints."""
    for reader in (parse, parse_balance):
        try:
            assert reader(body, status, NOW).at == NOW
        except NoReading as none:
            known(none)


# -- the balance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "balance"),
    [
        ({"balance": 12.5, "availableBalance": 9.25, "frozenBalance": 3.25}, 9.25),
        ({"balance": 12.5}, 12.5),
        ({"balance": "12.50", "availableBalance": None}, 12.5),
        ({"availableBalance": -0.35}, -0.35),
        ({"availableBalance": 0}, 0.0),
        ({"availableBalance": True}, None),
        ({"availableBalance": float("nan")}, None),
        ({}, None),
    ],
)
def test_the_balance(data, balance):
    """What is free to be spent, else the whole; unknown is never 0."""
    body = json.dumps({"code": 200, "success": True, "data": data}).encode()
    assert parse_balance(body, 200, NOW, "cny") == Reading(NOW, balance=balance, currency="cny")


@pytest.mark.parametrize("name", ["bad key", "a plain 401", "a page", "down", "null"])
def test_no_balance_and_why(name):
    """As for the quota."""
    body, status, why = REFUSALS[name]
    with pytest.raises(NoReading) as raised:
        parse_balance(body, status, NOW)
    assert raised.value.why == why
