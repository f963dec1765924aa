"""Runs of the archive that count for nothing any more: `raw/withdrawn.tsv`, a run a line with its reason.

A run is one crawl or one import: all the files whose names end with it. A withdrawn one stays in the archive as it is,
and whoever asks what the archive holds (a build, the ledger, a backfill) asks without it. One line of text, written
whole or not at all, is all that changes; what was made of the run (a version, the ledger) sees it and mends itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.archive.cdxj import Ref
from pipeline.archive.sealing import SealedFile, sealed
from pipeline.archive.store import WARC, lock, write_whole, writer_name
from pipeline.errors import RefusedError, UsageError

FILE = "withdrawn.tsv"
_HEAD = "# run\twhy; written by `corpus crawl|import --undo RUN`, taken back by --redo RUN\n"
_NAME = re.compile(r"corpus-\d{17}-\d{5,}-(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One crawl or one import, as the archive holds it."""

    run: str
    """Its name, the end of its files' names."""
    files: int
    """WARC files."""
    captures: int
    """Captures in them, of every kind."""
    pages: int
    """Captures of kind page."""
    first: datetime
    """Time of its earliest capture, UTC."""
    last: datetime
    """Time of its latest capture, UTC."""
    sources: tuple[str, ...] = ()
    """Names of its sources, where they were asked for."""
    withdrawn: str | None = None
    """Why it counts for nothing; None: it counts."""


@lru_cache(maxsize=256)
def run_of(file: str) -> str:
    """The run that wrote a file; of a file that others named, the file's own name."""
    name = Path(file).name.removesuffix(WARC)
    found = _NAME.fullmatch(name)
    return found[1] if found else name


def withdrawn(raw: Path) -> dict[str, str]:
    """Run → why it is withdrawn. RefusedError names a line that says nothing of that kind: a build must not guess."""
    path = raw / FILE
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        run, tab, why = line.partition("\t")
        if not tab or not run or not why.strip():
            raise RefusedError(f"{path}, line {number}: wanted a run, a tab and why it is withdrawn")
        found[run] = why.strip()
    return found


def standing(raw: Path) -> list[SealedFile]:
    """The finished files that count, in the order of `sealed`."""
    gone = withdrawn(raw)
    return [file for file in sealed(raw) if run_of(file.file) not in gone]


def standing_refs(raw: Path, refs: Iterable[Ref]) -> list[Ref]:
    """Those of the captures that count."""
    gone = withdrawn(raw)
    return [ref for ref in refs if run_of(ref.file) not in gone]


def runs(raw: Path) -> list[Run]:
    """The runs of the archive by the time of their first capture, withdrawn ones too."""
    gone = withdrawn(raw)
    files: dict[str, list[SealedFile]] = defaultdict(list)
    for file in sealed(raw):
        files[run_of(file.file)].append(file)
    return [
        Run(
            run=run,
            files=len(of_run),
            captures=sum(file.captures for file in of_run),
            pages=sum(file.pages for file in of_run),
            first=min(file.first for file in of_run),
            last=max(file.last for file in of_run),
            withdrawn=gone.get(run),
        )
        for run, of_run in files.items()
    ]


def sources_of(raw: Path, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Run → the sources it was for, of these runs; from the daily index."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for path in (raw / "index").glob("date=*/*.parquet"):
        of_file = found.get(run_of(path.with_suffix(WARC).name))
        if of_file is not None:
            read = pq.read_table(path, partitioning=None, columns=["source"])
            of_file.update(read["source"].unique().to_pylist())
    return {run: tuple(sorted(sources)) for run, sources in found.items()}


def withdraw(raw: Path, run: str, why: str) -> Run:
    """Withdraw a run; the run. UsageError where there is none such, BusyError while a writer is at work."""
    why = " ".join(why.split())
    if not why:
        raise UsageError("say why the run is withdrawn: who comes later must know")
    with lock(raw):
        found = _find(raw, run)
        _write(raw, withdrawn(raw) | {found.run: why})
    return found


def restore(raw: Path, run: str) -> Run:
    """Take the withdrawal of a run back; the run. RefusedError where it is not withdrawn."""
    with lock(raw):
        found, gone = _find(raw, run), withdrawn(raw)
        if found.run not in gone:
            raise RefusedError(f"{raw / FILE}: {found.run} is not withdrawn")
        _write(raw, {name: why for name, why in gone.items() if name != found.run})
    return found


def problems(raw: Path) -> list[str]:
    """What is wrong with the list of withdrawn runs, in words."""
    try:
        gone = withdrawn(raw)
    except RefusedError as error:
        return [str(error)]
    there = {run_of(file.file) for file in sealed(raw)} if gone else set()
    return [f"{raw / FILE}: no file of the run {run} is there" for run in gone if run not in there]


def _find(raw: Path, run: str) -> Run:
    name = writer_name(run)
    have = runs(raw)
    for each in have:
        if each.run in (run, name):
            return each
    newest = ", ".join(each.run for each in sorted(have, key=lambda each: each.last)[-3:]) or "none"
    raise UsageError(f"{raw}: no run {run}; the newest are {newest} (`corpus runs` lists them)")


def _write(raw: Path, gone: Mapping[str, str]) -> None:
    lines = [f"{run}\t{why}\n" for run, why in sorted(gone.items())]
    write_whole(raw / FILE, (_HEAD + "".join(lines)).encode())
