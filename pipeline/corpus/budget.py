"""The time one page may take: a budget of CPU seconds, held by the kernel's timers.

Two guards, since an exception reaches Python code alone: at the budget the page's code is broken off with OverBudget;
a worker that is deep in a library then and does not come back is ended by the kernel at twice the budget (SIGXCPU),
and the pool finds the page that did it by halves.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PAGE_SECONDS = 10.0
"""CPU seconds a page and stage. Both stages promise 2 s for the worst page; a slow machine takes some times as long."""

TOO_LONG = f"timeout: more than {PAGE_SECONDS:g} s of CPU"
"""What the row of such a page says under `rule`."""


class OverBudget(BaseException):
    """The page had its time."""


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Raise OverBudget when what is done here takes more CPU seconds; elsewhere than in a main thread nothing is timed.

    Asked again each second: an exception raised while something is collected is lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_number: int, _frame: FrameType | None) -> None:
        raise OverBudget

    _end_at(2 * seconds)
    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        _end_at(math.inf)


def _end_at(seconds: float) -> None:
    """Let the kernel end this worker after so many more CPU seconds; what is nobody's worker is left alone."""
    if multiprocessing.parent_process() is None:
        return
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    least = most if seconds == math.inf else math.ceil(time.process_time() + seconds)
    if most != resource.RLIM_INFINITY:
        least = min(least, most)
    resource.setrlimit(resource.RLIMIT_CPU, (least, most))
