"""Documents taken out of every segment of an index, file by file: what a takedown does to the index of a version.

The segments that know nothing of them stay the files they are, so that versions go on sharing them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.dedupe import tables
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.lines import Lines
from pipeline.dedupe.segments import Segments, Table, link_segment, replace_segment
from pipeline.dedupe.sorted_pairs import Values, mapped

Rows = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Which rows of a table are meant."""

_PAIRS = (tables.SKETCHES, tables.RETIRED, tables.EDGE_LINES)
"""The tables of pairs that know of documents: by the print of the text, the last by the key of the document."""

Made = dict[tuple[int, int], Path | None]
"""(device, inode) of a file → the one made of it without the documents, where versions share it; None: as it is."""


def inode(file: Path) -> tuple[int, int]:
    """What files that are hard links of each other have in common."""
    found = file.stat()
    return found.st_dev, found.st_ino


def touched(folder: Path, ids: Iterable[str]) -> tuple[str, ...]:
    """The clusters in which something else may have to be published once these documents are gone.

    One stands for all those of a site whose lines these documents helped to tell as its furniture. None of an index of
    an earlier release: the next build reads nothing of it.
    """
    if not _has_look_ups(folder):
        return ()
    index = DedupeIndex.open(folder)
    names = sorted(set(ids))
    index.load(names)
    members = [member for name in names if (member := index.get(name))]
    index.load_links(member.id for member in members)
    ends = {end for member in members for link in index.links(member.id) for end in (link.id, link.of)}
    clusters = {other.decision.cluster for name in ends if (other := index.get(name))}
    clusters |= {member.decision.cluster for member in members}
    index.load_clusters(clusters)
    gone = set(names)
    left = {c for c in clusters if any(m.id not in gone for m in index.members(c))}
    return tuple(sorted(left | set(_taught(folder, index, names)[:1])))


def _taught(folder: Path, index: DedupeIndex, ids: list[str]) -> list[str]:
    """The clusters of the other documents that were looked at beside these, to tell furniture."""
    gone = set(tables.keys_of(ids).tolist())
    pairs = (mapped(file) for file in Segments(tables.EDGE_LINES, folder).files)
    lines = {line for first, second in pairs for line in first[np.isin(second, list(gone))].tolist()}
    listed = [set(documents) for documents in Lines(folder).first(lines).values()]
    others = {other for documents in listed if documents & gone for other in documents - gone}
    found = index.load_keys(others).values()
    return sorted(member.decision.cluster for name in found if (member := index.get(name)))


def segments_with(folder: Path, ids: Iterable[str]) -> list[Path]:
    """The files of an index that hold something of these documents."""
    names = sorted(set(ids))
    prints = _prints(folder, names)
    found = [(file, table) for table in _tables(folder) for file in Segments(table, folder).files]
    return [file for file, table in found if _left(file, table, names, prints) is not None]


def purge(folder: Path, target: Path, ids: Iterable[str], made: Made) -> None:
    """Put the segments of one folder into another without a row, a hash or a fact of these documents.

    Those that hold none must be there already. `made` is asked first and added to.
    """
    names = sorted(set(ids))
    prints = _prints(folder, names)
    if not _has_look_ups(folder):
        for path in (*target.glob("*-keys.parquet"), *target.glob("sketches-*.parquet")):
            path.unlink()
    for table in _tables(folder):
        for file in Segments(table, folder).files:
            beside, same = target / file.name, inode(file)
            if same not in made:
                left = _left(file, table, names, prints)
                made[same] = None if left is None else beside
                if left is not None:
                    replace_segment(beside, table, left)
            elif (earlier := made[same]) is not None:
                link_segment(earlier, beside)


def _has_look_ups(folder: Path) -> bool:
    """Whether the look-ups of an index have the form of today; those of an earlier release are of no use any more."""
    return all(any(folder.glob(f"{table.name}-*.npy")) for table in _PAIRS)


def _tables(folder: Path) -> tuple[Table, ...]:
    pairs = [table for table in _PAIRS if any(folder.glob(f"{table.name}-*.npy"))]
    return (tables.MEMBERS, tables.LINKS, *pairs)


def _prints(folder: Path, ids: list[str]) -> Values:
    """The prints of every text that these documents ever had."""
    keys, found = tables.keys_of(ids), [np.zeros(0, np.uint64)]
    for file in Segments(tables.MEMBERS, folder).files:
        rows = pq.read_table(file, columns=["key", "print", "removed"])
        ours = np.isin(rows["key"].to_numpy(), keys) & ~rows["removed"].to_numpy(zero_copy_only=False)
        found.append(rows["print"].to_numpy()[ours].astype(np.uint64))
    return np.unique(np.concatenate(found))


def _left(file: Path, table: Table, ids: list[str], prints: Values) -> pa.Table | None:
    """What stays of a segment; None: all of it does."""
    keys = tables.keys_of(ids)
    if table in _PAIRS:
        firsts, seconds = mapped(file)
        kept = ~np.isin(seconds, keys if table is tables.EDGE_LINES else prints)
        return None if kept.all() else pa.table([firsts[kept], seconds[kept]], schema=table.schema)
    columns = [name for name in ("key", "of_key") if name in table.schema.names]
    there = pq.read_schema(file).names
    columns_too = [name for name in ("of", "conflicts", "found") if table is tables.MEMBERS and name in there]
    narrow = pq.read_table(file, columns=[*columns, *columns_too])
    held = np.any([np.isin(narrow[name].to_numpy(), keys) for name in columns], axis=0)
    telling = _telling(narrow, ids) if table is tables.MEMBERS else np.zeros(narrow.num_rows, bool)
    if not held.any() and not telling.any():
        return None
    whole = pq.read_table(file)
    if telling.any():
        rows = zip(telling, whole.to_pylist(), strict=True)
        whole = pa.Table.from_pylist([_silent(row) if tells else row for tells, row in rows], whole.schema)
    return whole.filter(pa.array(~held))


def _silent(row: dict[str, Any]) -> dict[str, Any]:
    """A member's row without the facts in which it differs from others."""
    found = row.get("found")
    said = {"found": {**found, "conflicts": []}} if found else {}
    return {**row, **said, "conflicts": []}


def _telling(rows: pa.Table, ids: list[str]) -> Rows:
    """The rows of others that hold facts in which they differ from one of these documents: words of both."""
    telling: Rows = np.zeros(rows.num_rows, bool)
    names = pa.array(ids, pa.string())
    told = [rows, *([_fields(rows["found"])] if "found" in rows.schema.names else [])]
    for each in told:
        partners = each["of"].combine_chunks()
        named = pc.is_in(pc.list_flatten(partners), names).to_numpy(zero_copy_only=False)
        found = np.zeros(rows.num_rows, bool)
        found[pc.list_parent_indices(partners).to_numpy()[named]] = True
        telling |= found & (pc.fill_null(pc.list_value_length(each["conflicts"]), 0).to_numpy() > 0)
    return telling


def _fields(column: pa.ChunkedArray) -> pa.Table:
    """The fields of a column of structs as columns; those of a missing struct are missing."""
    return pa.table({name: pc.struct_field(column, name) for name in ("of", "conflicts")})
