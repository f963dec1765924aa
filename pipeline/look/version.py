"""*Versions* and *Version*: what a version holds, what it changed and why, and how its texts measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from pipeline import runs
from pipeline.corpus.pins import pins
from pipeline.corpus.publish import read_manifest, totals
from pipeline.corpus.read import hash_of, latest, list_versions
from pipeline.errors import CorpusError
from pipeline.look import diff, pictures
from pipeline.look.asked import Asked
from pipeline.look.diff import Change, Tally
from pipeline.look.home import VersionLine, version_lines
from pipeline.look.measures import Spread, spreads
from pipeline.look.pictures import Bar
from pipeline.records import Manifest
from pipeline.report import upgrade_words

SAMPLES = 5
"""So many changed documents are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What the page shows."""

    manifest: Manifest
    digest: str
    """SHA-256 of its SHA256SUMS."""
    is_latest: bool
    before: str | None
    """The version before it that is still there; None: it is the oldest."""
    after: str | None
    pins: tuple[str, ...]
    total: int
    """Published rows."""
    sources: tuple[tuple[str, int, int], ...]
    """(source, published, dropped), by name."""
    published: Markup
    """Published rows by source, as a picture."""
    dropped: tuple[tuple[str, int], ...]
    """(reason, rows), the most first."""
    reasons: Markup
    tallies: tuple[Tally, ...]
    """What it changed against its parent."""
    has_parent: bool
    """Whether that is still there to be compared with."""
    samples: tuple[Change, ...]
    spreads: tuple[Spread, ...]
    """The measures of all its rows that were measured."""


def read_list(asked: Asked) -> tuple[VersionLine, ...]:
    """*Versions*: all there are, the newest first."""
    return version_lines(asked, list_versions(asked.folders.clean))


def read(asked: Asked) -> Version:
    """*Version*: UsageError where there is none of that name."""
    folder = asked.version
    manifest = read_manifest(folder)
    total = totals(manifest)
    sources = tuple(
        (name, counts.get("articles", 0), sum(counts.values()) - counts.get("articles", 0))
        for name, counts in sorted(manifest.counts.items())
    )
    dropped = tuple((reason, n) for reason, n in total.most_common() if reason != "articles" and n)
    have = list_versions(folder.parent)
    place = have.index(folder.name)
    parent = folder.parent / manifest.parent if manifest.parent in have else None
    tallies, samples = _changes(manifest, parent, folder)
    digest = hash_of(folder)
    return Version(
        manifest=manifest,
        digest=digest,
        is_latest=folder.name == latest(folder.parent),
        before=have[place - 1] if place else None,
        after=have[place + 1] if place + 1 < len(have) else None,
        pins=tuple(pin.words for pin in pins(folder.parent) if manifest.version in pin.versions),
        total=total["articles"],
        sources=sources,
        published=pictures.bars(
            [Bar(label=name, value=n, told=f"{n:,}") for name, n, _ in sources],
            "Published articles by source",
        ),
        dropped=dropped,
        reasons=pictures.bars(
            [Bar(label=reason, value=n, told=f"{n:,}") for reason, n in dropped],
            "Rows not published, by reason",
        ),
        tallies=tallies,
        has_parent=parent is not None or manifest.parent is None,
        samples=samples,
        spreads=spreads(folder, digest),
    )


def _changes(
    manifest: Manifest, parent: Path | None, folder: Path
) -> tuple[tuple[Tally, ...], tuple[Change, ...]]:
    """What a version changed against its parent, and samples; what it says of that outlives the parent."""
    with diff.changed(manifest.parent, folder) as db:
        found = diff.samples(db, parent, folder, SAMPLES) if parent is not None else []
        return diff.tallied(db), tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What a build would do now."""

    lines: tuple[str, ...]
    """In sentences."""


def read_ahead(asked: Asked) -> Ahead:
    """*A build now*: what `corpus build --plan` says; it looks at archive, rules and shards, and makes nothing."""
    try:
        seen, seconds = runs.foresee(asked.folders)
    except CorpusError as error:
        return Ahead(lines=(str(error),))
    lines = upgrade_words(seen, seconds)
    if not lines:
        new = f"{seen.files} archive files are new, {seen.compare} pages in them."
        lines = [new if seen.files else "Nothing is new."]
    return Ahead(lines=tuple(lines))
