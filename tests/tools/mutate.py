"""Which changed lines of a module no test notices: a small mutator for logic, run by hand, not in CI.

    python -m tests.tools.mutate pipeline/extract/container.py tests/extract
    python -m tests.tools.mutate pipeline/dedupe/relate.py tests/dedupe/test_relate.py --jobs 2 --most 100

A mutant changes one comparison (its bound or its sense), one and/or, one not, one + or -, one condition or one
true/false. It survives when the tests named still pass. Each runs in a forked child with the libraries loaded
and the module's source exchanged; one that hangs counts as killed. Survivors are printed with line and change:
each is a test to write, a line that is not needed, or two ways to say the same.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType
from typing import Any

LOADED = ("hypothesis", "lxml.html", "numpy", "opencc", "pyarrow.parquet", "pytest", "selectolax.lexbor")
"""Loaded once in the parent; our own modules never are."""

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def changes(node: ast.AST) -> Iterator[Callable[[Any], ast.AST]]:
    """The ways to change one node, each a function of (a copy of) it."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARED.get(type(operator), ()):
                yield partial(_compared, place=place, operator=other)
    elif isinstance(node, ast.BoolOp):
        yield lambda n: _with(n, op=ast.Or() if isinstance(n.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield lambda n: n.operand
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield lambda n: _with(n, op=ast.Sub() if isinstance(n.op, ast.Add) else ast.Add())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda n: ast.Constant(not n.value)
    if isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(
        node.test, ast.Compare | ast.BoolOp
    ):
        yield lambda n: _with(n, test=ast.UnaryOp(op=ast.Not(), operand=n.test))


def _compared(node: ast.Compare, *, place: int, operator: type[ast.cmpop]) -> ast.AST:
    node.ops[place] = operator()
    return node


def _with(node: ast.AST, **fields: object) -> ast.AST:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def mutants(source: str, path: str) -> Iterator[tuple[int, str, CodeType]]:
    """Line, words and code of every mutant of a module."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for change in changes(node):
            other = copy.deepcopy(tree)
            place = next(n for i, n in enumerate(ast.walk(other)) if i == number)
            before = ast.unparse(place.test if isinstance(place, ast.If | ast.While) else place)
            put = change(place)
            if put is not place:
                _Exchange(place, put).visit(other)
            after = ast.unparse(put.test if isinstance(put, ast.If | ast.While) else put)
            line = getattr(node, "lineno", 0)
            yield (
                line,
                f"{before[:90]}  →  {after[:90]}",
                compile(ast.fix_missing_locations(other), path, "exec"),
            )


class _Exchange(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().generic_visit(node)


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the mutant for one module's name, and leaves the others alone."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        package = self.path.name == "__init__.py"
        where = [str(self.path.parent)] if package else None
        spec = importlib.util.spec_from_file_location(
            name, self.path, loader=self, submodule_search_locations=where
        )
        assert spec is not None
        return spec

    def get_source(self, name: str) -> str:
        return self.path.read_text(encoding="utf-8")

    def get_code(self, name: str) -> CodeType:
        return self.code

    def is_package(self, name: str) -> bool:
        return self.path.name == "__init__.py"


def run(code: CodeType, name: str, path: Path, tests: Sequence[str], seconds: float) -> int:
    """Fork a child that runs the tests on a mutant; its process id. Exit code 0: the mutant survived."""
    if child := os.fork():
        return child
    signal.alarm(int(seconds) + 1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    sys.meta_path.insert(0, _Mutated(name, path, code))
    sys.path.insert(0, str(Path.cwd()))
    status = 1
    with contextlib.suppress(BaseException):
        import pytest

        status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:timeout", *tests]))
    os._exit(status)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("module", type=Path, help="file to change, pipeline/room/module.py")
    parser.add_argument("tests", nargs="+", help="what pytest shall run: files, folders, files::names")
    parser.add_argument("--jobs", type=int, default=2, help="children at a time (default: 2)")
    parser.add_argument("--most", type=int, default=0, help="a sample of this size, the same each time")
    arguments = parser.parse_args()
    for library in LOADED:
        importlib.import_module(library)
    path: Path = arguments.module
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    source = path.read_text(encoding="utf-8")
    started = time.monotonic()
    _, status = os.waitpid(run(compile(source, str(path), "exec"), name, path, arguments.tests, 600), 0)
    if status:
        sys.exit("the tests fail without any change")
    limit = 10 * (time.monotonic() - started) + 5
    chosen = list(mutants(source, str(path)))
    if arguments.most and len(chosen) > arguments.most:
        chosen = random.Random(0).sample(chosen, arguments.most)
    survivors: list[tuple[int, str]] = []
    running: dict[int, tuple[int, str]] = {}
    for line, words, code in [*chosen, (0, "", None)]:
        while running and (code is None or len(running) >= arguments.jobs):
            child, status = os.wait()
            told = running.pop(child)
            if status == 0:
                survivors.append(told)
        if code is not None:
            running[run(code, name, path, arguments.tests, limit)] = (line, words)
    for line, words in sorted(survivors):
        print(f"{path}:{line}: {words}")
    share = len(survivors) / len(chosen) if chosen else 0.0
    print(f"{path}: {len(survivors)} of {len(chosen)} mutants survive ({share:.0%})")


if __name__ == "__main__":
    main()
