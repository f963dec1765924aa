"""What a version was made with: Python, libraries, code and rule tables, the commit; and an environment with the same.

Stands in `environment.json` of each version (of those before it had that file in the manifest), so that a version that
comes out otherwise today can be traced to what changed.
"""

from __future__ import annotations

import json
import platform
import subprocess
import venv
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.corpus.publish import ENVIRONMENT, read_manifest
from pipeline.errors import CorpusError, UsageError
from pipeline.rules import PACKAGE, parts

LIBRARY, CODE = "library/", "code/"
"""What the keys of libraries, and of modules and rule tables, begin with."""

OURS, BUILD = "zh-article-corpus", "build"
"""The name that this project is installed by, and its extra with all that the commands take."""


@cache
def environment() -> dict[str, str]:
    """python, commit, `library/NAME` → version, `code/FILE` → hash: all that the rows depend on besides the archive."""
    made_of = parts("corpus.build")
    libraries = {name.removeprefix("lib/") for name in made_of if name.startswith("lib/")}
    found = {"python": platform.python_version()}
    if commit := _commit():
        found["commit"] = commit
    found |= {
        f"{LIBRARY}{name}": each
        for name, each in sorted(_with_needs(sorted((name, "") for name in libraries)).items())
    }
    return found | {f"{CODE}{n}": h for n, h in sorted(made_of.items()) if n.endswith((".py", ".tsv"))}


def environment_of(folder: Path) -> dict[str, str]:
    """What a version says it was made with; empty: it does not say. CorpusError where that cannot be read."""
    path = folder / ENVIRONMENT
    if not path.is_file():
        return read_manifest(folder).environment
    try:
        said: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorpusError(f"{path}: not readable ({error}); `corpus repair` mends what is damaged") from error
    return said


def _with_needs(asked_for: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Libraries, each with an extra or "", and all that they need in turn on this machine, each with its version."""
    found: dict[str, str] = {}
    todo, seen = list(asked_for), set()
    while todo:
        asked, extra = todo.pop()
        name = canonicalize_name(asked)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a requirement that nobody installed
            continue
        for need in map(Requirement, requires(name) or ()):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                todo += [(need.name, each) for each in ("", *need.extras)]
    return found


def _commit() -> str | None:
    """The commit of the checkout that the code stands in, with a + where files differ from it; None: it is none."""
    git = ["git", "--no-optional-locks", "-C", str(PACKAGE)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", "."], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.strip() + ("+" if changed.strip() else "")


def changed(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """What is other now than it was, in words: libraries first, since they explain most."""
    words = []
    for key in sorted(then.keys() | now.keys(), key=lambda key: (not key.startswith(LIBRARY), key)):
        before, after = then.get(key), now.get(key)
        if before == after or key == "commit":
            continue
        if key.startswith(CODE):
            kind = "rules" if key.endswith(".tsv") else "code"
            words.append(f"{kind} {key.removeprefix(CODE)} changed")
        else:
            words.append(f"{key.replace('/', ' ')}: {before or 'not there'} then, {after or 'not there'} now")
    return words


def build_environment(folder: Path, then: dict[str, str]) -> Path:
    """Make a virtual environment with the libraries of a version; its Python. UsageError where it did not tell them.

    What the command takes besides, and no row depends on, comes as it is here.
    """
    told = {key.removeprefix(LIBRARY): each for key, each in then.items() if key.startswith(LIBRARY)}
    if not told:
        raise UsageError("the version's manifest does not say with which libraries it was made")
    ours = {name: each for name, each in _with_needs([(OURS, BUILD)]).items() if name != OURS}
    pins = [f"{name}=={each}" for name, each in sorted({**ours, **told}.items())]
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", *pins]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    if done.returncode:
        why = done.stderr.strip()[-500:]
        raise CorpusError(f"{folder}: pip could not install what the version was made with: {why}")
    return python
