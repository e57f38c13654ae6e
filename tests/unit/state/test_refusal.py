"""What a closure means to whoever meets it."""

from __future__ import annotations

import pytest

from zai_ls import errors
from zai_ls.state.slot import PAUSED, refusal


@pytest.mark.parametrize(
    ("code", "kind", "scope"),
    [
        ("1305", errors.ModelClosed, "model"),
        ("1312", errors.ModelClosed, "model"),
        ("1211", errors.ModelClosed, "model"),
        ("1311", errors.ModelClosed, "model"),
        ("1302", errors.Closed, "account"),
        ("1234", errors.Closed, "account"),
        ("gap", errors.Closed, "account"),
        ("1308", errors.QuotaExhausted, "account"),
        ("1313", errors.FairUse, "account"),
        (PAUSED, errors.Paused, "account"),
    ],
)
def test_a_closed_model_is_told_from_a_closed_account(code, kind, scope):
    """The one is gone round, the other stops everybody."""
    found = refusal(code, "Why.", 9.0)

    assert (type(found), found.scope) == (kind, scope)
