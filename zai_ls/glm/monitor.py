"""Asking the service how much quota, or money, an account has left.

Both endpoints are the console's own: they are in no public reference, but the vendor's plugin reads the first with the same
key as its requests (glm-api 3.1). Asking costs no quota and is no request to a model, so it needs no slot. The key goes to
the account's own host only. Some hosts want it bare, as the vendor's tools send it, and some as a bearer token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.catalogue import currency_of
from zai_ls.core.readings import parse, parse_balance
from zai_ls.errors import NoReading, ZaiError
from zai_ls.glm.client import Timeouts
from zai_ls.glm.refusals import retry_after
from zai_ls.glm.scrubbing import scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.domain import Account, Reading
    from zai_ls.glm.client import Client

_QUOTA = "/api/monitor/usage/quota/limit"
_BALANCE = "/api/biz/account/query-customer-account-report"
_HEADERS = (("Accept-Language", "en-US,en"), ("Content-Type", "application/json"))
"""As the vendor's plugin sends them."""
_MAX_BODY = 256 * 1024
_TIMEOUTS = Timeouts(first_byte=10.0, between=10.0, total=10.0)
LONGEST_S = 2 * 10.0 + 5.0
"""No question takes longer: two tries, and what a clock is late."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and how it was had."""

    reading: Reading
    bearer: bool
    """The key was taken as a bearer token; else it was bare. To be said with the next question."""


class Monitor:
    """Reads what the service tells of accounts; remembers nothing."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def read(self, account: Account, *, bearer: bool | None = None) -> Told:
        """The quota windows of *account*. *bearer*: how its key was taken the last time, None when that is not known.

        A key that is not taken is sent once more in the other form. Raises `NoReading`; with `no_plan` there may be a
        `balance` to ask for.
        """
        return await self._ask(account, _QUOTA, parse, bearer=bearer)

    async def balance(self, account: Account, *, bearer: bool | None = None) -> Told:
        """The money left on *account*, None in the reading when the service does not tell it. As `read` for the rest."""
        currency = currency_of(account.base_url)
        return await self._ask(
            account,
            _BALANCE,
            lambda body, status, now: parse_balance(body, status, now, currency),
            bearer=bearer,
        )

    async def _ask(
        self,
        account: Account,
        path: str,
        parser: Callable[[bytes, int, float], Reading],
        *,
        bearer: bool | None,
    ) -> Told:
        first = bool(bearer)
        try:
            return Told(await self._once(account, path, parser, bearer=first), first)
        except NoReading as error:
            if error.why != "auth":
                raise
        return Told(await self._once(account, path, parser, bearer=not first), not first)

    async def _once(
        self, account: Account, path: str, parser: Callable[[bytes, int, float], Reading], *, bearer: bool
    ) -> Reading:
        try:
            answer = await self._client.get(
                account, path, _HEADERS, raw_key=not bearer, limit=_MAX_BODY, timeouts=_TIMEOUTS
            )
        except ZaiError as error:
            scrub(error, account.key)
            raise NoReading(error.detail, why="http", host=account.host, status=error.status) from error
        now = self._clock.now()
        try:
            return parser(_scrubbed(answer.body, account), answer.status, now)
        except NoReading as error:
            scrub(error, account.key)
            error.host = account.host
            error.retry_after_s = retry_after(answer.headers, now)
            raise


def _scrubbed(body: bytes, account: Account) -> bytes:
    """*body* without the key: names in it are shown and kept."""
    key = account.key.reveal().encode()
    return body.replace(key, b"...") if key else body
