from __future__ import annotations

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import archive
from pipeline.archive import cdxj, warc
from pipeline.archive import writer as writing
from pipeline.archive.exchange import MAIN, Wire, captures, pack
from pipeline.archive.warc import Damaged
from pipeline.archive.writer import Writer
from pipeline.errors import BusyError
from pipeline.web.fetched import Hop
from tests.archive.archive_cases import (
    START,
    clock,
    earlier,
    failure,
    judge,
    page,
    unpacked,
    warc_files,
    write,
)


def test_what_is_written_is_read_back_and_every_judge_agrees(tmp_path: Path) -> None:
    hostile = page(
        3,
        url="https://news.example/路径?q=a b",
        final_url="https://news.example/\r\nWARC-Type: response",
        headers=(
            ("Content-Type", "text/html"),
            ("Content-Encoding", "br"),
            ("X-Crawler-Content-Encoding", "gzip"),
            ("Transfer-Encoding", "chunked"),
            ("X-Bytes", "中文".encode("gbk").decode("latin-1")),
            ("Set-Cookie", "a=withheld"),
            ("Set-Cookie", "b=withheld"),
        ),
        notes=("two\r\nsource: forged", "back\\slash\\n", "", " blanks "),
        via="https://news.example/\nurl: forged\ud800",
        part_of="https://news.example/a/1.html",
    )
    given_captures = [
        page(1),
        failure(2),
        hostile,
        page(4, status=404, outcome="gone", body=b""),
        page(5, status=999, outcome="blocked", headers=()),
        failure(6, "ok", kind="discovery", links=17),
        page(7, kind="robots", headers=(("Content-Type", "text/plain"),), body=b"User-agent: *\n"),
    ]
    written = write(tmp_path, given_captures)
    file = archive.sealed(tmp_path)[0].file
    assert list(archive.read(tmp_path, file)) == written
    for before, after in zip(given_captures, written, strict=True):
        assert replace(after, id="", digest="", place=None) == before
    assert all(each.digest.startswith("sha1:") for each in written if each.status)
    judge(tmp_path)
    assert archive.verify(tmp_path) == []


def test_places_lead_back_to_their_captures(tmp_path: Path) -> None:
    written = write(tmp_path, [page(1), failure(2), page(3), failure(4)])
    for number, each in enumerate(written):
        assert each.place is not None
        assert archive.read_one(tmp_path, each.place) == each
        assert (
            list(archive.read(tmp_path, each.place.file, each.place.offset, 2))
            == written[number : number + 2]
        )
        assert list(archive.read(tmp_path, each.place.file, 0, 0)) == []
    with pytest.raises(FileNotFoundError):
        archive.read(tmp_path, "warc/none.warc.gz")


def test_an_open_file_can_be_read_by_the_names_its_captures_carry(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer:
        first = writer.write(page(1))
        assert first.place is not None
        assert archive.read_one(tmp_path, first.place) == first
        assert archive.sealed(tmp_path) == []
    assert [each.captures for each in archive.sealed(tmp_path)] == [1]


def test_304_becomes_a_revisit_that_points_at_the_response(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer:
        first = writer.write(page(1))
        later = page(1, status=304, body=b"", fetched_at=START + timedelta(days=1))
        repeat = writer.write(later, earlier=earlier(first), request_headers=(("If-None-Match", 'W/"1"'),))
    assert (repeat.outcome, repeat.refers_to, repeat.digest) == ("unchanged", first.id, first.digest)
    text = unpacked(warc_files(tmp_path)[0])
    assert text.count(b"WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified\r\n") == 1
    assert f"WARC-Refers-To: <{first.id}>\r\n".encode() in text
    assert b"WARC-Refers-To-Target-URI: https://news.example/a/1.html\r\n" in text
    assert b"WARC-Refers-To-Date: 2026-11-01T08:00:01.123456Z\r\n" in text
    assert list(archive.read(tmp_path, first.place.file)) == [first, repeat]  # type: ignore[union-attr]
    judge(tmp_path)
    assert archive.verify(tmp_path) == []


def test_an_equal_body_of_the_same_url_becomes_a_revisit_and_of_another_does_not(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer:
        first = writer.write(page(1))
        same = writer.write(page(1, fetched_at=START + timedelta(days=1)), earlier=earlier(first))
        other = writer.write(page(2, body=page(1).body), earlier=earlier(first))
        changed = writer.write(page(1, body=b"<p>new</p>"), earlier=earlier(first))
        empty = writer.write(page(1, body=b"", outcome="empty"), earlier=earlier(first))
    assert (same.outcome, same.body, same.refers_to) == ("unchanged", b"", first.id)
    assert [each.refers_to for each in (other, changed, empty)] == [None, None, None]
    assert unpacked(warc_files(tmp_path)[0]).count(b"revisit/identical-payload-digest\r\n") == 1
    judge(tmp_path)


def test_every_hop_of_a_redirect_is_archived_before_its_end(tmp_path: Path) -> None:
    hop = Hop(
        url="http://news.example/old",
        status=301,
        headers=(("Location", "/a/1.html"),),
        body=b"",
        fetched_at=START,
    )
    with Writer(tmp_path, "run", clock) as writer:
        end = writer.write(page(1, url="http://news.example/old"), hops=(hop,), peer="127.0.0.1")
    found = list(archive.read(tmp_path, archive.sealed(tmp_path)[0].file))
    assert [(each.kind, each.status, each.final_url) for each in found] == [
        ("redirect", 301, "http://news.example/old"),
        ("page", 200, "https://news.example/a/1.html"),
    ]
    assert found[1] == end
    judge(tmp_path)


def test_headers_of_a_response_record(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer:
        writer.write(page(1), peer="2001:db8::1", truncated="length")
        writer.write(page(2), peer="not an address\r\nX: y")
        writer.write(page(3, final_url="file:///a%20b.html"), resource=True)
    text = unpacked(warc_files(tmp_path)[0])
    assert text.startswith(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n")
    assert text.count(b"WARC-IP-Address: 2001:db8::1\r\n") == text.count(b"WARC-IP-Address") == 1
    assert text.count(b"WARC-Truncated: length\r\n") == 1
    assert text.count(b"\r\nHTTP/1.1 200 OK\r\n") == 2
    resource = text[text.index(b"WARC-Type: resource") :]
    assert b"WARC-Payload-Digest" not in resource
    judge(tmp_path)


def test_equal_runs_write_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, [page(1), failure(2)])
    a, b = (sorted(p for p in (tmp_path / n).rglob("*") if p.is_file()) for n in ("a", "b"))
    assert [p.name for p in a] == [p.name for p in b]
    assert [p.read_bytes() for p in a] == [p.read_bytes() for p in b]
    assert any(p.suffix == ".parquet" for p in a)


def test_an_empty_run_leaves_no_file_and_a_full_file_rolls(tmp_path: Path) -> None:
    write(tmp_path / "empty", [])
    assert not warc_files(tmp_path / "empty")
    written = write(tmp_path / "roll", [page(n) for n in range(1, 6)], roll_bytes=1)
    assert len(warc_files(tmp_path / "roll")) == 5
    assert [each.first for each in archive.sealed(tmp_path / "roll")] == [each.fetched_at for each in written]
    judge(tmp_path / "roll")


def test_a_new_day_is_a_new_file(tmp_path: Path) -> None:
    days = iter([datetime(2026, 11, 1, 23, 59, tzinfo=UTC), datetime(2026, 11, 2, 0, 1, tzinfo=UTC)])
    with Writer(tmp_path, "run", lambda: next(days)) as writer:
        writer.write(page(1))
        writer.write(page(2))
    assert [path.parent.name for path in warc_files(tmp_path)] == ["01", "02"]


def test_one_writer_at_a_time_and_an_error_still_seals(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Writer(tmp_path, "run", clock) as writer:  # noqa: PT012  the whole run
        writer.write(page(1))
        with pytest.raises(BusyError), Writer(tmp_path, "second", clock):
            pass
        with pytest.raises(BusyError):
            archive.repair(tmp_path)
        raise ZeroDivisionError
    assert [each.captures for each in archive.sealed(tmp_path)] == [1]
    judge(tmp_path)


def test_an_interrupt_in_the_middle_of_a_write_leaves_whole_captures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt), Writer(tmp_path, "run", clock) as writer:  # noqa: PT012  the whole run
        first = writer.write(page(1))

        def interrupted(_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("pipeline.archive.writer.ref_of", interrupted)
        writer.write(page(2))
    found = list(archive.read(tmp_path, archive.sealed(tmp_path)[0].file))
    assert found[0] == first
    assert [cdxj.ref_of(each) for each in found] == cdxj.refs(tmp_path, found[0].place.file)  # type: ignore[union-attr]
    judge(tmp_path)
    assert archive.verify(tmp_path) == []


def test_a_write_that_fails_takes_back_its_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    with Writer(tmp_path, "run", clock) as writer:
        first = writer.write(page(1))
        calls = 0

        def full(fd: int, data: bytes) -> int:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise OSError(errno.ENOSPC, "no space")
            return real(fd, bytes(data)[: len(data) // 2 or 1])

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="no space"):
            writer.write(page(2))
        monkeypatch.setattr(os, "write", real)
        third = writer.write(page(3))
    assert list(archive.read(tmp_path, archive.sealed(tmp_path)[0].file)) == [first, third]
    judge(tmp_path)


def test_a_nearly_full_disk_stops_the_writer_and_the_archive_stays_whole(tmp_path: Path) -> None:
    write(tmp_path, [page(1)])
    with (
        pytest.raises(OSError, match="free") as caught,
        Writer(tmp_path, "next", clock, keep_free=1 << 60) as writer,
    ):
        writer.write(page(2))
    assert caught.value.errno == errno.ENOSPC
    assert [each.captures for each in archive.sealed(tmp_path)] == [1]
    judge(tmp_path)


def test_the_status_line_has_the_words_of_the_server(tmp_path: Path) -> None:
    said = {"": b"OK", "\xba\xc3": b"\xba\xc3", "Fine\r\nX: y": b"Fine  X: y", "\u6751": b"?"}
    with Writer(tmp_path, "run", clock) as writer:
        first = writer.write(page(1), reason="Fine")
        for n, reason in enumerate(said):
            writer.write(page(2 + n), reason=reason)
        again = writer.write(page(1), reason="Again", earlier=cdxj.earlier_of(cdxj.ref_of(first)))
    lines = [
        each.block.partition(b"\r\n")[0] for each in warc.scan(warc_files(tmp_path)[0]) if each.kind in MAIN
    ]
    assert lines == [b"HTTP/1.1 200 " + words for words in (b"Fine", *said.values(), b"Again")]
    assert again.refers_to == first.id
    judge(tmp_path)


def test_how_much_disk_is_left_is_looked_at_again_while_a_file_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LOOK_EVERY", 2000)
    with Writer(tmp_path, "run", clock) as writer:
        writer.write(page(1))
        writer._keep_free = 1 << 60
        with pytest.raises(OSError, match="free"):
            list(map(writer.write, map(page, range(2, 100))))
    assert 1 < archive.sealed(tmp_path)[0].captures < 99


@pytest.mark.parametrize("damage", ["cut", "flip", "zeros", "garbage"])
def test_a_damaged_file_is_never_read_in_silence(tmp_path: Path, damage: str) -> None:
    written = write(tmp_path, [page(n) for n in range(1, 5)])
    path = warc_files(tmp_path)[0]
    data = bytearray(path.read_bytes())
    middle = written[2].place.offset + 40  # type: ignore[union-attr]
    if damage == "cut":
        data = data[: written[2].place.offset]  # type: ignore[union-attr]
    elif damage == "flip":
        data[middle] ^= 0x10
    else:
        data[middle:middle] = b"\0" * 64 if damage == "zeros" else b"garbage" * 9
        del data[-64 if damage == "zeros" else -63 :]
    path.write_bytes(data)
    with pytest.raises(Damaged):
        list(archive.read(tmp_path, path.relative_to(tmp_path).as_posix()))
    assert archive.verify(tmp_path)


def test_verify_names_what_is_wrong(tmp_path: Path) -> None:
    with Writer(tmp_path, "one", clock) as writer:
        first = writer.write(page(1))
    with Writer(tmp_path, "two", lambda: START + timedelta(days=1)) as writer:
        writer.write(
            page(1, status=304, body=b"", fetched_at=START + timedelta(days=1)), earlier=earlier(first)
        )
    assert archive.verify(tmp_path) == []
    one, two = warc_files(tmp_path)
    cdxj = two.with_name(two.name.replace(".warc.gz", ".cdxj"))
    kept = cdxj.read_text()
    cdxj.write_text(kept.replace('"unchanged"', '"ok"'))
    assert [line.split(": ")[1] for line in archive.verify(tmp_path)] == [
        "its CDXJ does not tell what is in it"
    ]
    cdxj.write_text(kept)
    for path in (tmp_path / "index").rglob("*.parquet"):
        path.unlink()
    assert all("daily index" in line for line in archive.verify(tmp_path))
    one.unlink()
    assert any(f"refers to {first.id}, which is not there" in line for line in archive.verify(tmp_path))


_text = st.text(st.characters(exclude_categories=()), max_size=30)
_names = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1, max_size=12
)
_values = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(["Content-Encoding", "X-Crawler-Content-Length", "ETag", "a"]), _values)
    ),
    st.binary(max_size=200),
    st.lists(_text, max_size=3),
    _text,
    st.sampled_from([0, 200, 304, 404]),
)
def test_packing_then_unpacking_is_the_same_capture(
    headers: list[tuple[str, str]], body: bytes, notes: list[str], via: str, status: int
) -> None:
    before = page(
        1, id="urn:uuid:00000000-0000-0000-0000-000000000001", status=status, headers=tuple(headers),
        body=body if status else b"", notes=tuple(notes), via=via,
    )  # fmt: skip
    packed, records = pack(before, Wire(request_headers=(("A", "b"),)), "run")
    read = [warc.parse_record(record) for record in records]
    (after,) = captures(read, "x")
    assert replace(after, place=None) == packed
    assert replace(packed, digest="") == before


@given(st.lists(st.tuples(_names, _text), max_size=5))
def test_fields_round_trip_whatever_the_values(pairs: list[tuple[str, str]]) -> None:
    assert warc.parse_fields(warc.fields_block(pairs)) == pairs


@given(st.binary(max_size=300))
def test_no_bytes_make_the_parsers_raise(data: bytes) -> None:
    warc.parse_http(data)
    warc.parse_fields(data)


def test_no_cookie_comes_into_the_archive(tmp_path: Path) -> None:
    secret = "s3cr3t"
    set_here = (
        ("Set-Cookie", f"SESSION={secret}; Path=/{secret}; HttpOnly"),
        ("set-cookie", secret),
        ("SET-COOKIE2", f"a={secret}"),
        ("X-Other", "kept; a=b"),
    )
    hop = Hop(
        url="https://news.example/before",
        status=302,
        headers=(("Set-Cookie", f"hop={secret}"), ("Location", "/a")),
        body=b"",
        fetched_at=START,
    )
    with Writer(tmp_path, "run", clock=clock) as writer:
        kept = writer.write(
            page(1, headers=set_here),
            request_headers=(("Host", "news.example"), ("Cookie", f"SESSION={secret}; b={secret}=={secret}")),
            hops=[hop],
        )
    (file,) = warc_files(tmp_path)
    told = unpacked(file)
    assert secret.encode() not in told
    assert b"Cookie: SESSION=withheld; b=withheld\r\n" in told
    assert b"Set-Cookie: hop=withheld\r\n" in told
    assert kept.headers == (
        ("Set-Cookie", "SESSION=withheld"),
        ("set-cookie", "withheld"),
        ("SET-COOKIE2", "a=withheld"),
        ("X-Other", "kept; a=b"),
    )
