"""A takedown killed, or refused by the disk, at any write: the next command ends in the bytes of an undisturbed one."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive, runs, upkeep
from pipeline.archive import takedowns
from pipeline.corpus.read import latest, list_versions, read
from pipeline.crawl.ledger import Ledger
from pipeline.errors import CorpusError, NoSpaceError
from pipeline.takedown.places import Plan
from tests.corpus.test_build import EVENTS
from tests.takedown.cases import TICKET, add, copied, folders, ident, page, take_down, url

STEP = int(os.environ.get("EVERY_WRITE", "11"))
"""Every so many writes: 1 takes minutes."""

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, a pin, a ledger; page 1 stands in both, its copy at page 8."""
    folder = tmp_path_factory.mktemp("before")
    (folder / "sources").mkdir()
    add(folder, [page(0), page(1)], "run-1")
    add(folder, [page(1, days=1), page(8, story=1, days=1)], "run-2")
    (folder / "clean/PINNED").write_text("2.1.0\n")
    with Ledger(folder / "raw"):
        pass
    return folder


@pytest.fixture(autouse=True)
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "utcnow", lambda: AT)


def state(folder: Path) -> dict[str, str]:
    """Every file that must be the same, with its sum; the ledger by what is in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.lower() == "clean/latest":
            found["latest"] = latest(folder / "clean")  # a link, or a file where a disk took no link
        elif path.is_file() and "ledger" not in name and not name.endswith(".lock"):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    with Ledger(folder / "raw", read_only=True) as ledger:
        due = ledger.due("example", datetime.max.replace(tzinfo=UTC))
    return {**found, "ledger": str(sorted(each.url for each in due))}


def disturbed(number: int, folder: Path, fault: Callable[[], None]) -> bool:
    """Take page 1 down in a child in which the n-th change of the disk goes wrong; whether any did."""
    child = os.fork()
    if child == 0:
        left = -1

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            if event in EVENTS and (event != "open" or (isinstance(arguments[2], int) and arguments[2] & 3)):
                left -= 1
                if left == 0:
                    fault()

        def begin(plan: Plan) -> bool:
            nonlocal left
            left = number + 1
            return True

        sys.addaudithook(watch)
        try:
            take_down(folder, url(1), approve=begin)
        except (CorpusError, OSError):
            pass
        finally:
            os._exit(0 if left > 0 else 9)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def die() -> None:
    os._exit(9)


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def broken() -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "every"), [(die, STEP), (full, 3 * STEP), (broken, 3 * STEP)], ids=["killed", "full", "broken"]
)
def test_at_every_write_the_next_command_ends_in_the_same_bytes(
    corpus: Path, tmp_path: Path, fault: Callable[[], None], every: int
) -> None:
    calm = copied(corpus, tmp_path / "calm")
    take_down(calm, url(1))
    wanted = state(calm)
    assert url(1) not in wanted["ledger"]
    assert url(0) in wanted["ledger"]
    number, went_wrong, begun = 1, True, 0
    while went_wrong:
        folder = copied(corpus, tmp_path / f"fault-{number}")
        went_wrong = disturbed(number, folder, fault)
        journal = takedowns.read(folder / "raw", TICKET)
        begun += journal is not None and not journal.done
        if (folder / "clean/TAKEDOWN").is_file():
            for version in list_versions(folder / "clean"):
                assert ident(1) not in read(folder / "clean", version=version)["id"].to_pylist(), number
        if journal is None:
            take_down(folder, url(1))
        runs.finish_takedowns(folders(folder))
        assert state(folder) == wanted, f"after a fault at write {number}"
        shutil.rmtree(folder)
        number += every
    assert upkeep.verify(folders(calm)) == []
    assert begun > 100 / every


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, NoSpaceError), (errno.EIO, CorpusError)], ids=["full", "broken"]
)
@pytest.mark.parametrize("then", ["build", "crawl", "maintain", "import", "takedown"])
def test_a_disk_that_fails_is_told_readers_see_nothing_and_any_writer_goes_on(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    kind: type[CorpusError],
    then: str,
) -> None:
    folder = copied(corpus, tmp_path / "corpus")

    def fails(path: Path, data: bytes) -> None:
        raise OSError(code, os.strerror(code), str(path))

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.archive.cdxj.write_whole", fails)
        with pytest.raises(kind, match=f"takedown {TICKET} is not done.*hidden"):
            take_down(folder, url(1))
    for version in list_versions(folder / "clean"):
        for table in ("articles", "dropped"):
            assert ident(1) not in read(folder / "clean", version=version, table=table)["id"].to_pylist()
            columns = read(folder / "clean", version=version, table=table, columns=["title"])
            assert columns.num_rows == read(folder / "clean", version=version, table=table).num_rows
    where = folders(folder)
    if then == "crawl":  # of a port where nobody answers
        (folder / "sources/x.toml").write_text(
            'urls = ["http://127.0.0.1:9/"]\nallow_private = true\ndelay = 0\n'
        )
    commands: dict[str, Callable[[], Any]] = {
        "build": lambda: runs.build(where),
        "crawl": lambda: runs.crawl(where),
        "maintain": lambda: upkeep.maintain(where),
        "import": lambda: runs.bring(where, [], "attic"),
        "takedown": lambda: take_down(folder, url(0), ticket="T-2", approve=lambda plan: False),
    }
    commands[then]()
    journal = takedowns.read(folder / "raw", TICKET)
    assert journal is not None
    assert journal.done
    assert not (folder / "clean/TAKEDOWN").exists()
    assert upkeep.verify(where) == []
