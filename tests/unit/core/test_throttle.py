"""How much longer a pause must be while a quota fills up."""

from __future__ import annotations

from itertools import pairwise

import pytest

from zai_ls.core.throttle import stretch
from zai_ls.domain import Window


def windows(*used):
    return [Window("5h", percent, None, "reported") for percent in used]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param((), 1.0, id="no windows"),
        pytest.param((None,), 1.0, id="unknown is not full"),
        pytest.param((0.0,), 1.0, id="empty"),
        pytest.param((60.0,), 1.0, id="plenty"),
        pytest.param((77.5,), 2.5, id="half way"),
        pytest.param((95.0,), 4.0, id="nearly full"),
        pytest.param((130.0,), 4.0, id="more than full"),
        pytest.param((10.0, None, 95.0), 4.0, id="the fullest counts"),
    ],
)
def test_a_pause_is_stretched_as_a_window_fills(used, expected):
    """Not at all while there is plenty, up to four times."""
    assert stretch(windows(*used)) == pytest.approx(expected)


def test_it_only_grows():
    """With each per cent."""
    assert all(one <= other for one, other in pairwise(stretch(windows(float(n))) for n in range(120)))
