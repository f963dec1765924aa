"""*Home*: how the sources stand, what is to be looked at, and the versions there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from pipeline.archive import withdrawn
from pipeline.archive.withdrawn import Run
from pipeline.corpus.holds import hold_words, on_hold
from pipeline.corpus.pins import pins
from pipeline.corpus.publish import read_manifest, totals
from pipeline.corpus.read import list_versions
from pipeline.health import standing
from pipeline.health.status import SourceStatus
from pipeline.look import pictures
from pipeline.look.asked import Asked
from pipeline.repairs import open_losses
from pipeline.report import health_words

LAST = 12
"""So many versions are listed, the newest ones; *Versions* has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version in a list."""

    version: str
    newest: datetime
    """Time of its newest capture, UTC."""
    articles: int
    dropped: int
    changes: dict[str, int]
    """kind:cause → documents."""
    said: tuple[str, ...]
    """Whose pin it bears, what it equals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source in a list."""

    status: SourceStatus
    weeks: Markup
    """New articles a week, as a picture."""
    articles: int
    """Published rows of the newest version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the page shows."""

    sources: tuple[SourceLine, ...]
    """The unwell first."""
    alarms: tuple[str, ...]
    """What somebody should look at, in sentences."""
    last_run: Run | None
    """The newest crawl or import."""
    versions: tuple[VersionLine, ...]
    """The newest first."""
    more: int
    """Versions that are not listed."""


def read(asked: Asked) -> Home:
    """How everything stands; an archive or a corpus that is not there yet says nothing of its half."""
    where = asked.folders
    statuses = standing.status(where) if where.sources.exists() and where.raw.is_dir() else ()
    have = list_versions(where.clean)
    lines = version_lines(asked, have[-LAST:])
    counts = read_manifest(where.clean / have[-1]).counts if have else {}
    crawled = withdrawn.runs(where.raw) if where.raw.is_dir() else []
    return Home(
        sources=tuple(
            SourceLine(
                status=each,
                weeks=pictures.sparkline(each.weeks, f"new articles of {each.source}, a week"),
                articles=counts.get(each.source, {}).get("articles", 0),
            )
            for each in sorted(statuses, key=lambda each: (not each.is_unwell, each.source))
        ),
        alarms=(*_held_up(asked), *health_words(statuses)),
        last_run=max(crawled, key=lambda run: run.last, default=None),
        versions=lines,
        more=len(have) - len(lines),
    )


def version_lines(asked: Asked, names: list[str]) -> tuple[VersionLine, ...]:
    """Some versions as they are listed, the newest first."""
    clean = asked.folders.clean
    found = pins(clean)
    lines = []
    for manifest in (read_manifest(clean / name) for name in reversed(names)):
        total = totals(manifest)
        back = [f"back to {manifest.equal_to}: {manifest.why}"] if manifest.equal_to else []
        lines.append(
            VersionLine(
                version=manifest.version,
                newest=manifest.created_at,
                articles=total["articles"],
                dropped=sum(total.values()) - total["articles"],
                changes=manifest.changes,
                said=(*back, *(pin.words for pin in found if manifest.version in pin.versions)),
            )
        )
    return tuple(lines)


def _held_up(asked: Asked) -> list[str]:
    """What holds up all sources: a rollback that is not released, losses nobody took note of."""
    hold = on_hold(asked.folders.clean)
    lost = open_losses(asked.folders.raw, asked.folders.clean)
    told = [f"Nothing is published: {hold_words(hold)}."] if hold is not None else []
    return told + [f"Lost, and not acknowledged with `corpus repair --ack`: {each}." for each in lost]
