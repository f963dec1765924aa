"""The pages of `corpus look` measured: how long each takes on the demo and on a large corpus.

    python -m benchmarks.look [--size 100000] [--folder DIR]

Goals: each at most 0.3 s on the demo and 1 s on 100,000 articles, in 500 MB however many read. Printed are seconds of
the clock, the least and the most of ROUNDS, the CPU seconds of the least, and the memory reached by a process that does
nothing else, with one reader, then with READERS. What is late by the clock and by CPU seconds is marked: on a machine
that is busy with other work the clock alone says nothing. The large corpus is made up (look_corpus.py) in 40 s of CPU;
it stays in --folder, where that is given, for the next time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import uvicorn
from starlette.testclient import TestClient

from benchmarks.look_corpus import large
from pipeline import runs
from pipeline.archive import index
from pipeline.archive.withdrawn import runs as runs_in
from pipeline.corpus.read import read, read_changes
from pipeline.demo.server import SampleSite, write_sources
from pipeline.look.app import make_app
from pipeline.look.serve import listening
from pipeline.records import Kind
from pipeline.runs import Folders

ROUNDS, READERS = 3, 12


def demo(folder: Path) -> Folders:
    """The corpus of `corpus demo`."""
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean", workers=1)
    with SampleSite() as site:
        write_sources(where.sources, site)
        for turn in (1, 2):
            site.turn = turn
            runs.refresh(where, everything=True)
    return where


def pages(where: Folders) -> dict[str, str]:
    """The pages to ask for."""
    columns = ["id", "source", "cluster", "title", "captured_at", "capture"]
    rows = read(where.clean, columns=columns).to_pylist()
    first, last = rows[0], rows[-1]
    copied = read(where.clean, table="dropped", columns=["reason", "cluster"]).to_pylist()
    cluster = next((row["cluster"] for row in copied if row["reason"] == "duplicate"), first["cluster"])
    run = max((each.run for each in runs_in(where.raw)), default="")
    (change,) = read_changes(where.clean, since="2.1").slice(0, 1).to_pylist()
    day = max(day for days in index.days(where.raw).values() for day in days)
    kept = next(ref for ref in index.find(where.raw, day, day) if ref.kind == Kind.PAGE)
    return {
        "home": "/",
        "versions": "/versions",
        "version": "/version/2.2.0",
        "diff with the last": "/diff/2.1/2.2",
        "diff the other way": "/diff/2.2/2.1",
        "change": f"/change/2.1/2.2/{change['id']}",
        "source": f"/source/{first['source']}",
        "runs": "/runs",
        "run": f"/run/{run}",
        "cluster": f"/cluster/{cluster}",
        "document": f"/document/{first['id']}",
        "document, the newest": f"/document/{last['id']}",
        "capture": f"/capture/{day}/{kept.id}",
        "archived page": f"/archived/{day}/{kept.id}",
        "try a rule": f"/try/{kept.source}?kind=drop&rule=p",
        "a build now": "/ahead",
        "search, nothing asked": "/search",
        "search, a title": f"/search?where=title&q={first['title']}",
        "search, a rare phrase": "/search?q=没有人这样写过的话",
        "search, a reason": "/search?reason=duplicate",
        "search, a flag": "/search?flag=no_date",
    }


def measure(where: Folders, goal: float) -> None:
    """Measure in a process of its own, which did not make the corpus."""
    for task, arguments in ((_one_reader, (goal,)), (_readers, ())):
        child = multiprocessing.get_context("spawn").Process(
            target=task, args=(where, pages(where), *arguments)
        )
        child.start()
        child.join()


def _reached(who: str) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory reached by {who:<12} {peak:.0f} MB", flush=True)


def _readers(where: Folders, found: dict[str, str]) -> None:
    """All pages asked for by READERS at once, of a server as `corpus look` is one."""
    with listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(make_app(where), log_level="warning", lifespan="off"))
        threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
        at = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with ThreadPoolExecutor(READERS) as readers:
            list(readers.map(lambda path: httpx.get(at + path, timeout=600), [*found.values()] * ROUNDS))
        server.should_exit = True
    _reached(f"{READERS} readers")


def _one_reader(where: Folders, found: dict[str, str], goal: float) -> None:
    """Ask for each page ROUNDS times and print what it took; the first time everything, to have it loaded."""
    client = TestClient(make_app(where), base_url="http://127.0.0.1")
    asked = {name: path for name, path in found.items() if client.get(path).status_code == 200}
    print(f"{'page':<24} {'least':>7} {'most':>7} {'CPU':>7}   goal {goal} s")
    for name, path in asked.items():
        times = []
        for _ in range(ROUNDS):
            wall, used = time.perf_counter(), time.process_time()
            client.get(path)
            times.append((time.perf_counter() - wall, time.process_time() - used))
        least, cpu = min(times)[0], min(used for _, used in times)
        late = "" if min(least, cpu) <= goal else "  late"
        print(f"{name:<24} {least:7.3f} {max(times)[0]:7.3f} {cpu:7.3f}{late}")
    _reached("one reader")


def main() -> None:
    """Measure on the demo, then on the large corpus."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        print("the demo")
        measure(demo(Path(made) / "demo"), 0.3)
        folder = arguments.folder or Path(made) / "large"
        where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean")
        if not where.clean.is_dir():
            where = large(folder, arguments.size)
        print(f"{arguments.size:,} articles")
        measure(where, 1.0)


if __name__ == "__main__":
    main()
