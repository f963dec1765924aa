"""Whether a rollback holds the builds of a corpus (rollback.py), for who only looks."""

from __future__ import annotations

from pathlib import Path

from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions
from pipeline.records import Manifest

RELEASED = "RELEASED"
"""File of the corpus that names the rollback whose hold has ended."""


def on_hold(clean: Path) -> Manifest | None:
    """The rollback on whose account builds publish nothing; None: they do."""
    have = list_versions(clean)
    if not have:
        return None
    newest = read_manifest(clean / have[-1])
    if newest.equal_to is None:
        return None
    path = clean / RELEASED
    released = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    # a takedown makes a revision of it, which is released as it was
    return None if _release_of(released) == _release_of(newest.version) else newest


def _release_of(version: str) -> str:
    """SCHEMA.RELEASE of a version, whatever its revision."""
    return version.rpartition(".")[0]


def hold_words(rolled_back: Manifest) -> str:
    """Why a build published nothing, and the way out."""
    return (
        f"{rolled_back.version} went back to {rolled_back.equal_to} ({rolled_back.why}), so nothing is published until"
        " `corpus rollback --release`; `corpus rebuild --preview` shows what would be"
    )
