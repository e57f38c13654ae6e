"""The two files that settings are read from: the person's own, and a project's, which may only tighten."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zai_ls.messages import say
from zai_ls.settings import BY_KEY, DECLARATIONS, Layer, Origin, Problem, Settings, flatten, merge
from zai_ls.settings.kinds import is_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.settings.kinds import TableOf

APP = "zai-ls"
PROJECT_FILE = ".zai.toml"
_MAX_BYTES = 1 << 20
"""No settings file is larger; a larger one is something else."""


def user_file(environ: Mapping[str, str]) -> Path:
    """Where the person's own settings are: `ZAI_CONFIG`, else the system's place for them."""
    if named := environ.get("ZAI_CONFIG", "").strip():
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"


CATALOGUE_FILE = "catalogue.toml"


def read_overlay(path: Path) -> tuple[Mapping[str, object], tuple[Problem, ...]]:
    """The person's own catalogue, to be laid on top of the shipped one, and what is wrong with it.

    It lies beside their config file, nowhere else: a workspace must not say what a model costs or which one a plan has.
    A file that cannot be read is named and does not count; so is each of its entries.
    """
    layer, broken = read_layer(path, Origin.USER_FILE, told="config.catalogue")
    if broken is not None:
        return {}, (replace(broken, kind="catalogue"),)
    if not layer.values:
        return {}, ()
    from zai_ls.catalogue import Catalogue

    wrong = Catalogue.load(layer.values).problems
    return layer.values, tuple(
        Problem("", "catalogue", f"{path}: {text}", Origin.USER_FILE) for text in wrong
    )


def default_state_dir() -> Path:
    """The system's place for a user's state: one per user, and it outlives the session."""
    import platformdirs

    return Path(platformdirs.user_state_dir(APP, appauthor=False))


def read_layer(path: Path, origin: Origin, *, told: str = "config.file") -> tuple[Layer, Problem | None]:
    """The values of a TOML file; a file that is not there has none, a broken one has a problem instead, in *told*'s words."""
    layer = Layer(origin, {}, place=str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        if len(raw) > _MAX_BYTES:
            raise ValueError("larger than 1 MB")
        return replace(layer, values=tomllib.loads(raw.decode("utf-8-sig"))), None
    except (FileNotFoundError, NotADirectoryError):
        return layer, None
    except OSError as error:
        why = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        why = "not UTF-8"
    except ValueError as error:  # TOMLDecodeError too
        why = str(error)
    return layer, Problem("", "file", say(told, path=path, why=why), origin)


def tighten(settings: Settings, root: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """*settings* as the project at *root* tightens them: more switched off, lower limits, nothing else."""
    layer, broken = read_layer(root / PROJECT_FILE, Origin.PROJECT)
    if broken is not None:
        return settings, (broken,)
    loosening = tuple(
        Problem(key, "machine", say("config.only_tighten", key=key, path=layer.place), Origin.PROJECT)
        for key in flatten(layer.values)
        if key in BY_KEY and not BY_KEY[key].tightened_by
    )
    ignored = {problem.key for problem in loosening}
    given = {key: value for key, value in flatten(layer.values).items() if key not in ignored}
    project, problems = merge([replace(layer, values=given)])
    changes: dict[str, Any] = {}
    for declaration in DECLARATIONS:
        ours = getattr(settings, declaration.attribute)
        theirs = getattr(project, declaration.attribute)
        if declaration.key not in given:
            continue
        if declaration.tightened_by == "union":
            changes[declaration.attribute] = tuple(
                dict.fromkeys((*cast("tuple[str, ...]", ours), *cast("tuple[str, ...]", theirs)))
            )
        elif declaration.tightened_by == "min":
            changes[declaration.attribute] = min(ours, theirs)
    if "completion.perGlob" in given:
        changes["completion_per_glob"], loose = _stricter_globs(
            settings, project.completion_per_glob, layer.place
        )
        loosening += loose
    wrong = odd_entries(project, {"actions.disabled": Origin.PROJECT, "ignore.patterns": Origin.PROJECT})
    return replace(settings, **changes), (*loosening, *problems, *wrong)


def _stricter_globs(
    settings: Settings, theirs: Mapping[str, str], place: str
) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """The person's globs and the project's, which make nothing looser than the person has it.

    A glob counts before the language and before everything, so `auto` is not taken from a project; and its `invoked`
    means `off` for a person who has switched something off by those, because it might be just that.
    """
    key = "completion.perGlob"
    has_off = "off" in {settings.completion_mode, *settings.completion_per_language.values()}
    taken = {name: "off" if has_off else word for name, word in theirs.items() if word != "auto"}
    problem = Problem(key, "machine", say("config.only_tighten", key=key, path=place), Origin.PROJECT)
    kind = cast("TableOf", BY_KEY[key].kind)
    return kind.stricter(settings.completion_per_glob, taken), () if len(taken) == len(theirs) else (problem,)


def project_root(path: Path) -> Path | None:
    """The project that the file *path* belongs to, wherever links lead."""
    return project_above(path.resolve())


def project_above(path: Path) -> Path | None:
    """The nearest folder above *path*, as it is written, with a project's file or a repository."""
    return next((f for f in path.parents if (f / PROJECT_FILE).exists() or (f / ".git").exists()), None)


def odd_entries(settings: Settings, sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """What stands in a list and can mean nothing there; the rest of the list counts."""
    return (*_unknown_actions(settings, sources), *_odd_patterns(settings, sources))


def _odd_patterns(settings: Settings, sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """Patterns that name no file. For one of them the others are not given up: they keep files back."""
    lists = {"ignore.patterns": settings.ignore_patterns, "ignore.allow": settings.ignore_allow}
    return tuple(
        Problem(
            key,
            "value",
            say("settings.odd_pattern", key=f"zai.{key}", where=Origin(sources[key]).phrase, pattern=pattern),
            Origin(sources[key]),
        )
        for key, patterns in lists.items()
        for pattern in patterns
        if not is_pattern(pattern)
    )


def _unknown_actions(settings: Settings, sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """Names of actions that there are not: what was switched off so is not, and what was routed so goes elsewhere."""
    if not settings.actions_disabled and not settings.routing_per_action:
        return ()
    from zai_ls.core.actions import ACTIONS
    from zai_ls.core.routing import COMPLETE

    named = (
        *(("actions.disabled", action) for action in settings.actions_disabled),
        *(("routing.perAction", action) for action in settings.routing_per_action),
    )
    return tuple(
        Problem(
            key,
            "value",
            say(
                "settings.unknown_action",
                key=f"zai.{key}",
                where=Origin(sources[key]).phrase,
                action=action,
                actions=", ".join(sorted(ACTIONS)),
            ),
            Origin(sources[key]),
        )
        for key, action in named
        if action not in ACTIONS and not (key == "routing.perAction" and action == COMPLETE)
    )
