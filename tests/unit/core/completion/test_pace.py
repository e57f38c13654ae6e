"""When to ask, and when to stop listening."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.completion.replies import place_in
from zai_ls.core.completion import pace
from zai_ls.core.completion.pace import ModelPace, Spot, closes_early, debounce_s, spot_of

SPOTS: dict[Spot, str] = {
    "block": "def f():\n  ⎸",
    "line": "x = 1\n⎸",
    "opener": "x = ⎸",
    "border": "x ⎸",
    "word": "x⎸",
    "end": "f()⎸",
}


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("x = 1\n⎸", "line"),
        ("    ⎸x", "line"),
        ("if x:\n    ⎸", "block"),
        ("# what comes\n⎸", "block"),
        ("f(⎸)", "opener"),
        ("x = ⎸", "opener"),
        ("x =⎸", "opener"),
        ("os.⎸", "opener"),
        ("a, ⎸", "opener"),
        ("if x:⎸", "opener"),
        ("(x) =>⎸", "opener"),
        ("(x) => ⎸", "opener"),
        ("fn f() -> ⎸", "opener"),
        ("return ⎸", "opener"),
        ("x if y else ⎸", "opener"),
        ("    def ⎸", "opener"),
        ("returned ⎸", "border"),
        ("return(x) ⎸", "border"),
        ("x ⎸", "border"),
        ('"return" ⎸', "border"),
        ("a > ⎸", "border"),
        ("return⎸", "word"),
        ("x⎸", "word"),
        ("<br>⎸", "word"),
        ("f()⎸", "end"),
        ("'a'⎸", "end"),
        ("x;⎸", "end"),
        ("x = " + "a" * 100_000 + "  ⎸", "border"),
    ],
    ids=lambda value: value[-20:],
)
def test_which_spot_a_place_is(text, spot):
    """By what stands before the cursor in its line."""
    assert spot_of(place_in(text)) == spot


@pytest.mark.parametrize("spot", get_args(Spot))
def test_a_pause_is_longer_for_who_types_slowly(spot):
    """It is several of this person's usual gaps, and never very short; where nothing is written yet the rhythm does not matter."""
    place = place_in(SPOTS[spot])
    least, times = pace._WAITS[spot]

    assert debounce_s(place, [0.001] * 10) == pytest.approx(least)
    assert debounce_s(place, [0.3] * 10) == pytest.approx(min(pace._LONGEST_S, max(least, times * 0.3)))
    assert debounce_s(place, [2.0] * 10) == pytest.approx(pace._LONGEST_S if times else least)


def test_a_pause_is_shorter_where_more_may_follow():
    """Shortest at the start of a line, then where something was opened, then at a border, longest inside a word."""
    pauses = {spot: debounce_s(place_in(text), []) for spot, text in SPOTS.items()}

    assert pauses["block"] < pauses["line"] < pauses["opener"] < pauses["border"] < pauses["word"]
    assert pauses["opener"] < pauses["end"]


def test_few_keys_tell_no_rhythm():
    """Until there are enough, a usual one is taken; and one long gap among many changes nothing."""
    place = place_in(SPOTS["word"])

    assert debounce_s(place, [1.9] * 5) == debounce_s(place, []) == debounce_s(place, [pace.USUAL_GAP_S] * 10)
    assert debounce_s(place, [*[pace.USUAL_GAP_S] * 9, 2.0]) == debounce_s(place, [])
    assert debounce_s(place, [0.3] * 10) > debounce_s(place, [])


@pytest.mark.parametrize("spot", get_args(Spot))
def test_a_pause_grows_with_misses_latency_gaps_and_stretch(spot):
    """Each for itself never shortens it."""
    place = place_in(SPOTS[spot])
    ways = [
        [debounce_s(place, [], misses=misses) for misses in (0, 1, 2, 3, 5, 20, 10_000)],
        [debounce_s(place, [], latency_s=latency) for latency in (0.0, 1.0, 2.0, 3.0, 10.0, 600.0)],
        [debounce_s(place, [gap] * 9) for gap in (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)],
        [debounce_s(place, [], stretch=stretch) for stretch in (0.5, 1.0, 1.5, 4.0)],
    ]
    for pauses in ways:
        assert all(one <= other for one, other in pairwise(pauses)), pauses
    assert ways[3][0] == ways[3][1]  # it only ever slows down
    for pauses in (ways[0], ways[1], ways[3]):
        assert pauses[-1] > pauses[0]


@given(
    st.sampled_from(sorted(SPOTS)),
    st.lists(st.floats(0, 2), max_size=30),
    st.floats(0, 1e6),
    st.integers(0, 10**6),
    st.floats(1, 4),
)
def test_a_pause_is_never_endless(spot, gaps, latency_s, misses, stretch):
    """There is a longest one, stretched by the throttle alone; and never none."""
    pause = debounce_s(place_in(SPOTS[spot]), gaps, latency_s=latency_s, misses=misses, stretch=stretch)

    assert 0.1 <= pause / stretch <= pace._LONGEST_S + 1e-9


@pytest.mark.parametrize(
    ("rest", "speed", "gap", "connect", "early"),
    [
        pytest.param(60, 100.0, 0.25, 0.1, True, id="the rest takes longer"),
        pytest.param(30, 100.0, 0.25, 0.1, False, id="the gap takes longer"),
        pytest.param(60, 100.0, 0.25, 0.4, False, id="a new connection takes longer"),
        pytest.param(0, 100.0, 0.0, 0.0, False, id="nothing is left"),
        pytest.param(1_000, 0.0, 0.25, 0.1, False, id="of an unknown speed the end is waited for"),
    ],
)
def test_when_a_stream_is_closed_before_its_end(rest, speed, gap, connect, early):
    """Only when that is quicker than to wait for its end."""
    assert closes_early(rest, speed, gap_s=gap, connect_s=connect) is early


def test_the_pace_of_a_model():
    """The first reply counts alone, later ones by their share; a speed that nobody could measure changes nothing."""
    model = ModelPace()
    assert (model.latency_s, model.tokens_per_s, model.manners) == (0.0, 0.0, "plain")
    model.saw(2.0, 100.0)
    assert (model.latency_s, model.tokens_per_s) == (2.0, 100.0)
    model.saw(1.0, 200.0)
    assert (model.latency_s, model.tokens_per_s) == pytest.approx((1.7, 130.0))
    model.saw(1.7, 0.0)
    assert (model.latency_s, model.tokens_per_s) == pytest.approx((1.7, 130.0))
    for _ in range(50):
        model.saw(5.0, 10.0)
    assert (model.latency_s, model.tokens_per_s) == pytest.approx((5.0, 10.0), rel=0.01)
