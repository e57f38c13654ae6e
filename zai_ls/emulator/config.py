"""What an emulator is told when it is made; everything else is told by script, by header or through its control routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.domain import PlanName

DEFAULT_KEY = "emulated-id.emulated-secret"
"""A key of the service's form that opens nothing but an emulator."""

Unit = Literal["credits", "prompts"]


@dataclass(frozen=True, slots=True)
class EmulatorConfig:
    """Times are in seconds. The defaults answer at once, as tests want it; the command line has its own."""

    plan: PlanName = "payg"
    key: str = DEFAULT_KEY
    more_keys: Mapping[str, PlanName] = field(default_factory=lambda: MappingProxyType({}))
    """Further keys and their plans; each has its own place and its own windows."""
    slots: int = 1
    """Most requests in flight per key."""
    enforce_slots: bool = True
    """False: everything is served and only recorded, so that `most_in_flight` measures the clients."""
    first_token_s: float = 0.0
    service_s: float | None = None
    """From the request to the last byte of a reply; None: as `tokens_per_second` says."""
    tokens_per_second: float | None = None
    """None, and no `service_s`: the reply comes at once after its first token."""
    hangup_s: float = 0.0
    """How long a request whose client hung up still holds its place."""
    unit: Unit = "credits"
    """What the windows of plans count: credits (plans since 2026-07-30), or prompts (older ones)."""
    limits: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Limits that replace the plan's own, by window name (`5h`, `week`)."""
    calls_per_prompt: float = 15.0
    """How many calls count as one prompt of the older plans."""
    balance: float | None = 25.0
    """Money of each pay-as-you-go key, as the balance endpoint tells it; None: it does not tell. Nothing is taken from it."""
    console_keys: Literal["both", "raw", "bearer"] = "both"
    """How the quota and the balance endpoint want the key in `Authorization`: bare, as a bearer token, or either way."""
    language: Literal["en", "zh"] = "en"
    """Of refusals, when the request does not say which it wants."""

    @property
    def keys(self) -> dict[str, PlanName]:
        """All keys and their plans."""
        return {self.key: self.plan, **self.more_keys}
