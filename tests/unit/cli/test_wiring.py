"""What a request costs an account, by its plan and its host."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zai_ls.catalogue import Catalogue
from zai_ls.cli.wiring import cost_in
from zai_ls.dispatch import Cost
from zai_ls.domain import Account, Secret, Usage

USAGE = Usage(10_000, 0, 1_000)
PEAK = datetime(2026, 10, 5, 7, 0, tzinfo=UTC).timestamp()
WORLD, CHINA = "https://api.z.ai/api/paas/v4", "https://open.bigmodel.cn/api/paas/v4"


@pytest.mark.parametrize(
    ("plan", "base_url", "model", "cost"),
    [
        ("pro", WORLD, "glm-5", Cost(credits=9.3, prompts=3.0)),
        ("pro", WORLD, "glm-4.7", Cost(credits=6.2, prompts=1.0)),
        ("pro", CHINA, "glm-4.5-flash", Cost()),
        ("payg", WORLD, "glm-5", Cost(money=0.0132)),
        ("payg", CHINA, "glm-5", Cost(money=0.058)),
        ("payg", CHINA, "glm-4.5", Cost(money=7.1 * 0.0082)),
        ("payg", WORLD, "mine", Cost()),
    ],
)
def test_a_plan_takes_from_windows_and_else_money_is_paid(plan, base_url, model, cost):
    """In the account's own currency; a model that has no price in it is taken at the other's."""
    found = cost_in(Catalogue.load())(
        Account("a", base_url, "openai", Secret("k"), plan=plan), model, USAGE, PEAK
    )
    assert (found.credits, found.prompts) == (pytest.approx(cost.credits), cost.prompts)
    assert found.money == pytest.approx(cost.money)
