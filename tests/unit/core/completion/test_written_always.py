from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.core.completion.replies import RAWS, marked, places, shape
from zai_ls.core.completion.cleaning import written
from zai_ls.core.completion.place import place_at
from zai_ls.core.text import apply_edits, split_lines
from zai_ls.domain import Edit, Range


@settings(max_examples=400)
@given(places(), RAWS, st.booleans())
@example(marked("⎸"), "x = 1\r\ny", True)
def test_what_is_complete_stays_as_it_is(cursor, raw, block):
    """Once a text is complete, no more of the reply changes it: so it can be shown, and the reply stopped."""
    place = place_at(*cursor)
    complete = None
    for size in range(len(raw) + 1):
        found = written(raw[:size], place, shape(block=block), ended=False)
        if complete is None and found.complete:
            complete = found
        if complete is not None:
            assert found == complete, raw[:size]
            assert written(raw[:size], place, shape(block=block), ended=True) == complete
    final = written(raw, place, shape(block=block), ended=True)
    assert final.complete
    assert complete is None or final == complete
    cut_off = written(raw, place, shape(block=block), ended=True, cut_off=True)
    assert complete is None or cut_off == complete


@settings(max_examples=400)
@given(places(), RAWS, st.booleans(), st.booleans(), st.booleans())
def test_a_completion_only_inserts(cursor, raw, block, ended, cut_off):
    """Whatever a model writes, the document before and after the cursor stays, and what is inserted can be seen."""
    snapshot, point = cursor
    place = place_at(snapshot, point)
    found = written(raw, place, shape(block=block), ended=ended, cut_off=cut_off)
    lines = list(snapshot.lines)
    before = "".join(lines[: point.line]) + lines[point.line][: point.column]
    after = lines[point.line][point.column :] + "".join(lines[point.line + 1 :])
    changed = "".join(apply_edits(lines, [Edit(Range(point, point), found.text)]))

    assert changed == before + found.text + after
    assert not re.search(r"[\r\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", found.text)
    assert found.text == "" or found.text.strip()
    assert not (found.text and found.why)
    assert not found.complete or found.text or found.why
    assert block or "\n" not in found.text
    assert len(split_lines(found.text)) <= len(split_lines(raw)) + 1
