"""A disk that is full at any write of a crawl: one line, exit code 5, and the next run goes on as if nothing was."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.cli import main
from pipeline.crawl import ledger
from tests.web.loopback import Site, article, sitemap

EVENTS = ("open", "os.rename", "os.link", "os.mkdir", "os.truncate")


def run_full(number: int, folder: Path) -> tuple[int, str, int]:
    """Crawl in a child in which the n-th write finds no space; its exit code, its words, how many writes there were."""
    told, counted = folder / "told", folder / "counted"
    child = os.fork()
    if child == 0:
        with told.open("w") as out, counted.open("w") as count:
            sys.stderr = sys.stdout = out
            calls = no_space_at(number, folder / "raw")
            try:
                code = main(line(folder))
            except BaseException as error:  # noqa: BLE001  a child must never return into the suite
                out.write(f"Traceback: {error!r}")
                code = 99
            count.write(str(calls()))
            count.flush()
            out.flush()
            sys.stderr.flush()
            sys.stderr.flush()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, told.read_text(), int(counted.read_text())


def line(folder: Path) -> list[str]:
    return ["crawl", "--sources", str(folder / "sources"), "--raw", str(folder / "raw")]


def no_space_at(number: int, raw: Path) -> Callable[[], int]:
    """Let the n-th write below a folder fail from now on, and all after it: a disk stays full; how many there were."""
    calls = 0
    is_counting = True

    def fail() -> None:
        nonlocal calls
        calls += 1
        if calls >= number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and is_counting:
            writes = event != "open" or (isinstance(arguments[2], int) and arguments[2] & 3)
            path = next((a for a in arguments if isinstance(a, str | os.PathLike)), "")
            if writes and os.fspath(path).startswith(str(raw)) and not os.fspath(path).endswith(".lock"):
                fail()

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(fd: int, *arguments: Any) -> Any:
            if stat.S_ISREG(os.fstat(fd).st_mode) and str(Path(f"/proc/self/fd/{fd}").readlink()).startswith(
                str(raw)
            ):
                fail()
            return real(fd, *arguments)

        return call

    def stop() -> int:
        nonlocal is_counting
        is_counting = False
        return calls

    def full(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            try:
                fail()
            except OSError:
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error from None
            return real(*arguments)

        return call

    # SQLite writes past Python: where it does is where the ledger begins, writes and commits
    for name in ("__init__", "_write", "commit"):
        setattr(ledger.Ledger, name, full(getattr(ledger.Ledger, name)))
    for name in ("write", "fsync"):
        setattr(os, name, counted(getattr(os, name)))
    sys.addaudithook(hook)
    return stop


@pytest.fixture
def folder(tmp_path: Path, site: Site) -> Path:
    (tmp_path / "sources").mkdir()
    site.pages["/map.xml"] = sitemap(*(f"{site.base}/{n}.html" for n in range(1)))
    for n in range(1):
        site.pages[f"/{n}.html"] = article(n)
    (tmp_path / "sources/demo.toml").write_text(
        f'home = "{site.base}/"\nsitemaps = ["{site.base}/map.xml"]\nallow_private = true\ndelay = 0\n'
    )
    return tmp_path


@pytest.mark.slow
def test_at_every_write_it_is_one_line_and_exit_code_5(folder: Path) -> None:
    wrong = []
    for number in (*range(1, 12), *range(12, 1000, 5)):
        code, told, writes = run_full(number, folder)
        if number > writes:
            break
        if code != 5 or len(told.splitlines()) != 1 or "disk is full" not in told:
            wrong.append((number, code, told[-600:]))
        if number < 3 or number % 5 == 0:
            archive.repair(folder / "raw")
            assert archive.verify(folder / "raw") == [], f"after write {number}"
            assert ledger.is_whole(folder / "raw")
        shutil.rmtree(folder / "raw")
    else:
        pytest.fail("no run found space for all it wrote")
    assert wrong == []
    assert number > 15
