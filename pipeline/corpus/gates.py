"""What a person must have said yes to before it is published, and whose fault it is.

**New rows of one source are held back, and all else is published,** when they are its own fault: it does not yield
what its file expects (expectations.py), its pages break their workers, it is a mass of copies, it fills a form or a
cluster, or its new pages would harm what is published, its own or that of others. The build makes its edition, asks,
and makes it again without the rows of who is to blame, until nobody is. What waits is tried again with the next new
rows of the source, or when its file sets another limit, and goes in by itself when nothing speaks against it any more.

**The whole edition is refused** when what is published would be harmed and no new page did it: a rule, a selector,
another extractor, a source that is no longer declared. It touches rows that stand, and these cannot be held back one
by one. Harmed is an article that is removed (whatever the cause: quality, a copy elsewhere, a page that is gone),
loses more than a third of its text, or a fact it had (harm.py). What people did to single documents (corrections), and
what left with a run that was taken back, counts as nothing: they said so.

Either way `--confirm`, or `--confirm NAME` for one source alone, lets it through.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from pipeline.corpus.expectations import KEPT, LINKS
from pipeline.errors import RefusedError
from pipeline.records import Document, Reason, Source

if TYPE_CHECKING:
    from pipeline.corpus.shards import ShardReport
    from pipeline.dedupe.index import DedupeIndex
    from pipeline.dedupe.records import Decision

COPIES, CLUSTER, FORM, HARM, LOST = "copies", "cluster", "form", "harm", "lost"

KINDS = {
    LINKS: "its lists hold fewer links than its file expects",
    KEPT: "fewer of its last new documents are fit to publish than its file expects",
    LOST: "many of its pages broke their worker, while those of others did not",
    COPIES: "more of its new documents are copies of others than its file allows (`expect_own`)",
    CLUSTER: "its new documents made a cluster of versions so large that a person should see it",
    FORM: "so many of its new documents are of one form that a person should see it",
    HARM: "its new pages would remove, cut or rob of a fact more published articles than its file allows",
}
"""The first word of why a source is held back → what it means."""

FEWEST = 20
"""Fewer new documents raise no alarm of copies, clusters and forms."""

CLUSTER_SIZE, FORM_SHARE = 500, 0.05
"""Documents in a cluster, share of a build's new documents that is one form: more of these a person should see. In the
marin project one faulty rule took 76 % of the median source before anyone did."""

MANY_LOST = 20
"""So many pages that break their worker in one build are no accident."""

LIMITS: dict[str, Callable[[Source], str]] = {
    COPIES: lambda source: f"expect_own is {source.expect_own:g}",
    CLUSTER: lambda _: f"more than {CLUSTER_SIZE} are looked at",
    FORM: lambda _: f"more than {FORM_SHARE:.0%} are looked at",
    HARM: lambda source: f"harm_articles is {source.harm_articles}, harm_share is {source.harm_share:g}",
}
"""Kind → the limit that was passed, in words: other words in a later build, and what waits is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """A published article that an edition would remove, cut, or rob of a fact."""

    id: str
    source: str
    title: str | None
    url: str
    kind: str
    """removed or changed."""
    cause: str
    """Of the change, as in `changes.parquet`."""
    what: str
    """removed as (the reason it would be dropped for), cut, or without title, date, author or source: the first."""
    by: str | None
    """The source whose new page did it; None: no new page did."""
    old_file: str
    new_file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something a person must say yes to."""

    source: str
    """Who is to blame, and whom `--confirm NAME` names."""
    kind: str
    """A word of KINDS."""
    told: str
    """The figures and the limit."""
    rows: tuple[Harm, ...] = ()
    """Of a rule that harms: the articles; none: the new rows of the source can be held back."""

    @property
    def why(self) -> str:
        """It in a line, as a manifest has it."""
        return f"{self.kind}: {self.told}"


class Limits:
    """The limits of each source; those of one that is not declared are the defaults."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.name: source for source in sources}

    def __getitem__(self, name: str) -> Source:
        return self._sources.get(name) or Source(name=name, home="")

    def declares(self, name: str) -> bool:
        """Whether there is a file of the source."""
        return name in self._sources

    def fault(self, name: str, kind: str, told: str, rows: Sequence[Harm] = (), of: str = "") -> Fault:
        """A fault with the limit that was passed: that of the source, or of the one it did harm to."""
        told = f"{told}; {LIMITS[kind](self[of or name])}"
        return Fault(source=name, kind=kind, told=told, rows=tuple(rows))


def staying(
    before: Mapping[str, str], limits: Limits, came: Collection[str], *, is_anew: bool
) -> dict[str, str]:
    """The sources held `before` that are not judged anew, with why.

    Those whose file is gone, as far as that said what is expected. Of the others, where not everything is made anew:
    pages that were lost stay lost; what waits is tried again when new pages `came`, or when the limit is another one.
    """
    stays = {}
    for name, why in before.items():
        kind = why.partition(":")[0]
        if kind in LIMITS:
            is_judged = is_anew or name in came or not why.endswith(f"; {LIMITS[kind](limits[name])}")
        else:
            is_judged = is_anew if kind == LOST else limits.declares(name)
        if not is_judged:
            stays[name] = why
    return stays


@dataclass(slots=True, kw_only=True)
class Crowd:
    """What the new documents of a build came to, source by source."""

    documents: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    clusters: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Cluster that is too large → its new documents."""
    sizes: dict[str, int] = field(default_factory=dict)
    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, rows: Iterable[Document], decisions: Iterable[Decision], index: DedupeIndex) -> None:
        """Count the new rows of a batch, by what was decided about their documents."""
        source_of = {row.id: row.source for row in rows if row.reason is None}
        for each in decisions:
            if (source := source_of.get(each.id)) is None:
                continue
            self.documents[source] += 1
            self.copies[source] += not each.published
            if (size := index.size(each.cluster)) > CLUSTER_SIZE:
                self.clusters[each.cluster][source] += 1
                self.sizes[each.cluster] = size
            if each.form_id is not None:
                self.forms[each.form_id][source] += 1

    def faults(self, limits: Limits, accepts: Callable[[str], bool]) -> list[Fault]:
        """Masses of copies, and who has most of a form or a cluster that is too large; what a person accepted of a
        source counts apart, and lets no other through."""
        found = []
        for name, count in sorted(self.documents.items()):
            own = limits[name].expect_own
            if count >= FEWEST and self.copies[name] > (1 - own) * count:
                told = f"{self.copies[name]} of {count} new documents are copies, excerpts or compilations of others"
                found.append(limits.fault(name, COPIES, told))
        total = self.documents.total()
        for cluster, by in sorted(self.clusters.items()):
            if blamed := _most(by, accepts):
                told = f"{by[blamed]} new documents are in a cluster of {self.sizes[cluster]} ({cluster})"
                found.append(limits.fault(blamed, CLUSTER, told))
        for form, by in sorted(self.forms.items()):
            if by.total() > FORM_SHARE * total and (blamed := _most(by, accepts)):
                told = f"{by[blamed]} of {total} new documents are of one form ({form})"
                found.append(limits.fault(blamed, FORM, told))
        return found


def _most(by: Counter[str], accepts: Callable[[str], bool]) -> str | None:
    """Who has most of something that has at least FEWEST beside what was accepted; all of it accepted, who has most."""
    rest = Counter({name: n for name, n in by.items() if not accepts(name)}) or by
    return min(rest, key=lambda name: (-rest[name], name)) if rest.total() >= FEWEST else None


def breaking(
    shards: Sequence[ShardReport], known: Collection[str], accepts: Callable[[str], bool]
) -> list[Fault]:
    """The sources of which many pages broke their worker while those of others did not; `known` captures are no news.

    RefusedError where nobody's were read well, or many pages of many sources broke: that may be a fault of ours, and
    the next build tries again.
    """
    broken = [shard for shard in shards if shard.lost]
    names = [each for shard in broken for each in shard.lost if each.partition(": ")[0] not in known]
    if len(names) < MANY_LOST:
        return []
    lost: Counter[str] = Counter()
    well: Counter[str] = Counter()
    for shard in shards:
        rows = pq.ParquetFile(shard.path).read(["source", "capture", "reason", "encoding"]).to_pylist()
        for row in rows:
            is_lost = row["reason"] == Reason.QUARANTINED
            lost[row["source"]] += is_lost and row["capture"] not in known
            well[row["source"]] += bool(row["encoding"]) and not is_lost
    many = sorted(name for name, count in lost.items() if count >= MANY_LOST)
    others_do = any(well[name] > lost[name] for name in well if name not in many)
    waits = sum(count for name, count in lost.items() if not accepts(name))
    if waits >= MANY_LOST and not (many and others_do):
        from pipeline.corpus.shards import forget  # who only asks for KINDS needs no shards

        for shard in broken:
            forget(shard)
        raise RefusedError(
            f"{waits} captures broke their worker, {names[0]} first. Nothing was published; mend it and"
            " build again, or build with --confirm to quarantine them"
        )
    told = "{} pages broke their worker, those of others did not; `corpus rebuild` reads them again"
    return [Fault(source=name, kind=LOST, told=told.format(lost[name])) for name in many]
