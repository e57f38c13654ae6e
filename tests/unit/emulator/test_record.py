"""The record: who was served when, and what overlapped."""

from __future__ import annotations

from zai_ls.emulator.record import Record


class Ticking:
    """Each look is a microsecond later."""

    def __init__(self):
        self.at = 1_800_000_000.0

    def __call__(self):
        self.at += 0.000001
        return self.at


def test_one_after_the_other_does_not_overlap():
    """Requests that follow each other leave no trace but themselves, with times to the microsecond."""
    record = Record(Ticking())
    for _ in range(3):
        served, placed = record.arrive("k", "paas")
        assert placed
        record.end(served, "k", "complete")

    assert (record.most_in_flight, record.most_at_once, record.overlaps) == (1, 1, [])
    times = [time for served in record.served for time in (served.started_at, served.ended_at)]
    assert times == sorted(set(times))


def test_only_the_first_end_counts():
    """A reply that was complete is not a hang-up because the client left afterwards."""
    record = Record(Ticking())
    heard = []
    record.listeners.append(heard.append)
    served, _ = record.arrive("k", "paas")

    assert record.end(served, "k", "complete")
    assert not record.end(served, "k", "hangup")
    assert served.ended == "complete"
    assert heard == [served]


def test_overlaps_of_both_kinds():
    """With one in flight a newcomer is one too many; with one hung up it is only early."""
    record = Record(Ticking())
    first, _ = record.arrive("k", "paas")
    second, placed = record.arrive("k", "paas")
    assert not placed
    record.end(second, "k", "rejected")
    record.end(first, "k", "hangup")
    third, placed = record.arrive("k", "paas")
    assert not placed
    record.end(third, "k", "rejected")
    record.free(first, "k")

    assert record.arrive("k", "paas")[1]
    assert [(o.id, o.others, o.not_yet) for o in record.overlaps] == [(2, (1,), False), (3, (1,), True)]
    assert [o.id for o in record.too_many] == [2]
    assert (record.most_in_flight, record.most_at_once) == (1, 2)


def test_keys_are_not_written_down():
    """The record names a key by a digest."""
    record = Record(Ticking())
    record.arrive("very-secret.key", "paas")

    assert "very-secret" not in str(record.as_json())
    assert record.served[0].key
