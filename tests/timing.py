"""How long a hostile page may take in a test."""

from __future__ import annotations

import sys

TIME_LIMIT = 8.0 if sys.gettrace() is None else 30.0
"""Seconds of CPU a page may take: the slowest linear ones take 1.6 on a slow machine and 7 where each line is counted
for coverage, one whose cost grows with the square of its length takes minutes."""
