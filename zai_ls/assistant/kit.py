"""What the assistant works with: the account's road to the service, the settings in force, and the pure parts below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.catalogue import shipped_codes
from zai_ls.clock import local_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.config import Config
    from zai_ls.core.routing import Routing
    from zai_ls.core.syntax import Syntax
    from zai_ls.core.thrift import Means
    from zai_ls.dispatch import Dispatcher
    from zai_ls.domain import Account, Window
    from zai_ls.state.answers import Answers
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.slot import Slot


_REMOVING = frozenset(
    code for code, entry in shipped_codes().items() if entry.error in {"UnknownModel", "PlanLacksModel"}
)
"""Business codes with which the service says that a model is not there, as opposed to busy."""


@dataclass(slots=True)
class Kit:
    """One per process; `config` changes when the editor's settings do."""

    config: Config
    catalogue: Catalogue
    syntax: Syntax
    clock: Clock
    dispatcher: Dispatcher
    slot: Slot
    ledger: Ledger
    answers: Answers
    editor_name: str = ""
    root: str | None = None
    """Folder that is open in the editor; paths are told to the model relative to it."""
    saving: frozenset[str] = frozenset()
    """What spoke for a cheaper model at the last choice for an action (`Choice.saving`)."""

    def account(self) -> Account:
        """Whose quota it is. Raises why there is none."""
        if self.config.account is None:
            from zai_ls.errors import NoKey

            raise self.config.no_account or NoKey(path=str(self.config.user_file))
        return self.config.account

    def local_time(self, at: float | None) -> str:
        """*at* as a person reads it: local time, with the date when it is not today."""
        return "" if at is None else local_time(at, self.clock.now())

    def routing(self, account: Account, windows: tuple[Window, ...] = ()) -> Routing:
        """What the choice of a model depends on besides the code; without *windows* quota and hour do not count."""
        from zai_ls.core.routing import Routing
        from zai_ls.core.thrift import Bounds

        settings = self.config.settings
        now = self.clock.now()
        models: Mapping[str, str] = {
            "light": settings.models_light,
            "standard": settings.models_standard,
            "strong": settings.models_strong,
            "code": settings.models_code,
            "specialist": settings.models_specialist,
        }
        closed = {c.model: c for c in self.slot.closures(account.label) if c.model and c.until > now}
        removed = frozenset(model for model, closure in closed.items() if closure.code in _REMOVING)
        return Routing(
            catalogue=self.catalogue,
            plan=account.plan,
            standard_from=settings.routing_standard_from,
            strong_from=settings.routing_strong_from,
            models=models,
            model=settings.model,
            per_action=settings.routing_per_action,
            per_language=settings.routing_per_language,
            closed=frozenset(closed) - removed,
            removed=removed,
            means=self._means(account, windows, now),
            bounds=Bounds(
                most_share=settings.routing_most_share,
                scarce_below=settings.routing_scarce_below,
                pace_margin=settings.routing_pace_margin,
                peak_margin=settings.routing_peak_margin,
                steadiness=settings.routing_steadiness,
            ),
            factors=self.ledger.factors(account.label),
        )

    def _means(self, account: Account, windows: tuple[Window, ...], now: float) -> Means:
        from zai_ls.core.quota import Spent, pace
        from zai_ls.core.thrift import Means

        if not windows:
            return Means(now=now)
        known = self.catalogue.plan(account.plan).windows
        longest = max((window.seconds for window in known), default=0.0)
        spent = [Spent(at, cost) for at, cost in self.ledger.costs(account.label, since=now - longest)]
        return Means(windows, pace(known, spent, now), now, self.saving)
