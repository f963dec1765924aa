"""Indexes in all the shapes that archives give them, made by their published forms, and their odd lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.archive import cdx, cdxlines
from pipeline.archive.cdx import Left, Row
from pipeline.archive.warc import Damaged

FIRST = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
FILE = "crawl-data/CC-MAIN-2024-10/segments/1/warc/CC-MAIN-1.warc.gz"
HEADER = " CDX N b a m s k r M S V g"


def capture(number: int, **changed: Any) -> dict[str, Any]:
    """One capture by the names of Common Crawl's index."""
    return {
        "urlkey": f"cn,example)/a/{number}.html",
        "timestamp": f"{FIRST + timedelta(number):%Y%m%d%H%M%S}",
        "url": f"http://example.cn/a/{number}.html",
        "mime": "text/html",
        "status": "200",
        "digest": f"{number:032}",
        "length": str(900 + number),
        "offset": str(1000 * number),
        "filename": FILE,
    } | changed


CAPTURES = [capture(number) for number in range(4)]
ODD_ONES = [
    capture(4, status="301", mime="text/html"),
    capture(5, status="404"),
    capture(6, mime="image/png"),
    capture(7, mime="warc/revisit", status="-"),
    capture(8, url="dns:example.cn", urlkey="dns:example.cn"),
]
REASONS = ["redirect", "http_error", "not_html", "revisit", "not_http"]


def fields(row: dict[str, Any], *names: str) -> str:
    return " ".join(str(row[name]) if name in row else "-" for name in names)


def cdx_lines(rows: Iterable[dict[str, Any]], columns: int) -> str:
    names = cdxlines._COLUMNS[columns]
    return "".join(fields(row, *names) + "\n" for row in rows)


def server_json(rows: Iterable[dict[str, Any]], *, indent: int | None = None, one_line: bool = False) -> str:
    """As web.archive.org answers output=json."""
    names = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length")
    head = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    cells = [head, *([row[name] for name in names] for row in rows)]
    if one_line or indent:
        return json.dumps(cells, indent=indent)
    return "[" + ",\n".join(map(json.dumps, cells)) + "]\n"


def cdxj(rows: Iterable[dict[str, Any]]) -> str:
    """As pywb and Common Crawl write it."""
    lines = [
        f"{row['urlkey']} {row['timestamp']} "
        + json.dumps({name: value for name, value in row.items() if name not in ("urlkey", "timestamp")})
        for row in rows
    ]
    return "\n".join(["!OpenWayback-CDXJ 1.0", '!meta {"collection": "one"}', *lines, ""])


def api(rows: Iterable[dict[str, Any]]) -> str:
    """As index.commoncrawl.org answers output=json."""
    more = {"mime-detected": "text/html", "charset": "UTF-8", "languages": "zho"}
    return "".join(
        json.dumps({**row, **({} if "detected" in row else more), "mime": row["mime"]}) + "\n" for row in rows
    )


def zipnum(folder: Path, rows: Sequence[dict[str, Any]], size: int = 2) -> Path:
    """A ZipNum cluster: parts of gzip members, and the secondary index that points into them."""
    lines = cdxj(rows).splitlines()[2:]
    pointers, offset = [], 0
    with (folder / "cdx-00000.gz").open("wb") as part:
        for number, start in enumerate(range(0, len(lines), size)):
            block = gzip.compress("".join(line + "\n" for line in lines[start : start + size]).encode())
            key = " ".join(lines[start].split(" ")[:2])
            pointers.append(f"{key}\tcdx-00000.gz\t{offset}\t{len(block)}\t{number + 1}\n")
            offset += part.write(block)
    (folder / "cluster.idx").write_text("".join(pointers))
    return folder / "cluster.idx"


def columnar(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """The columns of Common Crawl's table that matter, and some that do not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = [datetime.strptime(row["timestamp"], "%Y%m%d%H%M%S").replace(tzinfo=UTC) for row in rows]
    pq.write_table(
        pa.table(
            {
                "url_surtkey": [row["urlkey"] for row in rows],
                "url": [row["url"] for row in rows],
                "url_host_registered_domain": ["example.cn" for _ in rows],
                "fetch_time": pa.array(times, pa.timestamp("ms", "UTC")),
                "fetch_status": pa.array(
                    [int(row["status"]) if row["status"] != "-" else None for row in rows], pa.int16()
                ),
                "content_digest": [row["digest"] for row in rows],
                "content_mime_type": [row["mime"] for row in rows],
                "content_mime_detected": [row["mime"] for row in rows],
                "warc_filename": [row["filename"] for row in rows],
                "warc_record_offset": pa.array([int(row["offset"]) for row in rows], pa.int32()),
                "warc_record_length": pa.array([int(row["length"]) for row in rows], pa.int32()),
                "warc_segment": ["1709947473347.12" for _ in rows],
            }
        ),
        path,
    )


def read(path: Path, **chosen: Any) -> tuple[list[Row], list[Left]]:
    found = list(cdx.rows(path, chosen.get("since"), chosen.get("until"), chosen.get("domains", ())))
    return [each for each in found if isinstance(each, Row)], [
        each for each in found if isinstance(each, Left)
    ]


def expected(*, is_placed: bool = True, has_length: bool = True) -> list[Row]:
    return [
        Row(
            url=row["url"],
            at=FIRST + timedelta(number),
            mime="text/html",
            status=200,
            digest=row["digest"],
            file=FILE if is_placed else "",
            offset=int(row["offset"]) if is_placed else 0,
            length=int(row["length"]) if has_length else 0,
        )
        for number, row in enumerate(CAPTURES)
    ]


TEXTS: dict[str, tuple[Callable[[], str], dict[str, bool]]] = {
    "CDX 11 with header": (lambda: HEADER + "\n" + cdx_lines([*CAPTURES, *ODD_ONES], 11), {}),
    "CDX 11 without": (lambda: cdx_lines([*CAPTURES, *ODD_ONES], 11), {}),
    "CDX 10 without": (lambda: cdx_lines([*CAPTURES, *ODD_ONES], 10), {"has_length": False}),
    "CDX 9 with header": (
        lambda: " CDX N b a m s k r V g\n" + cdx_lines([*CAPTURES, *ODD_ONES], 9),
        {"has_length": False},
    ),
    "CDX 9 without": (lambda: cdx_lines([*CAPTURES, *ODD_ONES], 9), {"has_length": False}),
    "CDX 14 without": (lambda: cdx_lines([*CAPTURES, *ODD_ONES], 14), {}),
    "CDX server, text": (lambda: cdx_lines([*CAPTURES, *ODD_ONES], 7), {"is_placed": False}),
    "CDX server, JSON": (lambda: server_json([*CAPTURES, *ODD_ONES]), {"is_placed": False}),
    "CDX server, JSON in one line": (
        lambda: server_json([*CAPTURES, *ODD_ONES], one_line=True),
        {"is_placed": False},
    ),
    "CDX server, JSON indented": (
        lambda: server_json([*CAPTURES, *ODD_ONES], indent=2),
        {"is_placed": False},
    ),
    "CDXJ": (lambda: cdxj([*CAPTURES, *ODD_ONES]), {}),
    "JSON lines": (lambda: api([*CAPTURES, *({**row, "detected": 1} for row in ODD_ONES)]), {}),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", TEXTS)
def test_each_form_gives_its_captures_and_says_what_is_none(tmp_path: Path, form: str, packed: bool) -> None:
    text, told = TEXTS[form]
    path = tmp_path / "index"
    path.write_bytes(gzip.compress(text().encode()) if packed else text().encode())
    rows, left = read(path)
    reasons = REASONS
    if not told.get("is_placed", True):  # a server of captures gives the body that a revisit repeats
        revisit = rows.pop()
        assert (revisit.url, revisit.mime) == (ODD_ONES[3]["url"], "warc/revisit")
        reasons = [why for why in REASONS if why != "revisit"]
    assert rows == expected(**told)
    assert [(each.why, each.where) for each in left] == [(why, "") for why in reasons]


@pytest.mark.parametrize("is_folder", [False, True], ids=["file", "partitions"])
def test_the_columnar_index(tmp_path: Path, is_folder: bool) -> None:
    rows = [*CAPTURES, *(each for each in ODD_ONES if each["status"] != "-")]
    if is_folder:
        table = tmp_path / "table"
        columnar(rows[:2], table / "crawl=CC-MAIN-2024-10/subset=warc/part-0.parquet")
        columnar(rows[2:], table / "crawl=CC-MAIN-2024-18/subset=warc/part-0.parquet")
        columnar([capture(99)], table / "crawl=CC-MAIN-2024-18/subset=crawldiagnostics/part-0.parquet")
        columnar([capture(98)], table / "crawl=CC-MAIN-2024-18/subset=robotstxt/part-0.parquet")
    else:
        table = tmp_path / "part.parquet"
        columnar(rows, table)
    found, left = read(table)
    assert sorted(found, key=lambda row: row.at) == expected()
    assert sorted(each.why for each in left) == sorted(set(REASONS) - {"revisit"})
    assert len(read(table, since=date(2024, 1, 3), until=date(2024, 1, 4))[0]) == 2
    assert read(table, domains={"elsewhere.cn"}) == ([], [])


def test_rows_of_the_columnar_index_without_a_place_or_an_address(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    columnar([*CAPTURES, capture(5, filename=None), capture(6, url=None)], path)
    rows, left = read(path)
    assert rows == expected()
    assert [(each.where, each.why) for each in left] == [
        ("row 5", "its record's file or offset is not named"),
        ("row 6", "no address: ''"),
    ]


def test_a_zipnum_cluster_is_read_by_its_blocks(tmp_path: Path) -> None:
    elsewhere = [
        capture(n, urlkey=f"{key})/", url=f"http://{'.'.join(reversed(key.split(',')))}/")
        for n, key in ((10, "cn,another"), (11, "cn,example,news"), (12, "cn,exampled"), (13, "cn,zebra"))
    ]
    rows = sorted([*CAPTURES, *ODD_ONES[:4], *elsewhere], key=lambda row: row["urlkey"])
    path = zipnum(tmp_path, rows)
    found, left = read(path)
    assert len(found) == len(CAPTURES) + len(elsewhere)
    assert [each.why for each in left] == REASONS[:4]
    found, _ = read(path, domains={"example.cn"})
    assert [row.url for row in found] == [
        *(row["url"] for row in CAPTURES),
        "http://news.example.cn/",
    ]


def test_of_a_cluster_no_block_is_opened_in_which_the_domains_are_not(tmp_path: Path) -> None:
    rows = [capture(n, urlkey=f"cn,site{n:02})/", url=f"http://site{n:02}.cn/") for n in range(20)]
    path = zipnum(tmp_path, rows)
    part = tmp_path / "cdx-00000.gz"
    pointers = [line.split("\t") for line in path.read_text().splitlines()]
    body = bytearray(part.read_bytes())
    for key, _, offset, length, _ in pointers:
        if not key.startswith("cn,site06"):
            body[int(offset) : int(offset) + int(length)] = b"\0" * int(length)
    part.write_bytes(body)
    found, left = read(path, domains={"site07.cn"})
    assert ([row.url for row in found], left) == (["http://site07.cn/"], [])


def test_odd_blocks_and_lines_of_a_cluster_are_told(tmp_path: Path) -> None:
    path = zipnum(tmp_path, CAPTURES)
    lines = path.read_text().splitlines()
    cut = lines[1].split("\t")
    cut[3] = str(int(cut[3]) - 9)
    more = [
        "no pointer",
        "cn,example)/z 20240101000000\tcdx-00007.gz\t0\t10\t3",
        "cn,example)/z 20240101000000\t../cdx-00000.gz\t0\t10\t4",
        "cn,example)/z 20240101000000\tcdx-00000.gz\t3\t10\t5",
    ]
    path.write_text("\n".join([lines[0], "\t".join(cut), *more]))
    rows, left = read(path)
    assert rows[:2] == expected()[:2]
    told = {each.where: each.why for each in left if "block" not in each.where}
    assert set(told) == {"line 2", "line 3", "line 4", "line 5", "line 6"}
    assert "is cut off" in told["line 2"]
    assert "no line of a secondary index" in told["line 3"]
    assert "does not stand beside the index" in told["line 4"]
    assert "does not stand beside the index" in told["line 5"]
    assert "does not unpack" in told["line 6"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("cn,example)/x 20240102030405 http://example.cn/x text/html 200", "5 fields under 11 columns"),
        (
            cdx_lines([capture(9, timestamp="20240230000000")], 11).strip(),
            "no time of 14 digits: '20240230000000'",
        ),
        (cdx_lines([capture(9, timestamp="2024")], 11).strip(), "no time of 14 digits: '2024'"),
        (cdx_lines([capture(9, url="example.cn/x")], 11).strip(), "no address: 'example.cn/x'"),
        (cdx_lines([capture(9, filename="-")], 11).strip(), "its record's file or offset is not named"),
        (cdx_lines([capture(9, offset="-")], 11).strip(), "its record's file or offset is not named"),
        ('cn,example)/x 20240102030405 {"url": "http://exa', "its JSON does not read"),
        ("cn%2Cexample%29%2F+20240102030405%21", "one word: a resumption key"),
    ],
)
def test_an_odd_line_is_told_with_its_number_and_the_others_are_read(
    tmp_path: Path, line: str, why: str
) -> None:
    lines = [HEADER, *cdx_lines(CAPTURES, 11).splitlines()]
    (tmp_path / "index").write_text("\n".join([*lines[:3], "", line, *lines[3:]]))
    rows, left = read(tmp_path / "index")
    assert rows == expected()
    (found,) = left
    assert found.where == "line 5"
    assert found.why.startswith(why)


def test_odd_rows_of_an_array_are_told_with_their_numbers(tmp_path: Path) -> None:
    lines = server_json(CAPTURES).splitlines()
    more = ['["two", "cells"],', '["cn,example)/", "20240102" "http"],']
    key = ["[],", '["cn%2Cexample%29%2F+20240102030405"]]']
    (tmp_path / "index").write_text("\n".join([*lines[:2], *more, *lines[2:-1], lines[-1][:-1] + ",", *key]))
    rows, left = read(tmp_path / "index")
    assert rows == expected(is_placed=False)
    assert [(each.where, each.why) for each in left] == [
        ("row 3", "no row of 7 cells"),
        ("row 4", "no row of 7 cells"),
        ("row 9", "a resumption key: the index goes on from there"),
    ]


def test_an_array_that_breaks_off_gives_what_stands_before(tmp_path: Path) -> None:
    text = server_json(CAPTURES)
    (tmp_path / "index").write_text(text[: text.index("a/3.html")])
    rows, (left,) = read(tmp_path / "index")
    assert rows == expected(is_placed=False)[:3]
    assert (left.where, left.why) == ("row 5", "the array breaks off here")


def test_what_the_digest_does_not_tell_apart_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "index").write_text(
        cdx_lines([capture(1, digest="-"), capture(2, digest="sha1:AB", mime="unk")], 11)
    )
    rows, left = read(tmp_path / "index")
    assert [row.digest for row in rows] == ["", "AB"]
    assert left == []


def test_an_address_with_a_brace_is_no_json(tmp_path: Path) -> None:
    odd = capture(1, url="http://example.cn/a/{1}.html", urlkey="cn,example)/a/{1}.html")
    (tmp_path / "index").write_text(cdx_lines([odd], 11))
    ((row,), left) = read(tmp_path / "index")
    assert (row.url, left) == ("http://example.cn/a/%7B1%7D.html", [])


@pytest.mark.parametrize("text", ["<html><body>no index</body></html>\n", "{}\n", '[["no"],["names"]]'])
def test_a_file_that_names_no_capture_is_no_index(tmp_path: Path, text: str) -> None:
    (tmp_path / "index").write_text(text)
    with pytest.raises(Damaged, match=r"no line of it names a capture; (line|row) 1"):
        read(tmp_path / "index")
