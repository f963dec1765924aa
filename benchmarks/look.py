"""The pages of `corpus look` measured: how long each takes on the demo and on a large corpus.

    python -m benchmarks.look [--size 100000] [--folder DIR]

Goals: each at most 0.3 s on the demo and 1 s on 100,000 articles. Printed are seconds of the clock, the least and the
most of ROUNDS, the CPU seconds of the least, and the memory that the process reached. The corpus is made up: SOURCES
sources over DAYS days, a second version with a hundredth more, a ledger of all its pages, an archive of their last
days. It stays in --folder, where that is given, for the next time.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from benchmarks.build import START
from benchmarks.versions import day_rows
from pipeline import runs
from pipeline.archive.writer import Writer
from pipeline.corpus import build as building
from pipeline.corpus.assemble import assemble
from pipeline.corpus.edition import CLUSTERS, Edition
from pipeline.corpus.job import BuildReport, Job
from pipeline.corpus.plan import plan
from pipeline.corpus.read import documents, read
from pipeline.corpus.sums import Sums
from pipeline.crawl.ledger import Ledger
from pipeline.dedupe.index import DedupeIndex
from pipeline.demo.server import SampleSite, write_sources
from pipeline.look.app import make_app
from pipeline.records import Capture, Document, Place
from pipeline.runs import Folders

ROUNDS = 3
SOURCES, DAYS = 50, 180
ARCHIVED = 10
"""Of so many pages one is in the archive, the last ones: the pages look at the last days of it alone."""


def demo(folder: Path) -> Folders:
    """The corpus of `corpus demo`."""
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean", workers=1)
    with SampleSite() as site:
        write_sources(where.sources, site)
        for turn in (1, 2):
            site.turn = turn
            runs.refresh(where, everything=True)
    return where


def rows_of(day: int, first: int, count: int) -> Iterator[Document]:
    """Rows of a version, spread over sources and days."""
    rows = day_rows(day, first, count)
    step = timedelta(days=DAYS if day == 0 else 1) / len(rows)
    begin = START if day == 0 else START + timedelta(days=DAYS)
    for number, row in enumerate(rows):
        moment = begin + number * step
        name = f"source{number % SOURCES}"
        yield replace(row, source=name, captured_at=moment, first_seen=moment, published_on=moment.date())


def large(folder: Path, size: int) -> Folders:
    """A corpus of so many articles and what else they bring, made past crawl and extraction."""
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean")
    where.sources.mkdir(parents=True)
    for number in range(SOURCES):
        text = f'home = "https://source{number}.example/"\nfeeds = ["https://source{number}.example/rss"]\n'
        (where.sources / f"source{number}.toml").write_text(text)
    job = Job(raw=where.raw, clean=where.clean, work=folder / ".build/clean", workers=1)
    job.raw.mkdir()
    look, building.check_staged = building.check_staged, lambda *_: None  # its rows come from no archive
    for day, first, count in ((0, 0, size), (1, size, max(size // 100, 10))):
        todo = plan(job)
        staging = job.work / "staging"
        base = job.clean / todo.base.version if todo.base else None
        edition = Edition(staging, base, Sums(base) if base else None, rows=count)
        index = DedupeIndex.open(base / CLUSTERS if base else None)
        rows = list(rows_of(day, first, count))
        for start in range(0, len(rows), building.ROWS_AT_ONCE):
            assemble(rows[start : start + building.ROWS_AT_ONCE], edition, index)
        index.write(staging / CLUSTERS)
        report = BuildReport(version=None, parent=None, published=False, full=None)
        table = building._compared(job, todo, staging)
        building._publish(job, todo, staging, edition, report, table, lambda what, done, total: None)
    building.check_staged = look
    remember(where, size)
    return where


def remember(where: Folders, size: int) -> None:
    """The ledger of all articles, and an archive of the last of them."""
    captures = [capture_of(row) for row in documents(where.clean)]
    captures.sort(key=lambda capture: capture.fetched_at)
    last = captures[-1].fetched_at
    with closing(Ledger(where.raw)) as ledger:
        for capture in captures:
            ledger.record(replace(capture, place=Place(file="warc/none.warc.gz", offset=0, length=1)))
        ledger.commit()
    with Writer(where.raw, "crawl_bench", clock=lambda: last) as writer:
        for capture in captures[-size // ARCHIVED :]:
            writer.write(capture)


def capture_of(row: Document) -> Capture:
    """A visit that brought an article."""
    return Capture(
        id="", source=row.source, url=row.url, url_key=row.url_key, final_url=row.url,
        fetched_at=row.captured_at, status=200, headers=(("Content-Type", "text/html"),), body=b"<h1>a page</h1>",
    )  # fmt: skip


def pages(where: Folders) -> dict[str, str]:
    """The pages to ask for."""
    first = read(where.clean, columns=["id", "source", "cluster", "title"]).slice(0, 1).to_pylist()[0]
    copied = read(where.clean, table="dropped", columns=["reason", "cluster"]).to_pylist()
    cluster = next((row["cluster"] for row in copied if row["reason"] == "duplicate"), first["cluster"])
    run = max(runs_of(where), default="")
    return {
        "home": "/",
        "versions": "/versions",
        "version": "/version/2.2.0",
        "diff with the last": "/diff/2.1/2.2",
        "diff the other way": "/diff/2.2/2.1",
        "source": f"/source/{first['source']}",
        "runs": "/runs",
        "run": f"/run/{run}",
        "cluster": f"/cluster/{cluster}",
        "document": f"/document/{first['id']}",
        "search, nothing asked": "/search",
        "search, a title": f"/search?where=title&q={first['title']}",
        "search, a rare phrase": "/search?q=没有人这样写过的话",
        "search, a reason": "/search?reason=duplicate",
    }


def runs_of(where: Folders) -> list[str]:
    """The names of the runs."""
    from pipeline.archive.withdrawn import runs as found

    return [each.run for each in found(where.raw)]


def measure(where: Folders, goal: float) -> None:
    """Ask for each page ROUNDS times and print what it took; the first time everything, to have it loaded."""
    client = TestClient(make_app(where), base_url="http://127.0.0.1")
    asked = {name: path for name, path in pages(where).items() if client.get(path).status_code == 200}
    print(f"{'page':<24} {'least':>7} {'most':>7} {'CPU':>7}   goal {goal} s")
    for name, path in asked.items():
        times = []
        for _ in range(ROUNDS):
            wall, used = time.perf_counter(), time.process_time()
            client.get(path)
            times.append((time.perf_counter() - wall, time.process_time() - used))
        least, cpu = min(times)
        late = "" if least <= goal else "  late"
        print(f"{name:<24} {least:7.3f} {max(times)[0]:7.3f} {cpu:7.3f}{late}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory reached           {peak:.0f} MB\n")


def main() -> None:
    """Measure on the demo, then on the large corpus."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        print("the demo")
        measure(demo(Path(made) / "demo"), 0.3)
        folder = arguments.folder or Path(made) / "large"
        where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean")
        if not where.clean.is_dir():
            where = large(folder, arguments.size)
        print(f"{arguments.size:,} articles")
        measure(where, 1.0)


if __name__ == "__main__":
    main()
