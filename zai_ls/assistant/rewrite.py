"""One code action, from the snapshot to the landing.

The order of work: take the snapshot, decide what to ask and whom, wait in line, read the reply, make something of it,
check it, and bring it onto the text as it is by then.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from zai_ls.assistant.asking import Asking, Moot, counted, load_of
from zai_ls.assistant.course import Course
from zai_ls.assistant.fence import Barred, Fence, Fenced
from zai_ls.assistant.kit import path_of
from zai_ls.assistant.landing import NotLanded, land
from zai_ls.assistant.plan import Plan, moved
from zai_ls.assistant.spoofing import told_spoofs
from zai_ls.assistant.telling import facts
from zai_ls.core.actions import ACTIONS, Output
from zai_ls.core.complexity import score
from zai_ls.core.edits import minimal_edits, replacement
from zai_ls.core.fitting import Size, fit, room_for, roomier
from zai_ls.core.offers import target_of, whole_lines
from zai_ls.core.prompts import build_prompt
from zai_ls.core.redaction import Restorer
from zai_ls.core.replies import NotCode, code_of
from zai_ls.core.routing import route, step_up
from zai_ls.core.testfiles import file_for_tests
from zai_ls.core.text import apply_edits, end_of, text_in, whole
from zai_ls.core.tokens import estimate
from zai_ls.domain import (
    Declined,
    Edit,
    Edits,
    Explanation,
    FileChange,
    FinishReason,
    Kept,
    Landing,
    Range,
)
from zai_ls.errors import StateUnusable
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Editor, Progress
    from zai_ls.core.actions import Action
    from zai_ls.core.context import Surroundings
    from zai_ls.core.routing import Routing
    from zai_ls.core.testfiles import FileForTests
    from zai_ls.core.thrift import Load
    from zai_ls.domain import Account, Ask, Choice, Outcome, Prompt, Reply, Snapshot

_BINARY = "\0"


@dataclass(frozen=True, slots=True)
class Unfit:
    """A reply that must not be applied as it is."""

    reason: str
    """`not_code`, `breaks_syntax`, `lost_secret`, `cut_off` or `spoofs`."""
    text: str
    """What the model wrote."""
    edits: tuple[Edit, ...] = ()
    """What it would change, when it can be read as a change."""
    why: str = ""
    """More exactly, for a person."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A reply made into edits of one document."""

    base: Snapshot | None
    """The text they are made for; None: a new file."""
    uri: str
    edits: tuple[Edit, ...]
    text: str
    """What the model proposed, for keeping if it cannot land."""


@dataclass(frozen=True, slots=True)
class Applicable:
    """An answer that was kept because it breaks the file, and can still be applied while the text stays as it is."""

    answer_id: str
    base: Snapshot
    edits: tuple[Edit, ...]


class Rewrite:
    """One running action. `run` it once."""

    def __init__(
        self,
        ask: Ask,
        editor: Editor,
        progress: Progress,
        kit: Kit,
        account: Account,
    ) -> None:
        self.ask = ask
        self.choice: Choice | None = None
        self.lines: list[str] = []
        """What happened, sentence by sentence, for whoever asks later."""
        self.served_by = ""
        """The model that the service says answered last."""
        self.applicable: Applicable | None = None
        """Set when the answer was kept but can still be applied."""
        self._editor = editor
        self._course = Course(progress, kit.clock)
        self._kit = kit
        self._account = account

    async def run(self) -> Outcome:
        """The action's outcome, applied where it can be. Raises `ZaiError` for what service or account refuse."""
        plan = self.plan()
        if isinstance(plan, Declined):
            return plan
        self._kit.saving = plan.choice.saving
        try:
            plan, reply = await self._asked(plan)
            made = self._make(plan, reply)
            if isinstance(made, Unfit) and made.reason != "spoofs":  # which a second answer would not explain
                plan, reply = await self._asked(self._once_more(plan, made.reason))
                made = self._make(plan, reply)
        except Moot as moot:
            return moot.declined
        shown_first = self._kit.config.settings.edits_preview and self._editor.reviews
        self._course.report("review" if shown_first else "applying")
        await asyncio.sleep(0)  # the last moment at which cancelling leaves the text alone
        match made:
            case Unfit():
                return await self._keep_unfit(plan, made)
            case Fit():
                return await self._land(plan, made)
            case Explanation():
                await self._editor.show(made.title, made.markdown)
                return made
            case Declined():
                return made

    def end(self) -> None:
        """It is over, however it went."""
        self._course.report("done")

    # -- before the wait -------------------------------------------------------------------------------------

    def plan(self) -> Plan | Declined:
        """Everything that is decided from the text as it is; awaits nothing."""
        snapshot = self._editor.read(self.ask.uri)
        if snapshot is None:
            return _declined("no_such_document")
        if self.ask.version in {None, snapshot.version}:
            return self._plan_for(snapshot, self.ask)
        changes = self._editor.changes_since(self.ask.uri, self.ask.version)
        ask = moved(self.ask, changes) if changes is not None else None
        return _declined("changed_since") if ask is None else self._plan_for(snapshot, ask)

    def _plan_for(self, snapshot: Snapshot, ask: Ask) -> Plan | Declined:
        kit, settings = self._kit, self._kit.config.settings
        action = ACTIONS.get(ask.action)
        if action is None:
            return _declined("no_such_action", action=ask.action)
        if (ignored := self._ignored(snapshot)) is not None:
            return ignored
        if (unfit := unfit_document(snapshot, settings.limits_max_file_bytes)) is not None:
            return unfit
        if snapshot.language in settings.languages_off:
            return _declined("language_off", language=snapshot.language)
        if ask.range is None:
            target = whole_lines(snapshot.lines, whole(snapshot.lines))
        else:
            target = target_of(snapshot, ask.range, kit.syntax, ask.diagnostics)
        if target is None:
            return _declined("nothing_here")
        if action.output is not Output.PROSE and Fence(kit, snapshot).why_not_document() == "outside":
            return _declined("leads_outside", file=_name(snapshot.uri))
        tests = self._tests_of(snapshot) if action.output is Output.TESTS else None
        if isinstance(tests, Declined):
            return tests
        scored = score(snapshot, target, kit.syntax, ask.diagnostics, ask.instruction or "")
        routing = kit.routing(self._account, with_quota=True)

        def made(budget: int) -> tuple[Prompt, Surroundings]:
            around = kit.syntax.surroundings(snapshot, target, budget=budget)
            prompt = build_prompt(
                action,
                snapshot,
                target,
                ask,
                around,
                salt=kit.salt,
                root=kit.root_of(snapshot.path),
                words=settings.actions_language,
                tests=tests,
            )
            return prompt, around

        prompt, _ = made(settings.limits_context_tokens)
        load = load_of(prompt)
        choice = route(
            scored, action, snapshot.language, explicit=ask.model, routing=routing, load=load
        )  # fmt: skip
        fitted = self._fitted(Plan(snapshot, ask, action, target, choice, prompt, tests), routing, load, made)
        if isinstance(fitted, Declined):
            return fitted
        self.choice = fitted.choice
        self._note(fitted.choice.reason)
        if fitted.left_out:
            self._note(fitted.left_out)
        if fitted.prompt.stand_ins:
            self._note(say("rewrite.secrets", count=len(fitted.prompt.stand_ins)))
        for line in facts(fitted.choice, routing, kit.local_time):
            self._note(line)
        return fitted

    def _ignored(self, snapshot: Snapshot) -> Declined | None:
        """Why nothing of the document may be sent, if so."""
        why = self._kit.why_ignored(path_of(snapshot))
        return Declined("ignored", why) if why else None

    def _fitted(
        self,
        plan: Plan,
        routing: Routing,
        load: Load,
        made: Callable[[int], tuple[Prompt, Surroundings]],
    ) -> Plan | Declined:
        """*plan* as it fits into a model's context: as it is, with less around the code, or with another model."""
        choice, asked = plan.choice, plan.choice.model
        others = () if choice.tier == "chosen" else (*choice.fallbacks, *roomier(asked, routing, load))
        least = _least_reply(plan.action, plan.snapshot, plan.target)
        # Without this the prompt is built twice for nothing: nearly always all of it fits.
        size = Size(load.prompt_tokens, load.prompt_tokens, load.max_tokens, least)
        found = fit(size, asked, (), routing)
        bare = load.prompt_tokens
        if found is None:
            bare = counted(made(0)[0])
            found = fit(replace(size, bare=bare), asked, others, routing)
        if found is None:
            reason = "too_long_for" if choice.tier == "chosen" else "too_long"
            return _declined(reason, tokens=bare, models=", ".join(dict.fromkeys((asked, *others))))
        if found.model != asked:
            reason = say("fit.moved", model=found.model, tokens=load.prompt_tokens, before=asked)
            choice = replace(choice, model=found.model, reason=f"{choice.reason} {reason}")
            plan = replace(plan, choice=choice)
        if found.budget is not None:
            wanted = self._kit.config.settings.limits_context_tokens
            prompt, around = made(min(wanted, found.budget))
            told = say("fit.cut", model=found.model, left_out=" ".join(around.left_out))
            plan = replace(plan, prompt=prompt, left_out=told)
            load = replace(load, prompt_tokens=counted(prompt))
        room = [
            each
            for each in (asked, *choice.fallbacks)
            if each != choice.model and self._has_room(plan, each, routing)
        ]
        choice = replace(
            choice, fallbacks=tuple(dict.fromkeys(room)) if choice.tier != "chosen" else ()
        )  # fmt: skip
        return replace(plan, choice=replace(choice, expense=routing.expense(choice.model, load)))

    def _has_room(self, plan: Plan, model: str, routing: Routing) -> bool:
        """Would *plan*, as it is, fit into *model*?"""
        entry, factor = routing.catalogue.model(model), routing.factors.get(model, 1.0)
        return (
            _least_reply(plan.action, plan.snapshot, plan.target) <= entry.max_output
            and counted(plan.prompt) <= room_for(entry, plan.prompt.max_tokens, factor)
        )  # fmt: skip

    def _tests_of(self, snapshot: Snapshot) -> FileForTests | Declined:
        """Where the tests go, with what is there; declined when that cannot be read, or is not ours to send and change."""
        if snapshot.path is None:
            return _declined("no_place_for_tests")
        source, fence = snapshot.path, Fence(self._kit, snapshot)

        def exists(path: str) -> bool:
            return os.path.lexists(path) or self._editor.read(Path(path).as_uri()) is not None

        def read(path: str) -> str | None:
            if path != source and fence.why_not_beside(path) is not None:
                return None
            found = self._editor.read_file(Path(path).as_uri())
            return None if found is None else found.text

        tests = file_for_tests(source, snapshot.language, exists, read, fence.top)
        if tests is None:
            return _declined("no_place_for_tests")
        if tests.inside:
            return tests
        name = Path(tests.path).name
        reason = fence.why_not_beside(tests.path)
        if reason == "too_large":
            return _too_large(name, self._kit.config.settings.limits_max_file_bytes)
        if reason == "ignored":
            return _declined("tests_ignored", file=name, why=self._kit.why_ignored(tests.path))
        if reason is not None:
            return _declined(f"tests_{reason}", file=name)
        if tests.existing is None and exists(tests.path):
            return _declined("tests_unreadable", file=name)
        return tests

    def _once_more(self, plan: Plan, why: str) -> Plan:
        """An unusable reply is asked for again once: one model up, or the same when a person chose it."""
        routing = self._kit.routing(self._account)
        choice = step_up(plan.choice, routing)
        if not self._has_room(plan, choice.model, routing):
            choice = plan.choice
        choice = replace(
            choice,
            fallbacks=tuple(each for each in choice.fallbacks if self._has_room(plan, each, routing)),
        )
        self._note(say("rewrite.once_more", why=say(f"unfit.{why}"), model=choice.model))
        self.choice = choice
        return replace(plan, choice=choice)

    # -- the wait and the reply ------------------------------------------------------------------------------

    async def _asked(self, plan: Plan) -> tuple[Plan, Reply]:
        """The model's reply, and the plan as it was when the request left: the text may have moved on in line."""
        asking = Asking(
            self._kit,
            self._account,
            plan,
            self._course,
            action=self.ask.action,
            note=self._note,
            fresh=self._fresh,
        )
        try:
            reply = await asking.reply()
        finally:
            self.choice = asking.plan.choice
        self.served_by = reply.model
        return asking.plan, reply

    def _fresh(self, plan: Plan) -> Plan | Declined:
        """*plan* for the text as it is now, if its target is still there untouched; else as it was."""
        current = self._editor.read(plan.snapshot.uri)
        if current is None:
            return _declined("no_such_document")
        if (ignored := self._ignored(current)) is not None:
            return ignored  # since it is in line
        if current.version == plan.snapshot.version:
            return plan
        changes = self._editor.changes_since(plan.snapshot.uri, plan.snapshot.version)
        ask = moved(replace(plan.ask, range=plan.target), changes) if changes is not None else None
        if ask is None:
            return plan  # touched meanwhile: the answer will be merged
        fresh = self._plan_for(current, ask)
        return fresh if isinstance(fresh, Declined) else replace(fresh, choice=plan.choice)

    # -- what the reply is -----------------------------------------------------------------------------------

    def _make(self, plan: Plan, reply: Reply) -> Fit | Unfit | Explanation | Declined:
        if not reply.text.strip():
            return _declined("empty_reply")
        if plan.action.output is Output.PROSE:
            text = reply.text.strip()
            if reply.finish is FinishReason.LENGTH:
                text += "\n\n" + say("rewrite.cut_prose")
            return Explanation(plan.action.title_for(_name(plan.snapshot.uri)), text)
        if reply.finish is FinishReason.LENGTH:
            return Unfit("cut_off", reply.text)
        code = code_of(reply.text, plan.snapshot.language, text_in(plan.snapshot.lines, plan.target))
        if isinstance(code, NotCode):
            return Unfit("not_code", reply.text)
        if Restorer(plan.prompt.stand_ins).has_traces(code.text):
            return Unfit("lost_secret", code.text)
        if plan.tests is not None:
            return self._make_tests(plan, plan.tests, code.text)
        text = replacement(plan.snapshot, plan.target, code.text)
        edits = minimal_edits(plan.snapshot, plan.target, text)
        if not edits:
            return _declined("unchanged")
        after = "".join(apply_edits(plan.snapshot.lines, edits))
        if self._breaks(plan.snapshot, after):
            return Unfit("breaks_syntax", code.text, edits)
        if what := told_spoofs(plan.snapshot.text, after, plan.snapshot, self._kit.syntax):
            return Unfit("spoofs", code.text, edits, what)
        return Fit(plan.snapshot, plan.snapshot.uri, edits, code.text)

    def _make_tests(self, plan: Plan, tests: FileForTests, code: str) -> Fit | Unfit | Declined:
        uri = _uri_of(plan)
        base = plan.snapshot if tests.inside else self._editor.read_file(uri)
        if base is None:
            start, text = end_of(("",)), tests.with_tests(code)
            if self._kit.syntax.is_sound(text, plan.snapshot.language) is False:
                return Unfit("breaks_syntax", code)
            if what := told_spoofs(plan.snapshot.text, text, plan.snapshot, self._kit.syntax):
                return Unfit("spoofs", code, why=what)
            return Fit(None, uri, (Edit(Range(start, start), text),), code)
        base = replace(base, language=plan.snapshot.language)  # a file that is not open has none
        edits = minimal_edits(base, whole(base.lines), replace(tests, existing=base.text).with_tests(code))
        if not edits:
            return _declined("unchanged")
        after = "".join(apply_edits(base.lines, edits))
        if self._breaks(base, after):
            return Unfit("breaks_syntax", code, edits)
        if what := told_spoofs(base.text + plan.snapshot.text, after, base, self._kit.syntax):
            return Unfit("spoofs", code, edits, what)
        return Fit(base, uri, edits, code)

    def _breaks(self, current: Snapshot, text: str) -> bool:
        """Would *text* hold more faults than the document has now? Unknown languages break nothing."""
        syntax = self._kit.syntax
        after = syntax.errors_in(text, current.language)
        return bool(after) and after > (syntax.errors_in(current.text, current.language) or 0)

    # -- the landing -----------------------------------------------------------------------------------------

    async def _land(self, plan: Plan, fit: Fit) -> Outcome:
        label = plan.action.title_for(_name(fit.uri))
        review = self._kit.config.settings.edits_preview
        editor = Fenced(self._editor, Fence(self._kit, plan.snapshot, plan.tests))
        try:
            landed = await self._landed(plan, fit, editor, label, review=review)
        except Barred as barred:
            return await self._keep(plan, "barred", fit.text, fit.uri, why=str(barred))
        if isinstance(landed, NotLanded):
            if landed.reason == "already_there":
                return _declined("unchanged")
            return await self._keep(plan, landed.reason, fit.text, fit.uri)
        self._note(say("rewrite.applied", file=_name(fit.uri)))
        return landed

    async def _landed(
        self, plan: Plan, fit: Fit, editor: Fenced, label: str, *, review: bool
    ) -> Edits | NotLanded:
        if fit.base is not None and (fit.uri == plan.snapshot.uri or self._editor.read(fit.uri) is not None):
            return await land(fit.base, fit.edits, editor, label=label, breaks=self._breaks, review=review)
        # A new file, or one that is not open: it is as it was read just now, or the editor refuses.
        change = FileChange(fit.uri, fit.edits, create=fit.base is None)
        proposal = Edits(label, (change,), review)
        match await editor.apply(proposal):
            case Landing.APPLIED:
                return proposal
            case Landing.DISCARDED:
                return NotLanded("discarded")
            case _:
                return NotLanded("refused_by_editor")

    async def _keep_unfit(self, plan: Plan, unfit: Unfit) -> Kept:
        kept = await self._keep(plan, unfit.reason, unfit.text, _uri_of(plan), why=unfit.why)
        if not unfit.edits or plan.tests is not None:
            return kept
        self.applicable = Applicable(kept.answer_id, plan.snapshot, unfit.edits)
        return replace(kept, text=f"{kept.text} {say('kept.applicable')}")

    async def _keep(self, plan: Plan, reason: str, text: str, uri: str, *, why: str = "") -> Kept:
        try:
            answer = self._kit.answers.keep(uri=uri, action=plan.action.id, reason=reason, text=text)
        except StateUnusable:
            await self._editor.show(plan.action.title_for(_name(uri)), text)  # here at least it is not lost
            raise
        except OSError as error:
            await self._editor.show(plan.action.title_for(_name(uri)), text)
            raise StateUnusable(error.strerror or type(error).__name__, path=str(error.filename)) from None
        sentence = say(f"kept.{reason}", file=_name(uri), id=answer.id, path=answer.path, why=why)
        self._note(sentence)
        return Kept(reason, sentence, answer.id, str(answer.path))

    def _note(self, line: str) -> None:
        self.lines.append(line)


def unfit_document(snapshot: Snapshot, max_bytes: int) -> Declined | None:
    """Why no action can run on this document at all, if so."""
    if _BINARY in snapshot.text:
        return _declined("binary", file=_name(snapshot.uri))
    size = len(snapshot.text)
    if size > max_bytes or (
        size * 4 > max_bytes and len(snapshot.text.encode("utf-8", "replace")) > max_bytes
    ):
        return _too_large(_name(snapshot.uri), max_bytes)
    return None


def _least_reply(action: Action, snapshot: Snapshot, target: Range) -> int:
    """Tokens that a usable reply takes at least: code that is rewritten comes back about as long as it is."""
    return estimate(text_in(snapshot.lines, target)) if action.output is Output.CODE else 0


def _too_large(name: str, max_bytes: int) -> Declined:
    limit = f"{max_bytes / 2**20:.3g} MiB" if max_bytes >= 2**20 else f"{max_bytes / 2**10:.3g} KiB"
    return _declined("too_large", file=name, limit=limit, setting="limits.maxFileBytes")


def _declined(reason: str, **values: object) -> Declined:
    return Declined(reason, say(f"declined.{reason}", **values))


def _uri_of(plan: Plan) -> str:
    """The document that the answer is for."""
    tests = plan.tests
    return plan.snapshot.uri if tests is None or tests.inside else Path(tests.path).as_uri()


def _name(uri: str) -> str:
    return Path(urlsplit(uri).path).name or uri
