"""Every scenario, from the selection to the file afterwards, through the whole assistant and the emulated service."""

from __future__ import annotations

import re

import pytest

from tests.integration.stories import Story, story
from tests.unit.core.scenarios import FOLDER, Scenario, scenarios
from zai_ls.domain import Declined, Edits, Explanation, Kept

_PIECE = re.compile(r"^-- (.+) --\n", re.MULTILINE)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda s: s.name)
async def test_scenario(scenario: Scenario, tmp_path, request):
    """What a scenario expects is what happens; with --update the file says what happened."""
    async with story(tmp_path, scenario.settings) as s:
        for name, text in scenario.files.items():
            (s.desk.folder / name).write_bytes(text.encode())
        s.desk.open(scenario.document, scenario.files[scenario.document])
        for answer in scenario.answers:
            s.reply(answer.text, finish=answer.finish)
        ask = scenario.ask(s.desk.uri(scenario.document))

        outcome = await s.assistant.run(ask, s.desk, s.watch)

        seen = _seen(s, outcome)
        names = {*scenario.files, *scenario.afterwards}
        after = {name: s.desk.text(name) for name in names}
        if request.config.getoption("--update"):
            path = FOLDER / f"{scenario.name}.txt"
            path.write_text(updated(path.read_text("utf-8"), seen, scenario, after), "utf-8")
            return
        assert {name: scenario.after(name) for name in names} == after
        for key in ("model", "tier", "outcome"):
            assert scenario.expected(key) in ([], [seen[key]]), key
        for words in scenario.expected("shows"):
            assert words in s.desk.shown[0][1]
        assert len(scenario.answers) == len(s.requests)
        s.check_at_rest()
        for name in [name for name in names if after[name] != scenario.files.get(name)]:
            s.check_one_step(name, scenario.files.get(name, ""))


def _seen(s: Story, outcome) -> dict[str, str]:
    decision, *_ = s.assistant.explain_last()
    choice = decision.choice if decision else None
    match outcome:
        case Edits():
            said = "edits"
        case Explanation():
            said = "explanation"
        case Declined(reason=reason):
            said = f"declined {reason}"
        case Kept(reason=reason):
            said = f"kept {reason}"
    return {"model": choice.model if choice else "", "tier": choice.tier if choice else "", "outcome": said}


def updated(text: str, seen: dict[str, str], scenario: Scenario, after: dict[str, str | None]) -> str:
    """The scenario's file with what was *seen* in place of what it expected."""
    story_text, *pieces = _PIECE.split(text)
    out = [story_text]
    known = set()
    for header, body in zip(pieces[::2], pieces[1::2], strict=True):
        words, now = header.split(), body
        if header == "expect":
            now = "".join(_expectation(line, seen) for line in body.splitlines(keepends=True))
        elif words[0] == "then":
            known.add(words[1])
            now = _shown(after[words[1]], no_newline=header.endswith("no newline"))
        out.append(f"-- {header} --\n{now}")
    for name, content in after.items():
        if name not in known and content != scenario.files.get(name):
            out.append(f"-- then {name} --\n{_shown(content)}")
    return "".join(out)


def _expectation(line: str, seen: dict[str, str]) -> str:
    key = line.partition(":")[0]
    return f"{key}: {seen[key]}\n" if key in seen else line


def _shown(text: str | None, *, no_newline: bool = False) -> str:
    plain = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return plain + "\n" if no_newline else plain


def test_updating_changes_nothing_that_is_right_and_all_that_is_wrong():
    """--update writes the file as it was when all is as expected, and the new truth when not."""
    for scenario in scenarios():
        text = (FOLDER / f"{scenario.name}.txt").read_text("utf-8")
        right = {key: value for key, value in scenario.expect if key in {"model", "tier", "outcome"}}
        after = {name: scenario.after(name) for name in {*scenario.files, *scenario.afterwards}}
        assert text == updated(text, right, scenario, after)

    scenario = next(s for s in scenarios() if s.name == "document")
    text = (FOLDER / "document.txt").read_text("utf-8")
    wrong = updated(text, {"outcome": "declined unchanged"}, scenario, {"a.py": "x\n", "b.py": "y\n"})
    assert "outcome: declined unchanged\n" in wrong
    assert wrong.endswith("-- then a.py --\nx\n-- then b.py --\ny\n")
