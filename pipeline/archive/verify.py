"""Whether the archive still is what was written: every byte, digest, index row and reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.archive import cdxj, index, salvage, warc, withdrawn
from pipeline.archive.exchange import captures
from pipeline.archive.sealing import sidecar
from pipeline.archive.store import OPEN, WARC, warc_files
from pipeline.records import Outcome

WRITTEN = ".tmp"
"""Ending of what is being written, or was when a run was killed; the next run removes it."""

SIDECARS = frozenset({".sha256", ".cdxj", ".parquet"})
"""Endings of what stands beside a WARC file, and of its rows in the daily index."""


def verify(raw: Path, on_file: Callable[[str], None] | None = None) -> list[str]:
    """What is wrong with the finished files, one line each; empty when nothing is.

    Per file: checksum against the sidecar, every gzip member, block and payload digests, every CDXJ
    and Parquet row against the records. Over all: each revisit's target is a response in the archive, each
    sidecar and index file is of a WARC file that is there, nothing else lies among them, and each withdrawn
    run is there. Of a damaged file each record that does not read is named, and how many revisits repeat what stood
    in it. Reads every byte once or twice and mends nothing: what is lost is told again until `repair` or `mend` made
    it anew. `on_file` is told each file before it is read.
    """
    problems = _alone(raw) + withdrawn.problems(raw)
    targets: set[str] = set()
    wanted: list[tuple[str, str]] = []
    unread: dict[str, str] = {}
    for file in warc_files(raw):
        if on_file:
            on_file(file)
        try:
            found, wrong = _verify_file(raw, file)
        except (OSError, ValueError) as error:
            problems.append(f"{file}: {error}")
            continue
        problems += wrong
        if wrong and not found:
            unread |= {ref.id: file for ref in cdxj.rows(raw, file) or ()}
        targets |= {
            ref.id for ref in found if not ref.refers_to and (ref.status or ref.outcome == Outcome.DAMAGED)
        }
        wanted += [(ref.refers_to, f"{file}: the revisit at {ref.offset}") for ref in found if ref.refers_to]
    missing = [(id, what) for id, what in wanted if id not in targets]
    lost = Counter(unread[id] for id, _ in missing if id in unread)
    problems += [
        f"{file}: captures that do not read now are what {n} revisits repeat" for file, n in lost.items()
    ]
    return problems + [
        f"{what} refers to {id}, which is not there" for id, what in missing if id not in unread
    ]


def _alone(raw: Path) -> list[str]:
    """What lies in the archive without its WARC file, one line a WARC file, and what is none of ours."""
    there = {Path(file).name for ending in (WARC, WARC + OPEN) for file in warc_files(raw, ending)}
    stems = {name.removesuffix(OPEN).removesuffix(WARC) for name in there}
    missing: dict[str, str] = {}
    strangers = []
    for path in sorted(p for room in ("warc", "index") for p in (raw / room).rglob("*") if p.is_file()):
        if path.name in there or path.stem in stems or path.suffix == WRITTEN:
            continue
        where = path.relative_to(raw).as_posix()
        if path.suffix in SIDECARS:
            missing.setdefault(path.stem, where)
        else:
            strangers.append(f"{where}: not a file of the archive")
    return [f"{stem}{WARC}: missing; {where} tells of it" for stem, where in missing.items()] + strangers


def _verify_file(raw: Path, file: str) -> tuple[list[cdxj.Ref], list[str]]:
    problems = []
    told = sidecar(raw, file)
    if told is None:
        problems.append(f"{file}: its checksum is lost; `corpus maintain` makes it anew if the file is whole")
    elif told.sha256 != salvage.sha256_of(raw / file):
        problems.append(f"{file}: not the bytes that its checksum was made of")
    try:
        found, wrong = captures_of(raw, file)
    except (OSError, warc.Damaged):
        return [], problems + _unreadable(raw, file)
    problems += [f"{file}: {each}" for each in wrong]
    if cdxj.rows(raw, file) != found:
        problems.append(f"{file}: its CDXJ does not tell what is in it")
    if index.rows(raw, file) != found:
        problems.append(f"{file}: the daily index does not tell what is in it")
    return found, problems


def _unreadable(raw: Path, file: str) -> list[str]:
    """Each record of a damaged file that does not read, and the capture whose it is, as far as an index tells."""
    known = cdxj.rows(raw, file) or []
    problems = []
    for piece in salvage.pieces(raw / file, known):
        if piece.record is None:
            about = max(
                (ref for ref in known if ref.offset <= piece.offset), key=lambda r: r.offset, default=None
            )
            whose = f", of the capture {about.id} of {about.url}" if about else ""
            problems.append(f"{file}: the record at {piece.offset} does not read ({piece.why}){whose}")
    return problems or [f"{file}: the frame of a record is damaged, its content is whole"]


def captures_of(raw: Path, file: str) -> tuple[list[cdxj.Ref], list[str]]:
    """The rows of what is truly in a finished file, and what is wrong with its records.

    Reads every byte, one record in memory at a time; raises `warc.Damaged` where the file is none of ours.
    """
    problems: list[str] = []

    def checked() -> Iterator[warc.Record]:
        for record in warc.walk(raw / file):
            problems.extend(
                f"the record at {record.offset}: {each}" for each in salvage.wrong_digests(record)
            )
            yield record

    found = [cdxj.ref_of(capture) for capture in captures(checked(), file)]
    return found, problems
