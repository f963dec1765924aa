"""Captures of our own for the archive's tests, and the outside judges of WARC files."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.archive.exchange import Earlier
from pipeline.archive.writer import Writer
from pipeline.records import Capture

START = datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)
_BIN = Path(sys.executable).parent


def clock() -> datetime:
    return START


def page(number: int, **changes: Any) -> Capture:
    """The capture of a small GBK page; `changes` are fields of Capture."""
    url = f"https://news.example/a/{number}.html"
    text = f"<html><title>第{number}篇</title><body><p>{'秋天的河岸上，芦苇都白了。' * 20}</p></body></html>"
    fields: dict[str, Any] = {
        "id": "",
        "source": "example",
        "url": url,
        "url_key": url,
        "final_url": url,
        "fetched_at": START + timedelta(seconds=number),
        "status": 200,
        "headers": (("Content-Type", "text/html; charset=gbk"), ("ETag", f'W/"{number}"')),
        "body": text.encode("gbk"),
    }
    return Capture(**(fields | changes))


def failure(number: int, outcome: str = "timeout", **changes: Any) -> Capture:
    """A visit that got no answer."""
    return page(number, **({"status": 0, "headers": (), "body": b"", "outcome": outcome} | changes))


def earlier(capture: Capture) -> Earlier:
    """An archived capture as `Ledger.validators` gives it."""
    assert capture.place is not None
    return Earlier(
        id=capture.id,
        url=capture.final_url,
        url_key=capture.url_key,
        fetched_at=capture.fetched_at,
        digest=capture.digest,
        place=capture.place,
    )


def write(raw: Path, captures: Iterable[Capture], run_id: str = "run", **options: Any) -> list[Capture]:
    """Writes captures in one run; returns them as written."""
    with Writer(raw, run_id, clock, **options) as writer:
        return [writer.write(capture, request_headers=(("User-Agent", "test"),)) for capture in captures]


def warc_files(raw: Path) -> list[Path]:
    return sorted((raw / "warc").rglob("*.warc.gz"))


def judge(*folders: Path) -> None:
    """Every finished WARC file of the archives, before the tools that others made."""
    for raw in folders:
        assert not list(raw.rglob("*.open"))
        assert not list(raw.rglob("*.tmp"))
    paths = [path for raw in folders for path in warc_files(raw)]
    names = [str(path) for path in paths]
    _run("gzip", "-t", *names)
    _run(str(_BIN / "warcio"), "check", *names)
    for path in {path.read_bytes(): path for path in paths}.values():
        _run(str(_BIN / "fastwarc"), "check", str(path))
    theirs = _run(str(_BIN / "cdxj-indexer"), "--dir-root", "/", *names).splitlines()
    ours = [row for path in paths for row in _our_rows(path)]
    assert sorted(map(_row, theirs), key=_place) == sorted(ours, key=_place)
    for path in paths:
        _run("sha256sum", "-c", "--quiet", path.name.removesuffix(".warc.gz") + ".sha256", cwd=path.parent)


def _our_rows(path: Path) -> list[dict[str, str]]:
    lines = Path(str(path).removesuffix(".warc.gz") + ".cdxj").read_text("ascii").splitlines()
    assert lines == sorted(lines)
    rows = [_row(line) for line in lines]
    assert all(row["filename"] == path.name for row in rows)
    return [row | {"filename": str(path)[1:]} for row in rows if row["mime"] != "warc/metadata"]


def _row(line: str) -> dict[str, str]:
    _, stamp, fields = line.split(" ", 2)
    row: dict[str, str] = json.loads(fields)
    row.pop("capture", None)
    row.setdefault("mime", "")
    return row | {"stamp": stamp}


def _place(row: dict[str, str]) -> tuple[str, int]:
    return row["filename"], int(row["offset"])


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def unpacked(path: Path) -> bytes:
    """The records of a WARC file without their gzip members."""
    return gzip.decompress(path.read_bytes())
