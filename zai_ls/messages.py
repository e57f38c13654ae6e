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
    # -- settings and configuration (zai_ls.settings, zai_ls.config) ------------------------------------------
    "settings.value": "zai.{key} in the {where}{shown} is not accepted: expected {accepted}. It is ignored; everything else stays.",
    "settings.unknown": "There is no setting zai.{key} ({where}).{hint}",
    "settings.near": " Did you mean zai.{near}?",
    "settings.key_as_setting": (
        "zai.{key} ({where}) is ignored: a key is never a setting. "
        "Put it into the variable ZAI_API_KEY, a keyring, or behind apiKeyCommand in your own config file."
    ),
    "settings.machine": (
        "zai.{key} is ignored in the {where}, because a workspace could set it there and send your key elsewhere. "
        "Put it into your own config file{variable}."
    ),
    "config.file": "The file {path} cannot be read ({why}). Its settings are ignored until it is repaired.",
    "config.only_tighten": "{key} in {path} is ignored: a project's file may only switch things off and lower limits.",
    "config.no_account": "{detail}",
    "config.bad_url": "The base URL in the {where} is not taken: {why} Nothing is sent until it is corrected.",
    "config.host_unknown": "{why} It may name the host that your key belongs to, so nothing is sent until then.",
    "address.malformed": "It is no URL. Expected something like https://api.z.ai/api/paas/v4.",
    "address.credentials": "It holds a user name or password. Leave them out; the key has its own places.",
    "address.query": "It has a question mark or a hash in it. Expected the base alone, such as https://api.z.ai/api/paas/v4.",
    "address.plain_http": "{host} would get your key and code unencrypted. Use https; http is for this machine's own addresses.",
    "key.command_slow": "The key command {name} gave no key within {seconds} s. Run it in a terminal to see what it waits for.",
    "key.command_missing": "The key command {name} cannot be run ({why}). Give its full path in apiKeyCommand.",
    "key.command_failed": "The key command {name} failed with exit code {code}. Run it in a terminal to see why.",
    "key.command_silent": "The key command {name} printed nothing. It has to print the key on its first line.",
    "key.malformed": "The API key from {source} has blanks or other characters that no key has. Copy it again.",
    "cli.bad_set": "--set {given} makes no sense: expected KEY=VALUE, such as --set slots=2.",
    "cli.bad_address": "{given} is no address: expected HOST:PORT, such as 127.0.0.1:2087.",
    "cli.fault": "Something went wrong that should not have ({name}: {detail}). Run it again with --debug and report what it prints.",
    "cli.bad_lines": "{path} has no lines {first}-{last}: it has {count}, counted from 1, and the first comes first.",
    "cli.diagnostics_unreadable": "The diagnostics in {path} cannot be read ({why}).",
    "cli.diagnostics_format": (
        "There is no diagnostic in what was given. Expected a JSON list as in LSP, or lines like `src/a.py:12:5: message`."
    ),
    "cli.changed": "{path} changed.",
    "cli.created": "{path} created.",
    "files.missing": "There is no file {path}.",
    "files.no_file": "{path} is no file.",
    "files.unreadable": "{path} cannot be read ({why}).",
    "files.unwritable": "{path} cannot be written ({why}). Nothing was changed.",
    "files.too_large": "{path} is larger than {limit} MB, the limit of zai.limits.maxFileBytes.",
    "files.binary": "{path} is a binary file.",
    "files.not_utf8": "{path} is not UTF-8. Convert it first; zai-ls would damage it.",
    "settings.thresholds": (
        "zai.{low} ({standard}) is above zai.{high} ({strong}): expected the first to be the smaller. Both are as by default."
    ),
    # -- the catalogue and the client ----------------------------------------------------------------------
    "catalogue.bad_entry": "The catalogue entry {entry} is not used: {why}. The shipped one counts.",
    "error.insecure_host": "The API key is not sent to {host} over plain http. Use https in ZAI_BASE_URL.",
}


def say(message_id: str, /, **values: object) -> str:
    """The sentence *message_id* in the reader's language, with *values* filled in.

    Raises `KeyError` for an unknown id: a typing mistake, caught by the tidy tests, never by a user.
    """
    return _ENGLISH[message_id].format(**values)


def known_messages() -> tuple[str, ...]:
    """All ids, for the tests that keep the table and its uses in step."""
    return tuple(_ENGLISH)
