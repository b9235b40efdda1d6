"""How does a process do without the modules that hold an answer?

`hide` makes their import fail, forgets those that are loaded already and takes them off their packages.
`without_imports_of` rewrites a cell of ours that imports them, so that the rest of the cell still runs. What is hidden
is the module, not its file: the sandbox of `course grade` covers the file too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Hidden(ModuleNotFoundError):
    """The module holds the answer that is asked for."""


class Blocker(MetaPathFinder):
    """Refuses to find the modules `names` and all below them; fewer `names` set later are found again."""

    def __init__(self, names: Iterable[str]):
        self.names = tuple(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if _below(fullname, self.names):
            # Without `name`, which would let `from package import module` make another error of it.
            raise Hidden(f"{fullname} holds the answer and is not here while this exercise is graded")
        return None


def hide(names: Iterable[str]) -> Blocker:
    """Make the modules `names`, and all below them, unfindable in this process; what keeps them so."""
    names = tuple(names)
    blocker = Blocker(names)
    sys.meta_path.insert(0, blocker)
    for loaded in [module for module in sys.modules if _below(module, names)]:
        module = sys.modules.pop(loaded)
        package, _, last = loaded.rpartition(".")
        parent = sys.modules.get(package)
        if parent is not None and getattr(parent, last, None) is module:
            delattr(parent, last)
    return blocker


def without_imports_of(text: str, names: Iterable[str]) -> tuple[str, list[str]]:
    """`text` without its imports of the modules `names`, and the names that it no longer binds.

    Lines keep their numbers. Text that is no plain Python (a magic, say) comes back as it is.

    >>> without_imports_of("import math, os\\nfrom math import pi", ["math"])
    ('import os\\npass', ['math', 'pi'])
    """
    names = tuple(names)
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text, []
    lines, unbound = text.split("\n"), []
    for node in reversed([node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]):
        kept, gone = _split(node, names)
        if not gone:
            continue
        unbound += [(alias.asname or alias.name).partition(".")[0] for alias in gone]
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        node.names = kept
        lines[first : last + 1] = [before + (ast.unparse(node) if kept else "pass") + after] + [""] * (last - first)
    return "\n".join(lines), sorted(unbound)


def _split(node: ast.Import | ast.ImportFrom, names: tuple[str, ...]) -> tuple[list[ast.alias], list[ast.alias]]:
    if isinstance(node, ast.Import):
        hidden = {alias.name for alias in node.names if _below(alias.name, names)}
    else:
        module = node.module or ""
        whole = _below(module, names)
        hidden = {alias.name for alias in node.names if whole or _below(f"{module}.{alias.name}", names)}
    kept = [alias for alias in node.names if alias.name not in hidden]
    return kept, [alias for alias in node.names if alias.name in hidden]


def _below(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)
