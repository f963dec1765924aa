"""The structure of the house, held: who may import whom, one door per library, no forbidden names."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(p for room in ("pipeline", "flows") for p in (ROOT / room).rglob("*.py"))

SHARED = {"rules", "records", "errors"}
"""What every room may import; of these only `rules` holds more than words."""

ALLOWED = {
    "rules": set(),
    "records": set(),
    "errors": set(),
    "parsing": set(),
    "nextpart": {"parsing"},
    "locking": {"errors"},
    "linking": set(),
    "spans": {"records"},
    "origin": {"records", "rules", "spans"},
    "markdown": {"records"},
    "tomlerrors": set(),
    "tomlfile": {"tomlerrors"},
    "rates": set(),
    "stages": set(),
    "durations": {"stages"},
    "corrections": SHARED | {"tomlerrors", "tomlfile"},
    "rights": SHARED,
    "web": SHARED,
    "sources": SHARED | {"web", "tomlerrors", "tomlfile"},
    "archive": SHARED | {"web", "locking"},
    "crawl": SHARED | {"web", "archive", "sources", "nextpart", "parsing", "rights", "stages"},
    "extract": SHARED | {"nextpart", "parsing", "spans", "rights"},
    "normalize": SHARED,
    "dedupe": SHARED | {"linking"},
    "corpus": SHARED
    | {"archive", "extract", "normalize", "dedupe", "sources", "locking", "linking", "spans"}
    | {"corrections", "rights", "stages"},
    "coverage": SHARED | {"crawl", "corpus", "extract"},
    "repairs": SHARED | {"archive", "crawl", "corpus"},
    "notify": {"errors", "tomlfile"},
    "identity": {"errors", "tomlfile", "web"},
    "folders": SHARED | {"sources", "corrections", "corpus"},
    "health": SHARED | {"archive", "sources", "crawl", "corpus", "folders"},
    "opml": {"errors", "sources", "tomlfile", "web"},
    "trial": SHARED | {"crawl", "extract", "corpus", "sources", "tomlfile", "web"},
    "takedown": SHARED | {"locking", "web", "archive", "crawl", "dedupe", "corpus"},
    "explain": SHARED | {"corpus", "normalize", "origin", "spans"},
    "runs": SHARED
    | {"sources", "web", "archive", "crawl", "corpus", "health", "notify", "takedown"}
    | {"corrections", "coverage", "durations", "folders", "identity", "rates"},
    "upkeep": SHARED | {"archive", "corpus", "folders", "repairs", "runs", "stages"},
    "report": SHARED | {"crawl", "corpus", "repairs", "runs", "upkeep", "health", "markdown", "printable"},
    "demo": {"records"},
    "printable": set(),
    "look": SHARED
    | {"sources", "web", "archive", "crawl", "extract", "normalize", "dedupe", "corpus", "corrections"}
    | {"runs", "upkeep", "report", "repairs", "health", "spans", "origin", "markdown", "trial", "parsing"}
    | {"printable", "durations", "stages", "explain", "tomlfile", "folders"},
    "cli": SHARED
    | {"sources", "web", "archive", "crawl", "extract", "normalize", "dedupe", "corpus", "takedown"}
    | {
        "demo",
        "repairs",
        "runs",
        "upkeep",
        "report",
        "spans",
        "origin",
        "markdown",
        "explain",
        "health",
        "identity",
        "opml",
        "trial",
        "look",
    }
    | {"corrections", "tomlfile", "printable", "explain", "folders"},
    "flows": SHARED | {"folders", "runs", "upkeep", "report", "stages", "notify"},
}
"""Room → the rooms it may import besides itself. crawl writes raw/ through archive, corpus reads raw/ through
archive; neither knows the other."""

COMPOSERS = {"extract": {"pages"}, "normalize": {"texts", "tables"}}
"""Room → the one module of corpus that may import it, so that the fingerprint of each stage is its own; `tables` makes
no row, it asks which a change can touch."""

DOORS = {
    "httpx": {"pipeline/web/connections.py", "pipeline/web/http1.py", "pipeline/web/transport.py"},
    "httptools": {"pipeline/web/http1.py"},
    "feedparser": {"pipeline/crawl/feeds.py", "pipeline/extract/feeditems.py"},
    "ada_url": {"pipeline/web/urls.py"},
    "trafilatura": {"pipeline/extract/trafilatura_reader.py"},
    "opencc": {"pipeline/normalize/script.py"},
    "filelock": {"pipeline/locking.py"},
    "pebble": {"pipeline/corpus/pool.py"},
    "distributed": {"pipeline/corpus/pool.py"},
    "fsspec": {"pipeline/corpus/remote.py", "pipeline/crawl/ranges.py"},
    "huggingface_hub": {"pipeline/corpus/hub.py", "pipeline/corpus/remote.py"},
    "apprise": {"pipeline/notify.py"},
    "uvicorn": {"pipeline/look/serve.py"},
    "playwright": {"pipeline/web/browser.py"},
    "jinja2": {"pipeline/look/render.py"},
    "rich": {"pipeline/cli/logs.py", "pipeline/cli/screen.py"},
}
"""Library → the only modules that import it."""


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "flows" if parts[0] == "flows" else parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> set[str]:
    """Every module a file imports, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names if module.startswith("pipeline")}
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_duckdb_is_opened_where_its_memory_is_bounded() -> None:
    opening = {name(path) for path in MODULES if "duckdb.connect(" in path.read_text(encoding="utf-8")}
    assert opening == {
        "pipeline/archive/columnar.py",
        "pipeline/corpus/queries.py",
        "pipeline/dedupe/segments.py",
    }


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    if room in ("", "__init__"):
        return
    rooms = {m.split(".")[1] for m in imports(path) if m.startswith("pipeline.")}
    assert rooms - ALLOWED[room] - {room} == set()
    if room == "corpus":
        composed = {other for other in rooms & COMPOSERS.keys() if path.stem not in COMPOSERS[other]}
        assert composed == set(), "a stage is composed in one place"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_one_door_per_library(path: Path) -> None:
    tops = {m.split(".")[0] for m in imports(path)}
    shut = [lib for lib, doors in DOORS.items() if lib in tops and name(path) not in doors]
    assert shut == []


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) != "look"], ids=name)
def test_one_room_serves_pages(path: Path) -> None:
    assert {"starlette", "jinja2", "uvicorn"}.isdisjoint(m.split(".")[0] for m in imports(path))


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) != "flows"], ids=name)
def test_the_pipeline_knows_nothing_of_prefect(path: Path) -> None:
    assert not any(m.split(".")[0] == "prefect" for m in imports(path))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_module_is_named_as_one_of_the_standard_library(path: Path) -> None:
    assert path.stem in ("__init__", "__main__") or path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_and_public_function_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "no module docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_imports_have_no_cycle() -> None:
    names = {name(p).removesuffix(".py").removesuffix("/__init__").replace("/", "."): p for p in MODULES}
    graph = {n: {m for m in _top_imports(p) if m in names and m != n} for n, p in names.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join((*trail, module))
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*trail, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def _top_imports(path: Path) -> set[str]:
    """What a module imports when it is loaded; `from package import module` counts as the module alone."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = ROOT / (node.module or "").replace(".", "/") / alias.name
                is_module = inner.with_suffix(".py").exists() or inner.is_dir()
                found.add(f"{node.module}.{alias.name}" if is_module else node.module or "")
    return found


def test_reading_the_corpus_is_light() -> None:
    import subprocess

    code = "import sys; from pipeline.corpus import read; print([m for m in HEAVY if m in sys.modules])"
    code = code.replace("HEAVY", "('prefect', 'trafilatura', 'duckdb', 'httpx', 'selectolax', 'opencc')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
