"""Two weeks of mixed use of both generations of plans: what the throttle promises, held against the service's own count."""

from __future__ import annotations

import pytest

from tests.integration.fortnight import fortnight


@pytest.mark.parametrize("unit", ["credits", "prompts"])
async def test_a_fortnight(unit, tmp_path):
    """Explicit work goes on to the end, typing leaves the reserve alone, estimates hold between readings, refusals are obeyed."""
    found = await fortnight(tmp_path, unit=unit)

    assert found.refused_actions == []
    assert found.into_reserve == []
    assert found.wrong_estimates == []
    assert found.wrong_after_reading == []
    assert found.too_early == []
    assert found.sent["typing"] > 500
    assert found.sent["action"] > 100
    assert found.refusals > 10
    assert found.held_back["typing"] > 100
    assert found.held_back["action"] > 10, "windows do run out"
    assert found.questions < 14 * 4 * 60 / 2, "not at every minute"
