"""The build measured: pages a second from WARC to clean rows, and what a refresh costs as the corpus grows.

    python -m benchmarks.build pages  [--shared ../shared]      beside a loop of trafilatura.bare_extraction
    python -m benchmarks.build rules  [--shared ../shared]      a rebuild after a rule of normalization, of extraction
    python -m benchmarks.build growth [--sizes 1000 10000 100000]   100 new pages onto so many articles

CPU seconds on one core: the batches run in this process instead of the pool's workers. Read the ratios.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trafilatura

from pipeline.archive.writer import Writer
from pipeline.corpus import build as building
from pipeline.corpus import phrases, shards
from pipeline.corpus.assemble import assemble
from pipeline.corpus.batches import Batch
from pipeline.corpus.build import build
from pipeline.corpus.edition import CLUSTERS, Edition
from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.job import BuildReport, Job
from pipeline.corpus.plan import plan
from pipeline.corpus.pool import Done
from pipeline.dedupe.index import DedupeIndex
from pipeline.records import Capture, Document

START = datetime(2026, 1, 1, tzinfo=UTC)
COPIES = 5
"""How often the real pages are archived under other addresses: enough work to measure."""

NEW_PAGES = 100

FAMILIAR = "分享到"
"""In the one line of the phrases that is changed: one that many pages have."""

ROUNDS = 5
"""Medians are of so many rounds."""


class OneCore:
    """Stands in for the process pool: the same functions and batches, in this process."""

    def __init__(self, workers: int, dask: str | None = None, **_: object) -> None:
        pass

    def __enter__(self) -> OneCore:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(
        self, function: Callable[[Batch], Any], batches: Sequence[Batch], seconds: float
    ) -> Iterator[Done[Any]]:
        """Work off the batches one after the other."""
        for batch in batches:
            yield Done(batch=batch, result=function(batch))


def page(url: str, body: bytes, moment: datetime) -> Capture:
    """A successful capture."""
    return Capture(
        id="", source="bench", url=url, url_key=url, final_url=url, fetched_at=moment, status=200,
        headers=(("Content-Type", "text/html"),), body=body,
    )  # fmt: skip


def archive(raw: Path, captures: list[Capture]) -> None:
    """Write captures into a sealed WARC file."""
    with Writer(
        raw, f"bench-{captures[0].fetched_at:%Y%m%d}", clock=lambda: captures[-1].fetched_at
    ) as writer:
        for capture in captures:
            writer.write(capture)


def pages(shared: Path) -> None:
    """Real pages from WARC to a published version, beside trafilatura alone on the same bytes."""
    found = sorted((shared / "bench/extract/dev").glob("*.html"))
    if not found:
        sys.exit(f"{shared}: no bench/extract/dev/*.html; name the folder with --shared")
    bodies = [p.read_bytes() for p in found]
    texts = [b.decode("utf-8", "replace") for b in bodies]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        captures = [
            page(f"https://bench.example/{n}/{m}.html", body, START + timedelta(seconds=n * 100 + m))
            for n in range(COPIES)
            for m, body in enumerate(bodies)
        ]
        archive(work / "raw", captures)
        before = time.process_time()
        for text in texts * COPIES:
            trafilatura.bare_extraction(text, with_metadata=True)
        peer = time.process_time() - before
        before, wall = time.process_time(), time.perf_counter()
        report = build(
            Job(raw=work / "raw", clean=work / "clean", work=work / ".build", workers=1, confirm=True)
        )
        ours, wall = time.process_time() - before, time.perf_counter() - wall
    count = len(captures)
    print(f"{count} pages; version {report.version}")
    print(f"trafilatura.bare_extraction(with_metadata=True)  {peer:6.1f} CPU s  {count / peer:6.1f} pages/s")
    print(f"WARC → clean version, everything                 {ours:6.1f} CPU s  {count / ours:6.1f} pages/s")
    print(f"ratio ours/peer                                  {ours / peer:6.2f}   (wall {wall:.1f} s)")


def rules(shared: Path) -> None:
    """What is made anew where a rule of normalization changed, one of extraction, and one line of the phrases."""
    found = sorted((shared / "bench/extract/dev").glob("*.html"))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        archive(
            work / "raw",
            [
                page(f"https://bench.example/{n}.html", path.read_bytes(), START + timedelta(seconds=n))
                for n, path in enumerate(found * COPIES)
            ],
        )
        job = Job(raw=work / "raw", clean=work / "clean", work=work / ".build", workers=1, full=True)
        job = replace(job, confirm=True)
        build(job)
        touched = 0
        took: dict[str, list[float]] = {"nothing": [], "normalize": [], "phrase": [], "extract": []}
        for _ in range(ROUNDS):
            for stage, seconds in took.items():
                if stage == "phrase":
                    as_by_other_phrases(work / ".build")
                gone = ("extract", "normalize") if stage == "extract" else (stage,)
                for folder_of in [f for name in gone for f in (work / ".build").glob(f"{name}-*")]:
                    shutil.rmtree(folder_of)
                before = time.process_time()
                made = building.make_ahead(job)
                seconds.append(time.process_time() - before)
                touched = sum(each.extracted for each in made) if stage == "phrase" else touched
    middle = {stage: sorted(seconds)[ROUNDS // 2] for stage, seconds in took.items()}
    bare = {stage: seconds - middle["nothing"] for stage, seconds in middle.items()}
    count = len(found) * COPIES
    for stage in ("normalize", "extract"):
        print(f"a rule of {stage:<10} {1_000 * bare[stage] / count:6.2f} ms of CPU a page made anew")
    print(f"ratio                {bare['extract'] / bare['normalize']:6.1f}")
    print(
        f"one phrase, which touches {touched} of {count} pages: {bare['extract'] / bare['phrase']:6.1f} × less"
    )


def as_by_other_phrases(work: Path) -> None:
    """Make the shards those of a file of phrases without FAMILIAR, and let them be all there are."""
    (first, *_), (second, *_) = ([*work.glob(f"{stage}-*")] for stage in ("extract", "normalize"))
    said = json.loads((first / phrases.FILE).read_text(encoding="utf-8"))
    said["fingerprint"], said["parts"][phrases.TABLE] = "0" * 32, ""
    said["phrases"] = [row for row in said["phrases"] if FAMILIAR not in row[3]]
    (first / phrases.FILE).write_text(json.dumps(said), encoding="utf-8")
    for folder, other in zip((first, second), shards.folders_of(work, said["fingerprint"]), strict=True):
        folder.rename(other)


def synthetic(count: int, first: int = 0) -> Iterator[Document]:
    """Distinct articles of real length and no shared wording, forty a minute."""
    han = [chr(c) for c in range(0x4E00, 0x4E00 + 3000)]
    for number in range(first, first + count):
        draw = random.Random(number)
        words = ["".join(draw.choices(han, k=draw.randint(8, 30))) for _ in range(30)]
        text = "\n".join("，".join(words[n : n + 3]) + "。" for n in range(0, 30, 3))
        url = f"https://site{number % 50}.example/{number}.html"
        moment = START + timedelta(seconds=1.5 * number)
        yield Document(
            id=document_id(url, 1), capture=f"urn:uuid:{number}", source="bench", url=url, url_key=url,
            site=f"site{number % 50}.example", captured_at=moment, first_seen=moment, title=words[0],
            title_raw=words[0], text=text, extracted=text, text_hash=short_hash(text),
            extracted_hash=short_hash(text), han=500,
        )  # fmt: skip


def grown(job: Job, size: int) -> None:
    """Publish a version of so many synthetic articles, past extraction."""
    staging = job.work / "staging"
    staging.mkdir(parents=True)
    job.raw.mkdir()
    edition, index = Edition(staging, None, rows=size), DedupeIndex.open(None)
    batch: list[Document] = []
    for document in synthetic(size):
        batch.append(document)
        if len(batch) == building.ROWS_AT_ONCE:
            assemble(batch, edition, index)
            batch = []
    if batch:
        assemble(batch, edition, index)
    index.write(staging / CLUSTERS)
    report = BuildReport(version=None, parent=None, published=False, full=None)
    table = building._compared(job, plan(job), staging)
    look, building.check_staged = building.check_staged, lambda *_: None  # its rows come from no archive
    building._publish(job, plan(job), staging, edition, report, table, lambda what, done, total: None)
    building.check_staged = look


def growth(sizes: list[int]) -> None:
    """The cost of a refresh of 100 new pages onto corpora of several sizes."""
    print(f"{'articles':>9} {'CPU s':>7} {'wall s':>7} {'ratio to first':>15} {'new bytes':>10}")
    base = None
    for size in sizes:
        folder = Path(tempfile.mkdtemp())
        try:
            job = Job(raw=folder / "raw", clean=folder / "clean", work=folder / ".build", workers=1)
            grown(job, size)
            moment = START + timedelta(seconds=1.5 * size + 60)
            fresh = [
                page(
                    d.url,
                    f"<h1>{d.title}</h1><div>{''.join(f'<p>{x}</p>' for x in d.text.split())}</div>".encode(),
                    moment,
                )
                for d in synthetic(NEW_PAGES, first=size)
            ]
            archive(job.raw, fresh)
            before, wall = time.process_time(), time.perf_counter()
            report = build(job)
            used, wall = time.process_time() - before, time.perf_counter() - wall
            assert report.published, report
            base = base or used
            version = job.clean / str(report.version)
            written = sum(
                p.stat().st_size for p in version.rglob("*") if p.is_file() and p.stat().st_nlink == 1
            )
            print(f"{size:>9} {used:>7.2f} {wall:>7.2f} {used / base:>15.2f} {written:>10}", flush=True)
        finally:
            shutil.rmtree(folder)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("pages", "rules", "growth"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    arguments = parser.parse_args()
    setattr(building, "Pool", OneCore)  # noqa: B010  for the whole run
    if arguments.what == "pages":
        pages(arguments.shared)
    elif arguments.what == "rules":
        rules(arguments.shared)
    else:
        growth(arguments.sizes)


if __name__ == "__main__":
    main()
