"""The bench's row about the choice of a model."""

from __future__ import annotations

import pytest

from bench.saving import MIX, measure
from zai_ls.core.actions import ACTIONS


def test_the_mix_is_a_whole():
    """Of actions that there are."""
    assert sum(MIX.values()) == pytest.approx(1)
    assert set(MIX) <= set(ACTIONS)


def test_the_choice_saves_something():
    """And says over what."""
    found = measure(every=150)

    assert found.functions > 20
    assert 0 < found.ratio < 1
    assert sum(found.shares.values()) == pytest.approx(1)
    assert "% of the credits saved" in str(found)
