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
    "error.bad_request": "The service did not accept the request ({code}: {detail}). A 404 means that the path in ZAI_BASE_URL is wrong; else please report this with what `zai-ls doctor` prints.",
    "error.unknown_model": "The service does not know the model {model} ({code}). Choose another in the setting zai.models.",
    "error.context_too_long": "The code does not fit into the model ({code}). Select less.",
    "error.content_blocked": "The service's content filter blocked this request ({code}). Select other code or rephrase.",
    "error.auth_failed": "The service rejected the API key ({code}). Check the key and that it belongs to {host}; `zai-ls doctor` helps.",
    "error.no_balance": (
        "The account has no balance, or the key belongs to another product than {host} ({code}). "
        "A Coding Plan key needs the base URL ending in /api/coding/paas/v4; else recharge."
    ),
    "error.plan_lacks_model": "Your plan does not include the model {model} ({code}). Choose another in the setting zai.models, or leave the choice to zai-ls.",
    "error.plan_ended": "The plan of this key has ended or does not cover this use ({code}: {detail}). Renew it or use another key.",
    "error.account_locked": "The service reports a problem with the account ({code}: {detail}). Sign in on its website.",
    "error.rate_limited": "Another tool holds the account, or it sends too fast ({code}), and that did not end while zai-ls waited. Try again later.",
    "error.overloaded": "The model {model} is overloaded right now ({code}). It is left alone for a while.",
    "error.quota_exhausted": "The {window} quota is used up ({code}).",
    "error.fair_use": (
        "The service says the use of this account breaks its fair-use policy ({code}). "
        "zai-ls has stopped all requests. Read the notice on the service's website, then run `zai-ls resume`."
    ),
    "error.server_error": "The service failed ({code}: {detail}). Nothing was changed; try again later.",
    "error.no_reading_auth": (
        "{host} does not take the API key for the question how much quota is left ({detail}). What is shown is estimated from "
        "what this machine sends. Check the key and that it belongs to {host}; `zai-ls doctor` helps."
    ),
    "error.no_reading_no_plan": (
        "The account at {host} has no Coding Plan that runs, so it has no quota windows. If you have such a plan, "
        "check that the key is the one of that plan."
    ),
    "error.no_reading_team": (
        "{host} names no quota window, as for the members of a team plan, whose quota zai-ls cannot read. What is shown is "
        "estimated from what this machine sends; the service's website knows the true figures."
    ),
    "error.no_reading_not_json": (
        "{host} answered the question how much quota is left with something else, such as a page of a proxy. What is shown is "
        "estimated from what this machine sends. Check ZAI_BASE_URL and the proxy if this goes on."
    ),
    "error.no_reading_odd": (
        "{host} told how much quota is left in a form that zai-ls does not know. What is shown is estimated from what this "
        "machine sends. Update zai-ls if you can, else please report this."
    ),
    "error.no_reading_http": (
        "{host} did not tell how much quota is left ({detail}). What is shown is estimated from what this machine sends. "
        "zai-ls asks again by itself, less often while this goes on."
    ),
    # -- our own answers -----------------------------------------------------------------------------------
    "error.busy": "Another request holds the account's slot; this suggestion would have come too late.",
    "error.superseded": "A newer request replaced this one.",
    "error.cancelled": "Cancelled.",
    "error.preempted": "Something you asked for went first.",
    "error.closed": "{why}",
    "error.closed_unsaid": "The account takes no requests at present ({code}).",
    "error.resumes": "Requests are possible again from {when}.",
    "error.paused": "zai-ls is paused for this account. Run `zai-ls resume` or the command zai.resume.",
    "error.no_key": (
        "No API key. Set ZAI_API_KEY in the environment of your editor, "
        "or `apiKeyCommand` in {config}; `zai-ls doctor` checks it."
    ),
    "error.state_locked": (
        "Another process keeps the state database {path} locked; try again when it is done. If this goes on, close whatever "
        "else has the file open, such as a database browser or a backup."
    ),
    "error.state": "The state folder {path} cannot be used ({detail}). Fix its permissions or set ZAI_STATE_DIR.",
    # -- settings and configuration (zai_ls.settings, zai_ls.config) ------------------------------------------
    "settings.value": "zai.{key} {where}{shown} is not accepted: expected {accepted}.",
    "settings.goes_on": "It is ignored; everything else stays.",
    "settings.stops": "Nothing is sent until it is corrected.",
    "settings.unknown_action": "{key} {where} names the action {action}, which does not exist. There are: {actions}.",
    "settings.unknown": "There is no setting zai.{key} ({where}).{hint}",
    "settings.near": " Did you mean zai.{near}?",
    "settings.key_as_setting": (
        "zai.{key} ({where}) is ignored: a key is never a setting. "
        "Put it into the variable ZAI_API_KEY, a keyring, or behind apiKeyCommand in your own config file."
    ),
    "settings.machine": (
        "zai.{key} is ignored {where}, because a workspace could set it there and send your key elsewhere. "
        "Put it into your own config file{variable}."
    ),
    "config.file": "The file {path} cannot be read ({why}). Its settings are ignored until it is repaired.",
    "config.catalogue": "Your catalogue {path} cannot be read ({why}). The shipped one alone counts until it is repaired.",
    "config.only_tighten": "{key} in {path} is ignored: a project's file may only switch things off and lower limits.",
    "config.no_account": "{detail}",
    "config.bad_url": "The base URL {where} is not taken: {why} Nothing is sent until it is corrected.",
    "config.host_unknown": "{why} It may name the host that your key belongs to, so nothing is sent until then.",
    "address.malformed": "It is no URL. Expected something like https://api.z.ai/api/paas/v4.",
    "address.credentials": "It holds a user name or password. Leave them out; the key has its own places.",
    "address.query": "It has a question mark or a hash in it. Expected the base alone, such as https://api.z.ai/api/paas/v4.",
    "address.plain_http": "{host} would get your key and code unencrypted. Use https; http is for this machine's own addresses.",
    "key.command_slow": "The key command {name} gave no key within {seconds} s. Run it in a terminal to see what it waits for.",
    "key.command_missing": "The key command {name} cannot be run ({why}). Give its full path in apiKeyCommand.",
    "key.command_failed": "The key command {name} failed with exit code {code}. Run it in a terminal to see why.",
    "key.command_silent": "The key command {name} printed nothing. It has to print the key on its first line.",
    "key.command_floods": "The key command {name} printed more than 64 KiB. It has to print the key on its first line.",
    "key.malformed": "The API key from {source} has blanks or other characters that no key has. Copy it again.",
    "cli.bad_set": "--set {given} makes no sense: expected KEY=VALUE, such as --set slots=2.",
    "cli.bad_address": "{given} is no address: expected HOST:PORT, such as 127.0.0.1:2087.",
    "cli.fault": "Something went wrong that should not have ({name}: {detail}). Run it again with --debug and report what it prints.",
    "cli.bad_lines": "{path} has no lines {first}-{last}: it has {count}, counted from 1, and the first comes first.",
    "cli.diagnostics_unreadable": "The diagnostics in {path} cannot be read ({why}).",
    "cli.diagnostics_format": (
        "There is no diagnostic in what was given. Expected a JSON list as in LSP or from ruff, or lines like `src/a.py:12:5: message`."
    ),
    "cli.unknown_action": "There is no action {action}. There are: {actions}.",
    "cli.action_off": "The action {action} is switched off (zai.actions.disabled). Nothing was sent.",
    "cli.nothing_to_fix": "No diagnostic concerns {path}, so there is nothing to fix. Nothing was sent.",
    "cli.no_config": "There is no file {path}, which --config names.",
    "cli.config_missing": "There is no file {path}, which ZAI_CONFIG names; it counts as an empty one.",
    "cli.broken_config": "{why} They may name a proxy, your account or what must not be sent, so nothing is sent until then.",
    "cli.answer_kept": "The answer is kept: `zai-ls answers {id}`, or {path}",
    "cli.output": "The output cannot be written ({why}).",
    "cli.no_instruction": "The action instruct needs to be told what to do: add --instruction TEXT.",
    "cli.changed": "{path} changed.",
    "cli.created": "{path} created.",
    "files.missing": "There is no file {path}.",
    "files.no_file": "{path} is no file.",
    "files.unreadable": "{path} cannot be read ({why}).",
    "files.unwritable": "{path} cannot be written ({why}). Nothing was changed.",
    "files.read_only": "{path} is read-only. Nothing was changed.",
    "files.in_the_way": "{path} exists by now, so it was not created. Nothing was changed.",
    "files.too_large": "{path} is larger than {limit} MB, the limit of zai.limits.maxFileBytes.",
    "files.binary": "{path} is a binary file.",
    "files.not_utf8": "{path} is not UTF-8. Convert it first; zai-ls would damage it.",
    "doctor.broken": "The check of {check} itself failed ({name}: {detail}). Please report this.",
    "doctor.version": "zai-ls {version}, Python {python}, SQLite {sqlite}, {os}.",
    "doctor.settings": "Settings are read from {path}.",
    "doctor.settings_none": "There is no config file; it would be {path}.",
    "doctor.file_writable": "Others can write {path}, and so choose where your key goes. Run `chmod go-w {quoted}`.",
    "doctor.file_readable": "Others can read {path}. Run `chmod go-rwx {quoted}`.",
    "doctor.key": "A key for {host} comes from {source}.",
    "doctor.key_form": "The key does not look like one of {host} (two parts with a dot between). Copy it again if requests fail.",
    "doctor.unpaired": "{name} is set but {url} is not, so that key is not used: it may belong to another service. Set ZAI_API_KEY.",
    "doctor.path_unknown": "{url} is none of the service's known base URLs. Check its path.",
    "doctor.plan_on_payg": (
        "The plan is `{plan}`, but the base URL is the pay-as-you-go one: requests fail, or are paid from your balance. "
        "Set ZAI_BASE_URL to https://{host}/api/coding/paas/v4."
    ),
    "doctor.payg_on_plan": (
        "{url} serves Coding Plans, but the plan is `payg`, so its windows are not watched. Set ZAI_PLAN to lite, pro or max."
    ),
    "doctor.service": "{host} answers and takes the key.",
    "doctor.service_odd": "{host} answers, but not to the question for its models ({code}), so the key could not be tried.",
    "doctor.clock": (
        "This machine's clock is {seconds} s {way} of the service's. The times at which quota resumes will be off by that. "
        "Switch on automatic time."
    ),
    "doctor.clock_fine": "This machine's clock agrees with the service's.",
    "doctor.state": "The shared state lies in {path}.",
    "doctor.state_readable": "Others can look into {path}, so zai-ls does not use it. Run `chmod go-rwx {quoted}`.",
    "doctor.state_network": (
        "{path} lies on a network file system ({kind}), where locks cannot be relied on. Set ZAI_STATE_DIR to a local folder."
    ),
    "doctor.box": (
        "This runs in {box}. Editors outside it have another state folder unless they share {path}, "
        "and then two requests can be in flight. Set ZAI_STATE_DIR to a folder that both see, on one machine."
    ),
    "doctor.database": "The database {path} is damaged ({why}). It is set aside and begun anew when zai-ls next starts.",
    "doctor.database_no_file": "{path} is no file, so zai-ls cannot keep its state there and sends nothing. Move it away.",
    "doctor.database_closed": "You may not read and write {path}, so zai-ls sends nothing. Run `chmod u+rw {quoted}`.",
    "doctor.database_unusable": "The database {path} cannot be looked into ({why}). Close the other editors and try again.",
    "doctor.database_fine": "The database {path} is sound.",
    "doctor.proxy": "Requests go through {proxy}.",
    "doctor.log": "The log file {path} cannot be written. Change zai.logFile or create its folder.",
    "status.account": "Account {account} at {host}, plan {plan}.",
    "status.line": "In flight: {in_flight}. Waiting: {waiting}.",
    "status.this_process": "This process: {dispatcher}",
    "quota.none": "No quota window is known for this account.",
    "pause.done": "Paused: no request of this account starts on this machine until `zai-ls resume`.",
    "resume.done": "Requests may start again.",
    "score.sum": "{count} pieces of code: {light} light, {standard} standard, {strong} strong",
    "score.no_definition": "There is no definition in {path}. Add --whole to score it as one piece.",
    "score.too_long": "{path} is too large, or a line of it too long, to tell what is defined in it. "
    "Add --whole to score it as one piece.",
    "score.no_definitions": "No file in {path} has a definition. Add --whole to score each as one piece.",
    "score.nothing": "There is nothing to score in {path}.",
    "score.nothing_there": "There is no definition around line {line} of {path}. Name lines as {path}:FIRST-LAST.",
    "feature.branching": "branches",
    "feature.expressions": "dense expressions",
    "feature.loops": "loops",
    "feature.recursion": "recursion",
    "feature.bits": "bits and indexes",
    "feature.concurrency": "concurrency",
    "feature.unsafe": "unsafe code",
    "feature.types": "type machinery",
    "feature.closures": "functions in functions",
    "feature.patterns": "text patterns",
    "feature.state": "changing state",
    "feature.jumps": "early exits",
    "feature.errors": "error paths",
    "feature.size": "length",
    "feature.names": "many names",
    "feature.outside": "names from outside",
    "feature.diagnostics": "complaints of other tools",
    "feature.instruction": "several steps",
    "stats.bad_days": "--days {given} makes no sense: expected a number above 0.",
    "stats.none": "Nothing was sent for this account in the last {days} days.",
    "answers.none": "No answer is kept.",
    "answers.unknown": "No kept answer, or more than one, has an id that begins with {id}. `zai-ls answers` lists them.",
    "settings.only_stricter": "zai.{key} from the editor can only be made stricter than {ours}, since a workspace may set it too. It stays at {ours}; set it in {path} instead.",
    "settings.thresholds": (
        "zai.{low} ({standard}) is above zai.{high} ({strong}): expected the first to be the smaller. Both are as by default."
    ),
    # -- the emulator --------------------------------------------------------------------------------------
    "emulator.ready": "To try it: ZAI_BASE_URL={url} ZAI_API_KEY={key} zai-ls doctor",
    "emulator.bad_plan": "No plan is called {given}. There are {plans}.",
    "emulator.bad_script": "The script {path} cannot be used: {why}.",
    "emulator.bad_number": "{flag} {given} cannot be: expected a number from {least} to {most}.",
    "emulator.bad_record": "{path} cannot be written: its folder is not there.",
    "emulator.no_port": "Port {port} of this machine cannot be had ({why}).",
    "emulator.bad_limit": "{given} is no limit. Expected 5h=NUMBER or week=NUMBER.",
    # -- the table of actions (zai_ls.core.actions); {what} names the code: a definition, "the selection", a file ----
    "action.fix": "GLM: Fix {what}",
    "action.simplify": "GLM: Simplify {what}",
    "action.refactor": "GLM: Refactor {what}",
    "action.document": "GLM: Document {what}",
    "action.addTypes": "GLM: Add types to {what}",
    "action.handleErrors": "GLM: Handle errors in {what}",
    "action.optimise": "GLM: Optimise {what}",
    "action.implement": "GLM: Implement {what}",
    "action.translateComments": "GLM: Translate the comments in {what}",
    "action.instruct": "GLM: Change {what} as told",
    "action.test": "GLM: Write tests for {what}",
    "action.explain": "GLM: Explain {what}",
    "offer.selection": "the selection",
    "offer.definition": "{name}",
    "offer.fix": "GLM: Fix: {message}",
    "offer.fix_all": "GLM: Fix all {count} problems here",
    "offer.instruct": "GLM: {instruction}",
    "offer.apply_kept": "Apply the kept answer, although it breaks the syntax",
    # -- the choice of a model (zai_ls.core.routing) ----------------------------------------------------------
    "route.light": "{model}, the light model: the score {score}{why} is below {low}.",
    "route.standard": "{model}, the standard model: the score {score}{why} is from {low} up to {high}.",
    "route.strong": "{model}, the strong model: the score {score}{why} is {high} or more.",
    "route.weight": "{weight} for the action",
    "route.chosen": "{model}: {why}.",
    "route.wish_call": "chosen for this request",
    "route.wish_action": "chosen for the action {action} in the setting zai.routing.perAction",
    "route.wish_language": "chosen for {language} in the setting zai.routing.perLanguage",
    "route.wish_model": "chosen in the setting zai.model",
    "route.wish_tier": "chosen in the setting zai.models.{tier}",
    "route.plan_lacks": "{model} in place of {wished} ({why}), which the plan {plan} does not include.",
    "route.completion": "{model}, the plan's model for completions.",
    "route.specialist": "{model}, the specialist for work that is mostly code: the score {score}{why} is {high} or more.",
    "route.stepped_down": "{model} instead: {why}.",
    "route.costs": "What {model} costs now: {why}.",
    "route.removed": "{model} was refused by the service lately, as unknown or not in the plan: {instead} instead.",
    "route.closed": "{model} takes no requests at present: {instead} instead.",
    "route.went_on": "{model} instead: {before} took no request just now.",
    "route.step_up": "{model}, because the reply of {before} could not be used.",
    # -- what speaks for a cheaper model (zai_ls.core.thrift) ---------------------------------------------------
    "thrift.share": "this request would take {share} % of what is left of the {window} window (bound: {bound} %)",
    "thrift.scarce": "{left} % of the {window} window is left (bound: {bound} %)",
    "thrift.pace": "at the pace of late the {window} window is used up in {end} h and resets only in {reset} h",
    "thrift.peak": "it is peak hour, when quota goes faster, and the score {score} is close to {threshold}",
    # -- the catalogue and the client ----------------------------------------------------------------------
    "catalogue.bad_entry": "The catalogue entry {entry} is not used: {why}. The shipped one counts.",
    "catalogue.plan_lacks": "The catalogue entry {entry} names {model}, which the plan {plan} does not include, so another model takes its place. If the plan does include it, add the plan to `plans` of the model's own entry.",
    "catalogue.unknown_name": "The catalogue entry {entry} means nothing and is ignored. The nearest name that is known is {near}.",
    "catalogue.nothing_to_remove": "The catalogue entry {entry} takes a model away that is not there.",
    "catalogue.no_model_left": "Your catalogue leaves the plan {plan} none of its models, so the cheapest other one that it may ask for is used. Leave it at least one, or name another one in `plans.{plan}.roles`.",
    "catalogue.unknown_model": "The catalogue entry {entry} names {model}, of which nothing is known: it is asked for with cautious bounds. If that is what it is called, give it an entry of its own in `models`.",
    "error.insecure_host": "The API key is not sent to {host} over plain http. Use https in ZAI_BASE_URL.",
    # -- the language server (zai_ls.lsp) -------------------------------------------------------------------
    "lsp.internal": "zai-ls failed inside ({what}). Nothing was changed; its log says where.",
    "lsp.loopback_only": "zai-ls listens on this machine only, not on {host}: use 127.0.0.1 and a tunnel of your own.",
    "lsp.listening": "zai-ls listens on {host}:{port}",
    "lsp.cancel_running": "Cancel the running GLM request",
    "lsp.progress": "GLM",
    "lsp.nothing_to_explain": "There was no GLM request in this editor yet, so there is nothing to explain.",
    "lsp.last_request": "The last GLM request: {action}",
    "lsp.prompt_title": "What {action} would send to {model}",
    "lsp.resumed": "zai-ls goes on.",
    "lsp.quota": "GLM account {account} ({plan}, {host}): {windows}.{closed}",
    "lsp.quota_none": "no reading of the quota yet",
    "lsp.quota_window": "{name} {used}",
    "lsp.quota_used": "{percent} % used",
    "lsp.quota_unknown": "use unknown",
    "lsp.quota_resets": "{window}, resets {when}",
    "lsp.quota_closed": " Closed: {reason}",
    "lsp.quota_closed_until": " Closed: {reason} {resumes}",
    "lsp.quota_paused": " Paused; the command zai.resume goes on.",
    "progress.waiting": "waiting, {place} ahead, {seconds} s",
    "progress.sent": "{model}: sent, {seconds} s",
    "progress.thinking": "{model}: thinking, {tokens} tokens, {seconds} s",
    "progress.writing": "{model}: writing, {tokens} tokens, {seconds} s",
    "progress.applying": "{model}: applying, {tokens} tokens, {seconds} s",
    "progress.done": "{model}: done, {tokens} tokens, {seconds} s",
    # -- the assistant (zai_ls.assistant) --------------------------------------------------------------------
    "declined.no_such_document": "The document is no longer open, so nothing was done.",
    "declined.changed_since": "The code has changed since you chose the action. Nothing was sent; choose it again.",
    "declined.no_such_action": "There is no action `{action}`. `zai-ls run --help` names them.",
    "declined.nothing_here": "There is no code here to work on. Select some, or put the cursor into a function.",
    "declined.no_place_for_tests": "It is not known where tests of this file belong. Save the file first, or write the test file yourself.",
    "declined.tests_unreadable": "{file} is there, but cannot be read as UTF-8 text, so no tests can be added to it. Nothing was sent.",
    "declined.tests_no_file": "{file}, where the tests belong, is no ordinary file. Nothing was sent.",
    "declined.tests_link": "{file}, where the tests belong, is a link; zai-ls neither reads nor writes through it. Nothing was sent.",
    "declined.tests_outside": "{file}, where the tests belong, lies outside the open folder. Nothing was sent.",
    "declined.empty_reply": "The model had nothing to say. Nothing was changed.",
    "declined.unchanged": "The model would change nothing here.",
    "declined.binary": "{file} is a binary file.",
    "declined.too_large": "{file} is larger than {limit}, the limit of zai.{setting}. Nothing was sent.",
    "declined.language_off": "zai-ls is switched off for {language} (zai.languages.off). Nothing was sent.",
    "declined.no_kept_answer": "There is no kept answer for the text as it is now. `zai-ls answers` lists all.",
    "declined.kept_did_not_fit": "The kept answer does not fit the text any more. Nothing was changed; `zai-ls answers` still has it.",
    "unfit.not_code": "the reply was not code",
    "unfit.breaks_syntax": "the reply would have broken the file's syntax",
    "unfit.cut_off": "the reply was cut off at its bound",
    "kept.not_code": "The model did not answer with code, twice. Its answer is kept: `zai-ls answers {id}`, or {path}",
    "kept.breaks_syntax": (
        "The answer would break the syntax of {file}, so it was not applied. It is kept: `zai-ls answers {id}`, or {path}"
    ),
    "kept.applicable": 'The action "Apply the kept answer" applies it all the same.',
    "kept.cut_off": "The answer was cut off before its end, twice; select less. What came is kept: `zai-ls answers {id}`, or {path}",
    "kept.conflict": (
        "You changed the same lines of {file} while the model was writing, so its answer was not applied. "
        "It is kept: `zai-ls answers {id}`, or {path}"
    ),
    "kept.document_closed": (
        "{file} was closed or renamed while the model was writing. The answer is kept: `zai-ls answers {id}`, or {path}"
    ),
    "kept.refused_by_editor": "The editor did not take the change of {file}. The answer is kept: `zai-ls answers {id}`, or {path}",
    "rewrite.once_more": "Asked once more, {model}: {why}.",
    "rewrite.next_model": "{why} Going on with {model}.",
    "rewrite.answered": "{model} answered: {prompt} tokens read ({cached} of them cached), {tokens} written.",
    "rewrite.served_by": "{asked} was asked for; the service says {served} answered.",
    "rewrite.cut_prose": "*(The explanation was cut off here: it reached the bound of its length.)*",
    "rewrite.applied": "Applied to {file}.",
    "tell.score": "The score of the code is {score}{why}; by itself it would get the {tier} model.",
    "tell.cost": "Likely {prompt} tokens read and {reply} written, thinking included: {amount}{shares}.",
    "tell.share": "{share} % of what is left of the {window} window",
    "tell.credits": "{credits} credits",
    "tell.credits_peak": "{credits} credits, at peak price",
    "tell.money": "${money}",
    "tell.price_unknown": "at a price that is not known",
    "tell.window": "The {window} window: {used}{resets} ({source}).",
    "tell.window_used": "{percent} % used",
    "tell.window_unknown": "how much is used is not known",
    "tell.window_resets": ", resets {when}",
    "tell.next": "If it is refused: {models}, in this order.",
    "tell.next_none_chosen": "If it is refused, no other model is asked: you chose this one.",
    "fit.moved": "{model} instead: about {tokens} tokens and room for the reply do not fit into {before}.",
    "fit.cut": "{model} has no room for all that was meant to be sent, so what is farthest from the selection is left out. {left_out}",
    "declined.too_long": "The selection is too long: with the prompt about {tokens} tokens, and with the reply that fits no model that can be asked ({models}). Select less. Nothing was sent.",
    "declined.too_long_for": "The selection is too long for {models}, which you chose: with the prompt about {tokens} tokens, and the reply needs room too. Select less, or leave the choice to zai-ls. Nothing was sent.",
    # -- completions: why there is none, and what happened (zai_ls.core.completion, zai_ls.assistant.completing) --
    "quiet.switched_off": "Completions are switched off in this window; zai.toggleCompletions switches them on.",
    "quiet.language_off": "zai-ls is switched off for {language} (zai.languages.off).",
    "quiet.secret_bearing": "The file's name says that it holds secrets, so nothing of it is sent.",
    "quiet.mode_off": "Completions are off here (zai.completion.mode, perLanguage or perGlob).",
    "quiet.mode_invoked": "Completions are made here only when you ask (zai.completion.mode, perLanguage or perGlob).",
    "quiet.no_account": "There is no API key, so nothing can be asked. `zai-ls doctor` helps.",
    "quiet.unfit": "The document is binary, too large (zai.limits.maxFileBytes), or not written by hand (a line of 20,000 characters).",
    "quiet.menu_item_selected": "An item of the editor's own menu is selected.",
    "quiet.after_deletion": "You have just deleted something.",
    "quiet.inside_word": "The cursor is inside a word.",
    "quiet.inside_line": "The cursor is inside a line; what follows it is written already.",
    "quiet.after_closing_bracket": "The cursor is right after a closing bracket.",
    "quiet.line_done": "The line is finished.",
    "quiet.nothing_to_go_by": "There is no code around the cursor yet.",
    "quiet.in_comment": "The cursor is in a comment (zai.completion.inComments).",
    "quiet.in_string": "The cursor is in a string (zai.completion.inStrings).",
    "quiet.superseded": "You typed on; a newer request replaced this one.",
    "quiet.text_moved": "The text has changed meanwhile, so the answer would not fit.",
    "quiet.not_ready": "Nothing was ready; it is being asked for.",
    "quiet.nothing_to_add": "A model had nothing to add here lately, so it is not asked again.",
    "quiet.busy": "Another request holds the account's slot; a guess would have come too late.",
    "quiet.too_late": "The service has not answered for so long that a guess comes too late.",
    "quiet.preempted": "Something you asked for went first.",
    "quiet.closed": "The request was closed.",
    "quiet.throttled": "{why}",
    "quiet.failed": "{why}",
    "quiet.breaks_syntax": "What the model wrote would have broken the file, so it was dropped.",
    "quiet.cut_short": "The model began with something else than code, and was stopped there; next time it may go on.",
    "quiet.no_answer": "Nothing could be made of the model's answer: {why}.",
    "no_answer.empty": "it was empty",
    "no_answer.prose": "it was prose",
    "no_answer.repeats": "it repeated what stands there",
    "no_answer.already_there": "all of it stands there already",
    "no_answer.other_language": "it was in another language",
    "no_answer.cut_off": "it was cut off in the middle of a word",
    "no_answer.broken_off": "it ended with {finish}",
    "completion.from_cache": "From an answer that was there already ({model}); nothing was sent.",
    "completion.closed_early": "The stream was closed early: the rest was of no use and would have taken longer.",
    "completion.took": "{model} took {seconds} s: {prompt} tokens read ({cached} of them cached), {tokens} written.",
    "completion.switched_on": "GLM completions are on again in this window.",
    "completion.switched_off": "GLM completions are off in this window. The same command switches them on.",
    "status.ready": "GLM",
    "status.busy": "GLM …",
    "status.off": "GLM: completions off",
    "status.problem": "GLM: problem",
    "stage.waiting_agent": "another tool is using the account, {seconds} s",
    "stage.waiting_closed": "the service asked to wait ({code}), {seconds} s",
    # -- the shared state (zai_ls.state) --------------------------------------------------------------------
    "state.no_folder": "it is a file, not a folder",
    "state.not_ours": "it belongs to another user",
    "state.open_to_others": "others can look into it; run `chmod go-rwx {path}`",
    "state.read_only": "it cannot be written",
    "state.set_aside": (
        "The database {path} was damaged ({why}) and has been set aside as {aside}; a new one has been begun. "
        "What was known of used quota, and a pause, may be lost."
    ),
    "state.locked": "another process has it open for too long",
    "state.stuck": "the database is damaged ({why}) and cannot be set aside; close the other editors or remove it",
    "state.no_wal": (
        "The file system of {path} does not support SQLite's write-ahead log: it may be on a network, where locks cannot be "
        "relied on. zai-ls goes on more slowly. Set ZAI_STATE_DIR to a local folder."
    ),
}


def say(message_id: str, /, **values: object) -> str:
    """The sentence *message_id* in the reader's language, with *values* filled in.

    Raises `KeyError` for an unknown id: a typing mistake, caught by the tidy tests, never by a user.
    """
    return _ENGLISH[message_id].format(**values)


def known_messages() -> tuple[str, ...]:
    """All ids, for the tests that keep the table and its uses in step."""
    return tuple(_ENGLISH)
