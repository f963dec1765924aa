"""What a reader of the corpus waits for before it reads, and a person before a command works.

    python -m benchmarks.light          importing the reader against importing pyarrow, which it is made of
    python -m benchmarks.light CORPUS   and the start of commands on a corpus (its folder holds clean/ and raw/)

Goals: the import at most 0.3 s of CPU beyond pyarrow's own; `--version` 0.15 s, `read | head -1` 0.4 s, `explain`
0.6 s. Medians of ROUNDS processes of each, taken in turn.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

from pipeline.corpus import documents

ROUNDS = 11

PEER = ["-c", "import pyarrow, pyarrow.parquet"]
OURS = ["-c", "from pipeline.corpus.read import read"]


def seconds(line: list[str]) -> float:
    """CPU seconds of a Python process; what it prints is read to the first line, as `head -1` does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        [sys.executable, *line], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.close()
        child.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the medians and what is ours of them."""
    lines = {"pyarrow": PEER, "reader": OURS}
    if len(sys.argv) > 1:
        clean, raw = Path(sys.argv[1]) / "clean", Path(sys.argv[1]) / "raw"
        url = next(documents(clean)).url
        command = ["-m", "pipeline.cli"]
        lines["--version"] = [*command, "--version"]
        lines["read | head -1"] = [*command, "read", f"--clean={clean}"]
        lines["explain"] = [*command, "explain", url, f"--clean={clean}", f"--raw={raw}"]
    rounds = [[seconds(line) for line in lines.values()] for _ in range(ROUNDS + 1)][1:]
    found = dict(zip(lines, (median(column) for column in zip(*rounds, strict=True)), strict=True))
    peer = found["pyarrow"]
    for name, took in found.items():
        print(f"{name:<16} {took:.3f} s   {took - peer:+.3f} s against pyarrow alone ({took / peer:.2f} ×)")


if __name__ == "__main__":
    main()
