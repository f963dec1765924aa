"""What the journal of a takedown says, done: each step changes nothing where it was done before.

hide from readers → blocklist → bodies for pages that stay → archive files → damaged bytes set aside → ledger
→ revisions of the versions → shards → done, shown again
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from pipeline.archive import blocklist, takedowns
from pipeline.archive.blocklist import Entry
from pipeline.archive.embody import embody
from pipeline.archive.removal import cut
from pipeline.archive.sealing import SealedFile
from pipeline.archive.store import WARC, write_whole
from pipeline.archive.takedowns import Changed, Takedown
from pipeline.corpus import feed_files, masking
from pipeline.corpus.job import Job, Progress
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import HIDDEN, list_versions
from pipeline.corpus.revision import Removal, replace_version, revise
from pipeline.corpus.shards import STAGES
from pipeline.crawl.forgetting import forget
from pipeline.records import InputFile
from pipeline.takedown import grams
from pipeline.takedown.aside import remove_set_aside
from pipeline.takedown.places import Plan

_SHARD = re.compile(r"-[0-9a-f]{12}$")
"""What the name of a shard has behind that of its archive file."""


def begin(job: Job, plan: Plan) -> Takedown:
    """Write the journal: from here on the takedown happens, whatever is killed."""
    folder = job.raw / takedowns.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    grams.save(job.raw, plan.takedown.ticket, plan.grams)
    takedowns.write(job.raw, plan.takedown)
    return plan.takedown


def carry_out(job: Job, takedown: Takedown, progress: Progress) -> Takedown:
    """Do what the journal says, to its end; for the holder of the locks of archive and corpus.

    OSError where the disk is full or fails: the documents stay hidden, the next command goes on.
    """
    _hide(job, takedown)
    entries = (Entry(ticket=takedown.ticket, on=takedown.on, kind=k, value=v) for k, v in takedown.blocked)
    blocklist.add(job.raw, entries)
    for file in takedown.warc:
        embody(job.raw, file.file, takedown.captures)
    sealed: dict[str, SealedFile | None] = {}
    for number, file in enumerate(takedown.warc, 1):
        sealed[file.file] = cut(job.raw, file.file, takedown.captures, takedown.ticket, takedown.at)
        progress("archive", number, len(takedown.warc))
    remove_set_aside(job, takedown)
    forget(job.raw, frozenset(takedown.urls), takedown.captures, sealed.keys())
    _revise(job, takedown, sealed, progress)
    stems = {Path(file).name.removesuffix(WARC) for file in (*sealed, *takedown.reread)}
    for work in (job.work, *nested(job.work)):
        masking.forget(work)
        _remove_shards(work, stems)
    done = replace(
        takedown,
        done=True,
        warc=tuple(_after_cut(file, sealed[file.file]) for file in takedown.warc),
        files=_after(job, takedown),
    )
    (job.clean / HIDDEN).unlink(missing_ok=True)
    takedowns.write(job.raw, done)
    return done


def _hide(job: Job, takedown: Takedown) -> None:
    if job.clean.is_dir() and takedown.documents:
        write_whole(job.clean / HIDDEN, "".join(f"{ident}\n" for ident in takedown.documents).encode())


def _revise(job: Job, takedown: Takedown, sealed: dict[str, SealedFile | None], progress: Progress) -> None:
    inputs = {(file.file, file.before): _input(sealed[file.file]) for file in takedown.warc}
    removal = Removal(takedown=takedown, inputs=inputs)
    # from the newest on: what an older revision of a release has for successor must be there
    for number, (was, now) in enumerate(reversed(takedown.versions), 1):
        have = list_versions(job.clean)
        if was in have and now not in have:
            revise(job, was, now, removal)
        if was in have:
            replace_version(job, was, now, takedown.ticket)
        progress("versions", number, len(takedown.versions))
    feed_files.mend(job.clean, job.work)  # killed between a revision and its file
    for left in job.work.glob("collected-*"):
        shutil.rmtree(left)


def _input(file: SealedFile | None) -> InputFile | None:
    return None if file is None else InputFile(file=file.file, sha256=file.sha256, captures=file.pages)


def nested(work: Path) -> list[Path]:
    """The work folders of other corpora inside a work folder: what was made of the same archive stands there too."""
    return sorted({path.parent for stage in STAGES for path in work.glob(f"*/**/{stage}-*") if path.is_dir()})


def _remove_shards(work: Path, stems: set[str]) -> None:
    """Remove what extraction and normalization made of the archive files, under whatever rules."""
    for stage in STAGES:
        for path in sorted(work.glob(f"{stage}-*/*")):
            if _SHARD.sub("", path.stem) in stems:
                path.unlink()


def _after_cut(file: Changed, sealed: SealedFile | None) -> Changed:
    return replace(file, after=None if sealed is None else sealed.sha256)


def _after(job: Job, takedown: Takedown) -> tuple[Changed, ...]:
    """What became of the files of the versions."""
    now = dict(takedown.versions)
    sums = {
        version: {file.file: file.sha256 for file in read_manifest(job.clean / version).files}
        for version in set(now.values())
        if (job.clean / version).is_dir()
    }
    found = []
    for file in takedown.files:
        was, _, name = file.file.partition("/")
        found.append(replace(file, after=sums.get(now[was], {}).get(name)))
    return tuple(found)
