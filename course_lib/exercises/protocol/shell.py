"""How does a cell run outside a notebook as it runs inside one?

By IPython's own shell: magics, top-level `await` and the last expression behave. It keeps no history (its writer is a
thread, and a process that forks has one) and prints no traceback: errors come back as exceptions.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


class Failed(Exception):
    """A cell of ours did not run; the cause is chained."""


def new_shell() -> InteractiveShell:
    """The one shell of this process."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    if "IPYTHONDIR" not in os.environ:  # the person's own settings and history are not for here
        home = tempfile.mkdtemp(prefix="course-ipython-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        os.environ["IPYTHONDIR"] = home
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = lambda *args, **kwargs: None  # type: ignore[method-assign]
    shell.showsyntaxerror = lambda *args, **kwargs: None  # type: ignore[method-assign]
    return shell


def run_cell(shell: InteractiveShell, text: str) -> BaseException | None:
    """What the cell raised, if it did."""
    found = shell.run_cell(text, store_history=False)
    return found.error_before_exec or found.error_in_exec


def run_ours(shell: InteractiveShell, cells: Iterable[tuple[str, str]]) -> None:
    """Run cells that must not fail, given as (where it stands, text). Raises Failed."""
    for where, text in cells:
        error = run_cell(shell, text)
        if error is not None:
            raise Failed(f"{where} does not run: {told(error)}") from error


def preload(modules: Iterable[str]) -> None:
    """Import what cells will ask for, so that every fork has it. What fails, fails again where it is asked for."""
    for name in modules:
        with contextlib.suppress(Exception):
            import_module(name)


def told(error: BaseException) -> str:
    """An exception in a line: its type and message.

    >>> told(KeyError("zone")), told(ValueError())
    ("KeyError: 'zone'", 'ValueError')
    """
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException as broken:  # an exception of the answer's own may raise when it is asked for its text
        text = f"(its text cannot be had: {type(broken).__name__})"
    return f"{name}: {text}" if text else name


def not_running(error: BaseException) -> str:
    """The words for an answer cell that raised `error`; those of an unsolved exercise are words already."""
    if isinstance(error, NotImplementedError) and str(error):
        return str(error)
    return f"the answer cell does not run: {told(error)}"


def namespace(shell: InteractiveShell) -> dict[str, Any]:
    """The names of the cells that ran."""
    return shell.user_ns
