"""The flow files hold no logic: decorators, typed parameters, calls."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FLOWS = [
    Path(__file__).resolve().parents[2] / "flows" / f"{n}.py"
    for n in ("refresh", "backfill", "rebuild", "maintain")
]
LOGIC = (
    ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.With, ast.Match, ast.comprehension, ast.BoolOp,
    ast.Compare, ast.BinOp, ast.Lambda, ast.ClassDef, ast.JoinedStr,
)  # fmt: skip


@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.name)
def test_no_branch_no_loop_no_arithmetic(path: Path) -> None:
    bodies = [f.body for f in functions(path)]
    found = [type(n).__name__ for body in bodies for s in body for n in ast.walk(s) if isinstance(n, LOGIC)]
    assert found == []


@pytest.mark.parametrize("path", FLOWS, ids=lambda p: p.name)
def test_only_decorated_functions_with_typed_parameters(path: Path) -> None:
    for function in functions(path):
        assert function.decorator_list, f"{function.name} is neither task nor flow"
        assert all(argument.annotation is not None for argument in function.args.args)


def functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
