"""Which of a learner's own cells does an answer stand on?

Those that bind a name which the answer uses, those that bind a name which these use, and so on; and those that only
import and adjust (`sys.setrecursionlimit(...)`). Cells that explore are not run again for every exercise: they may take
minutes, and nothing rests on them. Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence


def needed(cells: Sequence[str], answer: str) -> list[int]:
    """The places, in order, of the `cells` that `answer` stands on.

    >>> needed(["a = 1", "b = a + 1", "c = 3", "import sys; sys.setrecursionlimit(9999)"], "def f(): return b")
    [0, 1, 3]
    """
    trees = [_parsed(cell) for cell in cells]
    bound = [bindings(tree) for tree in trees]
    wanted, taken = _used(_parsed(answer)), set[int]()
    waiting = True
    while waiting:
        waiting = False
        for place, tree in enumerate(trees):
            if place not in taken and (tree is None or bound[place] & wanted or _adjusts(tree)):
                taken.add(place)
                wanted |= _used(tree)
                waiting = True
    return sorted(taken)


def definitions(text: str) -> str:
    """What of a cell can be had without running it: its imports, functions, classes and constants.

    >>> definitions("import math\\nx = math.pi\\nLIMIT = 3\\ndraw(x)\\ndef f(): ...").split("\\n")
    ['import math', 'LIMIT = 3', 'def f(): ...']
    """
    tree = _parsed(text)
    if tree is None:
        return ""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    kept = [node for node in tree.body if isinstance(node, kinds) or _is_constant(node)]
    return "\n".join(ast.get_source_segment(text, node) or "" for node in kept)


def bindings(tree: ast.Module | None) -> set[str]:
    """The names that the top level of a cell binds."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body) if tree else []
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
                continue
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
        waiting += ast.iter_child_nodes(node)
    return names


def parsed(text: str) -> ast.Module | None:
    """The tree of a cell, its magics left out; None for what is no Python."""
    lines = [line if not line.lstrip().startswith(("%", "!")) else "" for line in text.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_parsed = parsed


def _used(tree: ast.Module | None) -> set[str]:
    """All names that stand anywhere in a cell."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()


def _adjusts(tree: ast.Module) -> bool:
    """Whether a cell does nothing but import, and call or set something of a module."""
    kept = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return bool(kept) and all(_is_adjustment(node) for node in kept)


def _is_adjustment(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name()), args=args)):
            return all(isinstance(argument, ast.Constant) for argument in args)
        case ast.Assign(targets=[ast.Attribute()], value=ast.Constant()):
            return True
    return False


def _is_constant(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name()], value=ast.Constant()):
            return True
    return False
