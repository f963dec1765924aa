"""What a refresh and the commands cost as the corpus grows: CPU seconds, bytes and memory on corpora of several sizes.

    python -m benchmarks.growth [--sizes 10000 100000 1000000] [--folder DIR] [--only mixed …]

Each corpus is made up past crawl and extraction (look_corpus.py) and has three more days of PAGES articles each, put in
as refreshes do. Upon each a refresh of PAGES pages is built by the command, from the archive, in three ways: *new*
(articles nobody has seen), *mixed* (four tenths new, three of them edits of articles of any day, three copies of such
ones at other addresses), *recent* (half edits, half copies of articles of the last days). Then the commands, on the
mixed version. CPU seconds and memory are those of the command and all its children; bytes are the files of the new
version that no other has, beside the bytes of the rows that came or changed as one Parquet file.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.build import START, archive, page, synthetic
from benchmarks.look_corpus import DAYS, PATTERN, publish, rows_of
from benchmarks.versions import cost
from pipeline.corpus import build as building
from pipeline.corpus.job import Job
from pipeline.corpus.plan import rules
from pipeline.corpus.publish import read_manifest, write_manifest
from pipeline.corpus.read import MANIFEST, SUMS, read, version_folder
from pipeline.records import Capture, Document

PAGES, YOUNG = 1_000, 3
"""Pages of a refresh, and the days before it that have as many new articles each."""

FRESH = 500_000_000
"""Number of the first article that no corpus has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a command took."""

    seconds: float
    """CPU seconds of the process and its children."""
    memory: int
    """The largest resident set of one of them, MB."""
    written: int = 0
    """Bytes of the files that its version alone has."""
    rows: int = 0
    """Bytes of the rows that came or changed, as a file of their own."""


def corpus(folder: Path, size: int) -> Job:
    """A corpus of so many articles, with what came in the last days in files as refreshes leave them."""
    job = Job(raw=folder / "raw", clean=folder / "clean", work=folder / ".build/clean", workers=1)
    if not job.clean.is_dir():
        job.raw.mkdir(parents=True)
        look, building.check_staged = building.check_staged, lambda *_: None  # its rows come from no archive
        publish(job, rows_of(0, 0, min(size, PATTERN)), max(1, size // PATTERN))
        for day in range(YOUNG):
            begin = START + timedelta(days=DAYS + day)
            publish(job, [_seen(d, begin, n) for n, d in enumerate(synthetic(PAGES, size + day * PAGES))], 1)
        building.check_staged = look
    _of_now(version_folder(job.clean))
    return job


def _of_now(folder: Path) -> None:
    """Say that the rows of a version are of the rules of now, so that a refresh adds to it."""
    manifest = replace(read_manifest(folder), fingerprints=rules(()))
    for name in (MANIFEST, SUMS):
        (folder / name).unlink()
    write_manifest(folder, manifest)


def _seen(document: Document, begin: datetime, number: int) -> Document:
    moment = begin + timedelta(seconds=80 * number)
    return replace(document, capture=f"urn:uuid:{document.id}", captured_at=moment, first_seen=moment)


def refresh_pages(kind: str, size: int) -> Iterator[Capture]:
    """The pages of a refresh; the corpus has the first PATTERN articles by their own names, and those of YOUNG days."""
    chance = random.Random(kind)
    begin = START + timedelta(days=DAYS + YOUNG, hours=1)
    young = [next(synthetic(1, n)) for n in chance.sample(range(size, size + YOUNG * PAGES), PAGES)]
    old = [next(synthetic(1, n)) for n in chance.sample(range(min(size, PATTERN)), 6 * PAGES // 10)]
    few = {"new": (1.0, []), "mixed": (0.4, old), "recent": (0.0, young)}
    share, known = few[kind]
    documents = list(synthetic(round(share * PAGES), FRESH))
    half = len(known) // 2
    documents += [replace(each, text=f"{each.text}\n编辑后来补充了这样一段话。") for each in known[:half]]
    documents += [
        replace(each, url=f"https://copies.example/{kind}/{n}.html") for n, each in enumerate(known[half:])
    ]
    for number, each in enumerate(documents):
        body = f"<h1>{each.title}</h1><div>{''.join(f'<p>{line}</p>' for line in each.text.split())}</div>"
        yield page(each.url, body.encode(), begin + timedelta(seconds=number))


_LAUNCH = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, taken = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), taken.ru_utime + taken.ru_stime, taken.ru_maxrss)
"""
"""A process starts with the largest resident set that the one which starts it ever had: so a small one does."""


def used(line: list[str], folder: Path, *, fails: bool = False) -> Used:
    """Run a command of `corpus` to its end; SystemExit shows what it said where it failed."""
    command = [sys.executable, "-m", "pipeline.cli", *line]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])}
    with (folder / "said").open("wb") as said:
        told = subprocess.run(
            [sys.executable, "-S", "-c", _LAUNCH, *command],
            cwd=folder, stdout=subprocess.PIPE, stderr=said, env=env, check=True,
        )  # fmt: skip
    code, seconds, memory = told.stdout.split()
    if int(code) and not fails:
        sys.exit(f"{line}: {(folder / 'said').read_text(encoding='utf-8')}")
    return Used(seconds=float(seconds), memory=int(memory) // 1024)


def refresh(whole: Path, job: Job, kind: str, size: int) -> Used:
    """Build a refresh upon a copy of a corpus, made of links; the copy stays for what is asked of it."""
    folder = whole.parent / f"{whole.name}-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-al", str(whole), str(folder)], check=True)
    for path in (folder / "raw").rglob("*"):
        path.unlink()  # what was seen of an empty archive
    archive(folder / "raw", list(refresh_pages(kind, size)))
    old = version_folder(job.clean).name
    took = used(["build", "--workers=1", "--confirm"], folder)
    new = version_folder(folder / "clean")
    if new.name == old or "removed:withdrawn" in read_manifest(new).changes:
        sys.exit(f"{folder}: nothing was published, or everything made anew")
    return replace(took, written=cost(new)[0].total(), rows=_changed(folder / "clean", old, new.name))


def _changed(clean: Path, old: str, new: str) -> int:
    """Bytes of the rows that came or changed between two versions, as a file of their own."""
    told = pq.read_table(clean / new / "changes.parquet", columns=["id", "new_file"])
    files = sorted({name for name in told["new_file"].to_pylist() if name})
    found = []
    for name in files:
        rows = pq.read_table(clean / new / name)
        found.append(rows.filter(pc.is_in(rows["id"], told["id"].combine_chunks())))
    buffer = BytesIO()
    pq.write_table(pa.concat_tables(found), buffer, compression="zstd", compression_level=9)
    return buffer.tell()


def commands(whole: Path) -> Iterator[tuple[str, Used]]:
    """What the commands take on the corpus with the mixed refresh."""
    folder = whole.parent / f"{whole.name}-mixed"
    clean = folder / "clean"
    new = version_folder(clean).name
    old = f"2.{int(new.split('.')[1]) - 1}"
    row = read(clean, columns=["id", "url"]).slice(0, 1).to_pylist()[0]
    lines = {
        "no-op": ["build", "--workers=1"],
        "explain URL": ["explain", row["url"]],
        "explain ID": ["explain", row["id"]],
        "diff": ["diff", old, new],
        "versions": ["versions"],
        "verify of it": ["verify", "--version", new],
        "changes": ["changes", "--since", old],
        "verify all": ["verify"],
    }
    for name, line in lines.items():
        yield (
            name,
            used(line, folder, fails=name.startswith("verify")),
        )  # its rows came from no archive: it says so


def measured(whole: Path, job: Job, size: int, only: Collection[str]) -> Iterator[tuple[str, Used]]:
    """What each refresh and command took."""
    for kind in ("new", "recent", "mixed"):
        if kind in only:
            yield kind, refresh(whole, job, kind, size)
    if "commands" in only:
        yield from commands(whole)


def main() -> None:
    """Measure, and print a table for each size as it is known."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 300_000])
    parser.add_argument("--folder", type=Path, help="keep the corpora there for the next time")
    parser.add_argument("--only", nargs="+", default=["new", "mixed", "recent", "commands"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        first: dict[str, float] = {}
        print(
            f"{'articles':>9} {'what':<14} {'CPU s':>7} {'× first':>7} {'MB':>5} {'written':>12} {'× rows':>7}"
        )
        for size in arguments.sizes:
            whole = (arguments.folder or Path(made)) / str(size)
            job = corpus(whole, size)
            for name, took in measured(whole, job, size, arguments.only):
                times = took.seconds / first.setdefault(name, took.seconds)
                told = f" {took.written:>12,} {took.written / took.rows:>7.1f}" if took.rows else ""
                print(
                    f"{size:>9,} {name:<14} {took.seconds:>7.2f} {times:>7.2f} {took.memory:>5}{told}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
