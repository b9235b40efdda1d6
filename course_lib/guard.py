"""How does a command end, whatever happens in it?

With an exit code and one sentence. 0 done, 1 a check failed or a step died, 2 bad arguments or unreadable input, 130
stopped by hand; the place in the code is shown only where it is asked for.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from course_lib.errors import BadArgument, CourseError, one_line

_REFUSALS = {  # what no program can answer, whatever it did when it met it
    errno.ENOSPC: "no space is left where it writes",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file would be larger than `ulimit -f` allows",
    errno.EMFILE: "more files are open than `ulimit -n` allows",
    errno.ENFILE: "more files are open than this system allows",
    errno.ENOMEM: "no memory is left",
    errno.EAGAIN: "no more processes or threads are allowed (`ulimit -u`)",
    errno.EIO: "the disk or terminal fails",
}


def prepare() -> None:
    """Make the process one that work can be done in, however it was started."""
    for closed in (0, 1, 2):  # who starts without them would find a socket or a table there
        with suppress(OSError):
            os.fstat(closed)
            continue
        os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115  # the process's own, to its end
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):  # a terminal that has no ü shows \xfc
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.warnoptions:  # PYTHONWARNINGS=error is meant for one's own code: no library here lives by it
        warnings.simplefilter("default")


def guarded(work: Callable[[], Any], verbose: bool, resumes: bool = False) -> None:
    """Do `work`; end with its exit code, and with one sentence instead of a traceback where it fails.

    `resumes` says that the same command goes on where this one was stopped.
    """
    again = "; what was finished is kept: run the same command again to resume" if resumes else ""
    try:
        _stand_somewhere()
        code = work()
    except CourseError as error:
        _tell(str(error), verbose)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo(f"stopped{again}", err=True)
        raise typer.Exit(130) from None
    except SystemExit:  # how rich ends a program whose output nobody reads on, as in `course ... | head`
        if resumes:
            typer.echo(f"stopped, because nobody reads what it says{again}", err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:  # nobody reads on: click ends the program, and quietly
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _REFUSALS:
            where = f" ({error.filename})" if error.filename else ""
            _tell(f"the machine refuses{where}: {_REFUSALS[error.errno]}{again}", verbose)
        else:
            _tell(f"{type(error).__name__}: {error}", verbose)
            typer.echo("This was not expected. Run it again with --verbose to see where it happened.", err=True)
        raise typer.Exit(1) from None
    if code:
        raise typer.Exit(code)


def _stand_somewhere() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:  # every library fails of it in its own way, and none says so
        raise BadArgument("the folder that this shell is in was removed: `cd` to another one.") from None


def _tell(text: str, verbose: bool) -> None:
    if verbose:
        traceback.print_exc()
    typer.echo(f"error: {one_line(text)}", err=True)
