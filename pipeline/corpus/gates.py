"""What a person must have said yes to before it is published, and whose fault it is.

**New rows of one source are held back, and all else is published,** when they are its own fault: it does not yield
what its file expects (expectations.py), its pages break their workers, it is a mass of copies, it fills a form or a
cluster, or its new pages would harm what is published, its own or that of others. The build makes its edition, asks,
and makes it again without the rows of who is to blame, until nobody is. What waits is tried again with the next new
rows of the source, or when its file sets another limit, and goes in by itself when nothing speaks against it any more.

**The whole edition is refused** when what is published would be harmed and no new page did it: a rule, a selector,
another extractor, a source that is no longer declared. It touches rows that stand, and these cannot be held back one
by one. Harmed is an article that is removed (whatever the cause: quality, a copy elsewhere, a page that is gone),
loses more than CUT of its text, or a fact it had. What people did to single documents (corrections), and what left with
a run that was taken back, counts as nothing: they said so.

Either way `--confirm`, or `--confirm NAME` for one source alone, lets it through.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import gettempdir

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus.changes import difference, text_at
from pipeline.corpus.expectations import KEPT, LINKS, rows_of
from pipeline.corpus.shards import ShardReport, forget
from pipeline.corpus.staged import MEMORY
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.records import Decision
from pipeline.errors import RefusedError
from pipeline.records import Document, Reason, Source

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

CUT = 1 / 3
"""An article that loses more of its text was cut."""

MANY_LOST = 20
"""So many pages that break their worker in one build are no accident."""

SAMPLES = 3
"""Articles shown of each kind and cause of harm."""

LIMITS: dict[str, Callable[[Source], str]] = {
    COPIES: lambda source: f"expect_own is {source.expect_own:g}",
    CLUSTER: lambda _: f"more than {CLUSTER_SIZE} are looked at",
    FORM: lambda _: f"more than {FORM_SHARE:.0%} are looked at",
    HARM: lambda source: f"harm_articles is {source.harm_articles}, harm_share is {source.harm_share:g}",
}
"""Kind → the limit that was passed, in words: other words in a later build, and what waits is tried again."""


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
    """Of a rule that harms: the articles; else the rows of the source can be held back."""

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
    """removed, cut, or without title, date, author or source: the first that holds."""
    by: str | None
    """The source whose new page did it; None: no new page did."""
    old_file: str
    new_file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The new pages whose rows went in."""

    shards: Sequence[Path]
    """Where their rows are."""
    captures: Collection[str] | None
    """Which of them are new; None: all."""
    released: Sequence[Document]
    """Rows that had waited, and went in."""
    held: Collection[str]
    """Sources whose new rows did not go in."""


_FACTS = {"title": "title", "published_on": "date", "author": "author", "origin_name": "source"}
"""Column → what it is called."""

_WHAT = " ".join(
    f"when before.{name} is not null and after.{name} is null then 'without {word}'"
    for name, word in _FACTS.items()
)
_HARMED = f"""
create table harmed as
select change.id, change.source, before.title, change.url, change.kind, change.cause, before.url_key,
       change.old_file, change.new_file,
       case when change.kind = 'removed' then 'removed'
            when length(after.text) < {1 - CUT!r} * length(before.text) then 'cut' {_WHAT} end as what
from change join read_parquet($old) before using (id)
     left join (select * from read_parquet($new) where $any) after using (id)
where what is not null and not list_contains($gone, before.capture)
"""
_BLAMED = """
with row as (select id, capture, cluster, related_to, reason from read_parquet($rows, union_by_name = true)),
     beside as (select row.id, row.cluster, tried.source from row join tried using (capture)),
     lost as (select id, cluster, related_to from row join harmed using (id)
              where harmed.kind = 'removed' and reason is not null and cluster is not null),
     blame as (
         select harmed.id, 1 as rank, tried.source from harmed join tried using (url_key)
         union all select lost.id, 2, beside.source
             from (select id, unnest(related_to) as partner from lost) lost join beside on beside.id = partner
         union all select lost.id, 3, beside.source from lost join beside using (cluster) where lost.id <> beside.id),
     first as (select id, min_by(source, (rank, source)) as by from blame group by id)
select id, harmed.source, title, url, kind, cause, what, first.by, old_file, new_file
from harmed left join first using (id) order by id
"""


def harmed(table: pa.Table, old: Path, new: Path, tried: Tried, gone: Collection[str] = ()) -> list[Harm]:
    """The published articles that a staged version would harm, of its `changes.compare`, by id.

    `old` and `new` are the folders of both; `gone` the captures that were taken back, whose articles go with them. To
    blame is the new page of the article itself, or the one that took its place as a copy or a fuller text.
    """
    counts = pc.and_(pc.not_equal(table["kind"], "added"), pc.not_equal(table["cause"], "correction"))
    table = table.filter(counts)
    if not table.num_rows:
        return []
    olds = [str(old / file) for file in sorted(set(table["old_file"].to_pylist()))]
    news = [str(new / file) for file in sorted({f for f in table["new_file"].to_pylist() if f})]
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": gettempdir()}) as db:
        db.register("change", table)
        db.execute(_HARMED, {"old": olds, "new": news or olds[:1], "any": bool(news), "gone": sorted(gone)})
        if not db.execute("select count(*) from harmed").fetchall()[0][0]:
            return []
        _load_tried(db, tried)
        rows = db.execute(_BLAMED, {"rows": [str(path) for path in rows_of(new)]}).fetchall()
    names = ("id", "source", "title", "url", "kind", "cause", "what", "by", "old_file", "new_file")
    return [Harm(**dict(zip(names, row, strict=True))) for row in rows]


def _load_tried(db: duckdb.DuckDBPyConnection, tried: Tried) -> None:
    """The new pages as a table of capture, url_key and source."""
    told = [(row.capture, row.url_key, row.source) for row in tried.released]
    columns = zip(*told, strict=True) if told else ((), (), ())
    named = zip(("capture", "url_key", "source"), columns, strict=True)
    db.register("released", pa.table({name: pa.array(list(column), pa.string()) for name, column in named}))
    db.execute("create table tried as select * from released")
    if not tried.shards:
        return
    db.register("fresh", pa.table({"capture": pa.array(sorted(tried.captures or ()), pa.string())}))
    db.execute(
        "insert into tried select distinct capture, url_key, source from read_parquet($shards)"
        " where not list_contains($held, source) and ($all or capture in (select capture from fresh))",
        {
            "shards": [str(path) for path in tried.shards],
            "held": sorted(tried.held),
            "all": tried.captures is None,
        },
    )


def harm_faults(
    harms: Sequence[Harm], published: Mapping[str, int], limits: Limits, accepts: Callable[[str], bool]
) -> list[Fault]:
    """The harm that needs a yes: `published` articles of each source stand now; what was accepted counts apart."""
    open_ = [each for each in harms if not accepts(each.by or each.source)]
    found = []
    for name in sorted({each.source for each in open_}):
        mine = [each for each in open_ if each.source == name]
        by_rule = [each for each in mine if each.by is None]
        least = max(1, limits[name].harm_articles, limits[name].harm_share * published.get(name, 0))
        if len(by_rule) >= least:
            told = _harm_words(by_rule, published.get(name, 0), name)
            found.append(limits.fault(name, HARM, told, by_rule))
        elif len(mine) >= least:
            by = Counter(each.by for each in mine if each.by is not None)
            blamed = min(by, key=lambda one: (-by[one], one))
            told = f"its new pages would harm {_harm_words(mine, published.get(name, 0), name)}"
            found.append(limits.fault(blamed, HARM, told, of=name))
    return found


def _harm_words(harms: Sequence[Harm], published: int, name: str) -> str:
    what = ", ".join(f"{n} {word}" for word, n in Counter(each.what for each in harms).most_common())
    causes = Counter(f"{each.kind} by {each.cause}" for each in harms).most_common()
    told = ", ".join(f"{n} {word}" for word, n in causes)
    return f"{len(harms)} of {published} published articles of {name}: {what} ({told})"


def _samples(harms: Sequence[Harm], old: Path, new: Path) -> list[dict[str, str | None]]:
    """Up to SAMPLES of each kind and cause of harm, with the texts before and after."""
    seen: Counter[tuple[str, str]] = Counter()
    found: list[dict[str, str | None]] = []
    for each in harms:
        seen[each.what, each.cause] += 1
        if seen[each.what, each.cause] <= SAMPLES:
            before, after = text_at(old, each.old_file, each.id), text_at(new, each.new_file, each.id)
            found.append({**asdict(each), "before": before, "after": after})
    return found


def refusal(faults: Sequence[Fault], old: Path, new: Path, command: str) -> RefusedError:
    """That the whole edition is refused: what would become of which articles, with samples, and what to type.

    `old` and `new` are the folders of the version that stands and of the one that is not published.
    """
    lines = ["nothing was published: articles that are published would be harmed, and no new page did it"]
    told = []
    for fault in faults:
        lines.append(fault.told)
        samples = _samples(fault.rows, old, new)
        for each in samples:
            title = each["title"] or "(no title)"
            lines.append(f"  {each['what']}, {each['kind']} by {each['cause']}: {title}  {each['url']}")
            lines += [f"    {line}" for line in difference(each["before"] or "", each["after"] or "", 4)]
        told.append(
            {"source": fault.source, "why": fault.why, "articles": len(fault.rows), "samples": samples}
        )
    names = " ".join(fault.source for fault in faults)
    lines += [
        "`corpus rebuild --preview` shows more of it. Put the rule, the selector or the source file right, or take it"
        f" as it is: `corpus {command} --confirm {names}`"
    ]
    return RefusedError("\n".join(lines), {"harm": told, "confirm": [fault.source for fault in faults]})


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
        rows = pq.read_table(shard.path, columns=["source", "capture", "reason", "encoding"]).to_pylist()
        for row in rows:
            is_lost = row["reason"] == Reason.QUARANTINED
            lost[row["source"]] += is_lost and row["capture"] not in known
            well[row["source"]] += bool(row["encoding"]) and not is_lost
    many = sorted(name for name, count in lost.items() if count >= MANY_LOST)
    others_do = any(well[name] > lost[name] for name in well if name not in many)
    waits = sum(count for name, count in lost.items() if not accepts(name))
    if waits >= MANY_LOST and not (many and others_do):
        for shard in broken:
            forget(shard)
        raise RefusedError(
            f"{waits} captures broke their worker, {names[0]} first. Nothing was published; mend it and"
            " build again, or build with --confirm to quarantine them"
        )
    told = "{} pages broke their worker, those of others did not; `corpus rebuild` reads them again"
    return [Fault(source=name, kind=LOST, told=told.format(lost[name])) for name in many]
