"""What a build with workers elsewhere sends over the wire, in bytes a page, and what one worker more gains.

    unshare --net sh -c 'ip link set lo up && python -m benchmarks.wire [--apart] [--shared DIR] [--times 8]
        [--workers 1 2]'

The real pages, each so many times at other addresses and with a line of its own, are archived and built by a scheduler
and workers on this machine, as many as said, each of one thread. All they say to each other passes the loopback device,
whose counter is read: in a network namespace of its own nobody else uses it; what goes by way of the scheduler counts
twice. With --apart the workers do not see the folders of the build: these are named by where a process stands, and the
workers stand elsewhere. Seconds are those of the clock, so only
those of an idle machine tell anything.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from distributed import LocalCluster

from benchmarks.build import START, archive, page
from pipeline.corpus.build import build
from pipeline.corpus.job import Job
from pipeline.records import Capture

DEVICES = Path("/proc/self/net/dev")
"""What the devices of this process's network have passed on: a line each, the bytes received first."""


def pages(folder: Path, times: int) -> list[Capture]:
    """The real pages, so many times, none the copy of another byte by byte."""
    return [
        page(
            f"https://bench{n % 7}.example/{time_}/{n}.html",
            path.read_bytes() + f"<!-- {time_} -->".encode(),
            START + timedelta(seconds=1_000 * time_ + n),
        )
        for time_ in range(times)
        for n, path in enumerate(sorted(folder.glob("*.html")))
    ]


def passed() -> int:
    """Bytes that the loopback device has passed on since it is there."""
    line = next(line for line in DEVICES.read_text().splitlines() if line.strip().startswith("lo:"))
    return int(line.partition(":")[2].split()[0])


def measured(raw: Path, workers: int, *, apart: bool) -> tuple[int, float, float]:
    """Bytes over the wire of one build, its seconds, and those of CPU of the builder and the scheduler."""
    before = Path.cwd()
    with (
        tempfile.TemporaryDirectory() as made,
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
    ):
        Path(made, "raw").symlink_to(raw)
        os.chdir(made)
        folder = Path("/proc/self/cwd") if apart else Path(made)
        sent, started, cpu = passed(), time.monotonic(), time.process_time()
        try:
            build(
                Job(
                    raw=folder / "raw",
                    clean=folder / "clean",
                    work=folder / "work",
                    dask=cluster.scheduler_address,
                    confirm=True,
                )
            )
        finally:
            os.chdir(before)
        return passed() - sent, time.monotonic() - started, time.process_time() - cpu


def main(arguments: Sequence[str] | None = None) -> None:
    """Build with each number of workers and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--apart", action="store_true", help="workers that see none of the folders")
    parser.add_argument("--times", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args(arguments)
    captures = pages(asked.shared / "bench/extract/dev", asked.times)
    if not captures:
        sys.exit("no bench/extract/dev/*.html there; name the folder with --shared")
    with tempfile.TemporaryDirectory() as made:
        archive(Path(made), captures)
        total = sum(len(capture.body or b"") for capture in captures)
        print(f"{len(captures)} pages of {total / len(captures):,.0f} bytes")
        for workers in asked.workers:
            sent, seconds, cpu = measured(Path(made), workers, apart=asked.apart)
            print(
                f"{workers} workers: {sent / len(captures):,.0f} bytes a page over the wire, {seconds:.1f} s,"
                f" {1_000 * cpu / len(captures):.1f} ms of CPU a page for the builder and the scheduler"
            )


if __name__ == "__main__":
    main()
