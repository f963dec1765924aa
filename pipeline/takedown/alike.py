"""What else prints a text that is taken down: copies and excerpts in the newest version, anything in the archive."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pipeline import archive
from pipeline.archive import cdxj, index
from pipeline.archive.blocklist import Blocklist
from pipeline.corpus.blocked import Blocked, signs
from pipeline.corpus.edition import CLUSTERS
from pipeline.corpus.identity import document_id
from pipeline.corpus.job import Job, Progress
from pipeline.corpus.schema import TABLES
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.prepared import stripped
from pipeline.dedupe.purge import inode
from pipeline.dedupe.sketch import Hashes
from pipeline.records import Capture, Kind
from pipeline.takedown.grams import all_grams, common, said_by

EXCERPT = 20
"""Another text with so many 13-grams of a text (32 letters in one piece) that hardly any third one has prints an
excerpt of it."""

HARDLY = 2
"""So many other texts, at most, have a 13-gram that still tells where it is from; more have what a site repeats."""

ROW = ("id", "url_key", "site", "cluster", "text", "extracted")
"""Columns by which a row is known and compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place in which a document stands, or something of it."""

    where: str
    """A file, a version, a document or a capture."""
    what: str
    """What is there."""
    then: str
    """What becomes of it: goes, stays, or the revision that takes its place."""


def files_of(clean: Path, versions: Iterator[str] | Sequence[str]) -> Iterator[Path]:
    """The files of rows of some versions, each once however many share it."""
    seen: set[tuple[int, int]] = set()
    for version in versions:
        for table in TABLES:
            for path in sorted((clean / version / table).glob("*.parquet")):
                if (same := inode(path)) not in seen:
                    seen.add(same)
                    yield path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alike:
    """What else in the newest version prints a text."""

    copies: Sequence[dict[str, Any]] = ()
    """Rows of other pages with the same text or of the same cluster."""
    excerpts: Sequence[dict[str, Any]] = ()
    """Rows with some of it."""
    grams: Hashes
    """The 13-grams of the text but for those that other rows have: what a site repeats."""
    repeated: dict[str, frozenset[str]] = field(default_factory=dict)
    """site → the lines it repeats."""


def alike(
    job: Job,
    versions: Sequence[str],
    keys: Collection[str],
    rows: Sequence[dict[str, Any]],
    progress: Progress,
) -> Alike:
    """What else in the newest version prints the text of these rows, which are those of these pages."""
    texts = [text for row in rows for text in (row["text"], row["extracted"]) if text]
    grams = all_grams(texts)
    if not versions or not texts:
        return Alike(grams=grams)
    folder = job.clean / versions[-1]
    dedupe = DedupeIndex.open(folder / CLUSTERS)
    repeated = {site: dedupe.repeated_lines(site) for site in {row["site"] for row in rows}}
    told = signs(stripped(row["text"], repeated[row["site"]]) for row in rows)
    blocked = Blocked(
        Blocklist(
            texts=frozenset(value for kind, value in told if kind == "text"),
            near=tuple(tuple(int(v, 16) for v in value.split(",")) for kind, value in told if kind == "near"),
        )
    )
    clusters = {row["cluster"] for row in rows} - {None}
    copies: dict[str, dict[str, Any]] = {}
    shared: list[tuple[dict[str, Any], Hashes]] = []
    files = list(files_of(job.clean, versions[-1:]))
    for number, path in enumerate(files, 1):
        for row in pq.read_table(path, columns=[*ROW, "url"]).to_pylist():
            if row["url_key"] in keys or not (row["text"] or row["extracted"]):
                continue
            if row["cluster"] in clusters or blocked.has_text(row["text"]):
                copies[row["id"]] = row
            elif len(here := common(grams, all_grams((row["text"], row["extracted"])))):
                shared.append((row, here))
        progress("comparing", number, len(files))
    excerpts, own = _excerpts(grams, [(row, here) for row, here in shared if row["id"] not in copies])
    return Alike(copies=tuple(copies.values()), excerpts=excerpts, grams=own, repeated=repeated)


def _excerpts(
    grams: Hashes, shared: Sequence[tuple[dict[str, Any], Hashes]]
) -> tuple[tuple[dict[str, Any], ...], Hashes]:
    """The rows that print an excerpt, and the 13-grams that no row has which prints none."""
    having = np.zeros(len(grams), np.int64)
    for _, here in shared:
        having[grams.searchsorted(here)] += 1
    excerpts: dict[str, dict[str, Any]] = {}
    common_to_all = np.zeros(len(grams), bool)
    for row, here in shared:
        places = grams.searchsorted(here)
        if (having[places] <= HARDLY).sum() >= EXCERPT:
            excerpts[row["id"]] = row
        else:
            common_to_all[places] = True
    return tuple(excerpts.values()), grams[~common_to_all]


@dataclass(slots=True, kw_only=True)
class Printed:
    """What else in the archive prints a text."""

    going: list[cdxj.Ref] = field(default_factory=list)
    """Feeds, lists and the like: no row comes from them, they go."""
    kept: set[str] = field(default_factory=set)
    """Ids of documents whose pages print some of it: they stay until they are named."""
    places: list[Place] = field(default_factory=list)


def printed(
    job: Job, ours: Collection[str], known: Collection[str], grams: Hashes, progress: Progress
) -> Printed:
    """Read every other capture there is, and ask whether it prints the text; `known` are documents that do."""
    found = Printed()
    files = archive.sealed(job.raw) if len(grams) and (job.raw / "warc").is_dir() else []
    for number, file in enumerate(files, 1):
        try:
            for capture in archive.read(job.raw, file.file):
                if capture.id not in ours and (says := said_by(capture.body, grams)):
                    _note(found, capture, f"{says} of {len(grams)} 13-grams", known)
        except (OSError, archive.Damaged) as error:
            found.places.append(Place(where=file.file, what=f"not read to its end: {error}", then="stays"))
        progress("searching", number, len(files))
    repeated = {ref.id for ref in found.going}
    again = index.find(job.raw, url_keys={ref.url_key for ref in found.going}) if repeated else []
    found.going += [ref for ref in again if ref.refers_to in repeated]
    return found


def _note(found: Printed, capture: Capture, says: str, known: Collection[str]) -> None:
    what = f"{capture.kind} of {capture.url} prints {says}"
    if capture.kind != Kind.PAGE:
        found.going.append(cdxj.ref_of(capture))
        found.places.append(Place(where=capture.id, what=what, then="goes"))
    elif (ident := document_id(capture.url_key, 1)) not in found.kept | set(known):
        found.kept.add(ident)
        found.places.append(Place(where=ident, what=what, then="stays"))
