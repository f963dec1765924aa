"""What an edition would do to the articles that are published, who did it, and the words of its refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus.changes import difference, text_at
from pipeline.corpus.expectations import NO_DOCUMENT, rows_of
from pipeline.corpus.gates import HARM, Fault, Harm, Limits
from pipeline.corpus.id_index import IdIndex
from pipeline.corpus.queries import connected
from pipeline.corpus.staged import is_linked
from pipeline.dedupe.records import SPLIT_FROM
from pipeline.errors import RefusedError
from pipeline.records import Document, Reason

CUT = 1 / 3
"""An article that loses more of its text was cut."""

SAMPLES = 3
"""Articles shown of each kind and cause of harm."""


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
with row as materialized (select id, capture, cluster, relation, related_to, reason from read_parquet($rows)),
     beside as (select row.id, row.cluster, tried.source from row join tried using (capture)),
     taken as (select id, cluster, related_to, reason from row join harmed using (id)
               where (harmed.kind = 'removed' and reason is not null) or (reason is null and relation = $split)),
     blame as (
         select harmed.id, 1 as rank, tried.source from harmed join tried using (url_key)
         union all select taken.id, 2, beside.source
             from (select id, unnest(related_to) as partner from taken) taken join beside on beside.id = partner
         union all select taken.id, 3, beside.source from taken join beside using (cluster)
             where taken.reason is not null and taken.id <> beside.id),
     now as (select row.id, min(row.reason) as reason from row join harmed using (id)
             where harmed.kind = 'removed' and not list_contains($past, row.reason) group by row.id),
     first as (select id, min_by(source, (rank, source)) as by from blame group by id)
select id, harmed.source, title, url, kind, cause,
       what || coalesce(' as ' || now.reason, '') as what, first.by, old_file, new_file
from harmed left join first using (id) left join now using (id) order by id
"""


def harmed(table: pa.Table, old: Path, new: Path, tried: Tried, gone: Collection[str] = ()) -> list[Harm]:
    """The published articles that a staged version would harm, of its `changes.compare`, by id.

    `old` and `new` are the folders of both; `gone` the captures that were taken back, whose articles go with them. To
    blame is the new page of the article itself, or the one that took its place, or a part of its text, as a copy.
    """
    counts = pc.and_(pc.not_equal(table["kind"], "added"), pc.not_equal(table["cause"], "correction"))
    table = table.filter(counts)
    if not table.num_rows:
        return []
    olds = [str(old / file) for file in sorted(set(table["old_file"].to_pylist()))]
    news = [str(new / file) for file in sorted({f for f in table["new_file"].to_pylist() if f})]
    with connected() as db:
        db.register("change", table)
        db.execute(_HARMED, {"old": olds, "new": news or olds[:1], "any": bool(news), "gone": sorted(gone)})
        ids = [ident for (ident,) in db.execute("select id from harmed").fetchall()]
        if not ids:
            return []
        _load_tried(db, tried)
        paths = _telling(old, new, ids) if tried.captures is None else rows_of(new)
        rows = db.execute(
            _BLAMED,
            {"rows": [str(path) for path in paths], "split": SPLIT_FROM, "past": sorted(NO_DOCUMENT)},
        ).fetchall()
    names = ("id", "source", "title", "url", "kind", "cause", "what", "by", "old_file", "new_file")
    found = [Harm(**dict(zip(names, row, strict=True))) for row in rows]
    # what its site reserves goes at once: nobody is asked whether that is heard
    return [each for each in found if each.what != f"removed as {Reason.RESERVED}"]


def _telling(old: Path, new: Path, ids: Sequence[str]) -> list[Path]:
    """The files of an increment that say who did it: those that were written, and those with rows of the articles."""
    about = IdIndex(old).files(ids)
    names = {path: f"{path.parent.name}/{path.name}" for path in rows_of(new)}
    return [path for path, name in names.items() if name in about or not is_linked(new, old, name)]


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
    causes = ", ".join(f"{n} {word}" for word, n in Counter(each.cause for each in harms).most_common())
    return f"{len(harms)} of {published} published articles of {name}: {what} (by cause: {causes})"


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
    names = [fault.source for fault in faults]
    lines = [f"nothing was published: articles of {', '.join(names)} would be harmed, and no new page did it"]
    told = []
    for fault in faults:
        lines.append(fault.told)
        samples = _samples(fault.rows, old, new)
        for each in samples:
            title = each["title"] or "(no title)"
            lines.append(f"  {each['what']} (cause: {each['cause']}): {title}  {each['url']}")
            shown = difference(each["before"] or "", each["after"] or "", 4 if each["new_file"] else 1)
            lines += [f"    {line}" for line in shown]
        told.append(
            {"source": fault.source, "why": fault.why, "articles": len(fault.rows), "samples": samples}
        )
    lines += [
        "`corpus rebuild --preview` shows more of it. Put the rule, the selector or the source file right, or take it"
        f" as it is: `corpus {command} --confirm {' '.join(names)}`"
    ]
    return RefusedError("\n".join(lines), {"harm": told, "confirm": names})
