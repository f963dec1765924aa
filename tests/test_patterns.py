"""No pattern of the project takes more than linear time: each is tried on hostile inputs made from its own parts.

The patterns are found, not listed: those that modules hold (in tuples, dicts and dataclasses too), those that
cached functions make from rule tables, and those written inline. Each is parsed; its literals, the texts before
its repeats, and one character of every kind its classes tell apart are repeated up to the longest input that
reaches it, with an end that does not match.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import importlib
import inspect
import pkgutil
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from re import _compiler, _constants, _parser
from types import ModuleType
from typing import Any

import pytest

import pipeline
from pipeline.extract.boilerplate import Phrase, _rules
from pipeline.rules import table

SECONDS = 0.5
"""CPU time that one search of one input may take: a linear one of LONGEST takes .11 on a slow machine, twice that
beside other work, a quadratic one minutes."""
LONGEST = 80_000
"""Code points of an input where nothing below says less: a text on one line, a page without an end."""

LONGEST_LINE = 8_000
"""Characters of the line that a line rule is held to: twenty times what the longest of them is asked about."""
LIMITS = {
    "pipeline.extract.encoding.META": 4096,
    "pipeline.extract.encoding.XML": 4096,
    "pipeline.extract.byline.CLOSING": 50,
    "pipeline.extract.mastline.PAPER": 80,
    "pipeline.extract.byline.DATELINE[0]": 140,
    "pipeline.extract.byline.DATELINE[1]": 140,
    "pipeline.extract.creditline.ROLE_ALONE": 60,
    "pipeline.extract.creditline.WITH_ROLE": 60,
    "pipeline.extract.people.AUTHOR_IS": 160,
    **{
        f"pipeline.extract.noarticle._words()[{kind}]": 60
        for kind in ("", "deleted", "login", "said", "seen", "verify")
    },
    "pipeline.extract.statements.PERMITTED": 400,
    **{f"pipeline.extract.statements._patterns()[{n}][1]": 400 for n in range(len(table("rights-lines")))},
}
"""Pattern → the longest input that can reach it, where a bound in the code is smaller."""
GIVEN = {
    "pipeline.extract.encoding._wrong_characters": [("gb18030",), ("big5hkscs",)],
    "pipeline.extract.people._written": [("李小山",), ("李山",)],
}
"""Cached function that makes patterns → its arguments."""
END = "\x01\n\x01"
"""What ends an input: no rule wants it, and no `.` or `$` passes the line feed."""
OTHERS = " \t\naZ_1中，。<>'\"=-.:/&#(（\u3000\x01é"
"""Characters that stand for kinds, besides those a pattern names itself."""
MOST_KINDS = 12
REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}
CLASSES = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
METHODS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}

Node = tuple[Any, Any]


class Stands(dict[str, Any]):
    """Names of a module; a local one, which only a call knows, stands for a 2."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, "2")


@cache
def modules() -> dict[str, tuple[ModuleType, ast.Module]]:
    found = {}
    for info in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
        if not info.name.endswith("__main__"):
            module = importlib.import_module(info.name)
            found[info.name] = (module, ast.parse(inspect.getsource(module)))
    return found


def held(value: object, name: str, deep: int = 0) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns in a value, with the name of each."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif deep > 4 or isinstance(value, Phrase):  # the lines of the table are tried by place
        return
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from held(inner, f"{name}[{str(key)[:20]}]", deep + 1)
    elif isinstance(value, tuple | list | set | frozenset):
        for number, inner in enumerate(value):
            yield from held(inner, f"{name}[{number}]", deep + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from held(getattr(value, field.name), f"{name}.{field.name}", deep + 1)


def made(function: Any, name: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns of a cached function: of one without parameters, and of those in `GIVEN`."""
    parameters = inspect.signature(function).parameters.values()
    if all(p.default is not p.empty for p in parameters):
        yield from held(function(), f"{name}()")
    elif name in GIVEN:
        for given in GIVEN[name]:
            yield from held(function(*given), f"{name}{given}")
    else:
        assert "Pattern" not in str(function.__annotations__.get("return")), (
            f"say in GIVEN what {name} is given"
        )


def inline(module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """The patterns written where they are used, with the function of `re` that uses them."""
    names = Stands(vars(module))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in METHODS
        ):
            pattern = eval(compile(ast.Expression(node.args[0]), "pattern", "eval"), names)
            flags = [k.value for k in node.keywords if k.arg == "flags"]
            value = eval(compile(ast.Expression(flags[0]), "flags", "eval"), names) if flags else 0
            yield f"{module.__name__}:{node.lineno}", re.compile(pattern, value), node.func.attr


@cache
def uses() -> dict[tuple[str, str], set[str]]:
    """(module, name) → the methods called on that name or attribute there; "" for all modules together."""
    found: dict[tuple[str, str], set[str]] = {}
    for module, (_, tree) in modules().items():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in METHODS
            ):
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                for where in (module, ""):
                    found.setdefault((where, name), set()).add(node.func.attr)
    return found


def used(name: str, module: str) -> set[str]:
    """The methods by which a pattern is used, as the sources say; searching where they do not."""
    return uses().get((module if name.startswith("_") else "", name)) or {"search"}


@cache
def patterns() -> dict[str, tuple[re.Pattern[Any], frozenset[str]]]:
    """Every pattern of the project by name, with the methods that use it."""
    found: dict[str, tuple[re.Pattern[Any], frozenset[str]]] = {}
    seen: set[tuple[object, int, frozenset[str]]] = set()

    def add(name: str, pattern: re.Pattern[Any], methods: Iterable[str]) -> None:
        kinds = frozenset(m if m in ("match", "fullmatch") else "search" for m in methods)
        key = (pattern.pattern, pattern.flags, kinds)
        if key not in seen:
            seen.add(key)
            found[name] = (pattern, kinds)

    for module_name, (module, tree) in modules().items():
        for name, value in list(vars(module).items()):
            whole = f"{module_name}.{name}"
            if name.startswith("__") or inspect.ismodule(value) or inspect.isclass(value):
                continue
            if value is _rules:
                for number, rule in enumerate(_rules(), 1):
                    way = "search" if rule.place == "end" else "match"
                    add(f"boilerplate.tsv:{number} {rule.name}", rule.pattern, {way})
            elif hasattr(value, "cache_info"):
                for full, pattern in made(value, whole) if value.__module__ == module_name else ():
                    add(full, pattern, {"search"})
            else:
                for full, pattern in held(value, whole):
                    add(full, pattern, used(name, module_name) if full == whole else {"search"})
        for full, pattern, method in inline(module, tree):
            add(full, pattern, {method})
    return found


def kinds(pattern: re.Pattern[Any], tree: Any) -> list[str]:
    """One character of every kind that the repeated classes of a pattern tell apart."""
    atoms, named = [], set(OTHERS)
    todo = [(tree, False)]
    while todo:
        sequence, repeated = todo.pop()
        for node in sequence:
            if repeated and node[0] in CLASSES:
                atoms.append(node)
                named |= set(samples(node))
            todo += [(inside, repeated or node[0] in REPEATS) for inside in inner(node)]
    tests = [_one(atom, pattern.flags) for atom in dict.fromkeys(map(_frozen, atoms))]
    ordered = sorted(named)
    signs: dict[tuple[bool, ...], str] = {}
    for character in ordered:
        if ord(character) < 256 or isinstance(pattern.pattern, str):
            signs.setdefault(tuple(test.match(character) is not None for test in tests), character)
    busiest = sorted(signs, key=lambda sign: (-sum(sign), signs[sign]))
    return [signs[sign] for sign in busiest if any(sign)][:MOST_KINDS]


def _frozen(node: Node) -> Any:
    return (node[0], tuple(node[1])) if node[0] is _constants.IN else node


def _one(atom: Any, flags: int) -> re.Pattern[str]:
    """A pattern of one class alone."""
    node = (atom[0], list(atom[1])) if atom[0] is _constants.IN else atom
    state = _parser.State()
    state.flags = flags
    compiled: re.Pattern[str] = _compiler.compile(_parser.SubPattern(state, [node]), flags)
    return compiled


def samples(node: Node) -> list[str]:
    """Characters that a class names: its literals and the ends of its ranges."""
    operator, value = node
    if operator is _constants.LITERAL:
        return [chr(value)]
    if operator is not _constants.IN:
        return []
    found = []
    for kind, inside in value[:40]:
        if kind is _constants.LITERAL:
            found.append(chr(inside))
        elif kind is _constants.RANGE:
            found += [chr(inside[0]), chr(inside[1])]
    return found


def inner(node: Node) -> list[Any]:
    """The sequences inside a node."""
    operator, value = node
    if operator in REPEATS:
        return [value[2]]
    if operator is _constants.BRANCH:
        return list(value[1])
    if operator is _constants.SUBPATTERN:
        return [value[3]]
    if operator is _constants.ATOMIC_GROUP:
        return [value]
    if operator in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [value[1]]
    return []


def text(sequence: Iterable[Node], characters: list[str], flags: int) -> str:
    """A short text that a sequence matches, or nearly: what must stand before the next part is reached."""
    out = ""
    for node in sequence:
        operator, value = node
        if operator is _constants.LITERAL:
            out += chr(value)
        elif operator in CLASSES:
            test = _one(_frozen(node), flags)
            out += next((c for c in [*characters, *samples(node), *OTHERS] if test.match(c)), "")
        elif operator in REPEATS:
            out += text(value[2], characters, flags) * min(value[0], 20)
        elif operator is _constants.BRANCH:
            out += text(value[1][0], characters, flags)
        elif operator is _constants.ASSERT and value[0] < 0:
            out += text(value[1], characters, flags)
        elif operator in (_constants.SUBPATTERN, _constants.ATOMIC_GROUP):
            out += text(inner(node)[0], characters, flags)
    return out


def has_repeats(sequence: Any) -> bool:
    return any(node[0] in REPEATS or any(map(has_repeats, inner(node))) for node in sequence)


def repeats(sequence: Any, before: str, characters: list[str], flags: int) -> Iterator[tuple[str, str]]:
    """(what stands before, what is repeated) of every repeat, and (before, "") of every part."""
    for number, node in enumerate(sequence):
        prefix = before + text(sequence[:number], characters, flags)
        if node[0] in REPEATS:
            yield prefix, text(node[1][2], characters, flags)
        elif node[0] is not _constants.AT:
            yield prefix + text([node], characters, flags), ""
        for inside in filter(has_repeats, inner(node)):
            yield from repeats(inside, prefix, characters, flags)


def hostile(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """(prefix, unit) of the inputs to try: the prefix once, the unit as often as it fits."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    characters = kinds(pattern, tree) or ["a"]
    if not has_repeats(tree):
        return [("", c) for c in characters]
    found: dict[tuple[str, str], None] = {("", c): None for c in characters}
    for prefix, unit in repeats(tree, "", characters, pattern.flags):
        found[("", prefix)] = None
        if unit:
            found[("", prefix + unit)] = None
            for filler in dict.fromkeys([unit, *characters]):
                found[(prefix, filler)] = None
    return [(prefix, unit) for prefix, unit in found if unit]


def seconds(pattern: re.Pattern[Any], methods: Iterable[str], tried: Any) -> float:
    """CPU time of the slowest use of a pattern on a text."""
    slowest = 0.0
    for method in methods:
        started = time.process_time()
        if method == "search":
            deque(pattern.finditer(tried), maxlen=0)
        else:
            getattr(pattern, method)(tried)
        slowest = max(slowest, time.process_time() - started)
    return slowest


def slow(pattern: re.Pattern[Any], methods: Iterable[str], longest: int) -> str:
    """The input on which a pattern takes too long, in words; empty if there is none.

    Lengths grow, so that an exponential pattern is caught while it is short, and one that is too slow before it has
    taken minutes. Where a length takes so little that by its square the longest would not take too long, none of
    those between need be tried.
    """
    short = [at for at in (*range(12, 40, 2), *(40 * 2**step for step in range(11))) if at <= longest // 10]
    for prefix, unit in hostile(pattern):
        for at in [*short, *(longest // part for part in (10, 4, 2, 1))]:
            body = prefix + unit * max(1, (at - len(prefix) - len(END)) // len(unit)) + END
            tried: Any = body[:at] if isinstance(pattern.pattern, str) else body[:at].encode("latin-1")
            spent = seconds(pattern, methods, tried)
            if spent > SECONDS:
                spent = min(spent, seconds(pattern, methods, tried))
            if spent > SECONDS:
                return f"{prefix!r} + {unit!r} * n, {at} characters: {spent:.2f} s"
            if at >= longest // 10 and spent * (longest / at) ** 2 < SECONDS:
                break
    return ""


def limit(name: str) -> int:
    """The longest input that a pattern is held to."""
    return LIMITS.get(name, LONGEST_LINE if name.startswith("boilerplate.tsv") else LONGEST)


ROOMS = sorted({info.name for info in pkgutil.iter_modules(pipeline.__path__)} - {"__main__"})


@pytest.mark.parametrize("room", [*ROOMS, "boilerplate"])
def test_every_pattern_is_linear_on_hostile_input(room: str) -> None:
    told = {}
    for name, (pattern, methods) in patterns().items():
        if re.match(rf"(?:pipeline\.)?{room}\b", name):
            told[name] = slow(pattern, methods, limit(name))
    assert {name: words for name, words in told.items() if words} == {}


def test_the_patterns_are_found() -> None:
    """Those a module holds, in a dict, in a tuple, made by a cached function, from a table, and inline."""
    assert set(patterns()) >= {
        "pipeline.web.blocks._TAG",
        "pipeline.normalize.spans._HINTS[-]",
        "pipeline.normalize.quotes._DOUBLED[0][0]",
        "pipeline.extract.encoding._wrong_characters('gb18030',)",
        "boilerplate.tsv:1 credit",
    }
    assert any(name.startswith("pipeline.extract.filed:") for name in patterns())
    rooms = {name.split(":")[0].split(".")[1] for name in patterns() if name.startswith("pipeline.")}
    assert rooms <= set(ROOMS)
    assert {name.split(":")[0] for name in patterns() if not name.startswith("pipeline.")} == {
        "boilerplate.tsv"
    }
    assert len(rooms) >= 10


@pytest.mark.parametrize(
    ("bad", "good", "method"),
    [
        (r"[ \t]+$", r"(?<![ \t])[ \t]+$", "search"),
        (r"<(/?)([a-z][a-z0-9]*)[^<>]*>", r"<(/?)([a-z][a-z0-9]*+)[^<>]*+>", "search"),
        (r"charset\s*=\s*[\"']?\s*([a-z]{2})", r"charset\s*+=\s*+[\"']?\s*+([a-z]{2})", "search"),
        (r"(?:赞|评论)\s*(?:数|量)?\s*[:：]?\s*\d", r"(?:赞|评论)\s*+(?:数|量)?\s*+[:：]?\s*+\d", "match"),
        (
            r"源(?:\s{0,3}:\s{0,3}|\s{0,2}\x1f\s{0,3})+([^\x1f\n]{2})",
            r"源(?:[ ]{0,3}+:|[ ]{0,2}+\x1f)+([^\x1f\n]{2})",
            "match",
        ),
        (r"(?:a|aa)*d", r"a*+d", "match"),
    ],
)
def test_a_slow_pattern_is_caught_and_its_mend_is_not(bad: str, good: str, method: str) -> None:
    assert slow(re.compile(bad), {method}, LONGEST)
    assert not slow(re.compile(good), {method}, LONGEST)
