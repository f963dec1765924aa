"""One hash over all that decides what extraction yields: this room's code, its rules, its libraries."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files

RULES = ("boilerplate.tsv", "common-han.tsv", "encoding.tsv", "labels.tsv", "names.tsv", "surnames.tsv")
LIBRARIES = ("selectolax", "trafilatura", "faust-cchardet")


@cache
def fingerprint() -> str:
    """32 hex digits; equal only where code, rule files and library versions are equal."""
    pipeline = files("pipeline")
    room = pipeline / "extract"
    named = {f"extract/{f.name}": f.read_bytes() for f in room.iterdir() if f.name.endswith(".py")}
    named["nextpart.py"] = (pipeline / "nextpart.py").read_bytes()
    named |= {f"rules/{name}": (pipeline / "rules" / name).read_bytes() for name in RULES}
    named |= {f"lib/{name}": version(name).encode() for name in LIBRARIES}
    digest = hashlib.sha256()
    for name in sorted(named):
        digest.update(name.encode() + b"\0" + hashlib.sha256(named[name]).digest())
    return digest.hexdigest()[:32]
