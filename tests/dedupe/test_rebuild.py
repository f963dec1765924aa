from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pipeline.corpus.build import build
from tests.corpus.archives import job, story_page, write

ROOT = Path(__file__).parents[2]


def test_the_rebuild_of_a_version_is_a_command(tmp_path: Path) -> None:
    write(
        tmp_path / "raw", [story_page(0), story_page(1), story_page(2, url_key="x", body=story_page(0).body)]
    )
    build(job(tmp_path))
    command = [sys.executable, "-m", "benchmarks.dedupe_rebuild", str(tmp_path / "clean"), "--version", "2.1"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    assert (told["version"], told["documents"], told["agreement"], told["publication"]) == (
        "2.1.0",
        3,
        1.0,
        [],
    )
    assert (told["together_before"], told["together_after"], told["together_both"]) == (1, 1, 1)
