from __future__ import annotations

from zai_ls.state.kernel_lock import KernelLock, is_held_elsewhere


def test_one_at_a_time(tmp_path):
    """Within a process as between processes."""
    first, second = KernelLock(tmp_path / "a.lock"), KernelLock(tmp_path / "a.lock")
    assert first.try_take()
    assert not second.try_take()
    assert is_held_elsewhere(tmp_path / "a.lock")
    first.free()
    assert second.try_take()


def test_what_is_freed_twice_frees_nobody_else(tmp_path):
    """A place is freed inside the transaction and once more after it, when another may hold it already."""
    first, second, third = (KernelLock(tmp_path / "a.lock") for _ in range(3))
    assert first.try_take()
    first.free()
    assert second.try_take()
    first.free()
    assert not first.is_held
    assert second.is_held
    assert not third.try_take()
