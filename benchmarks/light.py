"""What a reader of the corpus waits for: importing it, against importing pyarrow, which it is made of.

    python -m benchmarks.light

Goal: at most 0.3 s of CPU beyond pyarrow's own. Medians of ROUNDS processes of each, taken in turn.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from statistics import median

ROUNDS = 11

PEER = "import pyarrow, pyarrow.parquet"
OURS = "from pipeline.corpus.read import read"


def seconds(code: str) -> float:
    """CPU seconds of a process that runs one line."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the medians and what is ours of them."""
    lines = (PEER, OURS)
    rounds = [[seconds(code) for code in lines] for _ in range(ROUNDS + 1)][1:]
    peer, ours = (median(column) for column in zip(*rounds, strict=True))
    print(f"pyarrow alone {peer:.3f} s, our reader {ours:.3f} s: {ours - peer:+.3f} s ({ours / peer:.2f} ×)")


if __name__ == "__main__":
    main()
