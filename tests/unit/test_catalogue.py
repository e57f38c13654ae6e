from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import get_args

import pytest

from zai_ls.catalogue import Catalogue, dialect_of, is_this_machine
from zai_ls.domain import PlanName, Usage

CATALOGUE = Catalogue.load()
BEIJING = timezone(timedelta(hours=8))
PEAK = datetime(2026, 10, 5, 15, 0, tzinfo=BEIJING).timestamp()
"""A Monday."""
OFF_PEAK = datetime(2026, 10, 5, 9, 0, tzinfo=BEIJING).timestamp()


@pytest.mark.parametrize("plan", get_args(PlanName))
def test_each_plan_can_ask_for_the_models_it_names(plan):
    """A default that the service would refuse (1311) is no default."""
    entry = CATALOGUE.plan(plan)
    for model in (entry.light, entry.standard, entry.strong, entry.completion):
        assert not CATALOGUE.model(model).unknown
        assert CATALOGUE.has(plan, model)
        assert model in CATALOGUE.models_of(plan)


def test_the_models_of_the_thresholds():
    """Light, standard and strong; Lite has no glm-5 and goes on with the standard one."""
    names = {plan: (e.light, e.standard, e.strong) for plan, e in CATALOGUE.plans.items()}
    assert names["payg"] == names["pro"] == names["max"] == ("glm-4.5-air", "glm-4.7", "glm-5")
    assert names["lite"] == ("glm-4.5-air", "glm-4.7", "glm-4.7")
    assert not CATALOGUE.has("lite", "glm-5")


@pytest.mark.parametrize("name", CATALOGUE.models)
def test_each_entry_makes_sense(name):
    """Bounds fit into each other, tiers begin at 0, and a price out is never below the price in."""
    model = CATALOGUE.model(name)
    assert 0 < model.thinking.room < model.max_output <= model.context
    assert model.plans
    assert model.thinking.can_disable or model.thinking.auto
    for tiers in (model.usd, model.cny):
        assert not tiers or tiers[0][0] == 0
        for _, rates in tiers:
            assert 0 <= rates.cached <= rates.input <= rates.output
    if model.thinking.efforts:
        assert model.thinking.auto_effort in model.thinking.efforts


def test_a_plan_that_has_a_model_knows_its_credits():
    """Else the ledger could not say what a request costs the plan."""
    for name, model in CATALOGUE.models.items():
        if {"lite", "pro", "max"} & model.plans:
            assert model.credits is not None, name


def test_an_unknown_model_is_safe():
    """Small bounds, no vendor fields, no price, the dearest credits; allowed everywhere: the service will say."""
    model = CATALOGUE.model("SmolLM2-135M")
    assert (model.name, model.unknown, model.thinking.auto) == ("SmolLM2-135M", True, False)
    assert CATALOGUE.has("lite", "SmolLM2-135M")
    usage = Usage(1000, 0, 1000)
    assert CATALOGUE.price("SmolLM2-135M", usage) is None
    assert CATALOGUE.credits("SmolLM2-135M", usage, PEAK) == max(
        CATALOGUE.credits(m, usage, PEAK) for m in CATALOGUE.models
    )


def test_names_come_in_any_case():
    """The service's own replies write GLM-4.7."""
    assert CATALOGUE.model("GLM-4.7") is CATALOGUE.model("glm-4.7")


@pytest.mark.parametrize(
    ("when", "peak"),
    [
        ("2026-10-05 13:59:59", False),
        ("2026-10-05 14:00:00", True),
        ("2026-10-05 17:59:59", True),
        ("2026-10-05 18:00:00", False),
        ("2026-10-09 15:00:00", True),
        ("2026-10-10 15:00:00", False),
        ("2026-10-11 15:00:00", False),
    ],
)
def test_peak_hours(when, peak):
    """Monday to Friday, 14 to 18 o'clock in Beijing, wherever the reader is."""
    assert CATALOGUE.peak.covers(datetime.fromisoformat(when + "+08:00").timestamp()) is peak


@pytest.mark.parametrize(
    ("model", "usage", "at", "expected"),
    [
        ("glm-5.3-flash", Usage(1500, 0, 60), PEAK, 0.393),
        ("glm-5.3-flash", Usage(1500, 0, 60), OFF_PEAK, 0.1965),
        ("glm-5.3", Usage(1500, 0, 60), PEAK, 1.179),
        ("glm-4.7", Usage(10_000, 4_000, 1_000), PEAK, (6_000 * 4.6 + 4_000 * 1.2 + 1_000 * 16) / 10_000),
        ("glm-4.7", Usage(100, 900, 0), PEAK, 100 * 1.2 / 10_000),
        ("glm-4.7-flash", Usage(10_000, 0, 1_000), PEAK, 0.0),
    ],
)
def test_credits(model, usage, at, expected):
    """Cached tokens are part of the prompt and count once; off-peak costs half."""
    assert CATALOGUE.credits(model, usage, at) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("model", "currency", "usage", "price"),
    [
        ("glm-4.7", "usd", Usage(1_000_000, 0, 0), 0.60),
        ("glm-4.7", "usd", Usage(1_000_000, 500_000, 100_000), 0.3 + 0.055 + 0.22),
        ("glm-5", "cny", Usage(31_999, 0, 0), 31_999 * 4e-6),
        ("glm-5", "cny", Usage(32_000, 0, 1000), 32_000 * 6e-6 + 1000 * 22e-6),
        ("glm-4.7-flash", "usd", Usage(1000, 0, 1000), 0.0),
        ("glm-4.5-air", "cny", Usage(1000, 0, 1000), None),
    ],
)
def test_prices(model, currency, usage, price):
    """Per million tokens, by the length of the prompt; unknown is not "nothing"."""
    found = CATALOGUE.price(model, usage, currency)
    assert found == (None if price is None else pytest.approx(price))


@pytest.mark.parametrize(
    ("base_url", "product", "dialect"),
    [
        ("https://api.z.ai/api/paas/v4", "payg", "openai"),
        ("https://api.z.ai/api/paas/v4/", "payg", "openai"),
        ("https://open.bigmodel.cn/api/coding/paas/v4", "plan", "openai"),
        ("https://api.z.ai/api/anthropic", "plan", "anthropic"),
        ("https://example.org/api/paas/v4", None, "openai"),
        ("https://example.org/anthropic/", None, "anthropic"),
        ("http://localhost:8080/v1", None, "openai"),
    ],
)
def test_endpoints(base_url, product, dialect):
    """Which product a base URL belongs to, and which dialect its path says."""
    endpoint = CATALOGUE.endpoint(base_url)
    assert (endpoint and endpoint.product) == product
    assert dialect_of(base_url) == dialect
    if endpoint:
        assert endpoint.dialect == dialect
        assert endpoint.base_url == base_url.rstrip("/")
        assert CATALOGUE.is_vendor(base_url)


def test_an_overlay_goes_on_top():
    """Fields of a known model one by one, new models whole, other codes."""
    catalogue = Catalogue.load(
        {
            "models": {
                "glm-5": {"plans": ["payg", "lite"], "usd": [9, 1, 9]},
                "mine": {"role": "light", "context": 8192, "max_output": 1024, "plans": ["payg"]},
            },
            "codes": {"1399": {"error": "Overloaded", "status": 429}},
            "plans": {
                "lite": {
                    "roles": {"light": "mine", "standard": "mine", "strong": "glm-5", "completion": "mine"}
                }
            },
        }
    )
    assert catalogue.problems == ()
    assert catalogue.has("lite", "glm-5")
    assert catalogue.model("glm-5").context == CATALOGUE.model("glm-5").context
    assert catalogue.price("glm-5", Usage(1_000_000, 0, 0)) == 9
    assert not catalogue.model("mine").unknown
    assert catalogue.codes["1399"].error == "Overloaded"
    assert catalogue.plan("lite").light == "mine"


@pytest.mark.parametrize(
    ("overlay", "named"),
    [
        ({"models": {"glm-5": {"context": "long"}}}, "models.glm-5"),
        ({"models": {"glm-5": {"usd": [1, 2]}}}, "models.glm-5"),
        ({"models": {"glm-5": {"usd": [1, 2, -3]}}}, "models.glm-5"),
        ({"models": {"glm-5": {"plans": ["gold"]}}}, "models.glm-5"),
        ({"models": {"glm-5": {"thinking": {"efforts": ["low"], "auto_effort": "high"}}}}, "models.glm-5"),
        ({"models": {"glm-5": 7}}, "models.glm-5"),
        ({"models": {"mine": {"role": "light"}}}, "models.mine"),
        ({"models": 7}, "models"),
        ({"plans": {"gold": {"title": "x", "windows": [], "roles": {}}}}, "plans.gold"),
        ({"codes": {"1": {}}}, "codes.1"),
    ],
)
def test_a_bad_entry_falls_back_alone(overlay, named):
    """The sentence names the entry; everything else counts, the other overlay entries too."""
    models = overlay.get("models", {})
    if isinstance(models, dict):
        overlay = {**overlay, "models": {**models, "glm-4.7": {"note": "mine"}}}
    catalogue = Catalogue.load(overlay)
    assert len(catalogue.problems) == 1
    assert f" {named} " in catalogue.problems[0]
    assert catalogue.model("glm-5") == CATALOGUE.model("glm-5")
    if isinstance(models, dict):
        assert catalogue.model("glm-4.7").note == "mine"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("127.evil.example", False),
        ("localhost.evil.example", False),
        ("127.1", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_only_this_machines_own_addresses_count_as_such(host, expected):
    """A key goes over plain http to a loopback address only; a name that looks like one is another machine."""
    assert expected is is_this_machine(host)
