"""A flipped byte, a lost sector, a cut file: what reads is kept, what was lost is told, a kill changes nothing."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive import cdxj, damage, exchange, salvage, warc
from pipeline.archive.damage import mend
from pipeline.archive.warc import walk
from pipeline.errors import UsageError
from pipeline.records import Capture
from tests.archive.archive_cases import earlier, failure, judge, page, warc_files, write
from tests.archive.killed_runs import KILLED, kill_at

NEXT = "https://news.example/a/2_2.html"
PAGES = (
    page(1),
    page(2, via="https://news.example/", next_part=NEXT),
    page(3, kind="feed", gap=True),
    page(4),
)
"""With all that a row of the index tells of a capture."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pages, a failure, a revisit and an imported file in one WARC file."""
    raw = tmp_path_factory.mktemp("whole")
    first = write(raw, PAGES)
    shutil.rmtree(raw)
    again = page(1, fetched_at=page(9).fetched_at)
    with archive.Writer(raw, "run", lambda: page(0).fetched_at) as writer:
        for capture in [*PAGES, failure(5)]:
            writer.write(capture, request_headers=(("User-Agent", "test"),))
        writer.write(again, earlier=replace(earlier(first[0]), id=written(raw, open_file=True)[0].id))
        writer.write(page(6, status=0), resource=True)
    assert archive.verify(raw) == []
    return raw


def written(raw: Path, *, open_file: bool = False) -> list[Capture]:
    files = raw.rglob("*.open") if open_file else raw.rglob("*.warc.gz")
    return [c for path in files for c in exchange.captures(walk(path), path.name)]


@pytest.fixture
def raw(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "raw")
    return tmp_path / "raw"


def flip(raw: Path, at: int) -> None:
    (path,) = warc_files(raw)
    times, data = path.stat(), bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def members(raw: Path) -> list[warc.Record]:
    return list(walk(warc_files(raw)[0]))


def content(raw: Path) -> dict[str, Capture]:
    """Every capture but for where it lies, which may move, and its notes."""
    (file,) = [each.file for each in archive.sealed(raw)]
    return {c.id: replace(c, place=None, notes=()) for c in archive.read(raw, file)}


def test_a_flip_in_any_record_costs_that_record_and_no_other(raw: Path, whole: Path, tmp_path: Path) -> None:
    before = content(whole)
    for record in members(whole):
        folder = tmp_path / f"at-{record.offset}"
        shutil.copytree(whole, folder)
        flip(folder, record.offset + record.length // 2)
        told = archive.verify(folder)
        assert any(f"the record at {record.offset} does not read" in line for line in told), told
        _, (done,) = mend(folder)
        after = content(folder)
        assert after.keys() == before.keys()
        changed = {ident for ident in before if after[ident] != before[ident]}
        if record.kind in ("response", "revisit", "resource"):
            assert changed == {record.id} == {each.id for each in done.lost}
            assert after[record.id].outcome == "damaged"
            said = replace(before[record.id], status=0, headers=(), body=b"", digest="", refers_to=None)
            assert replace(after[record.id], outcome=said.outcome) == said
        else:
            assert changed == set(), record.kind
            assert done.lost == ()
        assert archive.verify(folder) == []
        judge(folder)
        (kept,) = done.aside
        assert (folder / "quarantine" / kept).stat().st_size == record.length
        assert mend(folder) == (archive.RepairReport(), ())


def test_a_flip_in_the_frame_of_a_member_costs_nothing(raw: Path, whole: Path) -> None:
    before = warc_files(whole)[0].read_bytes()
    record = members(whole)[4]
    for at in (0, 2, 3, 9, record.length - 1, record.length - 7):
        flip(raw, record.offset + at)
        assert archive.verify(raw)
        _, (done,) = mend(raw)
        assert (done.lost, done.aside, done.now) == ((), (), done.sealed)
        assert warc_files(raw)[0].read_bytes() == before
        assert archive.verify(raw) == []


@pytest.mark.parametrize("lost", [(), ("cdxj",), ("cdxj", "parquet"), ("cdxj", "parquet", "sha256")])
def test_without_its_rows_the_next_record_is_searched_for(
    raw: Path, whole: Path, lost: tuple[str, ...]
) -> None:
    for ending in lost:
        next(raw.rglob(f"*.{ending}")).unlink()
    target = members(whole)[4]
    assert (target.kind, members(whole)[6].kind) == ("response", "metadata")
    flip(raw, target.offset + target.length // 2)
    _, (done,) = mend(raw)
    assert {each.id for each in done.lost} == {target.id}, "its own metadata record tells of it"
    assert content(raw).keys() == content(whole).keys()
    assert archive.verify(raw) == []


def test_what_others_remember_tells_what_a_file_without_rows_lost(raw: Path, whole: Path) -> None:
    refs = cdxj.refs(whole, archive.sealed(whole)[0].file)
    for ending in ("cdxj", "parquet"):
        next(raw.rglob(f"*.{ending}")).unlink()
    response, _, metadata = members(whole)[4:7]
    flip(raw, response.offset + response.length // 2)
    flip(raw, metadata.offset + metadata.length // 2)
    stranger = replace(refs[0], id="urn:uuid:other", fetched_at=page(100_000).fetched_at)
    _, (done,) = mend(raw, lambda: [*refs, stranger])
    assert {each.id for each in done.lost} == {response.id}
    assert content(raw).keys() == content(whole).keys()


def test_a_file_that_was_cut_keeps_its_beginning_and_says_what_it_lost(raw: Path, whole: Path) -> None:
    (path,) = warc_files(raw)
    os.truncate(path, members(whole)[7].offset + 5)
    _, (done,) = mend(raw)
    after = content(raw)
    assert [after[ident].outcome for ident in content(whole)] == [
        "ok",
        "ok",
        *["damaged"] * 2,
        "timeout",
        *["damaged"] * 2,
    ]
    assert len(done.lost) == 4
    assert archive.verify(raw) == []
    judge(raw)


def test_a_page_that_holds_a_record_cannot_pass_for_one(tmp_path: Path) -> None:
    forged = warc.member(warc.record("response", [("WARC-Record-ID", "<urn:uuid:forged>")], b"no"))
    noise = os.urandom(70_000)
    write(
        tmp_path,
        [page(1, body=noise + forged + warc.member(warc.record("metadata", [], b"")) + noise), page(2)],
    )
    assert forged in warc_files(tmp_path)[0].read_bytes(), "stored as it is, since it does not shrink"
    flip(tmp_path, members(tmp_path)[1].offset + 200)
    mend(tmp_path)
    assert [c.outcome for c in content(tmp_path).values()] == ["damaged", "ok"]
    assert b"forged" not in b"".join(r.block for r in members(tmp_path))


def test_a_part_of_the_disk_that_does_not_read_costs_its_records(
    raw: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = warc_files(raw)
    target = members(whole)[4]
    bad = range(target.offset + 10, target.offset + 11)
    real, inode = os.pread, path.stat().st_ino
    monkeypatch.setattr(salvage, "_BLOCK", 1)
    monkeypatch.setattr(warc, "walk", lambda path: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error")))

    def pread(fd: int, length: int, offset: int) -> bytes:
        if os.fstat(fd).st_ino == inode and offset < bad.stop and bad.start < offset + length:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, length, offset)

    monkeypatch.setattr(os, "pread", pread)
    assert any(f"the record at {target.offset} does not read" in line for line in archive.verify(raw))
    with archive.lock(raw):
        monkeypatch.setattr(damage, "_finish", lambda raw, file: None)  # it reads by another way
        done = damage.put_right(raw, archive.sealed(raw)[0].file)
    assert {each.id for each in done.lost} == {target.id}


def test_nothing_that_reads_and_nothing_that_tells_is_named_and_left(raw: Path) -> None:
    for ending in ("cdxj", "parquet", "sha256"):
        next(raw.rglob(f"*.{ending}")).unlink()
    (path,) = warc_files(raw)
    path.write_bytes(b"\0" * 5000)
    report, done = mend(raw)
    assert done == ()
    assert "put it back from a copy" in report.unproven[0][1]
    assert path.read_bytes() == b"\0" * 5000


def test_a_loss_is_told_until_somebody_takes_note_of_it(raw: Path, whole: Path) -> None:
    target = members(whole)[1]
    flip(raw, target.offset + target.length // 2)
    mend(raw)
    (loss,) = damage.losses(raw)
    assert [each.url for each in loss.lost] == ["https://news.example/a/1.html"]
    with pytest.raises(UsageError, match="no loss in other"):
        damage.acknowledge(raw, "no matter", "other")
    damage.acknowledge(raw, "the page is fetched anew", loss.file)
    assert damage.losses(raw) == []
    assert damage.repairs(raw)[0].acknowledged == "the page is fetched anew"
    with pytest.raises(UsageError):
        damage.acknowledge(raw, "again")


def tree(raw: Path) -> dict[str, bytes]:
    return {
        p.relative_to(raw).as_posix(): p.read_bytes()
        for p in raw.rglob("*")
        if p.is_file() and p.suffix != ".lock"
    }


@pytest.mark.slow
def test_killed_at_any_write_the_next_repair_ends_in_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    target = members(raw)[4]
    flip(raw, target.offset + target.length // 2)
    calm = tmp_path / "calm"
    shutil.copytree(raw, calm)
    mend(calm)
    number, code = 0, KILLED
    while code == KILLED:
        number += 1
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(raw, folder)
        child = os.fork()
        if child == 0:
            kill_at(number)
            try:
                mend(folder)
            finally:
                os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        mend(folder)
        assert tree(folder) == tree(calm), f"after a kill at write {number}"
        assert archive.verify(folder) == []
        shutil.rmtree(folder)
    assert number > 10


@pytest.mark.slow
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_leaves_what_the_next_repair_ends(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    target = members(raw)[4]
    flip(raw, target.offset + target.length // 2)
    calm = tmp_path / "calm"
    shutil.copytree(raw, calm)
    mend(calm)
    number, failed = 0, True
    while failed:
        number += 1
        folder = tmp_path / f"failed-{number}"
        shutil.copytree(raw, folder)
        with monkeypatch.context() as patch:
            calls = failing(patch, number, fault)
            report, _ = attempt(folder)
        failed = calls() >= number
        assert not failed or report is None or report.unproven, "a fault is never passed over"
        mend(folder)
        assert tree(folder) == tree(calm), f"after a fault at write {number}"
        shutil.rmtree(folder)
    assert number > 5


def attempt(folder: Path) -> tuple[archive.RepairReport | None, Any]:
    try:
        return mend(folder)
    except OSError:
        return None, ()


def failing(patch: pytest.MonkeyPatch, number: int, fault: int) -> Callable[[], int]:
    """Make the n-th write, flush or rename fail; how many there were."""
    calls = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            if isinstance(arguments[0], int) and not stat.S_ISREG(os.fstat(arguments[0]).st_mode):
                return real(*arguments, **options)  # a pipe to a worker
            calls += 1
            if calls == number:
                raise OSError(fault, os.strerror(fault))
            return real(*arguments, **options)

        return call

    for name in ("write", "fsync", "replace"):
        patch.setattr(os, name, counted(getattr(os, name)))
    return lambda: calls


def test_revisits_into_a_damaged_file_are_counted_once_for_it(tmp_path: Path) -> None:
    pages = [page(number) for number in range(4)]
    first = write(tmp_path, pages, "one")
    for day in (2, 3):
        at = pages[-1].fetched_at + timedelta(days=day)
        with archive.Writer(tmp_path, f"day-{day}", lambda at=at: at) as writer:  # type: ignore[misc]
            for before in first:
                writer.write(replace(before, fetched_at=at, place=None), earlier=earlier(before))
    assert archive.verify(tmp_path) == []
    one = next(path for path in warc_files(tmp_path) if "-one" in path.name)
    data = bytearray(one.read_bytes())
    data[len(data) // 2] ^= 0x10
    one.write_bytes(data)
    told = archive.verify(tmp_path)
    (counted,) = [line for line in told if "revisits" in line]
    assert counted == f"{one.relative_to(tmp_path)}: captures that do not read now are what 8 revisits repeat"
    assert not [line for line in told if "refers to" in line]
