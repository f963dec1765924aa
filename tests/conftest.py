"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

# timed assertions are flaky on a busy machine; the same examples each run, so that a failure repeats
settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")
