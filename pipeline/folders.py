"""The folders a run works on, and what people declare in them: sources and corrections.

Every command takes them, so it starts with the standard library; what reads them is imported when they are read.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.corpus.job import Job
    from pipeline.corrections import Correction
    from pipeline.records import Source

SOURCES = Path("sources")
"""Where source declarations stand unless told otherwise; a build does without them when it is not there."""

CORRECTIONS = Path("corrections")
"""The same for corrections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The folders a run works on."""

    sources: Path = SOURCES
    """Source declarations."""
    corrections: Path = CORRECTIONS
    """Corrections of single documents."""
    raw: Path = Path("raw")
    """The archive."""
    clean: Path = Path("clean")
    """The corpus."""
    work: Path | None = None
    """Shards and staging, of one build at a time; None: `.build/<name of the corpus>` beside the corpus."""
    workers: int = 2
    """Worker processes for extraction and normalization."""
    dask: str | None = None
    """Dask scheduler to use instead of worker processes."""
    user_agent: str | None = None
    """Who we say we are: name, version and where an operator can complain; None: as `crawler.toml` beside the sources
    says (pipeline/identity.py)."""

    def job(self, chosen: Sequence[Source]) -> Job:
        """A build of these folders; links are followed, so that two spellings are one corpus."""
        from pipeline.corpus.job import Job

        clean = self.clean.resolve()
        return Job(
            raw=self.raw,
            clean=clean,
            work=self.work or clean.parent / ".build" / clean.name,
            sources=tuple(chosen),
            workers=self.workers,
            dask=self.dask,
        )


def load_sources(folder: Path, names: Iterable[str] = ()) -> tuple[Source, ...]:
    """The declared sources, or those named; UsageError (SourceError) for a bad file or an unknown name."""
    from pipeline import sources

    declared = sources.load(folder)
    chosen = set(names)
    unknown = sorted(chosen - {s.name for s in declared})
    if unknown:
        have = [s.name for s in declared]
        near = difflib.get_close_matches(unknown[0], have, 1, 0.5)
        hint = f" did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"{folder}: no source named {', '.join(unknown)};{hint} There are {', '.join(have) or 'none'}"
        )
    return tuple(s for s in declared if not chosen or s.name in chosen)


def load_corrections(folder: Path) -> tuple[Correction, ...] | None:
    """The corrections; None where there is no folder of them. UsageError (CorrectionError) for a bad file."""
    from pipeline import corrections

    return None if folder == CORRECTIONS and not folder.exists() else corrections.load(folder)


def declared(folders: Folders) -> tuple[Source, ...]:
    """The sources a build reads its rules from; none where there is no folder of them."""
    return () if folders.sources == SOURCES and not SOURCES.exists() else load_sources(folders.sources)


def whole_job(folders: Folders) -> Job:
    """A build of all that is declared, sources and corrections; UsageError for a bad file.

    Whoever may make a version anew asks for this one: without the corrections its rows come out otherwise.
    """
    return replace(folders.job(declared(folders)), corrections=load_corrections(folders.corrections))
