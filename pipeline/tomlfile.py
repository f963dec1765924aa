"""TOML files that people write: read, with words for what is wrong, and values written for them."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.tomlerrors import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What was read of a file."""

    lines: list[str] = field(default_factory=list)
    """Its lines."""
    table: dict[str, Any] = field(default_factory=dict)
    """Its table; empty when there is a problem."""
    problem: str | None = None
    """Why it is no TOML, with file and line; None: it is."""


def parsed(path: Path) -> Parsed:
    """Read a file; never raises: what is wrong stands in `problem`."""
    lines: list[str] = []
    try:
        text = path.read_bytes().decode("utf-8-sig")
        lines = text.splitlines()
        return Parsed(lines=lines, table=tomllib.loads(text))
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        problem = f"{path}: not UTF-8 (byte {error.start})"
    except tomllib.TOMLDecodeError as error:
        problem = f"{path}:{in_words(str(error), text)}"
    except RecursionError:
        problem = f"{path}: not TOML: nested too deeply"
    return Parsed(lines=lines, problem=problem)


def written(value: Any) -> str:
    """A value as TOML writes it, on one line; what is no flag, day, table or list is written as a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def unknown(key: str, known: Collection[str]) -> str:
    """What to say of a key that is none: the nearest one there is, or all."""
    near = difflib.get_close_matches(key.lower(), known, 1, 0.5)
    return f"unknown key; did you mean {near[0]!r}?" if near else f"unknown key; known are {', '.join(known)}"
