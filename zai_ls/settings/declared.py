"""Every setting, declared once: key, what it accepts, default, meaning, and who may set it.

The documentation and the checks are made from these declarations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal, TypeVar, cast, get_args

from zai_ls.domain import PlanName
from zai_ls.settings.kinds import (
    Command,
    Kind,
    Number,
    OneOf,
    Patterns,
    Switch,
    Table,
    TableOf,
    Text,
    Whole,
    Words,
    is_pattern,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

SECTION = "zai"
"""Name of the settings section in editors."""


CompletionMode = Literal["auto", "invoked", "off"]
"""When completions are asked for, the strictest last."""

Profile = Literal["saver", "balanced", "eager"]
"""How freely quota is spent on what nobody asked for; `core.throttle` has the numbers."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is said about one setting."""

    key: str
    """camelCase, dotted, below `zai`."""
    kind: Kind[object]
    default: object
    doc: str
    machine: bool = False
    """Taken from flags, environment and the user file only."""
    env: str = ""
    """Environment variable that sets it."""
    tightened_by: Literal["", "union", "min", "stricter"] = ""
    """How a project's `.zai.toml` may tighten it; empty: it may not."""
    vital: bool = False
    """It decides where requests go or whose slot they share: rather than do without a value that was meant, nothing is sent."""

    @property
    def attribute(self) -> str:
        """The field of `Settings`: `limits.maxFileBytes` is `limits_max_file_bytes`."""
        return re.sub(r"([A-Z])", r"_\1", self.key.replace(".", "_")).lower()

    @property
    def sentences(self) -> dict[str, str]:
        """What a person reads about it in English, by id: what it is for, and what each word means."""
        found = {f"setting.{self.key}": self.doc}
        if isinstance(self.kind, OneOf) and self.kind.meanings:
            words = zip(self.kind.choices, self.kind.meanings, strict=True)
            found |= {f"setting.{self.key}.{word}": meaning for word, meaning in words}
        return found


def _setting(
    key: str,
    kind: Kind[T],
    default: T,
    doc: str,
    *,
    machine: bool = False,
    env: str = "",
    tightened_by: Literal["", "union", "min", "stricter"] = "",
    vital: bool = False,
) -> T:
    declaration = Declaration(key, kind, default, doc, machine, env, tightened_by, vital)
    return field(default_factory=lambda: default, metadata={"declaration": declaration})


_MODES = OneOf(
    get_args(CompletionMode),
    ("While you type, and when you ask.", "Only when you ask.", "Never."),
)
_MODEL = "a model's name, or empty for the catalogue's choice"
_WHICH = "a table of names and `light`, `standard`, `strong`, `code`, `specialist` or a model's name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force. Empty text means "not set"."""

    base_url: str = _setting(
        "baseUrl",
        Text("the API base URL of the service, such as https://api.z.ai/api/paas/v4"),
        "https://api.z.ai/api/paas/v4",
        "The whole base URL of the API. A path with `anthropic` in it means the Anthropic dialect, any other the OpenAI dialect. "
        "Plain http is taken for this machine's own addresses only.",
        machine=True,
        env="ZAI_BASE_URL",
        vital=True,
    )
    plan: PlanName = _setting(  # noqa: RUF009 - makes a field, like the others
        "plan",
        OneOf(
            get_args(PlanName),
            ("Pay as you go.", "Coding Plan Lite.", "Coding Plan Pro.", "Coding Plan Max."),
        ),
        "payg",
        "What the key belongs to: pay-as-you-go, or a Coding Plan of that size.",
        machine=True,
        env="ZAI_PLAN",
    )
    account: str = _setting(
        "account",
        Text("a word of letters, digits, dots, dashes and underscores, at most 64", r"[\w.-]{0,64}"),
        "",
        "Your own name for the account. Give several keys of one plan the same name: they share one slot and one quota. "
        "Empty: a digest of key and host.",
        machine=True,
        env="ZAI_ACCOUNT",
        vital=True,
    )
    api_key_command: tuple[str, ...] = _setting(
        "apiKeyCommand",
        Command(),
        (),
        "A program that prints the API key on its first line, such as `pass show zai`. It is run without a shell, "
        "in your home folder, for 10 seconds at most. Used when no key is in the environment.",
        machine=True,
        env="ZAI_API_KEY_COMMAND",
    )
    state_dir: str = _setting(
        "stateDir",
        Text("a folder's path"),
        "",
        "Where the shared state lies: the line, the ledger, kept answers. All your editors must use the same. "
        "Empty: the system's place for a user's state.",
        machine=True,
        env="ZAI_STATE_DIR",
        vital=True,
    )
    proxy: str = _setting(
        "proxy",
        Text("an http, https or socks5 URL", r"((http|https|socks5|socks5h)://\S+)?"),
        "",
        "Proxy for all requests. Empty: none.",
        machine=True,
        env="ZAI_PROXY",
        vital=True,
    )
    log_file: str = _setting(
        "logFile",
        Text("a file's path"),
        "",
        "Where the log goes. Empty: standard error, which most editors keep in their own log.",
        machine=True,
        env="ZAI_LOG_FILE",
    )
    slots: int = _setting(
        "slots",
        Whole(1, 16),
        1,
        "Most requests in flight for the account. The smallest value among all running processes counts. "
        "Raise it, in your own config file, only when your account is allowed more; an editor's settings can only lower it.",
    )
    gap_ms: int = _setting(
        "gapMs",
        Whole(0, 10_000, "milliseconds"),
        250,
        "Pause after a request that was cut off, before the next one starts: the service notices late that a place is free. "
        "An editor's settings can only lengthen it.",
    )
    models_light: str = _setting("models.light", Text(_MODEL), "", "The model for simple code.")
    models_standard: str = _setting("models.standard", Text(_MODEL), "", "The model for ordinary code.")
    models_strong: str = _setting("models.strong", Text(_MODEL), "", "The model for hard code.")
    models_code: str = _setting("models.code", Text(_MODEL), "", "The model for completions.")
    models_specialist: str = _setting(
        "models.specialist",
        Text(_MODEL),
        "",
        "The model for code-heavy work (implement, refactor, optimise, test) on hard code. Empty: the plan's own, as soon as it is "
        "certain that it can be called; until then the strong model. `glm-5-code` tries it: when the service refuses it, the "
        "request goes on with the strong model, and it is left alone for a while.",
    )
    routing_standard_from: float = _setting(
        "routing.standardFrom", Number(0, 1), 0.3, "Score from which the standard model is used."
    )
    routing_strong_from: float = _setting(
        "routing.strongFrom", Number(0, 1), 0.7, "Score from which the strong model is used."
    )
    routing_per_action: Mapping[str, str] = _setting(
        "routing.perAction", Table(_WHICH), {}, 'Which model an action uses, such as `{"test" = "strong"}`.'
    )
    routing_per_language: Mapping[str, str] = _setting(
        "routing.perLanguage",
        Table(_WHICH),
        {},
        'Which model a language uses, by the editor\'s language id, such as `{"markdown" = "light"}`.',
    )
    routing_most_share: float = _setting(
        "routing.mostShare",
        Number(0.001, 1),
        0.03,
        "The largest part of what is left of a quota window that one request may take before a cheaper model is used. "
        "A model that you chose yourself is used all the same, and the cost is said. 1: only when nothing is left.",
    )
    routing_scarce_below: float = _setting(
        "routing.scarceBelow",
        Number(0, 100, "per cent"),
        10.0,
        "The same for a window of which only the percentage is known: a cheaper model is used when less than this is left.",
    )
    routing_pace_margin: float = _setting(
        "routing.paceMargin",
        Number(0, 1),
        0.8,
        "A model one tier cheaper is used when, at the pace of late, a window would be used up within this part of the time that is "
        "left until it refills. 0: the pace does not count.",
    )
    routing_peak_margin: float = _setting(
        "routing.peakMargin",
        Number(0, 1),
        0.1,
        "In peak hours, when quota goes faster, a model one tier cheaper is used for scores this close above a threshold. "
        "0: the hour does not count.",
    )
    routing_steadiness: float = _setting(
        "routing.steadiness",
        Number(0, 0.9),
        0.25,
        "How far a bound must be missed again, as a part of it, before zai-ls goes back to the dearer model: without that the model "
        "would change with every request while quota hovers about the bound.",
    )
    model: str = _setting(
        "model", Text("a model's name"), "", "One model for everything. Empty: chosen for each request."
    )
    actions_disabled: tuple[str, ...] = _setting(
        "actions.disabled",
        Words("a list of actions"),
        (),
        "Actions that are not offered, and not run from a shell.",
        tightened_by="union",
    )
    actions_language: str = _setting(
        "actions.language",
        Text("a language's name, or auto"),
        "auto",
        "Language of explanations and comments. `auto`: the language of the code's own comments, else English.",
    )
    edits_preview: bool = _setting(
        "edits.preview",
        Switch(),
        False,
        "Show what an action would change, and apply it only when you agree, in editors that can.",
    )
    languages_off: tuple[str, ...] = _setting(
        "languages.off",
        Words("a list of language ids"),
        (),
        "Languages, by the editor's language id, in which nothing is offered and nothing is sent.",
        tightened_by="union",
    )
    ignore_patterns: tuple[str, ...] = _setting(
        "ignore.patterns",
        Patterns(),
        (),
        "Files of which nothing is sent and for which nothing is offered, by patterns as in `.gitignore`, such as `customers/` or "
        "`*.sql`. A pattern with a slash in it counts from the open folder, or from the root of the file system. "
        "An editor's settings and a project's can only add to yours.",
        tightened_by="union",
    )
    ignore_allow: tuple[str, ...] = _setting(
        "ignore.allow",
        Patterns(),
        (),
        "Files that may be sent although a `.gitignore` excludes them, by patterns of the same kind. Nothing else that keeps a file "
        "back is undone by it.",
        machine=True,
        env="ZAI_IGNORE_ALLOW",
    )
    limits_max_file_bytes: int = _setting(
        "limits.maxFileBytes",
        Whole(1_024, 64 * 2**20, "bytes"),
        2 * 2**20,
        "Larger files are declined.",
        tightened_by="min",
    )
    limits_context_tokens: int = _setting(
        "limits.contextTokens",
        Whole(0, 1_000_000, "tokens"),
        16_000,
        "Most code from around the selection that is sent along.",
        tightened_by="min",
    )
    completion_mode: CompletionMode = _setting(  # noqa: RUF009 - makes a field, like the others
        "completion.mode",
        _MODES,
        "auto",
        "When completions are asked for: `auto` while you type, `invoked` only when you ask, `off` never.",
    )
    completion_menu: CompletionMode = _setting(  # noqa: RUF009 - makes a field, like the others
        "completion.menu",
        _MODES,
        "auto",
        "The same for the editor's completion menu. An editor that asks for inline completions gets none in its menu.",
    )
    completion_per_language: Mapping[str, str] = _setting(
        "completion.perLanguage",
        TableOf("language ids", get_args(CompletionMode)),
        {},
        'The same for a language, by the editor\'s language id, such as `{"markdown" = "invoked"}`; it counts before `completion.mode`.',
    )
    completion_per_glob: Mapping[str, str] = _setting(
        "completion.perGlob",
        TableOf("patterns as in .gitignore", get_args(CompletionMode), is_pattern),
        {},
        'The same for files, by patterns as in `.gitignore`, such as `{"*.min.js" = "off"}`; the strictest that matches counts, '
        "before the language.",
        tightened_by="stricter",
    )
    completion_in_comments: bool = _setting(
        "completion.inComments", Switch(), False, "Complete comments while you type."
    )
    completion_in_strings: bool = _setting(
        "completion.inStrings", Switch(), False, "Complete strings while you type."
    )
    completion_debounce_ms: int = _setting(
        "completion.debounceMs",
        Whole(0, 10_000, "milliseconds"),
        0,
        "Pause in typing after which a completion is asked for. 0: chosen by your rhythm, the place, and how fast the model answers.",
    )
    completion_context_tokens: int = _setting(
        "completion.contextTokens",
        Whole(100, 32_000, "tokens"),
        1_200,
        "Most code from around the cursor, and from other open files, that is sent with one completion.",
        tightened_by="min",
    )
    completion_max_tokens: int = _setting(
        "completion.maxTokens", Whole(8, 2_048, "tokens"), 160, "Longest completion of several lines."
    )
    throttle_profile: Profile = _setting(  # noqa: RUF009 - makes a field, like the others
        "throttle.profile",
        OneOf(
            get_args(Profile),
            (
                "Sparing: completions make way early, and much is kept for what you ask for.",
                "In between.",
                "Free-handed: completions go on for long, and little is kept.",
            ),
        ),
        "balanced",
        "How much of the quota completions while you type may take: `saver` stretches their pauses from 30 % used, paces them from "
        "50 %, and keeps 25 % of each window for what you ask for; `balanced` has 60, 80 and 10 %, `eager` 80, 90 and 5 %.",
    )
    throttle_stretch_from: float = _setting(
        "throttle.stretchFrom",
        Number(-1, 100, "per cent used"),
        -1.0,
        "From here on pauses in typing get longer. -1: as the profile has it.",
    )
    throttle_pace_from: float = _setting(
        "throttle.paceFrom",
        Number(-1, 100, "per cent used"),
        -1.0,
        "From here on completions while you type take no more than their even share of what is left. -1: as the profile has it.",
    )
    throttle_reserve: float = _setting(
        "throttle.reserve",
        Number(-1, 100, "per cent left"),
        -1.0,
        "What of each window is kept for what you ask for: from here on there are no completions while you type. "
        "-1: as the profile has it.",
    )
    throttle_longest_stretch: float = _setting(
        "throttle.longestStretch",
        Number(0, 20, "times"),
        0.0,
        "How many times longer the longest pause is. 0: as the profile has it.",
    )
    budget_daily: float = _setting(
        "budget.daily",
        Number(0, 1_000_000),
        0.0,
        "What you allow yourself a day, in the account's currency (dollars, or yuan on bigmodel.cn). At its end nothing is sent "
        "before midnight. 0: no such bound.",
        machine=True,
        env="ZAI_BUDGET_DAILY",
    )
    budget_monthly: float = _setting(
        "budget.monthly",
        Number(0, 1_000_000),
        0.0,
        "The same for a month of the calendar.",
        machine=True,
        env="ZAI_BUDGET_MONTHLY",
    )
    quota_poll_minutes: float = _setting(
        "quota.pollMinutes",
        Number(0, 1_440, "minutes"),
        5.0,
        "How often the service is asked for the quota while requests are made; more often only after a refusal, or when much was "
        "used since. It costs no quota. 0: never, so that all windows are estimates.",
    )
    quota_notices: bool = _setting(
        "quota.notices",
        Switch(),
        True,
        "Say once at 80, 95 and 100 % of each window, and when it is back, as a message of the editor.",
    )
    timeouts_connect: float = _setting(
        "timeouts.connect", Number(0.1, 300, "seconds"), 8.0, "Longest wait for a connection."
    )
    timeouts_first_byte: float = _setting(
        "timeouts.firstByte",
        Number(0.1, 3_600, "seconds"),
        120.0,
        "Longest wait for the first byte of a reply.",
    )
    timeouts_idle: float = _setting(
        "timeouts.idle", Number(0.1, 3_600, "seconds"), 60.0, "Longest silence inside a reply."
    )
    timeouts_total: float = _setting(
        "timeouts.total", Number(1, 7_200, "seconds"), 600.0, "Longest duration of a whole reply."
    )
    answers_keep: int = _setting(
        "answers.keep", Whole(1, 1_000), 20, "How many answers that could not be applied are kept."
    )
    answers_days: int = _setting("answers.days", Whole(0, 365, "days"), 7, "How long they are kept.")
    log_level: str = _setting(
        "log.level", OneOf(("error", "warning", "info", "debug")), "warning", "How much is logged."
    )


DECLARATIONS: tuple[Declaration, ...] = tuple(
    cast("Declaration", f.metadata["declaration"]) for f in fields(Settings)
)
"""All settings, in the order of the documentation."""

BY_KEY: Mapping[str, Declaration] = {d.key: d for d in DECLARATIONS}
