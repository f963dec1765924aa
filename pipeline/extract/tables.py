"""Reads the rule files: tab-separated fields, one rule a line, `#` lines for the reader."""

from __future__ import annotations

from importlib.resources import files


def rows(name: str) -> list[list[str]]:
    """The fields of each line of `rules/<name>`; comment lines and empty lines are left out."""
    text = (files("pipeline") / "rules" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line.strip() and not line.startswith("#")]
