"""The whole build on a cluster: as many workers as there are, and whichever of them dies, the bytes are the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus import ahead, pool, sent, shards, writers
from pipeline.corpus.batches import Batch
from pipeline.corpus.build import build
from pipeline.corpus.edition import Edition
from pipeline.corpus.pool import ClusterError, Pool
from pipeline.corpus.read import documents
from pipeline.dedupe import comparison, phases
from pipeline.dedupe.candidates import COMMON
from pipeline.errors import UsageError
from pipeline.records import Capture
from tests.corpus import test_sent
from tests.corpus.archives import START, html, job, write
from tests.corpus.articles import sentences
from tests.corpus.test_build import sums

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

FOOT = "本站所有稿件均受著作权法保护，未经书面授权任何单位和个人不得转载"

PHASES = (
    (shards, "extract_batch"),
    (shards, "normalize_batch"),
    (ahead, "repeated_lines"),
    (ahead, "sketch_rows"),
    (ahead, "pair_up"),
    (ahead, "compare"),
    (writers, "write_file"),
)
"""Module and name of what workers do that see the builder's folders."""

PHASES_APART = (
    (sent, "extract_sent"),
    (shards, "normalize_rows"),
    (ahead, "repeated_lines"),
    (ahead, "sketch_rows"),
    (ahead, "pair_up"),
    (ahead, "compare"),
    (writers, "written"),
)
"""The same of those that do not; pairs are then left to processes beside the builder, which are killed too."""

HERE = Path("/proc/self/cwd")
"""Where each process stands: a path by which workers that stand elsewhere see other folders than the builder."""


def paragraphs(number: int) -> list[str]:
    """Of thirty articles three pages each: it, a version with words of its own, and an excerpt or a page of two."""
    article, kind = sentences(number % 30), number // 30
    if kind == 1:
        article = [*article[:5], "这里有一句别人没有写过的话，它说的是另外一件事情。", *article[6:]]
    elif kind == 2 and number % 2:
        article = article[3:11]
    elif kind == 2:
        article = article + sentences(1_000 + number)
    return [*("".join(article[at : at + 2]) for at in range(0, len(article), 2)), FOOT]


def capture(number: int) -> Capture:
    """A page of one of three sites."""
    url = f"https://site{number % 3}.example/a/{number}.html"
    return Capture(
        id="", source="example", url=url, url_key=url, final_url=url, status=200,
        fetched_at=START + timedelta(minutes=number), headers=(("Content-Type", "text/html"),),
        body=html(f"第{number}篇文章的题目", paragraphs(number)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three files, built on one machine."""
    folder = tmp_path_factory.mktemp("alone")
    for start in (0, 30, 60):
        write(folder / "raw", [capture(number) for number in range(start, start + 30)], f"run-{start}")
    build(job(folder, confirm=True))
    rows = [d.relation for table in ("articles", "dropped") for d in documents(folder / "clean", table=table)]
    assert min(rows.count(relation) for relation in ("new", "contains", "duplicate", "contained_in")) > 5
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of processes on this machine, as large as a test makes it.

    A worker that was killed twice may take long to come back on a busy machine; given up, it would never.
    """
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", memory_limit=0
        ) as made,
    ):
        yield made


CLUSTER = """
import sys
from distributed import LocalCluster
with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0) as made:
    print(made.scheduler_address, flush=True)
    for line in sys.stdin:
        made.scale(int(line))
"""


ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "10 minutes",
}


class Elsewhere:
    """A cluster whose workers stand in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", CLUSTER],
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.scheduler_address = self._said().readline().strip()

    def _said(self) -> Any:
        return self._process.stdout

    def scale(self, workers: int) -> None:
        """Have so many workers, each in the folder."""
        told: Any = self._process.stdin
        print(workers, file=told, flush=True)
        with distributed.Client(self.scheduler_address) as client:
            client.wait_for_workers(workers)
            assert set(client.run(os.getcwd).values()) == {str(self.folder)}

    def kill(self) -> None:
        """End its scheduler at once, and with it the workers."""
        self._process.kill()
        self._process.communicate()

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """Workers that have at the path of the builder's archive another one, with files of the same names."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for start in (0, 30, 60):
        write(folder / "raw", [capture(200 + number) for number in range(start, start + 5)], f"run-{start}")
    (folder / ".build").mkdir()
    made = Elsewhere(folder)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many batches that every worker has some of each phase."""
    monkeypatch.setattr(ahead, "TEXTS", 7)
    monkeypatch.setattr(ahead, "HASHES", 500)
    monkeypatch.setattr(phases, "CUT_EVERY", 50)


def on(cluster: Any, alone: Path, folder: Path) -> dict[str, str]:
    """The sums of what a cluster builds of the same archive."""
    shutil.copytree(alone / "raw", folder / "raw")
    report = build(job(folder, confirm=True, dask=cluster.scheduler_address))
    assert report.published
    assert not {"ahead", "written"}.intersection(path.name for path in (folder / ".build").iterdir())
    return sums(folder / "clean")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_makes_the_bytes_of_one_machine(
    cluster: Any, alone: Path, tmp_path: Path, workers: int
) -> None:
    cluster.scale(workers)
    with distributed.Client(cluster) as client:
        client.wait_for_workers(workers)
    assert on(cluster, alone, tmp_path) == sums(alone / "clean")


def on_others(elsewhere: Elsewhere, alone: Path, folder: Path, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """The sums of what workers build of the same archive that do not see it."""
    shutil.copytree(alone / "raw", folder / "raw")
    patch.chdir(folder)
    assert build(job(HERE, confirm=True, dask=elsewhere.scheduler_address)).published
    left = {path.name.partition("-")[0] for path in (folder / ".build").iterdir()}
    assert left.isdisjoint({".seen", "ahead", "written"})
    return sums(folder / "clean")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_that_see_none_of_the_folders_make_the_same_bytes(
    elsewhere: Elsewhere, alone: Path, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.scale(workers)
    assert on_others(elsewhere, alone, tmp_path, monkeypatch) == sums(alone / "clean")
    assert sorted(path.name for path in elsewhere.folder.iterdir()) == [".build", "raw"]
    assert not list((elsewhere.folder / ".build").iterdir()), "nothing was written there"


@pytest.mark.slow
def test_where_one_worker_sees_the_folders_and_another_does_not_all_are_sent_what_they_need(
    elsewhere: Elsewhere, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.scale(1)
    monkeypatch.setattr(pool, "MOST_SENT", 10_000)
    line = [sys.executable, "-m", "distributed.cli.dask_worker", elsewhere.scheduler_address]
    (tmp_path / ".build").mkdir()
    with subprocess.Popen(
        [*line, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", tmp_path / "own"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stderr=subprocess.DEVNULL,
    ) as worker:
        with distributed.Client(elsewhere.scheduler_address) as client:
            client.wait_for_workers(2)
            assert sorted(client.run(os.getcwd).values()) == sorted(map(str, (tmp_path, elsewhere.folder)))
        assert on_others(elsewhere, alone, tmp_path, monkeypatch) == sums(alone / "clean")
        worker.terminate()


@pytest.mark.slow
def test_pages_that_need_more_of_the_archive_are_those_of_one_machine(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.scale(2)
    for run in (lambda raw: write(raw, test_sent.captures()), test_sent.write_later):
        for name, address in {"alone": None, "apart": elsewhere.scheduler_address}.items():
            (tmp_path / name).mkdir(exist_ok=True)
            monkeypatch.chdir(tmp_path / name)
            run(tmp_path / name / "raw")
            of = (test_sent.SOURCE, test_sent.OTHER)
            assert build(job(HERE, *of, confirm=True, dask=address)).published
        assert sums(tmp_path / "alone" / "clean") == sums(tmp_path / "apart" / "clean")
    assert "feed" in {d.method for d in documents(tmp_path / "apart" / "clean")}


def notice(number: int) -> Capture:
    """One of a form that more have than a phrase is met of."""
    form = sentences(999, 6)
    says = [
        form[0],
        f"本公司股票自二〇二六年五月{number}日起停牌，证券代码六〇{number:04d}。",
        *form[1:],
        FOOT,
    ]
    return replace(capture(1_000 + number), body=html(f"关于第{number}号股票停牌的公告", says))


@pytest.mark.slow
def test_increments_and_forms_are_those_of_one_machine(cluster: Any, tmp_path: Path) -> None:
    cluster.scale(2)
    first = [notice(number) for number in range(COMMON + 6)] + [capture(number) for number in range(20)]
    later = [notice(number) for number in range(200, 210)] + [capture(number) for number in range(25, 45)]
    dask = {"alone": None, "cluster": cluster.scheduler_address}
    for run, captures in enumerate((first, later)):
        for name, address in dask.items():
            write(tmp_path / name / "raw", captures, f"run-{run}")
            assert build(job(tmp_path / name, confirm=True, dask=address)).published
        assert sums(tmp_path / "alone" / "clean") == sums(tmp_path / "cluster" / "clean")
    found = [d.relation for d in documents(tmp_path / "cluster" / "clean")]
    assert found.count("same_form") > COMMON


def dies_once(flags: str, module: str, name: str, *arguments: Any) -> Any:
    """Kill the worker at its first batch of a phase; what the function says otherwise."""
    with suppress(FileExistsError):
        (Path(flags) / name).touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return getattr(import_module(module), name)(*arguments)


def with_deaths(folder: Path, patch: pytest.MonkeyPatch, deadly: Iterable[tuple[Any, str]]) -> Path:
    """Let a worker die once in each phase; the folder that gets a file named as each in which one did."""
    flags = folder / "flags"
    flags.mkdir()
    for module, name in deadly:
        patch.setattr(module, name, partial(dies_once, str(flags), module.__name__, name))
    return flags


@pytest.mark.slow
def test_a_worker_that_dies_in_each_phase_changes_nothing(
    cluster: Any, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.scale(2)
    flags = with_deaths(tmp_path, monkeypatch, PHASES)
    assert on(cluster, alone, tmp_path / "corpus") == sums(alone / "clean")
    assert sorted(path.name for path in flags.iterdir()) == sorted(name for _, name in PHASES)


@pytest.mark.slow
def test_a_worker_elsewhere_that_dies_in_each_phase_changes_nothing(
    elsewhere: Elsewhere, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.scale(2)
    flags = with_deaths(tmp_path, monkeypatch, PHASES_APART)
    assert on_others(elsewhere, alone, tmp_path / "corpus", monkeypatch) == sums(alone / "clean")
    assert sorted(path.name for path in flags.iterdir()) == sorted(name for _, name in PHASES_APART)


@pytest.mark.slow
def test_what_workers_can_do_the_one_process_does_not(
    cluster: Any, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On one machine a pair is judged and a file written by the one process; here none is."""

    def unasked(*_: Any) -> None:
        raise AssertionError("worked out, although a worker did so")

    cluster.scale(2)
    monkeypatch.setattr(comparison, "judge", unasked)
    monkeypatch.setattr(Edition, "_write", unasked)
    assert on(cluster, alone, tmp_path) == sums(alone / "clean")


@pytest.mark.slow
def test_that_no_worker_is_left_is_no_fault_of_a_page(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "LOOK", 0.2)
    monkeypatch.setattr(pool, "WORKERLESS", 1.0)
    cluster.scale(0)
    batches = [Batch(file="x", start=0, count=4)]
    with (
        Pool(1, cluster.scheduler_address) as workers,
        pytest.raises(ClusterError, match="no worker is left in the cluster; start some"),
    ):
        list(workers.map(repr, batches, 600.0))


@pytest.mark.slow
def test_workers_of_another_state_of_the_code_make_nothing(
    cluster: Any, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.scale(1)
    monkeypatch.setattr(pool, "code", lambda: "another")
    with pytest.raises(ClusterError, match=r"has another state of the code .* install the same"):
        on(cluster, alone, tmp_path)
    assert not (tmp_path / "clean").exists()
    assert not list((tmp_path / ".build").glob(f"{pool.SEEN}*"))


@pytest.mark.slow
def test_that_the_project_is_missing_there_is_no_fault_of_a_page(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.scale(1)
    (tmp_path / "only_here.py").write_text("def count(batch):\n    return batch.count\n")
    monkeypatch.syspath_prepend(tmp_path)
    count = import_module("only_here").count
    with (
        Pool(1, elsewhere.scheduler_address) as workers,
        pytest.raises(
            ClusterError, match=r"the project is not installed there \(No module named 'only_here'"
        ),
    ):
        list(workers.map(count, [Batch(file="x", start=0, count=4)], 60.0))


def test_an_address_where_no_scheduler_is_ends_the_build_in_words() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.5s"}),
        Pool(1, "tcp://127.0.0.1:9") as workers,
        pytest.raises(ClusterError, match=r"^tcp://127.0.0.1:9: no Dask scheduler .* can be reached"),
    ):
        list(workers.map(repr, [Batch(file="x", start=0, count=1)], 1.0))
    with (
        Pool(1, "scheduler") as workers,
        pytest.raises(UsageError, match=r"^--dask scheduler: .* tcp://host"),
    ):
        list(workers.map(repr, [Batch(file="x", start=0, count=1)], 1.0))


def waits(batch: Batch) -> None:
    """Take long."""
    time.sleep(600)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["while it works", "before it is asked again"])
def test_a_scheduler_that_goes_is_no_fault_of_a_page(tmp_path: Path, when: str) -> None:
    there = Elsewhere(tmp_path)
    there.scale(1)
    batches = [Batch(file="x", start=0, count=4)]
    soon = {"distributed.comm.timeouts.connect": "2s"}
    with dask.config.set(soon), Pool(1, there.scheduler_address) as workers:
        assert len(list(workers.map(repr, batches, 600.0))) == 1
        found = workers.map(waits, batches, 600.0)
        if when == "while it works":
            threading.Timer(2.0, there.kill).start()
        else:
            there.kill()
        with pytest.raises(ClusterError, match="no Dask scheduler to work with"):
            next(found)
