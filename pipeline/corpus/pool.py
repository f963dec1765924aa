"""The one seam for work over many captures: a plain function mapped over batches of references.

On one machine a pebble process pool, on many a Dask cluster by address: the same function, the same batches.
A batch is a reference (file, first row, count), never the pages themselves: passing pages costs three to eight
times the memory. Only where a worker of a cluster does not see the builder's folders it gets what it needs sent along
and sends back what it made (`Steps`): it opens no path of the builder's, and names none. What cannot be sent is then
done by processes of this machine. A batch whose worker dies, hangs or raises is halved until the guilty item stands
alone; that item is reported as `Lost` and everything else goes on.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Generic
from uuid import uuid4

import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from pipeline.corpus.batches import Batch, Lost, R, Steps
from pipeline.errors import CorpusError, UsageError
from pipeline.rules import fingerprint

START_SECONDS = 60.0
"""Allowance for a worker to start and import; an import storm on a busy machine took 20 s."""

LOOK, WORKERLESS = 5.0, 60.0
"""Seconds between two looks whether a cluster has workers, and after which one without any is taken for gone: a worker
that died is started again in less."""

MOST_SENT = 32 << 20
"""Bytes that are sent with a batch at most, unless it is a single item: the scheduler holds two of them a worker."""

AGAIN = "build again: nothing was published, what was extracted is kept"

SEEN = ".seen-"
"""How the name of a file begins by which a worker tells that it sees the work folder; it goes with the pool."""

TASKS_PER_WORKER = 200
"""A worker is replaced after so many batches, so that a slow leak in a parser cannot grow without bound."""


class ClusterError(CorpusError):
    """The cluster cannot be worked with; no page is to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[R]):
    """A batch that was worked off."""

    batch: Batch
    """What was asked."""
    result: R
    """What the function returned."""


class Pool(AbstractContextManager["Pool"]):
    """Worker processes on this machine, or a Dask cluster; started when the first batch comes."""

    def __init__(
        self,
        workers: int,
        dask: str | None = None,
        preload: Sequence[str] = (),
        work: Path | None = None,
        alike: Sequence[Path] = (),
    ) -> None:
        """`preload` names the modules workers are forked with, so that each need not import them anew.

        A worker of a cluster sees what the builder sees if a file that is new in `work`, and small files that are there
        (`alike`), read alike to both; without `work` nobody asks.
        """
        self.workers = max(1, workers)
        self.dask = dask
        self.preload = preload
        self._work = work
        self._alike = alike
        self._token: Path | None = None
        self._terms: _Terms | None = None
        self._apart = False
        self._here: Pool | None = None
        self._local: ProcessPool | None = None
        self._client: Any = None

    @property
    def here(self) -> Pool:
        """Worker processes on this machine, for the few batches that a cluster cannot work off."""
        self._here = self._here or Pool(self.workers, preload=self.preload)
        return self._here

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._here is not None:
            self._here.__exit__(kind, error, trace)
        if self._token is not None:
            self._token.unlink(missing_ok=True)
        if self._local is not None:
            self._local.stop() if error else self._local.close()
            self._local.join()
        if self._client is not None:
            self._client.close()

    def map(
        self, function: Callable[[Batch], R] | Steps[R], batches: Sequence[Batch], seconds_per_item: float
    ) -> Iterator[Done[R] | Lost]:
        """Work off the batches, in their order; halves of a broken batch follow in its place.

        At most two batches a worker are under way, so that a slow consumer bounds the memory in flight.
        """
        if self._apart and not isinstance(function, Steps):
            yield from self.here.map(function, batches, seconds_per_item)
            return
        most = 2 * self._count()
        waiting = list(reversed(batches))
        under_way: list[tuple[Batch, Future[Any]]] = []
        while waiting or under_way:
            while waiting and len(under_way) < most:
                under_way += self._submit(function, waiting.pop(), seconds_per_item)
            batch, future = under_way.pop(0)
            try:
                made = self._result(future, batch, seconds_per_item)
            except ClusterError:
                raise
            except (CancelledError, ConnectionError) as error:
                if self.dask is None:
                    raise
                raise self._gone("the connection was lost") from error
            except Exception as error:  # whatever a page does to its worker must cost only that page
                if isinstance(error, OSError) and not isinstance(error, TimeoutError | ProcessExpired):
                    raise  # a full disk, a file the worker cannot see: no fault of the page
                if self.dask is not None and any(
                    isinstance(e, ImportError) for e in (error, error.__cause__)
                ):
                    raise self._unlike(
                        f"the project is not installed there ({error.__cause__ or error})"
                    ) from error
                if batch.count > 1:
                    halves = [self._submit(function, half, seconds_per_item) for half in batch.halves()]
                    under_way = [*halves[0], *halves[1], *under_way]
                else:
                    yield Lost(batch=batch, why=_why(error))
                continue
            if isinstance(made, _Refused):
                if made.is_other_code:
                    raise self._unlike(f"{made.host} has another state of the code or of a library")
                self._apart = True
                left = [batch, *(each for each, _ in under_way), *reversed(waiting)]
                yield from self.map(function, left, seconds_per_item)
                return
            if self._apart and isinstance(function, Steps):
                yield Done(batch=batch, result=function.keep(batch, made))
            else:
                yield Done(batch=batch, result=made)

    def _unlike(self, what: str) -> ClusterError:
        return ClusterError(
            f"{self.dask}: {what}; install the same on the scheduler and on each worker (pip install -e '.[cluster]'),"
            f" start them anew and {AGAIN}"
        )

    def _gone(self, what: str) -> ClusterError:
        return ClusterError(
            f"{self.dask}: no Dask scheduler to work with ({what}); see that one runs there (dask scheduler) and can be"
            f" reached, and {AGAIN}"
        )

    def _submit(
        self, function: Callable[[Batch], R] | Steps[R], batch: Batch, seconds_per_item: float
    ) -> list[tuple[Batch, Future[Any]]]:
        """Have a batch worked off, or its halves where it is too large to be sent."""
        whole = (function.whole or function) if isinstance(function, Steps) else function
        if self.dask is None:
            timeout = START_SECONDS + seconds_per_item * batch.count
            with _unbroken():
                return [(batch, self._processes().schedule(whole, args=[batch], timeout=timeout))]
        if not (self._apart and isinstance(function, Steps)):
            return [(batch, self._asked(whole, packed(batch), self._agreed()))]
        given = packed(function.gather(batch))
        if len(given) > MOST_SENT and batch.count > 1:
            one, other = batch.halves()
            first = self._submit(function, one, seconds_per_item)
            return [*first, *self._submit(function, other, seconds_per_item)]
        return [(batch, self._asked(function.work, given, replace(self._agreed(), alike=())))]

    def _asked(self, call: Callable[[Any], Any], given: bytes, terms: _Terms) -> Any:
        return self._cluster().submit(asked, call, given, terms, pure=False, retries=1)

    def _agreed(self) -> _Terms:
        """What a worker must have in common with this process, to be sent nothing but references."""
        if self._terms is None:
            alike = [(str(path), path.read_text(encoding="utf-8")) for path in self._alike]
            if self._work is not None:
                self._work.mkdir(parents=True, exist_ok=True)
                self._token = self._work / f"{SEEN}{uuid4().hex}"
                self._token.write_text(self._token.name, encoding="utf-8")
                alike.append((str(self._token), self._token.name))
            self._terms = _Terms(code=code(), alike=tuple(alike))
        return self._terms

    def _result(self, future: Future[Any], batch: Batch, seconds_per_item: float) -> Any:
        if self.dask is None:
            return future.result()
        found = self._awaited(future, 2 * self._count() * (START_SECONDS + seconds_per_item * batch.count))
        return unpacked(found) if isinstance(found, bytes) else found

    def _awaited(self, future: Future[R], seconds: float) -> R:
        """What a cluster made of a batch; TimeoutError when it takes longer, ClusterError when no worker is left."""
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
            seen = now if self._threads() else seen
            if now - seen > WORKERLESS:
                raise ClusterError(
                    f"{self.dask}: no worker is left in the cluster; start some (dask worker {self.dask}) and {AGAIN}"
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
        return max(self.workers, self._threads() if self.dask is not None else 0)

    def _threads(self) -> int:
        """How many threads the workers of a cluster have."""
        try:
            return sum(self._cluster().nthreads().values())
        except OSError as error:
            raise self._gone("the connection was lost") from error

    def _cluster(self) -> Any:
        if self._client is None:
            try:
                from distributed import Client  # the optional extra [cluster]
            except ImportError:
                raise UsageError("--dask takes more than is installed: pip install -e '.[cluster]'") from None
            try:
                # by way of the scheduler each result would pass the wire twice
                self._client = Client(self.dask, direct_to_workers=True)  # type: ignore[no-untyped-call]
            except OSError as error:
                raise self._gone(str(error)) from error
            except ValueError as error:
                raise UsageError(f"--dask {self.dask}: {error}; give it as tcp://host:8786") from None
        return self._client


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What a worker must have in common with the builder."""

    code: str
    """`code` of the builder."""
    alike: tuple[tuple[str, str], ...] = ()
    """Path and text of files that read there as here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """What a worker says that has not in common with the builder what it must have."""

    is_other_code: bool
    """Whether its code is another; else it does not see the same folders."""
    host: str
    """Where it runs."""


def asked(call: Callable[[Any], Any], given: bytes, terms: _Terms) -> bytes | _Refused:
    """What a worker of a cluster makes of what it is given; both packed, since they go over a wire."""
    if terms.code != code():
        return _Refused(is_other_code=True, host=socket.gethostname())
    if not all(_reads(path, text) for path, text in terms.alike):
        return _Refused(is_other_code=False, host=socket.gethostname())
    return packed(call(unpacked(given)))


@lru_cache(maxsize=1)
def code() -> str:
    """Hash of all code and libraries that make what workers make; as they were when a worker was first asked."""
    return fingerprint("corpus.ahead")


def _reads(path: str, text: str) -> bool:
    try:
        return Path(path).read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False


def packed(value: Any) -> bytes:
    """A value as compressed bytes."""
    sink = BytesIO()
    _Pickler(sink, pickle.HIGHEST_PROTOCOL).dump(value)
    found = sink.getbuffer()
    return len(found).to_bytes(8, "big") + bytes(pa.compress(found, codec="zstd", asbytes=True))


def unpacked(data: bytes) -> Any:
    """The value that was packed."""
    size = int.from_bytes(data[:8], "big")
    return pickle.loads(pa.decompress(memoryview(data)[8:], size, codec="zstd"))


class _Pickler(pickle.Pickler):
    """Pickles of a table what is in it, and not what it is cut out of."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, pa.Table):
            return NotImplemented
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as stream:
            stream.write_table(value)
        return _table, (sink.getvalue().to_pybytes(),)


def _table(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


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
