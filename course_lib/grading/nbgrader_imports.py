"""How is nbgrader imported without waiting for what nobody asks of it?

It imports jsonschema, which imports a grammar of web addresses where one is installed; to compile that grammar takes
longer than all the rest together, and serves only schemas that hold addresses. Notebooks and gradebooks have none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_GRAMMAR = "rfc3987_syntax"


@contextmanager
def quick_imports() -> Iterator[None]:
    """What is imported inside the block goes without the grammar, unless it is there already."""
    absent = _GRAMMAR not in sys.modules
    if absent:
        sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # to import it fails, as if it were not installed
    try:
        yield
    finally:
        if absent:
            sys.modules.pop(_GRAMMAR, None)


def quickly() -> None:
    """Import nbgrader's gradebook; from then on `from nbgrader.api import ...` costs nothing."""
    with quick_imports():
        import nbgrader.api  # noqa: F401
