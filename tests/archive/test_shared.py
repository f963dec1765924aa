"""A body that several URLs share is kept once, and each of them is read with it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive import cdxj
from pipeline.archive.damage import mend
from pipeline.archive.embody import embody, leaning
from pipeline.archive.exchange import SHARED_BYTES
from pipeline.archive.imports import import_paths
from pipeline.archive.removal import cut
from pipeline.archive.withdrawn import runs, withdraw
from pipeline.archive.writer import Writer
from pipeline.records import Capture
from tests.archive.archive_cases import START, clock, earlier, judge, page, unpacked, warc_files

BODY = page(1).body * 3
TWIN = "https://m.news.example/a/1.html?wid=7"
SENT = (("User-Agent", "test"),)


def twin(**changes: Any) -> Capture:
    """Another URL with the body of page 1, and a header of its own."""
    headers = (("Content-Type", "text/html; charset=gbk"), ("X-Robots-Tag", "noai"))
    own = {"url": TWIN, "url_key": TWIN, "final_url": TWIN, "body": BODY, "headers": headers}
    return page(2, **{**own, **changes})


def shared(raw: Path) -> list[Capture]:
    """An archive of page 1, its twin, and a later visit of the twin that was told "not modified"."""
    with Writer(raw, "run-1", clock) as writer:
        one = writer.write(page(1, body=BODY), request_headers=SENT)
        two = writer.write(twin(), earlier=earlier(one), request_headers=SENT, peer="192.0.2.1")
        assert two.place is not None
        assert archive.read_one(raw, two.place) == two, "also while the file is written"
    with Writer(raw, "run-2", clock) as writer:
        again = twin(status=304, body=b"", fetched_at=START + timedelta(days=1))
        three = writer.write(again, earlier=replace(earlier(one), url_key=TWIN))
    return [one, two, three]


def everything(raw: Path) -> list[Capture]:
    return [each for file in archive.sealed(raw) for each in archive.read(raw, file.file)]


def test_the_body_of_another_url_is_a_revisit_that_is_read_with_it(tmp_path: Path) -> None:
    one, two, three = shared(tmp_path)
    assert (two.outcome, two.refers_to, two.body, two.digest) == ("ok", one.id, BODY, one.digest)
    assert (three.outcome, three.refers_to, three.body) == ("unchanged", one.id, b"")
    assert everything(tmp_path) == [one, two, three]
    text = unpacked(warc_files(tmp_path)[0])
    assert text.count(b"revisit/identical-payload-digest\r\n") == 1
    assert text.count(b"WARC-Refers-To-Target-URI: https://news.example/a/1.html\r\n") == 1
    assert text.count(b"WARC-Refers-To-Date: 2026-11-01T08:00:01.123456Z\r\n") == 1
    assert f"WARC-Refers-To: <{one.id}>\r\n".encode() in text
    assert text.count(BODY) == 1
    judge(tmp_path)
    assert archive.verify(tmp_path) == []


def test_a_small_body_and_one_that_was_rendered_join_no_strangers(tmp_path: Path) -> None:
    small = b"<p>%s</p>" % (b"x" * (SHARED_BYTES - 8))
    with Writer(tmp_path, "run-1", clock) as writer:
        one, other = writer.write(page(1, body=small)), writer.write(page(3, body=BODY))
        kept = [
            writer.write(twin(body=small), earlier=earlier(one)),
            writer.write(twin(rendered=b"<p>made</p>"), earlier=earlier(other)),
        ]
    assert [each.refers_to for each in kept] == [None, None]


def test_where_the_response_is_gone_withdrawn_or_damaged_the_page_says_so(tmp_path: Path) -> None:
    with Writer(tmp_path, "run-1", clock) as writer:
        one = writer.write(page(1, body=BODY))
        writer.write(page(5))
    with Writer(tmp_path, "run-2", clock) as writer:
        writer.write(twin(), earlier=earlier(one))
    file = runs(tmp_path)[0]
    withdraw(tmp_path, file.run, "mistaken")
    assert [each.outcome for each in everything(tmp_path)] == ["ok", "ok", "damaged"]
    (tmp_path / "withdrawn.tsv").unlink()
    assert one.place is not None
    path = tmp_path / one.place.file
    data = bytearray(path.read_bytes())
    data[one.place.offset + one.place.length // 2] ^= 0xFF
    path.write_bytes(data)
    assert any("1 revisits repeat" in line for line in archive.verify(tmp_path))
    mend(tmp_path)
    assert [each.outcome for each in everything(tmp_path)] == ["damaged", "ok", "damaged"]
    assert archive.verify(tmp_path) == []


def take_out(raw: Path, gone: Collection[str]) -> None:
    """What a takedown does to the archive."""
    files = [file.file for file in archive.sealed(raw)]
    for file in files:
        embody(raw, file, gone)
    for file in files:
        cut(raw, file, gone, "T-1", START)


def test_before_the_response_goes_the_page_gets_its_body(tmp_path: Path) -> None:
    one, two, three = shared(tmp_path)
    gone = {one.id}
    assert [ref.id for ref in leaning(tmp_path, gone)] == [two.id, three.id]
    take_out(tmp_path, gone)
    found = everything(tmp_path)
    assert [replace(each, place=None) for each in found] == [
        replace(two, refers_to=None, place=None),
        replace(three, refers_to=two.id, place=None),
    ]
    text = b"".join(unpacked(path) for path in warc_files(tmp_path))
    assert b"WARC-IP-Address: 192.0.2.1\r\n" in text
    assert text.count(b"WARC-Type: request\r\n") == 1, "the request of the page that stays, as it was"
    assert one.url.encode() not in text
    judge(tmp_path)
    assert archive.verify(tmp_path) == []
    assert leaning(tmp_path, gone) == []


def state(raw: Path) -> dict[str, bytes]:
    return {
        path.relative_to(raw).as_posix(): path.read_bytes()
        for path in sorted(raw.rglob("*"))
        if path.is_file()
    }


def killed_at(number: int, raw: Path, gone: Collection[str], *, full: bool) -> bool:
    """Whether anything was left of a takedown when the n-th change of the disk killed it, or failed."""
    child = os.fork()
    if child == 0:
        left = number

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal left
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
            if writes or event in {"os.rename", "os.remove"}:
                left -= 1
                if left == 0:
                    if full:
                        raise OSError(errno.ENOSPC, "No space left on device")
                    os._exit(9)

        sys.addaudithook(watch)
        try:
            take_out(raw, gone)
        except OSError:
            pass
        finally:
            os._exit(0 if left > 0 else 9)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("full", [False, True], ids=["killed", "full"])
def test_killed_anywhere_it_is_done_again_and_ends_in_the_same_bytes(tmp_path: Path, full: bool) -> None:
    calm = tmp_path / "calm"
    one, *_ = shared(calm)
    take_out(calm, {one.id})
    wanted = state(calm)
    number, went_wrong = 1, True
    while went_wrong:
        raw = tmp_path / f"fault-{number}"
        shared(raw)
        went_wrong = killed_at(number, raw, [one.id], full=full)
        take_out(raw, [one.id])
        left = {name: data for name, data in state(raw).items() if not name.endswith(".tmp")}
        assert left == wanted, f"after a fault at write {number}"
        number += 1
    assert number > 10


def test_a_foreign_archive_brings_its_revisits_across_urls(tmp_path: Path) -> None:
    _, two, _ = shared(tmp_path / "theirs")
    paths = warc_files(tmp_path / "theirs")
    ours = tmp_path / "ours"
    report = import_paths(paths, ours, "old", clock=clock)
    assert [(file.captures, file.skipped) for file in report.files] == [(2, ()), (0, (("revisit", 1),))]
    first, second = everything(ours)
    assert (second.url, second.body, second.fetched_at) == (two.url, BODY, two.fetched_at)
    assert (second.refers_to, second.header("x-robots-tag")) == (first.id, "noai")
    again = import_paths(paths, ours, "old", clock=clock)
    assert [(file.captures, file.known) for file in again.files] == [(0, 2), (0, 0)]
    judge(ours)
    assert archive.verify(ours) == []


def test_a_revisit_whose_response_came_by_an_earlier_import_is_brought_and_a_strange_one_is_not(
    tmp_path: Path,
) -> None:
    with Writer(tmp_path / "theirs", "run-1", clock) as writer:
        one = writer.write(page(1, body=BODY))
    with Writer(tmp_path / "theirs", "run-2", clock) as writer:
        writer.write(twin(), earlier=earlier(one))
    first, second = warc_files(tmp_path / "theirs")
    alone = import_paths([second], tmp_path / "alone", "old", clock=clock)
    assert alone.files[0].skipped == (("revisit", 1),)
    import_paths([first], tmp_path / "ours", "old", clock=clock)
    import_paths([second], tmp_path / "ours", "old", clock=clock)
    assert [each.body for each in everything(tmp_path / "ours")] == [BODY, BODY]
    refs = [
        ref for file in archive.sealed(tmp_path / "ours") for ref in cdxj.refs(tmp_path / "ours", file.file)
    ]
    assert [ref.refers_to for ref in refs] == [None, refs[0].id]
