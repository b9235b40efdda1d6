"""How does a published month of trips get onto this disk, whole, over a network that fails?

The bytes go to `<name>.part` beside the target and stay there whatever happens; the next try asks for the rest
(RFC 9110, section 14: Range and If-Range) and starts again where the publisher has changed the file meanwhile
or cannot tell. Only a complete file takes the target's name, in one step. `<name>.part.json` notes which version
of which address the part is of. Sizes are bytes; no clock is read here.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from course_lib.errors import FetchError, MonthNotPublished
from course_lib.ingestion import web
from course_lib.ingestion.months import impossible, parse_months, rule
from course_lib.storage.atomic import unwritable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["OFFICIAL", "Progress", "fetch", "parse_months", "shown"]

OFFICIAL = "https://d37ci6vzurychx.cloudfront.net/trip-data"  # the TLC's own distribution of its trip records

Progress = Callable[[str, int, int | None], None]  # file name, bytes held, bytes in all (None: not told)


def fetch(
    service: str,
    months: Sequence[str],
    folder: Path,
    *,
    today: date | None = None,
    base_url: str = OFFICIAL,
    progress: Progress | None = None,
    timeout: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Path]:
    """The published files of `service` for `months`, in `folder`: one path a month, in the order asked.

    months    each "YYYY-MM" (see `parse_months`)
    today     lets a month still to come be refused before anything is asked of the network
    timeout   seconds without a byte after which a connection counts as cut

    A file that is here with the published size is kept. Raises BadArgument, MonthNotPublished, FetchError (what came
    and the files before it stay) and OutputUnwritable.
    """
    base = base_url.rstrip("/")
    this_month = f"{today:%Y-%m}" if today else None
    names = [f"{service}_tripdata_{month}.parquet" for month in months]
    for month, name in zip(months, names, strict=True):
        if why := impossible(service, month, this_month):
            raise MonthNotPublished(f"{base}/{name}", why, rule(service, this_month))
    told: Progress = progress or (lambda name, held, total: None)
    with web.client(base, timeout) as client:
        for name in names:
            address = web.Address(client, f"{base}/{name}", folder, rule(service, this_month), sleep)
            _download(address, folder / name, told)
    return [folder / name for name in names]


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """A Progress that draws a bar per file on a terminal, and elsewhere prints a line when a file is whole."""
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
    )
    bars = progress.Progress(*columns, console=console, disable=not console.is_terminal)
    tasks: dict[str, progress.TaskID] = {}

    def tell(name: str, held: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=total)
        bars.update(tasks[name], completed=held, total=total)
        if held == total and not console.is_terminal:
            console.print(f"{name}: {total:,} bytes", highlight=False)

    with bars:
        yield tell


# -- one file ---------------------------------------------------------------------------------------------


def _download(address: web.Address, target: Path, told: Progress) -> None:
    part = target.with_name(target.name + ".part")
    try:
        if _complete(address, target, told):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with _owned(part) as out:
            if _complete(address, target, told):  # whoever held the part before us has finished it
                part.unlink(missing_ok=True)
            else:
                address.patiently(lambda: _whole(address, out, target.name, told), lambda: _size(out))
                os.fsync(out.fileno())
                os.replace(part, target)  # a power cut may undo this: then the whole part is found again
            _note(out).unlink(missing_ok=True)
    except BrokenPipeError:
        raise  # the terminal went away, not the disk
    except OSError as error:
        raise unwritable(target, error) from error


def _complete(address: web.Address, target: Path, told: Progress) -> bool:
    """Whether the file at `target` has the size that the publisher names now."""
    if not target.is_file():
        return False
    size = target.stat().st_size
    if address.patiently(address.size, lambda: 0) != size:
        return False
    told(target.name, size, size)
    return True


def _whole(address: web.Address, out: BinaryIO, name: str, told: Progress) -> None:
    """One try to make `out` a whole Parquet file. Raises Again where another may, FetchError where none will."""
    length = _append(address, out, name, told)
    with Path(out.name).open("rb") as file:
        begins = file.read(16)
        try:
            pq.ParquetFile(file).close()
            parquet = begins.startswith(b"PAR1")  # the reader looks at the end only
        except (pa.ArrowException, OSError, ValueError):
            parquet = False
    if not parquet:
        size = _size(out)
        _forget(out)
        if length is None and b"PAR1".startswith(begins[:4]):
            raise web.Again("the connection was cut, and the server tells no size by which to go on")
        why = f"the {size:,} bytes that came are no Parquet file (they begin with {begins!r})"
        remedy = "A login page or a proxy may have answered: open the address in a browser and see."
        raise FetchError(address.url, why, remedy)


def _append(address: web.Address, out: BinaryIO, name: str, told: Progress) -> int | None:
    """Ask for what `out` lacks and append it; the published size, None where it is not told. Raises Again."""
    offset, held = _size(out), _noted(out, address.url)
    resumes = offset > 0 and held is not None and held.tag != ""
    asked = {"Range": f"bytes={offset}-", "If-Range": held.tag} if held and resumes else {}
    with address.open("GET", asked) as response:
        if response.status_code == 200:  # the first try, a changed file, or a server that gives no ranges
            _forget(out)  # before the note: the bytes of one version never stand beside the note of another
            offset, held = 0, _version(response, address.url)
            _note(out).write_text(json.dumps(held._asdict()))  # a torn note is no note: the part starts again
        elif held and resumes:
            first, last, total = web.content_range(response)
            now = _version(response, address.url)
            if now.etag not in ("", held.etag) or (total is not None and total != held.length):
                _forget(out)
                raise web.Again("the published file changed while it was being downloaded")
            if response.status_code == 416 and total == offset:
                return total  # only the rename was missing
            if response.status_code == 416 or first != offset:
                _forget(out)
                raise web.Again(f"asked for the bytes from {offset} on, the server names {first} to {last} of {total}")
        else:
            raise web.Again(f"the server answers {response.status_code} to a question for the whole file")
        told(name, offset, held.length)
        try:
            for chunk in response.iter_raw():  # as it comes: a chunk size would lose what is buffered at a cut
                out.write(chunk)
                offset += len(chunk)
                told(name, offset, held.length)
        finally:
            out.flush()
    if held.length not in (None, offset):
        raise web.Again(f"{offset:,} of {held.length:,} bytes came")
    return held.length


# -- the part and its note --------------------------------------------------------------------------------


class _Version(NamedTuple):
    """The version of a published file that a part holds the beginning of."""

    url: str
    etag: str  # as sent; "" where none was
    modified: str  # Last-Modified as sent; "" where none was
    length: int | None  # bytes of the whole file

    @property
    def tag(self) -> str:
        """What If-Range may name: never a weak ETag, which promises equal meaning and not equal bytes."""
        return self.modified if self.etag.startswith("W/") else self.etag or self.modified


def _version(response: httpx.Response, url: str) -> _Version:
    told = response.headers
    return _Version(url, told.get("etag", ""), told.get("last-modified", ""), web.length(response))


def _note(out: BinaryIO) -> Path:
    return Path(out.name + ".json")


def _noted(out: BinaryIO, url: str) -> _Version | None:
    try:
        held = _Version(**json.loads(_note(out).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return held if held.url == url else None


def _size(out: BinaryIO) -> int:
    return os.fstat(out.fileno()).st_size


def _forget(out: BinaryIO) -> None:
    if _size(out):
        out.truncate(0)  # in append mode the next byte goes to the new end


@contextmanager
def _owned(part: Path) -> Iterator[BinaryIO]:
    """`part`, open for appending, ours alone: a second download of the same file waits here for the first."""
    while True:
        with part.open("ab") as out:
            try:
                fcntl.flock(out, fcntl.LOCK_EX)
            except OSError as error:  # some network file systems know no locks: one download at a time, there
                if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                    raise
            try:
                ours = os.path.samestat(os.fstat(out.fileno()), part.stat())
            except FileNotFoundError:
                ours = False
            if ours:  # else it became the target, or was dropped, while we waited
                yield out
                return
