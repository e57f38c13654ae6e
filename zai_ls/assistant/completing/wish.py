"""What would be asked for a completion, and whether anything may be asked in a document at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zai_ls.assistant.kit import path_of
from zai_ls.core.completion.edited import recent_edits
from zai_ls.core.completion.prompt import Surrounding, completion_prompt
from zai_ls.core.completion.shape import shape_of
from zai_ls.core.completion.similar import similar
from zai_ls.core.completion.whether import quiet
from zai_ls.core.ignoring import matches
from zai_ls.core.languages import same_family
from zai_ls.core.tokens import estimate
from zai_ls.domain import Range

if TYPE_CHECKING:
    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Texts
    from zai_ls.core.completion.place import Place
    from zai_ls.core.completion.shape import Manners, Shape
    from zai_ls.domain import Choice, CompletionAsk, Prompt, Quiet, Snapshot

_BELOW_SHARE = 0.25
"""Of the code shown, what may come from below the cursor."""
_SIMILAR_SHARE = 0.25
"""Of the budget, what similar code of other documents may take."""
_EDITS_SHARE = 0.12
_EDITS_S = 300.0
"""How long a change counts as recent."""
_WRITTEN = ("file:", "untitled:")
"""Schemes of what a person writes; others hold old revisions, output and the like."""
_LINES_LIKE = 12
"""Lines above the cursor that similar code is looked for by."""
_MOST_OTHERS = 8
_LONGEST_LINE = 20_000
"""Characters; a text with a longer line was not written by hand, and takes long to read."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked, on which text."""

    snapshot: Snapshot
    place: Place
    shape: Shape
    prompt: Prompt
    choice: Choice


def wish_for(
    kit: Kit, choice: Choice, snapshot: Snapshot, place: Place, texts: Texts, *, manners: Manners = "plain"
) -> Wish:
    """The wish for a completion at *place*, to be asked of *choice*; *manners*: how that model is known to begin."""
    shape = shape_of(place, max_tokens=kit.config.settings.completion_max_tokens, manners=manners)
    shown = _surrounding(kit, snapshot, place, texts)
    return Wish(
        snapshot,
        place,
        shape,
        completion_prompt(snapshot, place, shape, shown, salt=kit.salt, root=kit.root_of(snapshot.path)),
        choice,
    )


# -- whether --------------------------------------------------------------------------------------------------


def standing_no(kit: Kit, ask: CompletionAsk) -> Quiet | None:
    """Why nothing may be asked in this document, whatever stands at the cursor; None when it may."""
    snapshot, settings = ask.snapshot, kit.config.settings
    if snapshot.language in settings.languages_off:
        return quiet("language_off", language=snapshot.language)
    if why := kit.why_ignored(path_of(snapshot)):
        return quiet("ignored", why=why)
    mode = completion_mode(kit, snapshot)
    if mode == "off" or (mode == "invoked" and not ask.invoked):
        return quiet(f"mode_{mode}")
    return quiet("no_account") if kit.config.account is None else None


def completion_mode(kit: Kit, snapshot: Snapshot) -> str:
    """When completions are asked for in this document: by its path, else its language, else everywhere."""
    settings = kit.config.settings
    path = kit.shown(path_of(snapshot))
    for word in ("off", "invoked", "auto"):
        patterns = tuple(p for p, wish in settings.completion_per_glob.items() if wish == word)
        if matches(path, patterns):
            return word
    return settings.completion_per_language.get(snapshot.language, settings.completion_mode)


def is_unfit(snapshot: Snapshot, max_bytes: int) -> bool:
    """Is the document too large, or binary, or not written by hand? Looks at its lines, not at its joined text."""
    sizes = list(map(len, snapshot.lines))
    return (
        sum(sizes) > max_bytes or max(sizes) > _LONGEST_LINE or any("\0" in line for line in snapshot.lines)
    )


# -- what is shown to the model -------------------------------------------------------------------------------


def _surrounding(kit: Kit, snapshot: Snapshot, place: Place, texts: Texts) -> Surrounding:
    budget = kit.config.settings.completion_context_tokens
    near = place.above[
        -_LINES_LIKE:
    ]  # not the line that is being typed: what is shown first should stay the same
    others = [
        other
        for other in texts.others(snapshot.uri)[:_MOST_OTHERS]
        if same_family(other.language, snapshot.language) and _may_show(kit, other)
    ]
    snippets = similar(
        near,
        ((kit.shown(path_of(other)), other.lines) for other in others),
        budget=round(budget * _SIMILAR_SHARE),
    )
    room = round(budget * _EDITS_SHARE)
    edits: list[str] = []
    for document, cursor in ((snapshot, place.point.line), *((other, None) for other in others[:2])):
        edits.append(_edits(kit, document, texts, cursor, room))
        room -= estimate(edits[-1])
    told = "\n".join(filter(None, edits))
    around = kit.syntax.surroundings(
        snapshot,
        Range(replace(place.point, column=0), place.point),
        budget=round(budget * (1 - _SIMILAR_SHARE * bool(snippets) - _EDITS_SHARE * bool(told))),
        below_share=_BELOW_SHARE,
    )
    return Surrounding(around, snippets, told, tuple(other.lines for other in others))


def _edits(kit: Kit, snapshot: Snapshot, texts: Texts, cursor: int | None, budget: int) -> str:
    before = texts.lines_lately(snapshot.uri, _EDITS_S)
    if before is None:
        return ""
    path = kit.shown(path_of(snapshot))
    return recent_edits(before, snapshot.lines, cursor=cursor, budget=budget, path=path)


def _may_show(kit: Kit, other: Snapshot) -> bool:
    """May code of another open document be sent along?"""
    settings = kit.config.settings
    return (
        other.uri.startswith(_WRITTEN)
        and other.language not in settings.languages_off
        and completion_mode(kit, other) != "off"
        and not is_unfit(other, settings.limits_max_file_bytes)
        and kit.verdict(path_of(other)) is None
    )
