from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import get_args

import pytest

from zai_ls.catalogue import Catalogue, currency_of, dialect_of, is_this_machine
from zai_ls.core.routing import Routing
from zai_ls.domain import PlanName, Usage

CATALOGUE = Catalogue.load()
BEIJING = timezone(timedelta(hours=8))
PEAK = datetime(2026, 10, 5, 15, 0, tzinfo=BEIJING).timestamp()
"""A Monday."""
SUNDAY_PEAK = datetime(2026, 10, 4, 15, 0, tzinfo=BEIJING).timestamp()
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
        ("glm-4.5-air", "cny", Usage(1000, 0, 1000), 7.1 * (1000 * 0.2e-6 + 1000 * 1.1e-6)),
        ("mine", "cny", Usage(1000, 0, 1000), None),
    ],
)
def test_prices(model, currency, usage, price):
    """Per million tokens, by the length of the prompt; unknown is not "nothing"."""
    found = CATALOGUE.price(model, usage, currency)
    assert found == (None if price is None else pytest.approx(price))


@pytest.mark.parametrize("model", [name for name, entry in CATALOGUE.models.items() if entry.role == "free"])
def test_a_free_model_takes_nothing(model):
    """Neither credits nor prompts nor money, at any hour; also where its entry tells no factors."""
    for at in (PEAK, OFF_PEAK):
        assert CATALOGUE.credits(model, Usage(1000, 0, 1000), at) == 0
        assert CATALOGUE.prompts(model, at) == 0
    assert CATALOGUE.price(model, Usage(1000, 0, 1000), "cny") == 0


@pytest.mark.parametrize(
    ("base_url", "currency"),
    [
        ("https://open.bigmodel.cn/api/paas/v4", "cny"),
        ("https://bigmodel.cn/api", "cny"),
        ("https://OPEN.BigModel.cn:443/api", "cny"),
        ("https://notbigmodel.cn/api", "usd"),
        ("https://bigmodel.cn.example.com/api", "usd"),
        ("https://api.z.ai/api/paas/v4", "usd"),
        ("", "usd"),
    ],
)
def test_in_what_an_account_is_billed(base_url, currency):
    """The vendor's hosts in China take yuan."""
    assert currency_of(base_url) == currency


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
                "mine": {"role": "light", "context": 8192, "max_output": 1024, "plans": ["payg", "lite"]},
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
        ({"models": {"glm-5": True}}, "models.glm-5"),
        ({"models": {"glm-5": {"prompts": [1]}}}, "models.glm-5"),
        ({"models": {"glm-5": {"prompts": [1, -1]}}}, "models.glm-5"),
        ({"models": {"glm-5": {"off_peak": 2}}}, "models.glm-5"),
        ({"plans": {"pro": False}}, "plans.pro"),
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


K, M = 1_000, 1_000_000
ENTRIES = {
    # name: role, context, longest reply, plans, usd, cny from 0 tokens, credits, prompts at peak and off, stops thinking, thinks by itself
    "glm-5.3": ("strong", M, 131_072, "payg lite pro max", (1.4, 0.26, 4.4), (8, 2, 28), (6.9, 1.7, 24), (3, 2), False, True),
    "glm-5.3-flash": ("light", M, 131_072, "payg lite pro max", (0.15, 0.03, 0.5), (0.8, 0.23, 2.8), (2.3, 0.56, 8), (1, 1), False, True),
    "glm-5.2": ("strong", M, 131_072, "payg lite pro max", (1.4, 0.26, 4.4), (8, 2, 28), (6.9, 1.7, 24), (3, 2), True, True),
    "glm-5.1": ("strong", 200 * K, 131_072, "payg pro max", (1.4, 0.26, 4.4), (6, 1.3, 24), (6.9, 1.7, 24), (3, 2), True, True),
    "glm-5-turbo": ("strong", 200 * K, 131_072, "payg lite pro max", (1.2, 0.24, 4), (5, 1.2, 22), (5.7, 1.5, 21), (3, 2), True, True),
    "glm-5v-turbo": ("vision", 200 * K, 131_072, "payg", (1.2, 0.24, 4), (5, 1.2, 22), None, (1, 1), True, False),
    "glm-5": ("strong", 200 * K, 131_072, "payg pro max", (1, 0.2, 3.2), (4, 1, 18), (6.9, 1.7, 24), (3, 2), True, True),
    "glm-5-code": ("code", 200 * K, 131_072, "payg pro max", (1.2, 0.3, 5), None, (6.9, 1.7, 24), (3, 2), True, True),
    "glm-4.7": ("standard", 204_800, 131_072, "payg lite pro max", (0.6, 0.11, 2.2), (3, 0.6, 14), (4.6, 1.2, 16), (1, 1), True, True),
    "glm-4.6": ("standard", 204_800, 131_072, "payg lite pro max", (0.6, 0.11, 2.2), None, (4.6, 1.2, 16), (1, 1), True, True),
    "glm-4.5": ("standard", 131_072, 98_304, "payg lite pro max", (0.6, 0.11, 2.2), None, (4.6, 1.2, 16), (1, 1), True, True),
    "glm-4.5-x": ("standard", 131_072, 98_304, "payg", (2.2, 0.45, 8.9), None, None, (1, 1), True, True),
    "glm-4.5-air": ("light", 131_072, 98_304, "payg lite pro max", (0.2, 0.03, 1.1), None, (4.6, 1.2, 16), (1, 1), True, False),
    "glm-4.5-airx": ("light", 131_072, 98_304, "payg", (1.1, 0.22, 4.5), None, None, (1, 1), True, False),
    "glm-4.7-flashx": ("light", 204_800, 131_072, "payg", (0.07, 0.01, 0.4), None, None, (1, 1), True, False),
    "glm-4.7-flash": ("free", 204_800, 131_072, "payg lite pro max", (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0), True, False),
    "glm-4.5-flash": ("free", 131_072, 98_304, "payg lite pro max", (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0), True, False),
    "glm-4.6v": ("vision", 131_072, 32_768, "payg lite pro max", (0.3, 0.05, 0.9), (1, 0.2, 3), (1.2, 0.3, 2.7), (1, 1), True, False),
    "glm-4.6v-flash": ("free", 131_072, 32_768, "payg", (0, 0, 0), (0, 0, 0), None, (1, 1), True, False),
    "glm-4.6v-flashx": ("vision", 131_072, 32_768, "payg", (0.04, 0.004, 0.4), None, None, (1, 1), True, False),
}  # fmt: skip


def test_the_table_has_every_entry():
    """A new model gets its row here."""
    assert list(ENTRIES) == list(CATALOGUE.models)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_each_entry_says(name):
    """Role, bounds, access, prices and factors, one by one: a slip of the pen in the catalogue is read by nobody else."""
    role, context, longest, plans, usd, cny, in_credits, prompts, stops, thinks = ENTRIES[name]
    entry = CATALOGUE.model(name)

    def first(tiers):
        return (tiers[0][1].input, tiers[0][1].cached, tiers[0][1].output) if tiers else None

    assert (entry.role, entry.context, entry.max_output) == (role, context, longest)
    assert entry.plans == set(plans.split())
    assert (first(entry.usd), first(entry.cny)) == (usd, cny)
    found = entry.credits and (entry.credits.input, entry.credits.cached, entry.credits.output)
    assert (found, entry.prompts, entry.off_peak) == (in_credits, prompts, None)
    assert (entry.thinking.can_disable, entry.thinking.auto) == (stops, thinks)
    assert (entry.certain, entry.unknown) == (name != "glm-5-code", False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("glm-5", "undocumented; their FAQ says three times"),
        ("glm-5-code", "not certain"),
        ("glm-5.1", "Sources disagree"),
        ("glm-4.7", "128K to 200K"),
        ("glm-4.6", "128K to 200K"),
        ("glm-4.5", "One price map says 32K"),
        ("glm-4.5-air", "No published credit factors"),
        ("glm-4.7-flash", "Not part of the plans"),
        ("glm-5.3", "refused with 1210 on pay-as-you-go and ignored on the plan"),
    ],
)
def test_where_sources_disagree_the_entry_says_so(name, words):
    """For whoever wonders why a number is what it is."""
    assert words in CATALOGUE.model(name).note


@pytest.mark.parametrize(
    ("model", "at", "factor", "prompts"),
    [
        ("glm-5", PEAK, 1.0, 3),
        ("glm-5", OFF_PEAK, 0.5, 2),
        ("glm-5", SUNDAY_PEAK, 0.5, 3),
        ("glm-4.7", PEAK, 1.0, 1),
        ("glm-4.7-flash", PEAK, 1.0, 0),
        ("mine", PEAK, 1.0, 3),
    ],
)
def test_factors_at_peak_and_outside(model, at, factor, prompts):
    """Credits have peak hours on weekdays, the older plans' prompts on every day."""
    assert CATALOGUE.credit_factor(model, at) == factor
    assert CATALOGUE.prompts(model, at) == prompts
    assert CATALOGUE.is_dear(model, at, "credits") == (at == PEAK)
    assert CATALOGUE.is_dear(model, at, "prompts") == (prompts == 3)
    assert not CATALOGUE.is_dear(model, at, "money")


def test_a_model_may_have_its_own_factor():
    """As the vendor's promotions do; and a role may be changed by itself."""
    laid = Catalogue.load(
        {
            "models": {"glm-5": {"off_peak": 1.0, "prompts": [3, 1]}},
            "plans": {"pro": {"roles": {"strong": "glm-5.3"}}},
        }
    )
    assert laid.problems == ()
    assert laid.credit_factor("glm-5", OFF_PEAK) == 1.0
    assert laid.prompts("glm-5", OFF_PEAK) == 1
    assert laid.credit_factor("glm-4.7", OFF_PEAK) == 0.5
    assert not laid.is_dear("glm-5", PEAK, "credits")
    assert (laid.plan("pro").strong, laid.plan("pro").light) == ("glm-5.3", "glm-4.5-air")
    assert laid.plan("pro").windows == CATALOGUE.plan("pro").windows


def test_a_model_is_taken_away():
    """No plan has it then, and it is not mistaken for an unknown one that may be tried; a cheaper one has its role."""
    laid = Catalogue.load({"models": {"glm-5": False, "glm-5.3-flash": False}})

    assert laid.problems == ()
    assert "glm-5" not in laid.models
    assert not laid.has("pro", "glm-5")
    assert not laid.has("pro", "GLM-5")
    assert laid.has("pro", "glm-5.3")
    assert Routing(laid, "pro").model_of("strong") == "glm-4.7"
    without = Catalogue.load({"models": {"glm-4.5-air": False}})
    assert [Routing(without, "pro").model_of(tier) for tier in ("light", "code")] == ["glm-4.7", "glm-4.7"]


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ({"plans": {"lite": {"roles": {"strong": "glm-5"}}}}, "plans.lite.roles.strong names glm-5, which the plan lite does not include"),
        ({"plans": {"pro": {"roles": {"spare": ["glm-5.3", "glm-9"]}}}}, "plans.pro.roles.spare names glm-9, of which nothing is known"),
        ({"plans": {"lite": {"roles": {"strong": "glm-5"}}}, "models": {"glm-5": {"plans": ["lite"]}}}, ""),
        ({"plans": {"max": {"roles": {"specialist": ""}}}}, ""),
    ],
)  # fmt: skip
def test_a_plans_model_that_it_lacks_or_nobody_knows_is_told(overlay, told):
    """The lacking one is never asked for; the unknown one is, with safe defaults. Both are said when the file is read."""
    catalogue = Catalogue.load(overlay)
    assert len(catalogue.problems) == bool(told)
    assert all(told in problem for problem in catalogue.problems)


GOOD = {"role": "light", "context": 8192, "max_output": 1024, "plans": ["payg"]}


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ({"models": {"glm-5": {"contxt": 5}}}, "models.glm-5.contxt means nothing and is ignored. The nearest name that is known is context"),
        ({"plans": {"pro": {"roles": {"lihgt": "glm-5"}}}}, "plans.pro.roles.lihgt means nothing and is ignored. The nearest name that is known is light"),
        ({"modles": {}}, "entry modles means nothing and is ignored. The nearest name that is known is models"),
        ({"models": {"no-such": False}}, "models.no-such takes a model away that is not there"),
        ({"plans": {"payg": {"roles": {"light": 3}}}}, "plans.payg is not used: 3 is no model's name"),
        ({"models": {"mine": GOOD}}, ""),
    ],
)  # fmt: skip
def test_what_means_nothing_is_told(overlay, told):
    """A slip of the pen is named, with what may be meant; the rest of the entry counts."""
    catalogue = Catalogue.load(overlay)
    assert len(catalogue.problems) == bool(told)
    assert all(told in problem for problem in catalogue.problems)


@pytest.mark.parametrize(
    ("at", "prompts", "then"),
    [
        ("2026-10-05T13:20", False, "2026-10-05T14:00"),
        ("2026-10-05T14:00", False, "2026-10-05T18:00"),
        ("2026-10-05T17:59", False, "2026-10-05T18:00"),
        ("2026-10-02T18:00", False, "2026-10-05T14:00"),
        ("2026-10-02T18:00", True, "2026-10-03T14:00"),
    ],
    ids=["before", "at their start", "at their end", "a Friday evening", "older plans have them every day"],
)
def test_when_peak_hours_change(at, prompts, then):
    """In the vendor's zone; credits cost more on weekdays only."""
    changes = CATALOGUE.peak.changes_at(beijing(at), prompts=prompts)
    assert changes == beijing(then)


def beijing(text: str) -> float:
    return datetime.fromisoformat(f"{text}+08:00").timestamp()
