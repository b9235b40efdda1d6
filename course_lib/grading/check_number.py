"""Which check failed, told without telling what it checks?

Checks are the asserts of a part of the tests, counted in their order. Pure.
"""

from __future__ import annotations

import ast

from course_lib.exercises.bench import parts_of
from course_lib.exercises.source import Exercise

_BEGIN, _END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def check_number(exercise: Exercise, part: str, line: int) -> str:
    """`visible 3 of 5`: the check at a line of the test cell, or the next one after it; "" where that is unknown."""
    if exercise.check is None or part not in ("visible", "hidden") or not line:
        return ""
    text = dict(parts_of(exercise.check.text, _BEGIN, _END))[part]
    checks = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt) and is_check(node)]
    ends = sorted(node.end_lineno or node.lineno for node in checks)
    number = sum(end < line for end in ends) + 1
    return f"{part} {min(number, len(ends))} of {len(ends)}" if ends else ""


def is_check(node: ast.AST) -> bool:
    """An assert, or a `raise AssertionError(...)`."""
    if isinstance(node, ast.Raise):
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(called, ast.Name) and called.id == "AssertionError"
    return isinstance(node, ast.Assert)
