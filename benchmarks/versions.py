"""What a version costs on the disk: sixty daily refreshes of a growing corpus, hard links counted once.

    python -m benchmarks.versions [--days 60] [--first 5000] [--share 0.01] [--maintain 7]

Each day brings so large a share of new articles; for a hundred of them five edits (one in twenty of any article, the
others of the last three days': older pages are hardly visited), ten copies and fifty visits that say the same. Printed
for each tenth day: the bytes of the files that the version does not share with its parent, by what they hold, beside
the bytes of the new rows alone (the same rows as one Parquet file) and of the whole version. Each week maintenance
joins the small files of older days, as `corpus maintain` does: a version of its own, told apart.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.build import START, synthetic
from pipeline.corpus import build as building
from pipeline.corpus.assemble import assemble
from pipeline.corpus.edition import CLUSTERS, Edition
from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.job import BuildReport, Job
from pipeline.corpus.plan import plan
from pipeline.corpus.schema import to_table
from pipeline.corpus.sums import Sums
from pipeline.dedupe.index import DedupeIndex
from pipeline.records import Document, Outcome

EDITS, OLD, COPIES, UNCHANGED = 0.05, 0.05, 0.1, 0.5
"""Beside each new article, and the second is the share of the edits that are of any article, not of the last days'."""

RECENT = 3
"""Days whose articles are edited most."""


def day_rows(day: int, first: int, count: int) -> list[Document]:
    """The rows of one day's captures: articles from number `first` on, and what comes with them."""
    chance = random.Random(day)
    rows = [_at(document, day, n) for n, document in enumerate(synthetic(count, first))]
    for n in range(round(count * EDITS) if first else 0):
        least = 0 if chance.random() < OLD else max(0, first - RECENT * count)
        (old,) = synthetic(1, chance.randrange(least, first))
        # a sentence that no other page has: the same one on three pages of a site would be its furniture
        text = f"{old.text}\n{_sentence(chance)}"
        edited = replace(
            old, text=text, extracted=text, text_hash=short_hash(text), extracted_hash=short_hash(text)
        )
        rows.append(_at(edited, day, count + n))
    for n in range(int(count * COPIES)):
        copied = rows[chance.randrange(count)]
        url = f"https://copies.example/{day}/{n}.html"
        rows.append(
            _at(
                replace(copied, id=document_id(url, 1), url=url, url_key=url, site="copies.example"),
                day,
                2 * count + n,
            )
        )
    for n in range(int(count * UNCHANGED) if first else 0):
        (old,) = synthetic(1, chance.randrange(first))
        bare = replace(old, title=None, title_raw=None, text="", extracted="", reason=Outcome.UNCHANGED)
        rows.append(_at(bare, day, 3 * count + n))
    return rows


def _sentence(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x4E00, 0x4E00 + 3000)) for _ in range(30)) + "。"


def _at(document: Document, day: int, number: int) -> Document:
    moment = START + timedelta(days=day, seconds=number)
    return replace(document, capture=f"urn:uuid:{day}-{number}", captured_at=moment, first_seen=moment)


def versions(
    job: Job, days: int, first: int, share: float, maintain: int = 0
) -> Iterator[tuple[Path, list[Document]]]:
    """Publish a version a day; its folder and the rows that came. After so many days one that only joins files."""
    job.raw.mkdir(parents=True)
    building.check_staged = lambda *_: (
        None
    )  # the rows come from no archive, which reading them back would find
    done = 0
    for day in range(days + 1):
        count = first if day == 0 else max(1, int(done * share))
        rows = day_rows(day, done, count)
        done += count
        yield _published(job, rows), rows
        if maintain and day and day % maintain == 0:
            yield _published(job, []), []


def _published(job: Job, rows: list[Document]) -> Path:
    """A version with some rows more, or with its small files joined where there are none."""
    staging = job.work / "staging"
    todo = plan(job)
    base = job.clean / todo.base.version if todo.base else None
    edition = Edition(staging, base, Sums(base) if base else None)
    index = DedupeIndex.open(base / CLUSTERS if base else None)
    for start in range(0, len(rows), building.ROWS_AT_ONCE):
        assemble(rows[start : start + building.ROWS_AT_ONCE], edition, index)
    if not rows:
        edition.compact()
    index.write(staging / CLUSTERS)
    report = BuildReport(version=None, parent=None, published=False, full=None)
    table = building._compared(job, todo, staging)
    report = building._publish(job, todo, staging, edition, report, table, lambda what, done, total: None)
    return job.clean / str(report.version)


def cost(folder: Path) -> tuple[Counter[str], int]:
    """Bytes of the files no other version has, by what they hold, and of all files."""
    own: Counter[str] = Counter()
    total = 0
    for path in (p for p in folder.rglob("*") if p.is_file()):
        stat = path.stat()
        total += stat.st_size
        if stat.st_nlink == 1:
            own[path.parent.name if path.parent != folder else "about it"] += stat.st_size
    return own, total


def size_of(rows: list[Document]) -> int:
    """Bytes of some rows as a Parquet file of their own."""
    buffer = BytesIO()
    pq.write_table(to_table(rows), buffer, compression="zstd")
    return buffer.tell()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--first", type=int, default=5_000)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--maintain", type=int, default=7, help="days between two, 0: never")
    arguments = parser.parse_args()
    started = time.process_time()
    print(f"{'day':>4} {'rows':>6} {'new rows':>9} {'written':>9} {'times':>6} {'of all':>7}  by kind")
    times: list[float] = []
    shares: list[float] = []
    for_each: list[float] = []
    joined: list[float] = []
    week = day = all_rows = 0
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            raw=Path(folder) / "raw", clean=Path(folder) / "clean", work=Path(folder) / ".build", workers=1
        )
        made = versions(job, arguments.days, arguments.first, arguments.share, arguments.maintain)
        for version, rows in made:
            own, total = cost(version)
            written, new = own.total(), size_of(rows)
            if not rows:
                joined.append(written / week)
                week = 0
                continue
            all_rows += len(rows)
            if day:
                week += new
                times.append(written / new)
                shares.append(written / total)
                for_each.append(written / total / (len(rows) / all_rows))
            if day % 10 == 0 or day == 1:
                kinds = "  ".join(f"{kind} {size // 1024} K" for kind, size in own.most_common())
                told = f"{written / new:>6.1f} {written / total:>7.1%}  {kinds}"
                print(f"{day:>4} {len(rows):>6} {new:>9} {written:>9} {told}", flush=True)
            day += 1
    mean, share = sum(times) / len(times), sum(shares) / len(shares)
    print(f"mean of {len(times)} refreshes: {mean:.2f} × the new rows, {share:.2%} of the corpus")
    print(f"for each 1 % of all rows that came with one: {sum(for_each) / len(for_each):.2f} % of the corpus")
    print(f"most: {max(times):.1f} ×, {max(shares):.1%}; {time.process_time() - started:.0f} CPU s")
    if joined:
        often = f"each of {len(joined)} times maintenance joined files"
        print(f"{often}: {sum(joined) / len(joined):.2f} × the rows that were new since the one before")


if __name__ == "__main__":
    main()
