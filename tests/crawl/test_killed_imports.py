"""Imports by index and of WACZ files, killed or out of luck at their writes: the next run ends whole, nothing twice."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive.imports import import_paths
from pipeline.errors import CorpusError
from tests.archive.archive_cases import clock
from tests.archive.test_imports import NOTE, PAGE, URL, response
from tests.archive.test_wacz import FRAME, LISTED, packed
from tests.crawl.test_indexed import bring, content, theirs, wish

__all__ = ["theirs"]
EVENTS = ("open", "os.rename", "os.link", "os.mkdir", "os.truncate", "os.remove")
KILLED, CALM, FAILED = 9, 0, 1

Job = Callable[[Path], object]


@pytest.fixture(params=["cdx", "wacz"])
def job(request: pytest.FixtureRequest, theirs: Path, tmp_path: Path) -> Job:
    """An import of six pages into an archive."""
    if request.param == "cdx":
        return lambda raw: bring(raw, wish(theirs / "index.cdxj", theirs))
    more = [f"https://news.example/c/{n}.html" for n in range(3)]
    records = [response(each, PAGE.replace(b"<title>", each.encode() + b"<title>")) for each in (URL, *more)]
    listed = [{"url": each, "ts": "2024-03-01T02:03:04Z"} for each in more]
    (tmp_path / "one.wacz").write_bytes(packed([*LISTED, *listed], *records))
    (tmp_path / "two.wacz").write_bytes(
        packed(None, response(FRAME, PAGE.replace(b"<title>", NOTE.encode())))
    )
    paths = [tmp_path / "one.wacz", tmp_path / "two.wacz"]
    return lambda raw: import_paths(paths, raw, "old", clock=clock)


def fault_at(number: int, raw: Path, fault: Callable[[], None], *, once: bool) -> None:
    """Let the n-th change of the disk below a folder go wrong in this process, and with `once` none after it."""
    calls = 0
    write = os.write

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls == number or (calls > number and not once):
            fault()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in EVENTS or (
            event == "open" and not (isinstance(arguments[2], int) and arguments[2] & 3)
        ):
            return
        path = next((os.fspath(a) for a in arguments if isinstance(a, str | os.PathLike)), "")
        if str(path).startswith(str(raw)) and not str(path).endswith(".lock"):
            count()

    def counted(real: Callable[..., Any], *, half: bool) -> Callable[..., Any]:
        def call(fd: int, *arguments: Any) -> Any:
            where = str(Path(f"/proc/self/fd/{fd}").readlink()) if stat.S_ISREG(os.fstat(fd).st_mode) else ""
            if where.startswith(str(raw)):
                if half and calls + 1 == number:
                    write(fd, bytes(arguments[0])[: len(arguments[0]) // 2])
                count()
            return real(fd, *arguments)

        return call

    os.write = counted(os.write, half=True)
    os.fsync = counted(os.fsync, half=False)
    sys.addaudithook(hook)


def disturbed(number: int, raw: Path, job: Job, fault: Callable[[], None], *, once: bool) -> tuple[int, bool]:
    """Run an import in a child in which a change of the disk goes wrong; how it ended, and whether any did."""
    struck = mmap.mmap(-1, 1)

    def strike() -> None:
        struck[0] = 1
        fault()

    child = os.fork()
    if child == 0:
        code = CALM
        try:
            fault_at(number, raw, strike, once=once)
            job(raw)
        except (OSError, CorpusError):
            code = FAILED
        except BaseException:  # noqa: BLE001  a child must never return into the suite
            code = 99
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, bool(struck[0])


def die() -> None:
    os._exit(KILLED)


def no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def brought(raw: Path) -> list[tuple[str, object, bytes]]:
    return sorted((each.url, each.fetched_at, each.body) for each in content(raw))


def test_no_space_to_unpack_a_file_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.wacz").write_bytes(packed(LISTED, response(URL)))
    monkeypatch.setattr("pipeline.archive.wacz.shutil.copyfileobj", lambda *_: no_space())
    with pytest.raises(OSError, match="No space left"):
        import_paths([tmp_path / "one.wacz"], tmp_path / "raw", "old", clock=clock)
    monkeypatch.setattr("pipeline.archive.wacz.shutil.copyfileobj", lambda *_: broken())
    (file,) = import_paths([tmp_path / "one.wacz"], tmp_path / "raw", "old", clock=clock).files
    assert file.problem == "Input/output error"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "expected"),
    [(die, KILLED), (no_space, FAILED), (broken, FAILED)],
    ids=["kill", "ENOSPC", "EIO"],
)
def test_after_a_fault_at_any_write_the_next_import_ends_whole(
    job: Job, tmp_path: Path, fault: Callable[[], None], expected: int
) -> None:
    job(tmp_path / "calm")
    calm = brought(tmp_path / "calm")
    assert len(calm) == 6
    faults = 0
    for number in (*range(1, 8), *range(8, 1000, 5)):
        raw = tmp_path / f"raw{number}"
        code, has_struck = disturbed(number, raw, job, fault, once=fault is broken)
        if not has_struck:
            assert code == CALM
            break
        assert code in (expected, *([CALM] if fault is broken else [])), f"at change {number}"
        assert code != CALM or brought(raw) == calm, "what is borne loses nothing"
        faults += 1
        job(raw)
        assert brought(raw) == calm, f"after a fault at change {number}"
        assert archive.verify(raw) == [], f"after a fault at change {number}"
        job(raw)
        assert brought(raw) == calm, "and the one after brings nothing twice"
    assert faults > 12
