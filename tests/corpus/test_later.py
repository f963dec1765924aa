"""What becomes of a corpus whose newest version is of a later schema: nothing is made of it, or upon it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.corpus.publish import point_latest
from pipeline.corpus.read import MANIFEST, documents, list_versions, read
from pipeline.corpus.schema import SCHEMA_VERSION
from pipeline.errors import UsageError
from tests.corpus.archives import job, story_page, write

KNOWN, LATER = f"{SCHEMA_VERSION}.1.0", f"{SCHEMA_VERSION + 1}.2.0"

REFUSED = (
    ["read"],
    ["explain", story_page(0).url],
    ["diff", KNOWN, LATER],
    ["versions"],
    ["verify"],
    ["verify", "--version", LATER],
    ["verify", "--rebuild", LATER],
    ["build"],
    ["rebuild"],
    ["rebuild", "--preview"],
    ["maintain"],
    ["takedown", story_page(0).url, "--ticket", "T-1", "--confirm"],
    ["rollback", KNOWN, "--why", "another"],
    ["export", "--to", "elsewhere"],
)
"""Commands that open the newest version, all of them or some."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version, and the next as a later release may have made it: of the same files, not all of which need count."""
    folder = tmp_path_factory.mktemp("later")
    (folder / "sources").mkdir()
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    later = folder / "clean" / LATER
    shutil.copytree(folder / "clean" / KNOWN, later)
    said = json.loads((later / MANIFEST).read_text(encoding="utf-8"))
    said |= {"version": LATER, "parent": KNOWN, "more": "what this code has no field for"}
    (later / MANIFEST).chmod(0o644)
    (later / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
    point_latest(folder / "clean", LATER, folder)
    return folder


def standing(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for top in ("clean", "raw/warc")
        for path in (folder / top).rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("line", REFUSED, ids=" ".join)
def test_no_command_takes_it_for_one_it_knows(
    made: Path, line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    before = standing(made)
    assert main(line) == UsageError.exit_code
    said = capsys.readouterr()
    assert (
        f"a version of schema {SCHEMA_VERSION + 1}, and this package knows them up to {SCHEMA_VERSION}"
        in said.err
    )
    assert LATER not in said.out
    assert standing(made) == before, "nothing was written, taken out or collected"
    assert not (made / "elsewhere").exists()


def test_an_earlier_version_is_read_by_its_name(made: Path) -> None:
    clean = made / "clean"
    assert list_versions(clean) == [KNOWN, LATER]
    assert read(clean, version=KNOWN).num_rows == len(list(documents(clean, version=KNOWN))) == 2
    with pytest.raises(UsageError, match="update it, or ask for an earlier version"):
        read(clean)
