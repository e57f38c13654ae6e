"""A real server process over a fake assistant: the subject of the protocol-level tests.

The instruction of an action is a script: words such as `report`, `hang`, `edit:TEXT`, `fail`, `show`, run one after another.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import partial

from zai_ls.assistant.ports import AccountStatus, Decision, Stage
from zai_ls.domain import Declined, Edit, Edits, FileChange, Offer, Point, Quiet, Range
from zai_ls.errors import QuotaExhausted, Superseded
from zai_ls.lsp.server import Server, serve


class FakeAssistant:
    """Does what the instruction says, and tells on stderr what became of it."""

    def __init__(self):
        self._last = None

    def offers(self, snapshot, range_, diagnostics, automatic, only):
        if "boom" in snapshot.text:
            raise RuntimeError(f"must never be logged: {snapshot.text}")
        offers = [
            Offer("Simplify", "simplify", "refactor.rewrite.zai.simplify", range_),
            Offer("Explain", "explain", "source.zai.explain", range_),
            Offer(
                "Add types", "addTypes", "refactor.rewrite.zai.addTypes", range_, disabled="Nothing to type."
            ),
        ]
        if automatic and range_.is_empty:
            offers = []
        offers += [
            Offer(f"Fix: {each.message}", "fix", "quickfix.zai", each.range, diagnostics=(each,))
            for each in diagnostics
        ]
        return tuple(offers)

    async def run(self, ask, editor, progress):
        snapshot = editor.read(ask.uri)
        outcome = Declined("unchanged", "Nothing to change.")
        try:
            for word in (ask.instruction or "").split():
                outcome = await self._step(word, ask, snapshot, editor, progress) or outcome
        except asyncio.CancelledError:
            log("cleaning up")
            await asyncio.sleep(0)
            log("cancelled")
            raise
        finally:
            self._last = Decision(ask, None, outcome, (f"I was asked to {ask.action}.",))
        return outcome

    async def _step(self, word, ask, snapshot, editor, progress):
        name, _, value = word.partition(":")
        if name == "report":
            for tokens in range(200):
                progress.report(Stage("writing", model="glm-4.6", tokens=tokens, seconds=1.0))
            progress.report(Stage("waiting", place=2))
        elif name == "hang":
            log("hanging")
            await asyncio.Event().wait()
        elif name == "edit":
            version = snapshot.version - int(ask.model or 0)
            edits = Edits("Fake", (FileChange(ask.uri, (Edit(ask.range, value),), version),))
            editor.tell("info", f"landing {(await editor.apply(edits)).value}")
            return edits
        elif name == "create":
            edits = Edits("Fake", (FileChange(value, (Edit(START, "fresh\n"),), None, create=True),))
            editor.tell("info", f"landing {(await editor.apply(edits)).value}")
        elif name == "show":
            await editor.show("An explanation", "# It adds.\n")
        elif name == "ask":
            editor.tell("info", f"asked {ask.range} {ask.version} {ask.diagnostics} {snapshot is not None}")
        elif name == "refuse":
            raise QuotaExhausted(code="1308", window="5 h", when="noon")
        elif name == "supersede":
            raise Superseded
        elif name == "fail":
            raise RuntimeError(f"must never be logged: {snapshot.text}")
        return None

    async def complete(self, ask, texts):
        return Quiet("inside_word", "The cursor is inside a word.")

    def menu_mode(self):
        return "auto"

    def text_changed(self, uri, changes, lines):
        pass

    def completion_accepted(self, proposal_id):
        log(f"accepted {proposal_id}")

    def toggle_completions(self):
        return False

    def explain_last(self):
        return () if self._last is None else (self._last,)

    def preview(self, ask, editor):
        return Declined("unchanged", "No request for this.")

    def pause(self):
        log("pausing")

    def resume(self):
        log("resuming")

    async def status(self):
        return AccountStatus("a1", "api.z.ai", "pro", (), 0, 0, None, "", False, "fake")


START = Range(Point(0, 0), Point(0, 0))


def log(text):
    print(text, file=sys.stderr, flush=True)


async def main(transport):
    def on_settings(layer):
        log(f"settings {sorted(layer.items())}")
        return ["zai.bad is not accepted."] if "bad" in layer else []

    server = Server(
        FakeAssistant(),
        on_settings=on_settings,
        on_folders=lambda folders: log(f"folders {folders}"),
    )
    asyncio.get_running_loop().call_later(0, partial(print, "print must not reach the editor", flush=True))
    return await serve(server, transport)


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    sys.exit(asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "stdio")))
