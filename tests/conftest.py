"""Settings of the whole suite, and the loopback sites that web and crawl are tested against."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.web.loopback import Page, Site

# timed assertions are flaky on a busy machine; the same examples each run, so that a failure repeats
settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")

# what a shell starts in the background ignores Ctrl-C, and so would all that the tests start
signal.signal(signal.SIGINT, signal.default_int_handler)

# workers of a suite that runs side by side are told a width, and what nobody watches is not wrapped
os.environ.pop("COLUMNS", None)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        running.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private/\n", "text/plain")
        yield running


@pytest.fixture
def other() -> Iterator[Site]:
    with Site() as running:
        yield running
