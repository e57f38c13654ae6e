"""A person's pause of the whole account: kept with the closures, so that every process sees it and it outlives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.state.slot import FAIR_USE, PAUSED

if TYPE_CHECKING:
    from zai_ls.state.slot import Slot

_FOR_GOOD = 4_102_444_800.0
"""The year 2100: until a person resumes."""


def pause(slot: Slot, account: str) -> None:
    """No request of *account* starts any more; what is in flight ends in peace."""
    slot.close(account, _FOR_GOOD, PAUSED)


def resume(slot: Slot, account: str) -> None:
    """Take back the pause, and a stop for fair use; closures that end by themselves stay."""
    slot.reopen(account, PAUSED)
    slot.reopen(account, FAIR_USE)
