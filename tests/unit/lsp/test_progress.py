"""Work-done progress as an editor sees it."""

from __future__ import annotations

from tests.clock import TurnedClock, settle
from tests.unit.lsp.peer import PlayedPeer
from zai_ls.assistant.ports import Stage
from zai_ls.lsp.client import Client
from zai_ls.lsp.progress import ProgressBars
from zai_ls.lsp.protocol import EditorError


class Bench:
    """Progress bars, a played editor, and the cancels that were pressed."""

    def __init__(self, *, supported=True):
        self.peer, self.clock, self.cancelled = PlayedPeer(), TurnedClock(), []
        self.bars = ProgressBars(self.peer, self.clock)
        self.progress = self.bars.begin(
            Client(progress=supported), "GLM: simplify", lambda: self.cancelled.append(True)
        )

    @property
    def shown(self):
        return [
            (params["value"]["kind"], params["value"].get("message"))
            for method, params in self.peer.told
            if method == "$/progress"
        ]

    @property
    def token(self):
        return self.peer.asked[0][1]["token"]

    async def accept(self):
        self.peer.answer(None)
        await settle()


async def test_begin_report_end_in_this_order():
    """Model, tokens, seconds and place in line are shown; the title stays."""
    bench = Bench()
    await bench.accept()
    bench.progress.report(Stage("waiting", place=2, seconds=1.2))
    bench.progress.report(Stage("writing", model="glm-4.6", tokens=7, seconds=3))
    bench.progress.end("Done")
    assert bench.shown == [
        ("begin", None),
        ("report", "waiting, 2 ahead, 1 s"),
        ("report", "glm-4.6: writing, 7 tokens, 3 s"),
        ("end", "Done"),
    ]
    assert bench.peer.told[0][1]["value"]["cancellable"] is True
    assert len(bench.bars) == 0


async def test_nothing_is_sent_before_the_editor_has_accepted_the_token():
    """Then it begins with what is known by now."""
    bench = Bench()
    bench.progress.report(Stage("sent", text="on its way"))
    assert bench.shown == []
    await bench.accept()
    assert bench.shown == [("begin", "on its way")]


async def test_a_token_accepted_too_late_is_ended():
    """Else the editor would show it for ever."""
    bench = Bench()
    bench.progress.end()
    await bench.accept()
    assert [kind for kind, _ in bench.shown] == ["begin", "end"]


async def test_an_editor_that_declines_is_left_alone():
    """No token, no progress, and nothing to cancel."""
    bench = Bench()
    bench.peer.refuse(EditorError("no"))
    await settle()
    bench.progress.report(Stage("sent"))
    bench.progress.end()
    assert bench.shown == []
    assert len(bench.bars) == 0


async def test_an_editor_without_progress_is_asked_nothing():
    """It has said that it shows none."""
    bench = Bench(supported=False)
    bench.progress.report(Stage("sent"))
    bench.progress.end()
    assert (bench.peer.asked, bench.peer.told) == ([], [])


async def test_token_counts_are_shown_a_few_times_a_second():
    """A stream brings hundreds; a new stage is shown at once."""
    bench = Bench()
    await bench.accept()
    for tokens in range(400):
        bench.progress.report(Stage("writing", tokens=tokens))
        await bench.clock.turn(0.01)
    assert 12 <= len(bench.shown) <= 20
    bench.progress.report(Stage("writing", model="other"))
    bench.progress.report(Stage("applying", model="other"))
    assert bench.shown[-1][1].startswith("other: applying")
    assert bench.shown[-2][1].startswith("other: writing")


async def test_cancel_reaches_the_work_until_it_ends():
    """A token of work that has ended, or of nobody, cancels nothing."""
    bench = Bench()
    await bench.accept()
    for token in ("someone else's", 7, None):
        bench.bars.cancelled_by_editor(token)
    assert bench.cancelled == []
    bench.bars.cancelled_by_editor(bench.token)
    assert bench.cancelled == [True]
    bench.progress.end()
    bench.bars.cancelled_by_editor(bench.token)
    assert bench.cancelled == [True]
