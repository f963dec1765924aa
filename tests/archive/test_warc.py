from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import NAMESPACE_URL, uuid5

import pytest

from pipeline.archive import warc

WHOLE = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (WHOLE.replace(b"WARC/1.1", b"ARC"), "begins with 'ARC'"),
        (b"", "begins with ''"),
        (WHOLE[:-4], "does not end in two line ends"),
        (WHOLE[:-3], "does not end in two line ends"),
        (WHOLE.replace(b": 3", b": 5"), "says Content-Length '5' and has 3 bytes"),
        (WHOLE.replace(b": 3", b": " + b"9" * 5000), f"says Content-Length '{'9' * 20}' and has 3 bytes"),
        (WHOLE.replace(b": 3", ": ٣".encode()), "says Content-Length '٣' and has 3 bytes"),
        (WHOLE.replace(b"Content-Length: 3\r\n", b""), "says Content-Length '' and has 3 bytes"),
    ],
)
def test_what_is_no_whole_record_is_told_by_file_offset_and_fault(data: bytes, wrong: str) -> None:
    with pytest.raises(warc.Damaged) as caught:
        warc.parse_record(data, 17, 3, "corpus-x.warc.gz")
    told = "corpus-x.warc.gz: the member at 17 is not one whole WARC record: it "
    assert str(caught.value) == told + wrong


def test_a_whole_record_is_its_headers_and_block() -> None:
    found = warc.parse_record(WHOLE, 17, 3, "corpus-x.warc.gz")
    assert found.headers == {"warc-type": "response", "content-length": "3"}
    assert (found.offset, found.length, found.kind, found.block) == (17, 3, "response", b"abc")


def test_the_window_of_a_small_record_changes_no_byte() -> None:
    chance = random.Random(7)
    words = [chance.randbytes(chance.randrange(1, 12)) for _ in range(200)]
    edges = [(1 << bits) - 262 + by for bits in range(9, 17) for by in (-1, 0, 1)]
    for size in (0, 1, 100, 500, *edges, *(chance.randrange(40_000) for _ in range(50))):
        for some in (words[:3], words):
            data = b"".join(chance.choice(some) for _ in range(size // 2 + 1))[:size]
            assert warc.member(data) == zlib.compress(data, 6, wbits=31)
            assert zlib.decompress(warc.member(data), 31) == data


@pytest.mark.parametrize("name", ["", "response", "村口\n1"])
def test_ids_are_those_of_the_standard_library(name: str) -> None:
    assert warc.id_in(NAMESPACE_URL.bytes, name) == uuid5(NAMESPACE_URL, name).urn


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(0), "UTC"), timezone(timedelta(hours=8))])
def test_a_date_is_utc_whatever_the_zone(zone: timezone) -> None:
    at = datetime(2026, 5, 6, 2, 30, tzinfo=UTC).astimezone(zone)
    assert warc.iso(at) == "2026-05-06T02:30:00.000000Z"
