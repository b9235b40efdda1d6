"""Which names does a piece of code make, and which does it need? Pure: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def bound(source: str) -> set[str]:
    """The names that the top level of `source` makes.

    >>> sorted(bound("import a.b, c as d\\nx, (y, *z) = 1, (2, 3)\\nfor i in x: k = 1\\ndef f(q): r = 1"))
    ['a', 'd', 'f', 'i', 'k', 'x', 'y', 'z']
    """
    try:
        return set(_bound(ast.parse(source).body))
    except SyntaxError:
        return set()


def needed(tree: ast.Module) -> set[str]:
    """The names that `tree` reads and does not make; builtins among them."""
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made |= set(_bound(tree.body))
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - made


def callables(stub: str) -> set[str]:
    """The functions and classes that the top level of `stub` defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.parse(stub).body if isinstance(node, kinds)}


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
                continue
            case ast.Import(names=aliases):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
            case ast.ImportFrom(names=aliases):
                yield from (alias.asname or alias.name for alias in aliases)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.stmt):
                yield from _bound([part])
            elif isinstance(part, ast.ExceptHandler):
                yield from _bound(part.body)
            elif isinstance(part, ast.withitem):
                yield from _stored(part.optional_vars)
            else:
                yield from _stored(part)


def _stored(part: ast.AST | None) -> Iterator[str]:
    if isinstance(part, ast.Name | ast.Tuple | ast.List | ast.Starred):
        yield from (n.id for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
