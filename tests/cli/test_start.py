"""What a command imports before it works: a start takes what is imported, so each may import what is named here.

`python -m benchmarks.light` takes the CPU seconds; here it is what is loaded, which no busy machine changes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli.command import COMMANDS, parser
from pipeline.corpus.build import build
from tests.corpus.archives import job, story_page, write
from tests.test_docs import commands

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import contextlib, io, json, sys
from pipeline.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        code = main(sys.argv[1:])
    except SystemExit as stop:
        code = stop.code
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
libraries = {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
rooms = {name.split(".")[1] for name in files if name.startswith("pipeline.")}
json.dump([code, sorted(libraries), sorted(rooms)], sys.stdout)
"""

HIDDEN = {"_distutils_hack", "cloudpickle", "coverage", "_cffi_backend", "numpy", "markupsafe"}
"""What libraries bring that they do not need, or the tests' environment does."""

BARE = {"cli", "errors", "markdown", "printable", "records"}
READER = {*BARE, "corpus"}
ARCHIVE = {*READER, "archive", "locking", "rules", "web"}
PANDAS = {"pandas", "dateutil", "pytz", "six", "_cyutility"}
"""What Arrow imports for a filter where it is there: in the tests' environment, not in a user's."""
EXPLAINS = {*ARCHIVE, "dedupe", "explain", "normalize", "origin", "spans"}
FROM_ARCHIVE = {"pyarrow", "ada_url", "fastwarc", "filelock", "tld"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    write(folder / "raw", [story_page(3, fetched_at=story_page(3).fetched_at + timedelta(days=1))], "run-2")
    build(job(folder))
    return folder


@pytest.mark.parametrize(
    ("line", "libraries", "rooms"),
    [
        (["--version"], set(), BARE),
        (["versions"], {"pyarrow", *FROM_ARCHIVE}, ARCHIVE),
        (["changes", "--since", "2.1"], {"pyarrow", *PANDAS}, READER),
        (["read"], {"pyarrow"}, READER),
        (["read", "--format", "markdown", "--version", "2.1"], {"pyarrow"}, READER),
        (["explain", "https://news.example/a/0.html"], {*PANDAS, *FROM_ARCHIVE, "opencc"}, EXPLAINS),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_command_imports_what_it_needs(
    corpus: Path, line: list[str], libraries: set[str], rooms: set[str]
) -> None:
    where = [] if line == ["--version"] else [f"--clean={corpus / 'clean'}"]
    where += [f"--raw={corpus / 'raw'}"] if line[0] == "explain" else []
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *line, *where],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=env,
    )
    code, loaded, ours = json.loads(done.stdout)
    assert code == 0
    assert {each for each in loaded if not each.startswith("__editable__")} - HIDDEN <= libraries
    assert set(ours) <= rooms


def test_every_command_has_its_module() -> None:
    whole = {name for name in commands(parser()) if " " not in name}
    assert whole == set(COMMANDS)
    for name in COMMANDS:
        assert name in commands(parser(name))
