"""The loopback sites that the crawl is tested against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crawl.loopback import Page, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        running.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private/\n", "text/plain")
        yield running


@pytest.fixture
def other() -> Iterator[Site]:
    with Site() as running:
        yield running
