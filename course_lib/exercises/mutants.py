"""Would the tests notice if the reference were a little wrong?

A mutant is the reference answer with one small change inside its solution: another operator, a boundary moved by one, a
statement left out. Tests that let it pass test too little, or the mutant means the same, which a human says with a
reason in `equivalent_mutants.toml`:

    [psi]
    "boundary in psi: low < high -> low <= high" = "low and high are never equal: the edges are distinct"

A mutant's name tells the kind of the change, the function, and before and after; it holds no line number, so it
survives edits elsewhere. Texts for people are not mutated: docstrings, messages of raise and assert, annotations.

Source of the idea: DeMillo, Lipton and Sayward, "Hints on test data selection" (1978). Pure: text in, texts out.
"""

from __future__ import annotations

import ast
import copy
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from course_lib.exercises.source import Exercise, unmarked

_SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.MatMult: ast.Mult,
}  # fmt: skip
_NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
_UNWRAPPED = {"sorted", "abs", "reversed", "set", "round"}
_COMMUTATIVE = {
    "min",
    "max",
    "maximum",
    "minimum",
    "gcd",
    "array_equal",
}  # swapping what they are given changes nothing
_OTHER = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SHOWN = 60  # characters of before and after in a mutant's name


@dataclass(frozen=True)
class Mutant:
    """A changed reference: `name` says what changed, `text` is the answer cell, `line` where in it."""

    name: str
    text: str
    line: int


@dataclass(frozen=True)
class _Change:
    kind: str
    node: int  # place in the walk of the tree
    before: str
    after: str
    apply: Callable[[ast.AST], ast.AST | list[ast.AST] | None]  # what takes the place of a copy of the node


def mutants_of(exercise: Exercise) -> list[Mutant]:
    """All mutants of an exercise's reference, in the order of their lines; no two with the same text."""
    return mutate(exercise.answer.text)


def mutate(text: str) -> list[Mutant]:
    """All mutants of an answer cell whose solution stands between markers.

    >>> min(m.name for m in mutate("def f(a):\\n    ### BEGIN SOLUTION\\n    return a < 0\\n    ### END SOLUTION"))
    'boundary in f: a < 0 -> a <= 0'
    """
    tree = ast.parse(text)
    regions = list(_regions(text))
    nodes, messages = list(ast.walk(tree)), _messages(tree)
    owners = _owners(tree)
    seen, told, found = {ast.unparse(tree)}, dict[str, int](), list[Mutant]()
    for place, node in enumerate(nodes):
        line = getattr(node, "lineno", 0) or getattr(getattr(node, "target", None), "lineno", 0)
        if id(node) in messages or not any(first < line < last for first, last in regions):
            continue
        for change in _changes(node, place):
            changed = _applied(tree, change)
            if changed is None or changed in seen:
                continue
            seen.add(changed)
            name = f"{change.kind} in {owners.get(id(node), 'the cell')}: {change.before} -> {change.after}"
            told[name] = told.get(name, 0) + 1
            found.append(Mutant(name if told[name] == 1 else f"{name} #{told[name]}", changed + "\n", line))
    return sorted(found, key=lambda mutant: mutant.line)


def read_equivalents(text: str) -> dict[str, dict[str, str]]:
    """What `equivalent_mutants.toml` says: exercise -> name of a mutant -> reason. Raises ValueError."""
    told = tomllib.loads(text)
    for exercise, names in told.items():
        for name, reason in names.items():
            if not isinstance(reason, str) or len(reason.split()) < 3:
                raise ValueError(f"equivalent mutant {exercise}: {name!r} wants a reason in words")
    return told


def _changes(node: ast.AST, place: int) -> Iterator[_Change]:
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _SWAPPED:
            yield _set(node, place, "arithmetic", op=_SWAPPED[type(op)]())
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert(), operand=operand):
            yield _replaced(node, place, "removed sign" if not isinstance(node.op, ast.Not) else "removed not", operand)
        case ast.Compare(ops=ops):
            yield _set(node, place, "comparison", ops=[_NEGATED[type(ops[0])](), *ops[1:]])
            for n, each in enumerate(ops):
                if type(each) in _BOUNDARY:
                    yield _set(node, place, "boundary", ops=[*ops[:n], _BOUNDARY[type(each)](), *ops[n + 1 :]])
        case ast.BoolOp(op=op):
            yield _set(node, place, "boolean", op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.Constant(value=bool() as value):
            yield _set(node, place, "boolean", value=not value)
        case ast.Constant(value=int() | float() as value):
            for step in (1, -1):
                yield _set(node, place, "constant", value=value + step)
        case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper)):
            for bound, was in (("lower", lower), ("upper", upper)):
                if was is not None:
                    yield _bound(node, place, bound, None)
                    if not isinstance(was, ast.Constant):
                        yield _bound(node, place, bound, ast.BinOp(was, ast.Add(), ast.Constant(1)))
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _UNWRAPPED:
            yield _replaced(node, place, f"removed {name}", first)
        case ast.Call(func=ast.Name(id=name)) if name in _OTHER:
            yield _set(node, place, "min and max" if name.startswith("m") else "boolean", func=ast.Name(_OTHER[name]))
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Compare | ast.UnaryOp):
        yield _set(node, place, "boolean", test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension):
        for n in range(len(node.ifs)):
            yield _set(node, place, "removed filter", ifs=[*node.ifs[:n], *node.ifs[n + 1 :]])
    if isinstance(node, ast.Call):
        for n in range(len(node.keywords)):
            yield _set(node, place, "removed keyword", keywords=[*node.keywords[:n], *node.keywords[n + 1 :]])
    if isinstance(node, ast.Call) and len(node.args) >= 2 and _called(node) not in _COMMUTATIVE:
        one, two, *rest = node.args
        if not isinstance(one, ast.Starred) and not isinstance(two, ast.Starred):
            yield _set(node, place, "swapped arguments", args=[two, one, *rest])
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield from _of_handler(node, place)
    if isinstance(node, ast.stmt):
        yield from _of_statement(node, place)


def _of_handler(node: ast.ExceptHandler, place: int) -> Iterator[_Change]:
    """Catches more than it should, or less."""
    if ast.unparse(node.type or ast.Constant(None)) not in ("Exception", "BaseException"):
        yield _set(node, place, "wider except", type=ast.Name("Exception"))
    if isinstance(node.type, ast.Tuple) and len(node.type.elts) > 1:
        for n in range(len(node.type.elts)):
            fewer = ast.Tuple([*node.type.elts[:n], *node.type.elts[n + 1 :]], ast.Load())
            yield _set(node, place, "narrower except", type=fewer)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _of_statement(node: ast.stmt, place: int) -> Iterator[_Change]:
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
            yield _Change("deleted statement", place, _short(node), "pass", lambda _: ast.Pass())
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield _Change("early return", place, _short(node), "return None", lambda _: ast.Return(ast.Constant(None)))
        case ast.If(orelse=[]) as found:
            yield _Change("deleted statement", place, _head(found), "pass", lambda _: ast.Pass())
        case ast.For() | ast.While() as found:
            yield _Change("early return", place, _head(found), "one round", _one_round)
            if isinstance(found, ast.For):
                for bound in ("[1:]", "[:-1]"):
                    shorter = ast.parse(f"list({ast.unparse(found.iter)}){bound}", mode="eval").body
                    yield _set(found, place, "slice bound", iter=shorter)
        case ast.Try(body=body, orelse=orelse, finalbody=finalbody):
            yield _Change("removed try", place, "try", "its body", lambda _: [*body, *orelse, *finalbody])


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _one_round(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.For | ast.While)
    node.body = [*node.body, ast.Break()]
    return node


def _set(node: ast.AST, place: int, kind: str, **fields: object) -> _Change:
    def apply(found: ast.AST) -> ast.AST:
        for key, value in fields.items():
            setattr(found, key, copy.deepcopy(value))
        return found

    return _Change(kind, place, _short(node), _short(apply(copy.deepcopy(node))), apply)


def _replaced(node: ast.AST, place: int, kind: str, instead: ast.AST) -> _Change:
    return _Change(kind, place, _short(node), _short(instead), lambda _: copy.deepcopy(instead))


def _bound(node: ast.Subscript, place: int, bound: str, instead: ast.expr | None) -> _Change:
    def apply(found: ast.AST) -> ast.AST:
        assert isinstance(found, ast.Subscript)
        setattr(found.slice, bound, copy.deepcopy(instead))
        return found

    return _Change("slice bound", place, _short(node), _short(apply(copy.deepcopy(node))), apply)


def _applied(tree: ast.Module, change: _Change) -> str | None:
    copied = copy.deepcopy(tree)
    target = list(ast.walk(copied))[change.node]
    for parent in ast.walk(copied):
        for field, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, field, change.apply(target))
            elif isinstance(value, list) and any(item is target for item in value):
                at = next(n for n, item in enumerate(value) if item is target)
                instead = change.apply(target)
                value[at : at + 1] = instead if isinstance(instead, list) else [instead]
    try:
        changed = ast.unparse(ast.fix_missing_locations(copied))
        compile(changed, "<mutant>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return changed


def _messages(tree: ast.AST) -> set[int]:
    """The nodes that are words for people, or types: nobody tests them."""
    excluded: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(args=args, keywords=keywords)):
                excluded += [*args, *keywords]
            case ast.Assert(msg=ast.expr() as message):
                excluded.append(message)
            case ast.AnnAssign(annotation=annotation):
                excluded.append(annotation)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                excluded += [*node.decorator_list, *([node.returns] if node.returns else [])]
                excluded += [
                    arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg) and arg.annotation
                ]
    return {id(inner) for node in excluded for inner in ast.walk(node)}


def _owners(tree: ast.AST) -> dict[int, str]:
    """The innermost function or class around every node, by its qualified name."""
    owners: dict[int, str] = {}

    def walk(node: ast.AST, path: Sequence[str]) -> None:
        for child in ast.iter_child_nodes(node):
            owners[id(child)] = ".".join(path) or "the cell"
            named = isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            walk(child, [*path, child.name] if named else path)  # type: ignore[attr-defined]

    walk(tree, [])
    return owners


def _regions(text: str) -> Iterator[tuple[int, int]]:
    """First and last line of every solution, the lines of its markers."""
    begins = [n for n, line in enumerate(text.split("\n"), 1) if re.match(r"\s*### BEGIN SOLUTION", line)]
    ends = [n for n, line in enumerate(text.split("\n"), 1) if re.match(r"\s*### END SOLUTION", line)]
    yield from zip(begins, ends, strict=True)


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While | ast.For):
        return _head(node)
    if isinstance(node, ast.ExceptHandler):
        return f"except {ast.unparse(node.type)}" if node.type is not None else "except"
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _head(node: ast.If | ast.While | ast.For) -> str:
    bare = copy.copy(node)
    bare.body, bare.orelse = [ast.Pass()], []
    text = " ".join(ast.unparse(ast.fix_missing_locations(bare)).split()).removesuffix(": pass")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


__all__ = ["Mutant", "mutants_of", "mutate", "read_equivalents", "unmarked"]
