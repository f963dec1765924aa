"""The one seam for work over many captures: a plain function mapped over batches of references.

On one machine a pebble process pool, on many a Dask cluster by address: the same function, the same batches.
A batch is a reference (file, first row, count), never the pages themselves: passing pages costs three to eight
times the memory. A batch whose worker dies, hangs or raises is halved until the guilty item stands alone; that
item is reported as `Lost` and everything else goes on.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from types import FrameType, TracebackType
from typing import Any, Generic, TypeVar, cast

import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from pipeline.corpus.batches import Batch, Lost

R = TypeVar("R")

START_SECONDS = 60.0
"""Allowance for a worker to start and import; an import storm on a busy machine took 20 s."""

LOOK, WORKERLESS = 5.0, 60.0
"""Seconds between two looks whether a cluster has workers, and after which one without any is taken for gone: a worker
that died is started again in less."""

TASKS_PER_WORKER = 200
"""A worker is replaced after so many batches, so that a slow leak in a parser cannot grow without bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[R]):
    """A batch that was worked off."""

    batch: Batch
    """What was asked."""
    result: R
    """What the function returned."""


class Pool(AbstractContextManager["Pool"]):
    """Worker processes on this machine, or a Dask cluster; started when the first batch comes."""

    def __init__(self, workers: int, dask: str | None = None, preload: Sequence[str] = ()) -> None:
        """`preload` names the modules workers are forked with, so that each need not import them anew."""
        self.workers = max(1, workers)
        self.dask = dask
        self.preload = preload
        self._local: ProcessPool | None = None
        self._client: Any = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._local is not None:
            self._local.stop() if error else self._local.close()
            self._local.join()
        if self._client is not None:
            self._client.close()

    def map(
        self, function: Callable[[Batch], R], batches: Sequence[Batch], seconds_per_item: float
    ) -> Iterator[Done[R] | Lost]:
        """Work off the batches, in their order; halves of a broken batch follow in its place.

        At most two batches a worker are under way, so that a slow consumer bounds the memory in flight.
        """
        most = 2 * self._count()
        waiting = list(reversed(batches))
        under_way: list[tuple[Batch, Future[R]]] = []
        while waiting or under_way:
            while waiting and len(under_way) < most:
                batch = waiting.pop()
                under_way.append((batch, self._submit(function, batch, seconds_per_item)))
            batch, future = under_way.pop(0)
            try:
                yield Done(batch=batch, result=self._result(future, batch, seconds_per_item))
            except (CancelledError, ConnectionError):
                raise  # the cluster is gone, not a page
            except Exception as error:  # whatever a page does to its worker must cost only that page
                if isinstance(error, OSError) and not isinstance(error, TimeoutError | ProcessExpired):
                    raise  # a full disk, a file the worker cannot see: no fault of the page
                if batch.count > 1:
                    halves = [(b, self._submit(function, b, seconds_per_item)) for b in batch.halves()]
                    under_way = halves + under_way
                else:
                    yield Lost(batch=batch, why=_why(error))

    def _submit(self, function: Callable[[Batch], R], batch: Batch, seconds_per_item: float) -> Future[R]:
        under_way: Future[R]
        if self.dask is not None:
            under_way = self._cluster().submit(packed, function, batch, pure=False, retries=1)
        else:
            timeout = START_SECONDS + seconds_per_item * batch.count
            with _unbroken():
                under_way = self._processes().schedule(function, args=[batch], timeout=timeout)
        return under_way

    def _result(self, future: Future[R], batch: Batch, seconds_per_item: float) -> R:
        if self.dask is None:
            return future.result()
        found = self._awaited(future, 2 * self._count() * (START_SECONDS + seconds_per_item * batch.count))
        return cast(R, pa.ipc.open_stream(found).read_all()) if isinstance(found, pa.Buffer) else found

    def _awaited(self, future: Future[R], seconds: float) -> R:
        """What a cluster made of a batch; TimeoutError when it takes longer, ConnectionError when no worker is left."""
        seen = time.monotonic()
        end = seen + seconds
        while True:
            try:
                return future.result(timeout=LOOK)
            except FutureTimeout:
                now = time.monotonic()
                if future.done() or now > end:
                    future.cancel()
                    raise
            seen = now if self._cluster().nthreads() else seen
            if now - seen > WORKERLESS:
                raise ConnectionError(
                    f"{self.dask}: no worker is left in the cluster; start some (dask worker {self.dask})"
                    " and build again: nothing was published, what was extracted is kept"
                )

    def _processes(self) -> ProcessPool:
        if self._local is None:
            # forkserver: a fork of a process with threads (Prefect, DuckDB) may deadlock
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(list(self.preload))
            with _deaf_to_interrupts():
                forkserver.ensure_running()
            # what a worker is forked with stays: not looked through at each collection, pages took 2 to 3 % less
            self._local = ProcessPool(
                self.workers, max_tasks=TASKS_PER_WORKER, initializer=gc.freeze, context=context
            )
        return self._local

    def _count(self) -> int:
        """How many batches are worked off at once: as many as a cluster has threads, if it is one."""
        there = sum(self._cluster().nthreads().values()) if self.dask is not None else 0
        return max(self.workers, there)

    def _cluster(self) -> Any:
        if self._client is None:
            from distributed import Client  # the optional extra [cluster]

            # by way of the scheduler each result would pass the wire twice
            self._client = Client(self.dask, direct_to_workers=True)  # type: ignore[no-untyped-call]
        return self._client


def packed(function: Callable[[Batch], R], batch: Batch) -> R | pa.Buffer:
    """What a function returns; a table as a compressed Arrow stream, since it goes over a wire."""
    found = function(batch)
    if not isinstance(found, pa.Table):
        return found
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, found.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(found)
    return sink.getvalue()


@contextmanager
def _unbroken() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the pool is done with what it does here: the first batch starts the workers.

    A worker asked for and not yet known to the pool is not ended with it; it would look for the locks of a process
    that is gone, and print a traceback. Elsewhere than in the main thread no signal is handled.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started here, and all that it forks, never sees Ctrl-C: a terminal sends it to every process.

    The parent ends its workers itself; a worker that heard it too would print a traceback of its own.
    """
    resource_tracker.ensure_running()  # it unblocks the signals itself, so it goes first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _why(error: Exception) -> str:
    if isinstance(error, ProcessExpired) or type(error).__name__ == "KilledWorker":
        return "killed"
    if isinstance(error, TimeoutError | FutureTimeout):
        return "timeout"
    return f"{type(error).__name__}: {error}"[:200]
