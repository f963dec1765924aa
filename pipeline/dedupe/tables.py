"""The tables of the deduplication index, and how their rows become records and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dedupe.hashing import hash64
from pipeline.dedupe.records import DUPLICATE, Decision, Link, Member
from pipeline.dedupe.segments import Table
from pipeline.dedupe.sorted_pairs import Values

_TEXTS = pa.list_(pa.string())

_VERDICT = {
    "relation": pa.string(),
    "kind": pa.string(),
    "of": _TEXTS,
    "score": pa.float64(),
    "partner_score": pa.float64(),
    "density": pa.float64(),
    "rule": pa.string(),
    "conflicts": _TEXTS,
}
"""What the comparison says of a document: once as it was found, once as it was settled."""


def _required(name: str) -> pa.Field:
    return pa.field(name, pa.uint64(), nullable=False)


MEMBERS = Table(
    name="members",
    schema=pa.schema(
        {
            "key": pa.uint64(),
            "id": pa.string(),
            "removed": pa.bool_(),
            "cluster": pa.string(),
            "cluster_key": pa.uint64(),
            **_VERDICT,
            "form_id": pa.string(),
            "published": pa.bool_(),
            "reason": pa.string(),
            "spans": pa.list_(pa.list_(pa.int64())),
            "whole_title": pa.string(),
            "found": pa.struct(list(_VERDICT.items())),
            "order": pa.int64(),
            "print": pa.uint64(),
            "text_hash": pa.uint64(),
            "digest": pa.uint64(),
            "size": pa.int64(),
            "length": pa.int64(),
            "sketched": pa.int32(),
            "represents": pa.bool_(),
            "site": pa.string(),
            "url": pa.string(),
            "title": pa.string(),
            "published_on": pa.date32(),
            "fetched_at": pa.timestamp("us"),
            "origin_name": pa.string(),
            "site_name": pa.string(),
            "native": pa.bool_(),
            "flaws": pa.int32(),
        }
    ),
    identity=("key",),
    # The copies of an article come within days: what one batch looks up lies together.
    order=("fetched_at", "key"),
    lookup=("key", "text_hash", "print", "cluster_key"),
    crowd=("represents", False),
)
LINKS = Table(
    name="links",
    schema=pa.schema(
        {
            "key": pa.uint64(),
            "of_key": pa.uint64(),
            "id": pa.string(),
            "of": pa.string(),
            "print": pa.uint64(),
            "of_print": pa.uint64(),
            "relation": pa.string(),
            "kind": pa.string(),
            "score": pa.float64(),
            "partner_score": pa.float64(),
            "density": pa.float64(),
            "rule": pa.string(),
            "conflicts": _TEXTS,
            "span": pa.list_(pa.int64()),
        }
    ),
    identity=("key", "of_key", "relation"),
    order=("key", "of_key", "relation"),
    lookup=("key", "of_key"),
    crowd=("relation", DUPLICATE),
)
SKETCHES = Table(
    name="sketches",
    schema=pa.schema([_required("hash"), _required("print")]),
    identity=(),
    order=("hash", "print"),
)
REDIRECTS = Table(
    name="redirects",
    schema=pa.schema([_required("key"), pa.field("cluster", pa.string()), pa.field("now", pa.string())]),
    identity=("cluster",),
    order=("cluster",),
    lookup=("key",),
)
RETIRED = Table(
    name="retired",
    schema=pa.schema([_required("print"), _required("of_print")]),
    identity=(),
    order=("print", "of_print"),
)
EDGE_LINES = Table(
    name="edge_lines",
    schema=pa.schema([_required("line"), _required("key")]),
    identity=(),
    order=("line", "key"),
)
SITE_LINES = Table(
    name="site_lines",
    schema=pa.schema({"key": pa.uint64(), "site": pa.string(), "repeated": _TEXTS}),
    identity=("key",),
    order=("key",),
    lookup=("key",),
)


def key_of(name: str) -> int:
    """64-bit key of an id, for narrow joins."""
    return hash64(name.encode("utf-8", "surrogatepass"))


def keys_of(names: Iterable[str]) -> Values:
    """The keys of ids."""
    return np.array([key_of(name) for name in names], np.uint64)


def cluster_key_of(cluster: str) -> int:
    """64-bit key of a cluster id, other than that of the document it is the id of: who looks that up wants one row."""
    return key_of(f"cluster\n{cluster}")


def cluster_keys_of(clusters: Iterable[str]) -> Values:
    """The keys of clusters; with them those of their first documents, which stand for them in earlier releases."""
    return keys_of(key for name in clusters for key in (f"cluster\n{name}", name))


_DECISION = [field.name for field in fields(Decision)]
_FOUND = list(_VERDICT)
_MEMBER = [field.name for field in fields(Member) if field.name not in {"decision", "found"}]
_LINK = [field.name for field in fields(Link)]


def member_row(member: Member) -> dict[str, Any]:
    """The row of a member."""
    row = {name: getattr(member.decision, name) for name in _DECISION}
    row |= {name: getattr(member, name) for name in _MEMBER}
    fetched_at = member.fetched_at
    found = {name: getattr(member.found, name) for name in _FOUND}
    return row | {
        "found": found if any(row[name] != value for name, value in found.items()) else None,
        # Without a zone in the file: UTC. DuckDB reads zones only with an extension that is not everywhere.
        "fetched_at": fetched_at.astimezone(UTC).replace(tzinfo=None) if fetched_at else None,
        "key": key_of(member.id),
        "cluster_key": cluster_key_of(member.decision.cluster),
        "removed": False,
    }


def removed_row(name: str) -> dict[str, Any]:
    """The row that says a document is gone; it carries nothing of it."""
    return {"key": key_of(name), "removed": True, "text_hash": 0, "print": 0, "cluster_key": 0}


def member_from(row: Mapping[str, Any]) -> Member:
    """The member of a row."""
    decision = {name: row[name] for name in _DECISION}
    for name in ("of", "conflicts"):
        decision[name] = tuple(decision[name])
    decision["spans"] = tuple((start, end) for start, end in decision["spans"])
    said = Decision(**decision)
    found = dict(row["found"] or {})
    for name in {"of", "conflicts"} & found.keys():
        found[name] = tuple(found[name])
    values = {name: row[name] for name in _MEMBER}
    if values["fetched_at"]:
        values["fetched_at"] = values["fetched_at"].replace(tzinfo=UTC)
    plain = Decision(id=said.id, cluster=said.id, **{name: getattr(said, name) for name in _FOUND})
    return Member(decision=said, found=replace(plain, **found), **values)


def link_row(link: Link) -> dict[str, Any]:
    """The row of a link."""
    return {name: getattr(link, name) for name in _LINK} | {"key": key_of(link.id), "of_key": key_of(link.of)}


def link_from(row: Mapping[str, Any]) -> Link:
    """The link of a row."""
    values = {name: row[name] for name in _LINK}
    values["conflicts"] = tuple(values["conflicts"])
    values["span"] = tuple(values["span"]) if values["span"] else None
    return Link(**values)


def table_of(rows: Iterable[Mapping[str, Any]], table: Table) -> pa.Table:
    """Rows as an Arrow table of the table's schema."""
    return pa.Table.from_pylist(list(rows), schema=table.schema)
