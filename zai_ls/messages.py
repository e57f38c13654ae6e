"""Every sentence for a person, by a stable id.

One function, `say`, carries them all, so that translations have one place to stand behind.
An id is `area.fact`; a template uses named fields only, because word order differs between languages.
A sentence says what happened, what it means and what to do next, as far as these are known.
"""

from __future__ import annotations

_ENGLISH: dict[str, str] = {
    # -- the service's refusals and faults (zai_ls.errors) --------------------------------------------------
    "error.unreachable": "{host} cannot be reached ({detail}). Check the network, the proxy and ZAI_BASE_URL.",
    "error.timed_out": "{host} did not answer in time ({detail}). Nothing was changed; try again.",
    "error.bad_reply": "The service's answer broke off or made no sense ({detail}). Nothing was changed; try again.",
    "error.bad_request": "The service did not accept the request ({code}: {detail}). Please report this with `zai-ls doctor`.",
    "error.unknown_model": "The service does not know the model {model} ({code}). Choose another in the setting zai.models.",
    "error.context_too_long": "The code does not fit into the model ({code}). Select less.",
    "error.content_blocked": "The service's content filter blocked this request ({code}). Select other code or rephrase.",
    "error.auth_failed": "The service rejected the API key ({code}). Check the key and that it belongs to {host}; `zai-ls doctor` helps.",
    "error.no_balance": (
        "The account has no balance, or the key belongs to another product than {host} ({code}). "
        "A Coding Plan key needs the base URL ending in /api/coding/paas/v4; else recharge."
    ),
    "error.plan_lacks_model": "Your plan does not include the model {model} ({code}). Another model is used where possible.",
    "error.plan_ended": "The plan of this key has ended or does not cover this use ({code}: {detail}). Renew it or use another key.",
    "error.account_locked": "The service reports a problem with the account ({code}: {detail}). Sign in on its website.",
    "error.rate_limited": "The account already has a request in flight or sends too fast ({code}). zai-ls waits and goes on.",
    "error.overloaded": "The model {model} is overloaded right now ({code}). It is left alone for a while.",
    "error.quota_exhausted": "The {window} quota is used up ({code}). It resumes {when}.",
    "error.fair_use": (
        "The service says the use of this account breaks its fair-use policy ({code}). "
        "zai-ls has stopped all requests. Read the notice on the service's website, then run `zai-ls resume`."
    ),
    "error.server_error": "The service failed ({code}: {detail}). Nothing was changed; try again later.",
    # -- our own answers -----------------------------------------------------------------------------------
    "error.busy": "Another request holds the account's slot; this suggestion would have come too late.",
    "error.superseded": "A newer request replaced this one.",
    "error.cancelled": "Cancelled.",
    "error.preempted": "Something you asked for went first.",
    "error.closed": "The account is closed until {when}: {why}",
    "error.paused": "zai-ls is paused for this account. Run `zai-ls resume` or the command zai.resume.",
    "error.no_key": (
        "No API key. Set ZAI_API_KEY in the environment of your editor, "
        "or `apiKeyCommand` in {config}; `zai-ls doctor` checks it."
    ),
    "error.state": "The state folder {path} cannot be used ({detail}). Fix its permissions or set ZAI_STATE_DIR.",
}


def say(message_id: str, /, **values: object) -> str:
    """The sentence *message_id* in the reader's language, with *values* filled in.

    Raises `KeyError` for an unknown id: a typing mistake, caught by the tidy tests, never by a user.
    """
    return _ENGLISH[message_id].format(**values)


def known_messages() -> tuple[str, ...]:
    """All ids, for the tests that keep the table and its uses in step."""
    return tuple(_ENGLISH)
