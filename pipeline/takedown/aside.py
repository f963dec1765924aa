"""What repairs set aside, freed of documents that are taken down: damaged bytes, and the addresses in their journal."""

from __future__ import annotations

from pipeline.archive import damage
from pipeline.archive.takedowns import Takedown
from pipeline.corpus.job import Job
from pipeline.corpus.restore import quarantine
from pipeline.takedown.grams import load
from pipeline.takedown.search import PARQUET, search


def remove_set_aside(job: Job, takedown: Takedown) -> None:
    """Remove the damaged bytes that print some of the texts, and the lost captures of the pages from the journal.

    These bytes never were a capture, or were restored, so nothing is lost with them. A damaged Parquet file that cannot
    be read goes as well where it was one of a version concerned: nothing tells that the texts are not in it.
    """
    wanted, concerned = load(job.raw, takedown.ticket), {was for was, _ in takedown.versions}
    for folder in (job.raw / "quarantine", quarantine(job.clean)):
        for path in (each for each in sorted(folder.rglob("*")) if each.is_file()):
            said = [grams for _, grams in search(job.raw, path, wanted)]
            version = path.relative_to(folder).parts[0]
            if any(said) or (said and PARQUET in path.suffixes and version in concerned):
                path.unlink()
    damage.forget(job.raw, frozenset(takedown.urls))
