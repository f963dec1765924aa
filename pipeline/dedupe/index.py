"""What dedupe remembers between batches: members, links, redirects, furniture, lines and postings.

Persisted as sorted segments, one for each publication and table, that never change. What a batch asks for is
loaded; what it changes stays in memory until `write`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dedupe import tables
from pipeline.dedupe.furniture import SiteLines
from pipeline.dedupe.lines import Lines
from pipeline.dedupe.postings import Postings
from pipeline.dedupe.records import DUPLICATE, NOTHING_APART, Apart, Decision, Link, Member
from pipeline.dedupe.segments import Dropped, Segments
from pipeline.dedupe.sorted_pairs import Values

HEADS = 64
"""So many members of a cluster, beside those that represent it, decide which of its copies is published: one more of
thousands reads no more rows than one more of some seventy."""

SAID = ("id", "cluster", "relation", "published", "reason", "spans", "title", "size")
"""What `members_in` gives of a document."""


T = TypeVar("T")

_LATEST = datetime.max.replace(tzinfo=UTC)


def members_in(folder: Path, beside: Path | None = None) -> Iterator[pa.Table]:
    """What the `clusters/` folder of a version says of each document, in chunks; memory stays bounded.

    `beside` is that of another version: only what stands in none of its segments. CorpusError for a folder without
    an index.
    """
    segments = Segments(tables.MEMBERS, folder)
    if beside is not None:
        segments.files = [file for file in segments.files if not _is_one_file(file, beside / file.name)]
    for rows in segments.current((*SAID, "removed")):
        yield rows.filter(pc.invert(rows["removed"])).select(SAID)


def _is_one_file(one: Path, other: Path) -> bool:
    return other.is_file() and other.samefile(one)


class DedupeIndex:
    """The state of deduplication: opened from a published version, changed in memory, written anew.

    `postings` holds the sampled hashes of the representatives, `lines` which documents have which lines. Documents that
    are `apart` come into no one cluster, and neither counts as a part of the other.
    """

    def __init__(self, folder: Path | None = None, apart: Apart = NOTHING_APART) -> None:
        self.apart = apart
        self._members_on_disk = Segments(tables.MEMBERS, folder)
        self._links_on_disk = Segments(tables.LINKS, folder)
        self._redirects_on_disk = Segments(tables.REDIRECTS, folder)
        self._lines_on_disk = Segments(tables.SITE_LINES, folder)
        self._redirects: dict[str, str] = {
            row["cluster"]: row["now"] for row in self._redirects_on_disk.all().to_pylist()
        }
        self.postings = Postings(folder)
        self.lines = Lines(folder)
        self._forget_changes()

    def _forget_changes(self) -> None:
        self._members: dict[str, Member | None] = {}
        self._by_text: defaultdict[int, set[str]] = defaultdict(set)
        self._first_with_text: dict[int, Member] = {}
        self._by_cluster: defaultdict[str, set[str]] = defaultdict(set)
        self._representing: defaultdict[str, set[str]] = defaultdict(set)
        self._by_print: dict[int, str] = {}
        self._by_key: dict[int, str] = {}
        self._links: dict[tuple[str, str, str], Link] = {}
        self._links_at: defaultdict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self._ties_at: defaultdict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self._sites: dict[str, SiteLines] = {}
        self._changed: set[str] = set()
        self._changed_links: set[tuple[str, str, str]] = set()
        self._changed_redirects: set[str] = set()
        self._changed_sites: set[str] = set()
        self._purged: set[str] = set()
        self._stored: dict[str, Member] = {}
        self._stored_links: dict[tuple[str, str, str], Link] = {}
        self._asked_texts: set[int] = set()
        self._asked_clusters: set[str] = set()
        self._asked_heads: set[str] = set()
        self._asked_links: set[str] = set()
        self._asked_ties: set[str] = set()
        self._watched: dict[str, Decision | None] = {}
        self._latest = self._members_on_disk.largest("order")

    @classmethod
    def open(cls, folder: Path | None, apart: Apart = NOTHING_APART) -> DedupeIndex:
        """The state in the `clusters/` folder of a version, which stays as it is; None: an empty one."""
        return cls(folder, apart)

    def write(self, folder: Path) -> None:
        """Write the state into a new folder: hard links to unchanged segments, a new one for the change."""
        purged = tables.keys_of(sorted(self._purged))
        prints = self._members_on_disk.rows(purged)["print"].to_numpy()
        gone = Dropped(columns=("key",), keys=purged) if len(purged) else None
        gone_links = Dropped(columns=("key", "of_key"), keys=purged) if len(purged) else None
        self._write(self._members_on_disk, folder, self._member_rows(), gone)
        self._write(self._links_on_disk, folder, self._link_rows(), gone_links)
        self._write(self._redirects_on_disk, folder, self._redirect_rows())
        self._write(
            self._lines_on_disk, folder, (self._site_row(site) for site in sorted(self._changed_sites))
        )
        self.postings.write(folder, prints)
        self.lines.write(folder, purged)
        self._forget_changes()

    def _write(
        self, segments: Segments, folder: Path, rows: Iterable[dict[str, object]], gone: Dropped | None = None
    ) -> None:
        segments.write(folder, tables.table_of(rows, segments.table), gone)

    def _member_rows(self) -> Iterator[dict[str, object]]:
        for name in sorted(self._changed - self._purged):
            member = self._members[name]
            # What was decided again and is as it was costs nothing.
            if member != self._stored.get(name):
                yield tables.member_row(member) if member else tables.removed_row(name)

    def _link_rows(self) -> Iterator[dict[str, object]]:
        for key in sorted(self._changed_links):
            link, stored = self._links[key], self._stored_links.get(key)
            if link != stored and (link.print or stored) and not self._purged.intersection(key[:2]):
                yield tables.link_row(link)

    def _redirect_rows(self) -> Iterator[dict[str, object]]:
        for old in sorted(self._changed_redirects):
            yield {"key": tables.key_of(old), "cluster": old, "now": self._redirects[old]}

    def load(self, ids: Iterable[str]) -> None:
        """Bring documents into memory, so that `get` knows them."""
        names = sorted(_unknown(ids, self._members))
        self._load_rows(tables.keys_of(names))
        for name in names:
            self._members.setdefault(name, None)

    def load_texts(self, hashes: Iterable[int]) -> None:
        """Bring the documents with these text hashes into memory."""
        asked = sorted(set(hashes) - self._asked_texts)
        self._asked_texts.update(asked)
        self._load_rows(np.array(asked, np.uint64))

    def load_keys(self, keys: Iterable[int]) -> dict[int, str]:
        """Bring the documents with these keys into memory; key → id of those that are there."""
        wanted = set(keys)
        self._load_rows(np.array(sorted(_unknown(wanted, self._by_key)), np.uint64))
        return {key: name for key in wanted if (name := self._by_key.get(key)) and self._members.get(name)}

    def load_prints(self, prints: Iterable[int]) -> None:
        """Bring the documents with these prints into memory."""
        self._load_rows(np.array(sorted(_unknown(prints, self._by_print)), np.uint64))

    def load_clusters(self, clusters: Iterable[str]) -> None:
        """Bring all members of these clusters into memory."""
        asked = sorted(set(clusters) - self._asked_clusters)
        self._asked_clusters.update(asked)
        self._load_rows(tables.cluster_keys_of(asked))

    def load_heads(self, clusters: Iterable[str]) -> None:
        """Bring those members of these clusters into memory by which they are settled (`heads`)."""
        asked = sorted(set(clusters) - self._asked_clusters - self._asked_heads)
        self._asked_heads.update(asked)
        named = {key: name for name in asked for key in tables.cluster_keys_of([name]).tolist()}
        most = HEADS
        while asked:
            more, short = set[str](), set[str]()
            for rows, cut in self._members_on_disk.first_rows(tables.cluster_keys_of(asked), most):
                self._load_found(rows)
                there = Counter(map(self._crowded_in, set(rows["id"].to_pylist())))
                longer = {named[key] for key in cut.tolist()}
                more |= longer
                # Some of the rows may be old ones, of documents that are elsewhere now, or gone.
                short |= {name for name in longer if there[name] < HEADS}
            self._asked_clusters.update(set(asked) - more)
            asked, most = sorted(short), 4 * most

    def _crowded_in(self, name: str | None) -> str | None:
        """The cluster of a document that does not represent it."""
        member = self._members.get(name) if name else None
        return member.decision.cluster if member and not member.represents else None

    def load_links(self, ids: Iterable[str]) -> None:
        """Bring the links from and to these documents, and the documents at their other ends, into memory."""
        asked = (set(ids) & self._stored.keys()) - self._asked_links
        self._asked_links |= asked
        self._load_links(asked, self._links_on_disk.rows)

    def load_ties(self, ids: Iterable[str]) -> None:
        """As `load_links`, but for the links between copies, which are nearly all in a cluster of thousands."""
        asked = (set(ids) & self._stored.keys()) - self._asked_links - self._asked_ties
        self._asked_ties |= asked
        self._load_links(asked, self._tied_rows)

    def _tied_rows(self, keys: Values) -> pa.Table:
        found = [rows for rows, _ in self._links_on_disk.first_rows(keys, 0)]
        rows = pa.concat_tables([tables.table_of([], tables.LINKS), *found], promote_options="default")
        return rows.filter(pc.not_equal(rows["relation"], DUPLICATE))

    def _load_links(self, names: Collection[str], rows_of: Callable[[Values], pa.Table]) -> None:
        if not names:
            return
        asked = sorted(names)
        for link in map(tables.link_from, rows_of(tables.keys_of(asked)).to_pylist()):
            key = (link.id, link.of, link.relation)
            self._stored_links[key] = link
            if key not in self._changed_links:
                self._keep_link(key, link)
        # Whom a document was linked to since it was asked for is in memory: they were compared.
        self.load(other for name in asked for key in self._links_at.get(name, ()) for other in key[:2])

    def _load_rows(self, keys: Values) -> None:
        self._load_found(self._members_on_disk.rows(keys))

    def _load_found(self, found: pa.Table) -> None:
        if not found.num_rows:
            return
        # A row found by its text or cluster may be an old one; all rows of the document tell.
        rows = self._members_on_disk.rows(found["key"].to_numpy()).to_pylist()
        identities = set(found["key"].to_pylist())
        newest = {row["key"]: row for row in rows if row["key"] in identities}
        for row in newest.values():
            if not row["removed"]:
                if row["id"] not in self._stored:
                    self._stored[row["id"]] = tables.member_from(row)
                if row["id"] not in self._members:
                    self._keep(self._stored[row["id"]])

    def get(self, name: str) -> Member | None:
        """A loaded document."""
        return self._members.get(name)

    def with_text(self, text_hash: int, *, outside: Collection[str] = ()) -> Member | None:
        """The first of the loaded documents with a text hash, in the order of decisions, outside of some clusters."""
        names = self._by_text.get(text_hash)
        if names and outside:
            free = (member for member in self._sorted(names) if member.decision.cluster not in outside)
            return min(free, key=lambda member: member.position, default=None)
        if names and text_hash not in self._first_with_text:
            first = min(self._sorted(names), key=lambda member: member.position)
            self._first_with_text[text_hash] = first
        return self._first_with_text.get(text_hash)

    def with_print(self, print_: int) -> Member | None:
        """The loaded document with a print."""
        return self._members.get(self._by_print.get(print_, ""))

    def members(self, cluster: str) -> list[Member]:
        """The loaded documents of a cluster, by id."""
        return self._sorted(self._by_cluster.get(cluster, ()))

    def heads(self, cluster: str) -> list[Member]:
        """Those of them by which the cluster is settled, by id: all that represent it, and of the others the HEADS
        that were seen first."""
        members = self.members(cluster)
        others = nsmallest(HEADS, (member for member in members if not member.represents), key=_seen)
        return sorted([*(m for m in members if m.represents), *others], key=lambda member: member.id)

    def is_crowd(self, cluster: str) -> bool:
        """Whether a cluster has more members, beside those that represent it, than decide what is published of it."""
        others = self.size(cluster) - len(self.representatives(cluster))
        known_whole = cluster in self._asked_clusters or cluster not in self._asked_heads
        return others > HEADS or (others == HEADS and not known_whole)

    def written(self, name: str) -> Member | None:
        """A loaded document as it is in the version that was opened; None: it is not in it."""
        return self._stored.get(name)

    def size(self, cluster: str) -> int:
        """How many documents of a cluster are loaded."""
        return len(self._by_cluster.get(cluster, ()))

    def representatives(self, cluster: str) -> Collection[str]:
        """Those of them that represent it."""
        return self._representing.get(cluster, ())

    @property
    def latest(self) -> int:
        """Place of the last document in the order of decisions, or of one that was the last; -1: there is none."""
        return self._latest

    def links(self, name: str) -> list[Link]:
        """The loaded links from and to a document that still hold: neither text has changed since."""
        if name not in self._links_at:
            return []
        found = (self._links[key] for key in sorted(self._links_at[name]))
        return [link for link in found if self._holds(link)]

    def ties(self, name: str, relations: Collection[str]) -> list[Link]:
        """Those of them that are of some relations, none of which is that between copies."""
        found = (self._links[key] for key in sorted(self._ties_at.get(name, ())) if key[2] in relations)
        return [link for link in found if self._holds(link)]

    def is_tied(self, name: str, relations: Collection[str]) -> bool:
        """Whether there is one of these."""
        keys = self._ties_at.get(name, ())
        return any(key[2] in relations and self._holds(self._links[key]) for key in keys)

    def _holds(self, link: Link) -> bool:
        one, other = self._members.get(link.id), self._members.get(link.of)
        if not (one and other and one.print == link.print and other.print == link.of_print):
            return False
        if not self.apart:
            return True
        return other.decision.cluster not in self.apart_from(
            [one.id]
        ) and one.decision.cluster not in self.apart_from([other.id])

    def apart_from(self, names: Iterable[str]) -> set[str]:
        """The clusters of the loaded documents from which these must stay apart."""
        others = {other for name in names for other in self.apart.get(name, ())}
        return {member.decision.cluster for other in others if (member := self._members.get(other))}

    def _sorted(self, names: Iterable[str]) -> list[Member]:
        return [member for name in sorted(names) if (member := self._members.get(name))]

    def watch(self) -> None:
        """Begin to note the decisions that are about to change."""
        self._watched = {}

    def watched(self) -> dict[str, Decision]:
        """The decisions that stood when `watch` was called about documents that changed since."""
        return {name: decision for name, decision in self._watched.items() if decision}

    def put(self, member: Member) -> None:
        """Add or replace a document."""
        self._drop(member.id)
        self._keep(member)
        self._latest = max(self._latest, member.order)
        self._changed.add(member.id)
        self._purged.discard(member.id)

    def drop(self, name: str, *, purge: bool = False) -> None:
        """Forget a loaded document; with `purge`, the next `write` leaves no row of it in any segment."""
        self._drop(name)
        self._members[name] = None
        self._changed.add(name)
        if purge:
            self._purged.add(name)

    def put_link(self, link: Link) -> None:
        """Add or replace a link."""
        key = (link.id, link.of, link.relation)
        self._keep_link(key, link)
        self._changed_links.add(key)

    def take_back(self, name: str) -> None:
        """Let what the comparison of a document said of its links hold no more."""
        for key in sorted(self._links_at.get(name, ())):
            if key[0] == name:
                self.put_link(replace(self._links[key], print=0))

    def redirect(self, cluster: str, now: str) -> None:
        """Say what a cluster id of a written version stands for now: another cluster, or itself again."""
        if self._redirects.get(cluster, cluster) != now:
            self._redirects[cluster] = now
            self._changed_redirects.add(cluster)

    def root(self, cluster: str) -> str:
        """The cluster that a cluster id stands for now."""
        while (now := self._redirects.get(cluster, cluster)) != cluster:
            cluster = now
        return cluster

    def _keep(self, member: Member) -> None:
        self._members[member.id] = member
        self._by_text[member.text_hash].add(member.id)
        first = self._first_with_text.get(member.text_hash)
        if first and member.position < first.position:
            self._first_with_text[member.text_hash] = member
        self._by_cluster[member.decision.cluster].add(member.id)
        if member.represents:
            self._representing[member.decision.cluster].add(member.id)
        self._by_print[member.print] = member.id
        self._by_key[tables.key_of(member.id)] = member.id

    def _drop(self, name: str) -> None:
        old = self._members.get(name)
        self._watched.setdefault(name, old.decision if old else None)
        if old:
            self._by_text[old.text_hash].discard(name)
            if self._first_with_text.get(old.text_hash) is old:
                del self._first_with_text[old.text_hash]
            self._by_cluster[old.decision.cluster].discard(name)
            self._representing[old.decision.cluster].discard(name)
            self._by_print.pop(old.print, None)

    def _keep_link(self, key: tuple[str, str, str], link: Link) -> None:
        self._links[key] = link
        self._links_at[link.id].add(key)
        self._links_at[link.of].add(key)
        if link.relation != DUPLICATE:
            self._ties_at[link.id].add(key)
            self._ties_at[link.of].add(key)

    def site(self, name: str) -> SiteLines:
        """What a site repeats; to be changed in place, then `learned` called."""
        if name not in self._sites:
            self.load_sites([name])
        return self._sites[name]

    def load_sites(self, names: Iterable[str]) -> None:
        """Bring what is known of these sites into memory."""
        wanted = sorted(_unknown(names, self._sites))
        for row in self._lines_on_disk.rows(tables.keys_of(wanted)).to_pylist():
            self._sites[row["site"]] = SiteLines(repeated=set(row["repeated"]))
        for name in wanted:
            self._sites.setdefault(name, SiteLines())

    def learned(self, site: str) -> None:
        """Say that a site's lines changed."""
        self._changed_sites.add(site)

    def repeated_lines(self, site: str) -> frozenset[str]:
        """The lines, digits masked, that the site repeats at the head or foot of its pages."""
        return frozenset(self.site(site).repeated)

    def _site_row(self, name: str) -> dict[str, object]:
        return {"key": tables.key_of(name), "site": name, "repeated": sorted(self._sites[name].repeated)}

    def all_members(self) -> list[Member]:
        """Every document of the index, by id; for a rebuild."""
        self._load_rows(self._members_on_disk.all()["key"].to_numpy())
        return self._sorted(self._members)


def _seen(member: Member) -> tuple[datetime, int]:
    """The order of the members' table."""
    return (member.fetched_at or _LATEST, tables.key_of(member.id))


def _unknown(names: Iterable[T], known: Collection[T]) -> set[T]:
    # A set less the keys of a dict walks all the keys: asked for a cluster at a time that is their square.
    return {name for name in names if name not in known}
