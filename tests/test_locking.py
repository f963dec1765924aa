"""The lock of one writer: busy for others, or waited for where its holder gives way."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.errors import BusyError
from pipeline.locking import is_wanted, only_writer


def holds(lock: Path, *, until_wanted: bool) -> threading.Thread:
    """Another holder that gives way, and lets go when it is asked, or never in this test's time."""
    began = threading.Event()

    def hold() -> None:
        with only_writer(lock, "busy", gives_way=True):
            began.set()
            while until_wanted and not is_wanted(lock):
                time.sleep(0.01)

    thread = threading.Thread(target=hold)
    thread.start()
    began.wait()
    return thread


def test_who_gives_way_is_waited_for(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    holder = holds(lock, until_wanted=True)
    with only_writer(lock, "busy"):
        holder.join()
        assert not is_wanted(lock)
        with pytest.raises(BusyError), only_writer(lock, "busy", gives_way=True):
            pass


def test_one_that_gives_way_waits_for_nobody_and_is_waited_for_by_no_other_of_its_kind(
    tmp_path: Path,
) -> None:
    lock = tmp_path / ".lock"
    with only_writer(lock, "busy", gives_way=True):
        with pytest.raises(BusyError), only_writer(lock, "busy", gives_way=True):
            pass
        assert not is_wanted(lock)


def test_what_a_killed_waiter_asked_for_is_forgotten(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    with only_writer(lock, "busy", gives_way=True):
        code = (
            "from pathlib import Path; from pipeline.locking import *\nwith only_writer(Path({!r}), ''): pass"
        )
        waiter = subprocess.Popen(
            [sys.executable, "-c", code.format(str(lock))], cwd=Path(__file__).parent.parent
        )
        while not is_wanted(lock):
            time.sleep(0.01)
        waiter.kill()
        waiter.wait()
    with only_writer(lock, "busy", gives_way=True):
        assert not is_wanted(lock)
