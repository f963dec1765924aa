"""How long a hostile page may take in a test."""

from __future__ import annotations

import sys

TIME_LIMIT = 2.0 if sys.gettrace() is None else 6.0
"""Seconds of CPU a page may take; counting each line for coverage makes them two to three times as many."""
