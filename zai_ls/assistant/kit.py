"""What the assistant works with: the account's road to the service, the settings in force, and the pure parts below."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from secrets import token_bytes
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from zai_ls.assistant.gauge import with_spent
from zai_ls.catalogue import currency_of, shipped_codes
from zai_ls.clock import local_time
from zai_ls.config.ignore_files import IgnoreFiles
from zai_ls.core.ignoring import Wishes
from zai_ls.core.prompts import shown_path
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.assistant.gauge import Gauge
    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.config import Config
    from zai_ls.core.ignoring import Ignored
    from zai_ls.core.routing import Routing
    from zai_ls.core.syntax import Syntax
    from zai_ls.core.thrift import Means
    from zai_ls.core.throttle import Closure
    from zai_ls.dispatch import Dispatcher
    from zai_ls.domain import Account, Snapshot, Window
    from zai_ls.state.answers import Answers
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.slot import Slot


BRIEF = frozenset({"gap", "1302", "1303"})
"""Closures that are over before anybody has read of them."""

_REMOVING = frozenset(
    code for code, entry in shipped_codes().items() if entry.error in {"UnknownModel", "PlanLacksModel"}
)
"""Business codes with which the service says that a model is not there, as opposed to busy."""


def _is_in(path: str, folder: str) -> bool:
    return PurePath(folder) in PurePath(path).parents


def path_of(snapshot: Snapshot) -> str:
    """The document's path; of one that is in no file, what its URI says."""
    if snapshot.path is not None:
        return snapshot.path
    try:
        return url2pathname(urlsplit(snapshot.uri).path)
    except ValueError:
        return snapshot.uri.split(":", 1)[-1]


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
    gauge: Gauge
    editor_name: str = ""
    roots: tuple[str, ...] = ()
    """Folders that are open in the editor; paths are told to the model relative to theirs."""
    salt: bytes = field(default_factory=lambda: token_bytes(16), repr=False)
    """What placeholders of secrets are made with: one for all requests, so that their prompts begin alike; in memory only."""
    saving: frozenset[str] = frozenset()
    """What spoke for a cheaper model at the last choice for an action (`Choice.saving`)."""
    ignore_files: IgnoreFiles = field(default_factory=IgnoreFiles)

    def root_of(self, path: str | None) -> str | None:
        """The innermost open folder that *path* lies in; None when it lies in none."""
        above = () if path is None else (folder for folder in self.roots if _is_in(path, folder))
        return max(above, key=len, default=None)

    def shown(self, path: str) -> str:
        """*path* as it is told: relative to its folder, else its name alone."""
        return shown_path(path, self.root_of(path))

    def verdict(self, path: str) -> Ignored | None:
        """Why nothing of the file at *path* may be sent; None when it may. Asked of everything that is sent or changed."""
        settings = self.config.settings
        wishes = Wishes(settings.ignore_patterns, settings.ignore_allow)
        return self.ignore_files.verdict(path, wishes, root=self.root_of(path))

    def why_ignored(self, path: str) -> str:
        """The same as a sentence for a person; empty when it may be sent."""
        found = self.verdict(path)
        if found is None:
            return ""
        why = say(
            f"ignored.{found.source}",
            file=PurePath(found.path).name,
            rule=found.rule,
            place=found.place,
            line=found.line,
            why=told(found.why),
        )
        if not found.led:
            return why
        return say("ignored.behind", file=PurePath(path).name, target=found.path, why=why)

    def account(self) -> Account:
        """Whose quota it is. Raises why there is none."""
        if self.config.account is None:
            from zai_ls.errors import NoKey

            raise self.config.no_account or NoKey(path=str(self.config.user_file))
        return self.config.account

    def local_time(self, at: float | None) -> str:
        """*at* as a person reads it: local time, with the date when it is not today."""
        return "" if at is None else local_time(at, self.clock.now())

    def windows(self, account: Account) -> tuple[Window, ...]:
        """The account's windows, as the service's refusals correct them."""
        now = self.clock.now()
        closures = (c for c in self.slot.closures(account.label) if c.until > now)
        return with_spent(self.gauge.windows(account), closures, self.catalogue)

    def closed(self, account: Account) -> Closure | None:
        """What keeps the whole account closed longest, if anything does that is worth a word; pauses of seconds are not."""
        now = self.clock.now()
        told = (
            c
            for c in self.slot.closures(account.label)
            if c.until > now and not c.model and not c.lane and c.code not in BRIEF
        )
        return max(told, key=lambda c: c.until, default=None)

    def routing(self, account: Account, *, with_quota: bool = False) -> Routing:
        """What the choice of a model depends on besides the code; only *with_quota* do what is left and the hour count."""
        from zai_ls.core.routing import Routing
        from zai_ls.core.thrift import Bounds, Means

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
            means=self._means(account, now) if with_quota else Means(now=now),
            bounds=Bounds(
                most_share=settings.routing_most_share,
                scarce_below=settings.routing_scarce_below,
                pace_margin=settings.routing_pace_margin,
                peak_margin=settings.routing_peak_margin,
                steadiness=settings.routing_steadiness,
            ),
            currency=currency_of(account.base_url),
            factors=self.ledger.factors(account.label),
        )

    def _means(self, account: Account, now: float) -> Means:
        from zai_ls.core.thrift import Means

        windows = self.windows(account)
        pace: dict[str, float] = {f.name: f.pace for f in self.gauge.forecasts(account, windows)}
        return Means(windows, pace, now, self.saving) if windows else Means(now=now)
