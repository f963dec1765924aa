"""Runs a small job over and over, killed at its first, second, third … call that changes the disk.

Called as `python -m tests.archive.killed_runs JOB FOLDER`: each attempt works in FOLDER/<n> and dies by
os._exit at call n, a write after half of its bytes. Ends after the attempt that nothing killed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: F401  (pyarrow imports it on first use: once here, not in every child)

from pipeline import archive
from pipeline.archive.writer import Writer
from pipeline.crawl.ledger import Ledger
from pipeline.records import Capture
from tests.archive.archive_cases import clock, earlier, failure, page

KILLED = 9
_write = os.write


def captures() -> list[Capture]:
    """What the small run visits, in order; every URL once but the first."""
    return [
        page(1),
        failure(2),
        page(3),
        page(4, status=404, outcome="gone"),
        page(5, rendered=b"<p>rendered</p>" * 20),
        page(6),
    ]


def write_job(raw: Path) -> None:
    """A run with batches, a revisit and two files; says in `committed` what the ledger has taken in."""
    log = os.open(raw / "committed", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Writer(raw, "run", clock, roll_bytes=1500) as writer, Ledger(raw) as ledger:
        batch: list[Capture] = []
        for capture in [*captures(), page(1, fetched_at=page(9).fetched_at)]:
            known = ledger.validators(capture.url_key)
            if capture.url_key in {each.url_key for each in batch}:
                known = earlier(next(each for each in batch if each.url_key == capture.url_key))
            done = writer.write(capture, request_headers=(("User-Agent", "test"),), earlier=known)
            ledger.record(done)
            batch.append(done)
            if len(batch) == 2:
                writer.flush()
                ledger.commit()
                _write(log, "".join(each.id + "\n" for each in batch).encode())
                batch = []
        writer.flush()
        ledger.commit()
        _write(log, "".join(each.id + "\n" for each in batch).encode())


def repair_job(raw: Path) -> None:
    """Puts right a copy of FOLDER/torn."""
    archive.repair(raw)


def kill_at(number: int) -> None:
    """Makes this process die at its n-th call that changes the disk."""
    calls = 0

    def counted(real: Callable[..., Any], before: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                before(*arguments)
                os._exit(KILLED)
            return real(*arguments, **options)

        return call

    def half(fd: int, data: bytes) -> None:
        _write(fd, bytes(data)[: len(data) // 2])

    def nothing(*_: Any) -> None:
        pass

    os.write = counted(os.write, half)
    os.fsync = counted(nothing, nothing)  # a killed process loses no page of the kernel's
    for name in ("replace", "truncate", "ftruncate", "unlink"):
        setattr(os, name, counted(getattr(os, name), nothing))
    Ledger.commit = counted(Ledger.commit, nothing)  # type: ignore[method-assign]


def main(job: str, folder: Path) -> None:
    run = {"write": write_job, "repair": repair_job}[job]
    for number in range(1, 10_000):
        raw = folder / str(number)
        if job == "repair":
            shutil.copytree(folder / "torn", raw)
        else:
            raw.mkdir(parents=True)
        child = os.fork()
        if child == 0:
            kill_at(number)
            try:
                run(raw)
            except BaseException as error:  # noqa: BLE001  a child must never return into the loop
                print(repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == 0:
            return
        if code != KILLED:
            sys.exit(f"attempt {number} ended with {code}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
