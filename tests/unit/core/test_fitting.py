"""A request and a model's context: what is sent, to whom, and what is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.catalogue import Catalogue
from zai_ls.core.fitting import Fit, Size, fit, room_for, roomier
from zai_ls.core.routing import Routing
from zai_ls.core.thrift import Load


def model(context, longest=2_000, role="standard", room=0, usd=1.0, plans=("payg",)):
    return {"role": role, "context": context, "max_output": longest, "plans": list(plans), "usd": [usd] * 3,
            "thinking": {"auto": "on", "room": room}}  # fmt: skip


CATALOGUE = Catalogue.load(
    {
        "models": {
            "small": model(10_000),
            "middle": model(20_000, 4_000),
            "large": model(100_000, 4_000),
            "thinker": model(10_000, 8_000, room=6_000),
            "silent": model(10_000, 100),
        }
    }
)
ROUTING = Routing(CATALOGUE, "payg")


@pytest.mark.parametrize(
    ("name", "max_tokens", "factor", "room"),
    [
        ("small", 500, 1.0, 9_000),
        ("small", 500, 2.0, 4_500),
        ("small", 9_000, 1.0, 7_500),
        ("thinker", 500, 1.0, 3_000),
        ("silent", 500, 1.0, 9_400),
        ("glm-4.5-air", 500, 1.0, round(131_072 * 0.95 - 500)),
        ("glm-5.3", 500, 1.0, round(1_000_000 * 0.95 - 500 - 16_384)),
        ("unheard-of", 99_999, 1.0, round(32_768 * 0.95 - 8_192)),
    ],
)
def test_the_room_for_a_prompt(name, max_tokens, factor, room):
    """The context, but for 5 %, the reply at its bound and the thinking before it; in our own count."""
    assert abs(room_for(CATALOGUE.model(name), max_tokens, factor) - room) <= 1


SIZES = {
    # whole, bare, least reply; first model, others -> fit
    "all of it": (8_000, 2_000, 100, "small", ["large"], Fit("small")),
    "a little less around it": (12_000, 2_000, 100, "small", ["large"], Fit("small", 7_000)),
    "half of it is enough": (16_000, 2_000, 100, "small", ["large"], Fit("small", 7_000)),
    "less is not": (16_100, 2_000, 100, "small", ["middle", "large"], Fit("middle")),
    "the first that takes all": (40_000, 2_000, 100, "small", ["middle", "large"], Fit("large")),
    "nobody takes all": (200_000, 2_000, 100, "small", ["middle", "large"], Fit("large", 92_500)),
    "nobody else may be asked": (40_000, 2_000, 100, "small", [], Fit("small", 7_000)),
    "just the code": (12_000, 9_000, 100, "small", [], Fit("small", 0)),
    "not even the code": (12_000, 9_100, 100, "small", [], None),
    "the code fits another": (12_000, 9_100, 100, "small", ["middle"], Fit("middle")),
    "no usable reply": (3_000, 2_000, 2_100, "small", [], None),
    "no usable reply, but from another": (3_000, 2_000, 2_100, "small", ["silent", "middle"], Fit("middle")),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_who_is_asked_and_with_how_much(name):
    """All, else less around the code, else a model with more room, else as much as possible; never less than the code."""
    whole, bare, least, first, others, expected = SIZES[name]

    assert fit(Size(whole, bare, 500, least), first, others, ROUTING) == expected


def test_the_calibration_counts():
    """A model whose prompts turn out twice as long takes half as much of our count."""
    twice = Routing(CATALOGUE, "payg", factors={"small": 2.0})
    assert fit(Size(8_000, 2_000, 500, 0), "small", [], twice) == Fit("small", 2_500)
    assert fit(Size(8_000, 2_000, 500, 0), "small", ["middle"], twice) == Fit("middle")


@given(
    st.integers(0, 200_000),
    st.integers(0, 200_000),
    st.integers(0, 9_000),
    st.integers(0, 9_000),
    st.booleans(),
)
def test_what_is_sent_always_fits(code, around, max_tokens, least, alone):
    """Whoever is asked has room for the code, for what is kept around it, and for the reply."""
    others = [] if alone else ["middle", "thinker", "large"]
    found = fit(Size(code + around, code, max_tokens, least), "small", others, ROUTING)
    if found is None:
        return
    entry = CATALOGUE.model(found.model)
    sent = code + (around if found.budget is None else found.budget)
    assert 0 <= sent <= room_for(entry, max_tokens)
    assert least <= entry.max_output
    assert found.budget is None or found.budget < around


def test_who_has_more_room():
    """Models of the plan that write code, the cheapest first; none that is refused, sees pictures, or may not exist."""
    shipped = Routing(Catalogue.load(), "pro", closed=frozenset({"glm-4.7"}), removed=frozenset({"glm-5.2"}))
    found = roomier("glm-4.5-air", shipped, Load())

    assert found[0] == "glm-5.3-flash"
    assert set(found) == {"glm-5.3-flash", "glm-4.6", "glm-5-turbo", "glm-5", "glm-5.1", "glm-5.3"}
    assert roomier("glm-5.3", shipped, Load()) == ()
    assert roomier("glm-4.7", Routing(Catalogue.load(), "payg"), Load())[0] == "glm-5.3-flash"
