"""Bits flipped on the disk and then built upon: how many wrong rows come out of it. There must be none.

    python -m benchmarks.damage [--shards 40] [--parents 30] [--seed 13]

A small corpus of two versions, whose next build edits a page of the first, brings a near-copy and a new page. Each
round flips one bit of a copy: of a shard, read by an increment or by a full build, or of any file of the newest version
before an increment. What can come of it:

    whole    published, equal to what a build without damage publishes, and verified
    refused  nothing is published, the error names a file
    named    published with a file that nobody opened, under its old sum: `verify` names it, all other rows are right
             (none any more where a version is small enough to be looked at whole: carried.py)
    WRONG    published with other rows, or damage under a fresh sum
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from benchmarks.build import START, archive, page
from pipeline.corpus import versions
from pipeline.corpus.build import build, make_ahead
from pipeline.corpus.job import Job
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import latest
from pipeline.corpus.schema import TABLES, read_parquet
from pipeline.demo.stories import stories
from pipeline.errors import CorpusError
from pipeline.records import Capture

WHOLE, REFUSED, NAMED, WRONG = "whole", "refused", "named", "WRONG"


def job_in(folder: Path, *, full: bool = False) -> Job:
    """The build of a corpus of these; `full` from the shards."""
    return Job(raw=folder / "raw", clean=folder / "clean", work=folder / ".build", workers=1, full=full)


def prepare(folder: Path) -> None:
    """Two versions, and an archive file that is extracted and normalized, not built."""
    long = [story for story in stories() if story.reason is None and len("".join(story.body)) > 300]

    def story(number: int, day: int, *, lines: int | None = None, at: int | None = None) -> Capture:
        body = "".join(f"<p>{line}</p>\n" for line in long[number].body[:lines])
        text = f"<h1>{long[number].title}</h1><div class=article>\n{body}</div>"
        url = f"https://news.example/{number if at is None else at}.html"
        moment = START + timedelta(days=day, minutes=number)
        return page(url, f"<html><meta charset=utf-8><body>{text}</body></html>".encode(), moment)

    for day, pages in enumerate(([story(n, 0) for n in range(4)], [story(n, 1) for n in range(4, 6)])):
        archive(folder / "raw", pages)
        assert build(job_in(folder)).version == f"2.{day + 1}.0"
    archive(folder / "raw", [story(0, 2, lines=-1), story(1, 2, at=50), story(7, 2)])
    make_ahead(job_in(folder))


def rows_of(version: Path) -> pa.Table:
    """All rows of a version, in one order whatever files they stand in."""
    files = [path for table in TABLES for path in sorted((version / table).glob("*.parquet"))]
    return read_parquet(files).sort_by([("capture", "ascending"), ("part", "ascending")])


def flip(path: Path, chance: random.Random) -> None:
    """Turn one bit of a file."""
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.chmod(0o644)
    path.write_bytes(data)


def outcome(folder: Path, truth: pa.Table, *, full: bool = False) -> str:
    """What came of building a corpus in which a bit was flipped; `truth` are the rows without damage."""
    before = latest(folder / "clean")
    try:
        report = build(job_in(folder, full=full))
    except CorpusError:
        return REFUSED if latest(folder / "clean") == before else WRONG
    version, parent = folder / "clean" / str(report.version), folder / "clean" / before
    named = versions.verify(version)
    if not named:
        return WHOLE if rows_of(version).equals(truth) else WRONG
    was = {file.file: file.sha256 for file in read_manifest(parent).files}
    linked = {file.file for file in read_manifest(version).files if was.get(file.file) == file.sha256}
    said = {file for file in linked if any(file in problem for problem in named)}
    try:
        others = [
            path
            for table in TABLES
            for path in sorted((version / table).glob("*.parquet"))
            if path.relative_to(version).as_posix() not in said
        ]
        right = set(map(str, truth.to_pylist()))
        return NAMED if said and right.issuperset(map(str, read_parquet(others).to_pylist())) else WRONG
    except (OSError, pa.ArrowException):
        return WRONG


def rounds(made: Path, scratch: Path, shards: int, parents: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Flip a bit, build: what was flipped, in which file, and what came of it."""
    chance = random.Random(seed)
    truth = {}
    for full in (False, True):
        calm = scratch / f"calm-{full}"
        shutil.copytree(made, calm, symlinks=True)
        truth[full] = rows_of(calm / "clean" / str(build(job_in(calm, full=full)).version))
        shutil.rmtree(calm)
    for number in range(shards + parents):
        folder, is_shard = scratch / str(number), number < shards
        shutil.copytree(made, folder, symlinks=True)
        full = is_shard and number % 2 == 1
        if is_shard:
            day = START + timedelta(days=0 if full else 2)
            files = sorted((folder / ".build").glob(f"*/*bench_{day:%Y%m%d}-*.parquet"))
        else:
            files = [
                p for p in sorted((folder / "clean" / latest(folder / "clean")).rglob("*")) if p.is_file()
            ]
        path = chance.choice(files)
        flip(path, chance)
        came = outcome(folder, truth[full], full=full)
        yield ("shard" if is_shard else "parent"), path.relative_to(folder).as_posix(), came
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--parents", type=int, default=30)
    parser.add_argument("--seed", type=int, default=13)
    arguments = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name) / "made")
        for what, file, came in rounds(
            Path(name) / "made", Path(name), arguments.shards, arguments.parents, arguments.seed
        ):
            counts[what, came] += 1
            if came == WRONG:
                print(f"WRONG after a bit flipped in {file}", flush=True)
    for (what, came), count in sorted(counts.items()):
        print(f"{what:>7} {came:>8} {count:>4}")
    sys.exit(1 if any(came == WRONG for _, came in counts) else 0)


if __name__ == "__main__":
    main()
