"""Does an answer stand on a module that holds the answer?

Seen are the places from where a learner can take it: the answer is imported, or the notebook's own code imports or
names the module, by way of helpers too. What a library does inside is its own affair.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any


def borrows(answers: set[str], names: Mapping[str, Any], hides: tuple[str, ...]) -> tuple[str, ...]:
    """The hidden modules that the `answers` among `names` come from, import, or call."""
    found: set[str] = set()
    for answer in sorted(answers & names.keys() if hides else ()):
        for name in _origins(names[answer], names):
            found |= {hidden for hidden in hides if name == hidden or name.startswith(f"{hidden}.")}
    return tuple(sorted(found))


def _origins(value: Any, names: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """The modules that a value comes from, and those that its code names where it is code of this notebook."""
    if depth > 5:
        return
    if isinstance(value, ModuleType):
        yield value.__name__
        return
    module = getattr(value, "__module__", None)
    if isinstance(module, str):
        yield module
    parts: list[Any] = [getattr(value, name, None) for name in ("__wrapped__", "func", "__func__", "fget")]
    if isinstance(value, type) and any(getattr(part, "__globals__", None) is names for part in vars(value).values()):
        parts += [*vars(value).values(), *value.__bases__]
    if isinstance(value, FunctionType) and value.__globals__ is names:
        yield from _imported(value.__code__)
        for name, *attributes in _paths(value.__code__):
            found = names.get(name)
            parts.append(found if isinstance(found, ModuleType) or callable(found) else None)
            for attribute in attributes:  # package.module.function
                found = getattr(found, attribute, None) if isinstance(found, ModuleType) else None
                parts.append(found if isinstance(found, ModuleType) or callable(found) else None)
    for part in parts:
        if part is not None and part is not value:
            yield from _origins(part, names, depth + 1)


def _imported(code: CodeType) -> Iterator[str]:
    """The modules that a piece of code imports when it runs."""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            module = str(step.argval)
            yield module
        elif step.opname == "IMPORT_FROM":
            yield f"{module}.{step.argval}"  # from package import module
    for inner in _inner(code):
        yield from _imported(inner)


def _paths(code: CodeType) -> Iterator[list[str]]:
    """The global names that a piece of code uses, each with the attributes that are asked of it: a.b.c."""
    path: list[str] = []
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and path:
            path.append(str(step.argval))
            continue
        if path:
            yield path
        path = [str(step.argval)] if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") else []
    if path:
        yield path
    for inner in _inner(code):
        yield from _paths(inner)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]
