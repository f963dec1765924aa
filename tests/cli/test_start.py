"""What a command imports before it works: a start takes what is imported, so each may import what is named here.

`python -m benchmarks.light` takes the CPU seconds; here it is what is loaded, which no busy machine changes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli.command import COMMANDS, parser
from pipeline.cli.options import leaves
from pipeline.corpus.build import build
from tests.corpus.archives import job, story_page, write
from tests.test_docs import commands

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import contextlib, io, json, sys
from pipeline.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
libraries = {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
rooms = {name.split(".")[1] for name in files if name.startswith("pipeline.")}
json.dump([code, sorted(libraries), sorted(rooms)], sys.stdout)
"""

HIDDEN = {"_distutils_hack", "_duckdb", "cloudpickle", "coverage", "_cffi_backend", "numpy", "markupsafe"}
"""What libraries bring that they do not need, or the tests' environment does."""

BARE = {"cli", "errors", "markdown", "printable", "records"}
READER = {*BARE, "corpus"}
ARCHIVE = {*READER, "archive", "locking", "rules", "web"}
EXPLAINS = {*ARCHIVE, "dedupe", "explain", "normalize", "origin", "spans"}
DECLARED = {*BARE, "folders", "rules", "sources", "tomlerrors", "tomlfile", "web"}
READS = {*ARCHIVE, "crawl", "dedupe", "linking"}
STANDING = {*READS, *DECLARED, "health", "report"}
FROM_ARCHIVE = {"pyarrow", "ada_url", "fastwarc", "filelock", "tld"}
DECLARATIONS = {"ada_url", "selectolax", "tld"}
TIMES = {"dateutil", "pytz", "six"}
"""What Arrow makes time zones with, where it is there."""
JOINS = {"duckdb", "pebble"}
"""What joins and writes a version's files; the pool of workers comes with it."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    write(folder / "raw", [story_page(3, fetched_at=story_page(3).fetched_at + timedelta(days=1))], "run-2")
    build(job(folder))
    (folder / "sources").mkdir()
    (folder / "sources/example.toml").write_text(
        'home = "https://news.example/"\nurls = ["https://news.example/a/0.html"]\n'
    )
    (folder / "texts.jsonl").write_text('{"id": "a", "site": "b", "url": "c", "title": "d", "text": "e"}\n')
    return folder


@pytest.mark.parametrize(
    ("line", "libraries", "rooms"),
    [
        (["--version"], set(), BARE),
        (["--help"], set(), BARE),
        (["source", "--help"], set(), {*BARE, "folders"}),
        (["source", "check"], {*DECLARATIONS, "rich"}, DECLARED),
        (["ledger", "rebuild"], FROM_ARCHIVE | TIMES, {*ARCHIVE, "crawl"}),
        (["normalize"], {"opencc"}, {*BARE, "folders", "normalize", "rules"}),
        (
            ["dedupe", "texts.jsonl"],
            {"pyarrow", "duckdb"},
            {*BARE, "corpus", "dedupe", "folders", "linking", "rules"},
        ),
        (["status"], {*FROM_ARCHIVE, *DECLARATIONS, *JOINS}, STANDING),
        (["held"], {*FROM_ARCHIVE, *JOINS}, {*ARCHIVE, "dedupe", "linking"}),
        (["report"], {*FROM_ARCHIVE, *JOINS, *TIMES}, {*READS, "explain", "report", "repairs"}),
        (["versions"], {"pyarrow", *FROM_ARCHIVE}, ARCHIVE),
        (["changes", "--since", "2.1"], {"pyarrow"}, READER),
        (["read"], {"pyarrow"}, READER),
        (["read", "--format", "markdown", "--version", "2.1"], {"pyarrow"}, READER),
        (["explain", "https://news.example/a/0.html"], {*FROM_ARCHIVE, *TIMES, "opencc"}, EXPLAINS),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_command_imports_what_it_needs(
    corpus: Path, tmp_path: Path, line: list[str], libraries: set[str], rooms: set[str]
) -> None:
    here = shutil.copytree(corpus, tmp_path / "here", symlinks=True)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *line],
        capture_output=True,
        text=True,
        check=True,
        cwd=here,
        input="",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    code, loaded, ours = json.loads(done.stdout)
    assert code == 0
    assert {each for each in loaded if not each.startswith("__editable__")} - HIDDEN <= libraries
    assert set(ours) <= rooms


def test_every_command_has_its_module() -> None:
    whole = {name for name in commands(parser()) if " " not in name}
    assert whole == set(COMMANDS)
    for name in COMMANDS:
        asked = commands(parser(name))[name]
        assert all(leaf.get_default("run") for leaf in leaves(asked)), "it is there to be run, not only named"
