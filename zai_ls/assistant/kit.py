"""What the assistant works with: the account's road to the service, the settings in force, and the pure parts below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.clock import local_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.config import Config
    from zai_ls.core.routing import Routing
    from zai_ls.core.syntax import Syntax
    from zai_ls.dispatch import Dispatcher
    from zai_ls.domain import Account
    from zai_ls.state.answers import Answers
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.slot import Slot


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

    def account(self) -> Account:
        """Whose quota it is. Raises why there is none."""
        if self.config.account is None:
            from zai_ls.errors import NoKey

            raise self.config.no_account or NoKey(path=str(self.config.user_file))
        return self.config.account

    def local_time(self, at: float | None) -> str:
        """*at* as a person reads it: local time, with the date when it is not today."""
        return "" if at is None else local_time(at, self.clock.now())

    def routing(self, account: Account) -> Routing:
        """What the choice of a model depends on besides the code."""
        from zai_ls.core.routing import Routing

        settings = self.config.settings
        now = self.clock.now()
        models: Mapping[str, str] = {
            "light": settings.models_light,
            "standard": settings.models_standard,
            "strong": settings.models_strong,
            "code": settings.models_code,
        }
        return Routing(
            catalogue=self.catalogue,
            plan=account.plan,
            standard_from=settings.routing_standard_from,
            strong_from=settings.routing_strong_from,
            models=models,
            model=settings.model,
            per_action=settings.routing_per_action,
            per_language=settings.routing_per_language,
            closed=frozenset(
                closure.model
                for closure in self.slot.closures(account.label)
                if closure.model and closure.until > now
            ),
        )
