"""An older version published again as a new release, and the hold that keeps it: nothing is published until released.

`latest` never moves backwards in silence: a rollback is a release like any other, with a number of its own, a place in
the change feed and its reason in manifest and card. Its files are hard links to those of the version it equals. While
it is the newest version builds publish nothing, or the next refresh would bring back what was wrong; crawls go on, and
`corpus rebuild --preview` shows what a build would publish. `corpus rollback --release` ends that: the next build goes
on from the rollback with whatever the archive holds and the rules say by then.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from pipeline.archive import takedowns
from pipeline.archive.store import write_whole
from pipeline.corpus import changes as changing
from pipeline.corpus import feed, feed_files, publish, tombstones
from pipeline.corpus.card import CARD, write_card
from pipeline.corpus.holds import RELEASED, on_hold
from pipeline.corpus.job import Job, locked, recover, staging
from pipeline.corpus.read import CHANGES_FILE, list_versions, version_folder, version_key
from pipeline.corpus.schema import SCHEMA_VERSION, TABLES, write_parquet
from pipeline.corpus.sums import Sums
from pipeline.errors import RefusedError, UsageError
from pipeline.linking import link_or_copy
from pipeline.records import Manifest

logger = logging.getLogger("pipeline.corpus")

ROLLBACK = "rollback"
"""Cause of every change of such a release."""


def rollback(job: Job, version: str, why: str) -> Manifest:
    """Publish a new release equal to an older version; its manifest. Builds publish nothing from then on.

    UsageError for an unknown version, the newest one, one of an earlier schema or no reason; CorpusError where the
    version is not as it was published; BusyError while a build is at work.
    """
    why = " ".join(why.split())
    if not why:
        raise UsageError("say --why: it stands in the manifest and the card of the release")
    with locked(job), staging(job) as folder:
        recover(job)
        target = version_folder(job.clean, version)
        newest = publish.read_manifest(job.clean / list_versions(job.clean)[-1])
        if target.name == newest.version:
            raise UsageError(
                f"{target}: {target.name} is the newest version; there is nothing to go back from"
            )
        if version_key(target.name)[0] != SCHEMA_VERSION:
            raise UsageError(
                f"{target}: {target.name} is of an earlier schema than this release would be ({SCHEMA_VERSION});"
                f" read it under its own name, `corpus pin {target.name}` keeps it"
            )
        try:
            return _publish(job, folder, target, newest, why)
        except OSError as error:
            raise publish.disk_error(error, Path(error.filename or job.work)) from error


def _publish(job: Job, folder: Path, target: Path, newest: Manifest, why: str) -> Manifest:
    old = publish.read_manifest(target)
    Sums(target).check(file.file for file in old.files)
    for table in TABLES:
        (folder / table).mkdir()
    for file in old.files:
        if file.file not in (CHANGES_FILE, *CARD):
            (folder / file.file).parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(target / file.file, folder / file.file)
    table = changing.compare(job.clean / newest.version, folder)
    at = table.schema.get_field_index("cause")
    table = table.set_column(at, table.schema.field(at), pa.array([ROLLBACK] * table.num_rows, pa.string()))
    write_parquet(table, folder / CHANGES_FILE)
    tombstones.write(folder, tombstones.of(takedowns.all_of(job.raw)))
    known = {file.file: file for file in old.files}
    manifest = replace(
        old,
        version=publish.next_version([*list_versions(job.clean), *feed.files(job.clean)]),
        parent=newest.version,
        changes=feed.summary(table),
        equal_to=target.name,
        why=why,
    )
    manifest = replace(manifest, files=publish.describe_files(folder, target, known))
    write_card(folder, manifest, {source.name: source.terms for source in job.sources})
    manifest = replace(manifest, files=publish.describe_files(folder, target, known))
    publish.write_manifest(folder, manifest)
    lasting = feed_files.stage(table, manifest.parent, manifest.version, job.work)
    publish.put_in_place(folder, job.clean, manifest.version)
    feed_files.put_in_place(lasting, job.clean, manifest.version)
    logger.info("published %s, equal to %s: %s", manifest.version, target.name, why)
    return manifest


def release(job: Job) -> Manifest:
    """Let builds publish again; the rollback that held them. RefusedError where none does."""
    with locked(job):
        held = on_hold(job.clean)
        if held is None:
            raise RefusedError(f"{job.clean}: no rollback holds it; builds publish as ever")
        write_whole(job.clean / RELEASED, f"{held.version}\n".encode())
    return held
