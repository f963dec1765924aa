"""Reading the corpus takes a light install: the wheel in an environment of its own, with pyarrow and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.corpus.build import build
from tests.corpus.archives import PLAIN, job, story_page, write

ROOT = Path(__file__).resolve().parent.parent

MOST_MB = 190
"""pyarrow 26.0.1 is 171 MB (and 5 MB compiled), so that the whole cannot be less; ours is held apart."""
MOST_OURS_MB = 9

LOADED = {
    "pipeline",
    "pipeline.corpus",
    "pipeline.corpus.feed",
    "pipeline.corpus.life",
    "pipeline.corpus.read",
    "pipeline.corpus.schema",
    "pipeline.errors",
    "pipeline.records",
}
"""The modules of ours that a reader imports."""


ALONE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
"""An environment in which pip does not take the checkout for what is installed."""


def run(*line: str | Path) -> str:
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=ALONE)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel as `pip install zh-article-corpus` gives it."""
    folder = tmp_path_factory.mktemp("light")
    for name in ("pipeline", "flows"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    run(sys.executable, "-m", "venv", folder / "env")
    python = folder / "env/bin/python"
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, folder / "source")
    (wheel,) = folder.glob("*.whl")
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    return python


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write(folder / "raw", [story_page(0), story_page(1)])
    build(job(folder))
    return folder / "clean"


@pytest.mark.slow
def test_what_is_installed_is_small(python: Path) -> None:
    found = json.loads(run(python, "-m", "pip", "list", "--format", "json"))
    assert {each["name"] for each in found} - {"pip", "setuptools"} == {"zh-article-corpus", "pyarrow"}
    (site,) = (python.parent.parent / "lib").glob("python*/site-packages")
    sizes = {top.name: _megabytes(top) for top in site.iterdir()}
    ours = sizes["pipeline"] + sizes["flows"]
    assert ours < MOST_OURS_MB
    assert ours + sum(size for name, size in sizes.items() if name.startswith("pyarrow")) < MOST_MB


def _megabytes(top: Path) -> float:
    return sum(path.lstat().st_size for path in (top, *top.rglob("*")) if path.is_file()) / 1e6


def test_a_version_is_read_with_pyarrow_alone(python: Path, clean: Path) -> None:
    code = f"""
import json, sys
import pyarrow.parquet
before = set(sys.modules)
from pipeline.corpus.read import documents, list_versions, read
clean = {str(clean)!r}
titles = [d.title for d in documents(clean)]
assert titles == read(clean, columns=["title"])["title"].to_pylist()
new = {{name: getattr(sys.modules[name], "__file__", None) or "" for name in set(sys.modules) - before}}
loaded = sorted(name for name, file in new.items() if "site-packages" in file)
json.dump([list_versions(clean), titles, loaded], sys.stdout)
"""
    versions, titles, loaded = json.loads(run(python, "-I", "-c", code))
    assert versions == ["2.1.0"]
    assert sorted(titles) == sorted([PLAIN[0].title, PLAIN[1].title])
    ours = {name for name in loaded if name.startswith("pipeline")}
    assert ours == LOADED
    assert {name.partition(".")[0] for name in loaded} <= {"pipeline", "pyarrow"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            ["-c", "from pipeline.corpus import read; read('https://example.cn/clean')"],
            "zh-article-corpus[remote]",
        ),
        (["-m", "pipeline.cli", "build"], "pip install 'zh-article-corpus[build]'"),
    ],
)
def test_what_the_light_install_cannot_do_says_what_to_install(
    python: Path, line: list[str], words: str
) -> None:
    done = subprocess.run([python, "-I", *line], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert words in done.stderr.splitlines()[-1]
