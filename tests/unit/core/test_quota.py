"""Windows estimated from the ledger: blocks that open at the first use and refill whole."""

from __future__ import annotations

import pytest

from zai_ls.catalogue import PlanWindow
from zai_ls.core.quota import Spent, estimated

HOUR = 3600.0
FIVE_HOURS = PlanWindow("5h", 5 * HOUR, credits=100, prompts=10)


@pytest.mark.parametrize(
    ("spent", "now", "used", "resets_at"),
    [
        ([], 0, 0, None),
        ([(0, 30)], 1, 30, 5 * HOUR),
        ([(0, 30), (HOUR, 20)], 2 * HOUR, 50, 5 * HOUR),
        ([(0, 30), (HOUR, 20)], 5 * HOUR - 1, 50, 5 * HOUR),
        ([(0, 30), (HOUR, 20)], 5 * HOUR, 0, None),
        ([(0, 30), (5 * HOUR, 20)], 5 * HOUR, 20, 10 * HOUR),
        ([(0, 30), (7 * HOUR, 20)], 8 * HOUR, 20, 12 * HOUR),
        ([(0, 300)], 1, 100, 5 * HOUR),
    ],
    ids=["idle", "one", "two in a block", "last second", "refilled", "opens anew", "opens late", "over"],
)
def test_a_block_opens_at_the_first_use_and_refills_whole(spent, now, used, resets_at):
    """Percent used of 100, and when the block that is open now ends; no block is open while nothing is used."""
    (window,) = estimated([FIVE_HOURS], [Spent(at, cost) for at, cost in spent], now)

    assert (used, resets_at, "estimated") == (window.used_percent, window.resets_at, window.source)
