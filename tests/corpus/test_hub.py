"""A version exported to a stand-in of the Hugging Face hub by the hub's own client, and read back."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus.exports import exported
from pipeline.errors import CorpusError, NoSpaceError
from tests.corpus.hub_server import REPOSITORY, Hub, hub
from tests.corpus.test_export import CHILD, EXPORTED, ROOT, built, clean, revise

__all__ = ["built", "clean"]
TO = f"hf://datasets/{REPOSITORY}"


@pytest.fixture
def there() -> Iterator[Hub]:
    with hub() as running:
        yield running


def run(there: Hub, *line: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: the client reads where the hub is when it is imported. Xet needs the real hub."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "AWS_"))},
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": there.url,
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return subprocess.run(
        [sys.executable, *line], capture_output=True, text=True, check=False, cwd=ROOT, env=env
    )


def export(there: Hub, clean: Path, *line: str) -> dict[str, Any]:
    done = run(there, "-m", "pipeline.cli", "export", "--json", "--clean", str(clean), "--to", TO, *line)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_version_is_a_commit_and_a_tag_and_the_next_one_sends_what_is_new(there: Hub, clean: Path) -> None:
    export(there, clean, "--version", "2.1")
    assert (len(there.commits), list(there.tags)) == (2, ["2.1.0"])
    assert there.bytes_of("main") == there.bytes_of("2.1.0") == files_of(clean / "2.1.0")
    assert ".gitattributes" in there.commits[-1]
    there.puts.clear()
    (again,) = export(there, clean, "--version", "2.1")["versions"]
    assert (again["sent"], there.puts, len(there.commits)) == (0, [], 2)
    (moved,) = export(there, clean)["versions"]
    assert there.bytes_of("main") == files_of(clean / "2.2.0")
    assert there.bytes_of("2.1.0") == files_of(clean / "2.1.0")
    assert moved["there"] > 5
    assert 0 < len(there.puts) < moved["sent"]
    done = run(there, "-m", "pipeline.cli", "export", "--clean", str(clean), "--to", TO, "--version", "2.1")
    assert done.returncode == 3
    assert "2.2.0 is there, and main holds it" in done.stderr


def test_it_is_read_back_by_tag(there: Hub, clean: Path) -> None:
    export(there, clean, "--version", "2.1")
    export(there, clean)
    code = f"""
from pipeline.corpus import list_versions, read
assert list_versions({TO!r}) == ["2.1.0", "2.2.0"]
for url, version in (({TO!r}, None), ({TO!r}, "2.1"), ({TO + "@2.1.0"!r}, None)):
    here = read({str(clean)!r}, version=version or ("2.1.0" if "@" in url else None))
    assert read(url, version=version).equals(here)
    assert read(url, version=version, columns=["id"]).equals(here.select(["id"]))
"""
    done = run(there, "-c", code)
    assert done.returncode == 0, done.stderr


def test_what_was_taken_down_is_gone_for_good(there: Hub, clean: Path) -> None:
    export(there, clean, "--version", "2.1")
    export(there, clean)
    before = set(there.objects)
    (path,) = sorted((clean / "2.2.0/articles").glob("2026-11-01-*.parquet"))
    taken = there.commits[-1][f"articles/{path.name}"]
    revise(clean, "2.2.0", "2.2.1")
    assert export(there, clean)["removed"] == ["2.2.0"]
    assert sorted(there.tags) == ["2.1.0", "2.2.1"]
    assert there.bytes_of("main") == files_of(clean / "2.2.1")
    assert there.bytes_of("2.1.0") == files_of(clean / "2.1.0"), "still whole: it has not been revised"
    revise(clean, "2.1.0", "2.1.1")
    assert export(there, clean)["unknown"] == ["2.1.0"]
    assert taken in there.objects
    assert export(there, clean, "--sync")["removed"] == ["2.1.0"]
    assert sorted(there.tags) == ["2.2.1"]
    assert taken in before - set(there.objects)
    assert there.bytes_of("main") == files_of(clean / "2.2.1")
    assert [v for v, to in exported(clean) if to == TO] == ["2.2.1"]


def test_a_removal_that_was_killed_is_finished(there: Hub, clean: Path) -> None:
    export(there, clean)
    revise(clean, "2.2.0", "2.2.1")
    there.fails = "/lfs-files/batch"
    done = run(there, "-m", "pipeline.cli", "export", "--clean", str(clean), "--to", TO)
    assert done.returncode == 1
    assert f"{TO}: " in done.stderr
    assert "run again to go on" in done.stderr
    there.fails = ""
    before = len(there.objects)
    export(there, clean)
    assert len(there.objects) < before
    assert [v for v, to in exported(clean) if to == TO] == ["2.2.1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "code"),
    [(0, -9), (errno.ENOSPC, NoSpaceError.exit_code), (errno.EIO, CorpusError.exit_code)],
    ids=["killed", "full", "broken"],
)
def test_after_a_fault_anywhere_the_hub_holds_the_one_version_or_the_other(
    there: Hub, clean: Path, fault: int, code: int
) -> None:
    export(there, clean, "--version", "2.1")
    old, new = files_of(clean / "2.1.0"), files_of(clean / "2.2.0")
    for step in range(3, 1_000, 37):
        done = run(there, "-c", CHILD, str(clean), TO, str(step), str(fault))
        assert there.bytes_of("main") in (old, new)
        assert there.bytes_of("2.1.0") == old
        if "2.2.0" in there.tags:
            assert there.bytes_of("2.2.0") == new
        if done.returncode == EXPORTED:
            break
        assert done.returncode == code, done.stderr
    assert step > 40, "at several places"
    assert (there.bytes_of("main"), sorted(there.tags)) == (new, ["2.1.0", "2.2.0"])


@pytest.mark.parametrize(
    ("to", "fails", "code", "words"),
    [
        ("hf://datasets/zh", "", 2, "hf://datasets/NAME/REPOSITORY"),
        ("hf://datasets/somebody/else", "", 1, "hf://datasets/somebody/else: "),
        (TO, "/commit/main", 1, "no permission"),
    ],
)
def test_what_the_hub_refuses_is_one_line(
    there: Hub, clean: Path, to: str, fails: str, code: int, words: str
) -> None:
    there.fails = fails
    done = run(there, "-m", "pipeline.cli", "export", "--clean", str(clean), "--to", to)
    assert done.returncode == code
    (line,) = done.stderr.strip().splitlines()
    assert words in line
    assert not there.tags
    if to == TO:  # what was sent before it stopped is not sent again
        there.fails = ""
        assert there.puts
        there.puts.clear()
        export(there, clean)
        assert (there.puts, list(there.tags)) == ([], ["2.2.0"])


def test_another_corpus_is_not_written_over(there: Hub, clean: Path) -> None:
    export(there, clean)
    there.commits[-1]["manifest.json"] = b"{}"
    done = run(there, "-m", "pipeline.cli", "export", "--clean", str(clean), "--to", TO)
    assert done.returncode == 3
    assert "another version of this name" in done.stderr
    shutil.rmtree(clean)
