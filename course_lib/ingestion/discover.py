"""Which trip files are there, and under which header was each published?

Folders are searched to any depth; what belongs to trips without being trips (zone tables, notes, manifests, hidden
and half-written files, the folders of runs) is passed over there. A file that is named is never passed over. Nothing
raises: what cannot be read is listed beside what can, with the remedy, and the caller decides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import InputError, NoTrips, SchemaDrift, UnreadableFile
from course_lib.ingestion.names import as_text
from course_lib.ingestion.sniff import sniff
from course_lib.ingestion.text_blocks import unreadable
from course_lib.trips.headers import HeaderVersion, Month, month_in, normal, service_in

# Beside trips, but no trips.
_NOT_TRIPS = re.compile(
    r"""
    [._].*                                  # hidden files, and what writers put beside a data set
    | .*\.(md|txt|rst|json|jsonl|ndjson|toml|ya?ml|html?|pdf|png|jpe?g|svg|py|ipynb|sh|sql|log|xml)
    | .*\.(part|tmp|crdownload|crc|md5|sha\d+|lock|db|sqlite)    # unfinished, checked or kept by programs
    | .*zone.*lookup.* | taxi_zones?\..*
    | .*(manifest|ground[-_ ]?truth|data[-_ ]?dictionary|checksums?).*
    | (readme|licen[cs]e|notice|changelog|makefile)(\..*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)

_RUN = (".lock", ".work")  # what the folder of a run holds (flows/run.py); its tables are no input of the next one

_GET_TRIPS = "Give a folder with .csv, .csv.gz or .parquet files of trips (`course data fetch` gets some)."


@dataclass(frozen=True)
class SourceFile:
    """A file of trips, as far as its first bytes tell."""

    path: Path  # absolute
    name: str  # relative to the inputs' common folder, with forward slashes; as names.py tells it
    given: str  # as on the command line, told in the same way
    size: int  # bytes
    modified: int  # ns since 1970
    format: str  # csv or parquet
    compression: str | None  # gzip or None
    service: str | None  # None where it is a column
    month: Month | None  # (year, month) in the file's name
    header: HeaderVersion
    rows: int | None  # known for Parquet


@dataclass(frozen=True)
class Discovery:
    """All inputs: readable files sorted by name (bytewise), and one error for each of the others."""

    files: tuple[SourceFile, ...]
    unreadable: tuple[InputError, ...]


def discover(inputs: Sequence[str | Path]) -> Discovery:
    """The trip files that `inputs` (files and folders) stand for; each counts once, however often it is named."""
    found: dict[str, tuple[Path, str, bool]] = {}  # real path -> path, as given, whether it was named itself
    problems: list[InputError] = []
    roots = []
    for given in inputs:
        if not str(given):
            problems.append(NoTrips('""', "no name is no file", "Name one (is a variable of your shell unset?)."))
            continue
        path = Path(os.path.abspath(given))  # noqa: PTH100  # a link keeps the name that it has here
        if not os.path.exists(path):  # noqa: PTH110  # Path.exists raises where a folder may not be entered
            problems.append(unreadable(as_text(given), _reason(path)))
        elif os.path.isdir(path):  # noqa: PTH112
            roots.append(path)
            inside = list(_walk(path, str(given), problems))
            if not inside:
                problems.append(_no_trips(path, as_text(given)))
            for file, as_given in inside:
                found.setdefault(os.path.realpath(file), (file, as_given, False))
        else:
            roots.append(path.parent)
            found[os.path.realpath(path)] = (path, str(given), True)
    if not inputs:
        problems.append(NoTrips("--input", "no file or folder was given", "Name at least one."))
    top = Path(os.path.commonpath(roots)) if roots else Path()
    files = []
    for path, given, named in found.values():
        try:
            files.append(_source(path, as_text(path.relative_to(top).as_posix()), as_text(given)))
        except InputError as error:
            if named or not _is_zone_table(error):
                problems.append(error)
        except OSError as error:  # it vanished meanwhile
            problems.append(unreadable(as_text(given), error))
    if not files and not problems:  # nothing but zone tables
        problems.append(_no_trips(Path(inputs[0]), as_text(inputs[0])))
    return Discovery(tuple(sorted(files, key=lambda file: file.name.encode())), tuple(problems))


def _source(path: Path, name: str, given: str) -> SourceFile:
    service = service_in(path.name)
    state = path.stat()
    seen = sniff(path, given, service)
    return SourceFile(
        path=path,
        name=name,
        given=given,
        size=state.st_size,
        modified=state.st_mtime_ns,
        format=seen.format,
        compression=seen.compression,
        service=seen.header.service,
        month=month_in(path.name),
        header=seen.header,
        rows=seen.rows,
    )


def _walk(folder: Path, given: str, problems: list[InputError]) -> Iterator[tuple[Path, str]]:
    """Every file below `folder` that may hold trips, in the order of their names, and its name as given."""
    entered: set[str] = set()
    errors: list[OSError] = []
    for where, folders, names in os.walk(folder, onerror=errors.append, followlinks=True):
        real = os.path.realpath(where)
        if real in entered or _is_run(where):  # the first is a link that leads back
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(names):
            path = Path(where, name)
            if not _NOT_TRIPS.fullmatch(name) and (path.is_file() or path.is_symlink()):
                yield path, os.path.join(given, path.relative_to(folder))  # noqa: PTH118  # "./x" stays "./x"
    problems += [unreadable(as_text(error.filename or given), error) for error in errors]


def stop_if_changed(file: SourceFile) -> None:
    """Raise UnreadableFile where `file` is no longer what was discovered: half of it may be old and half new."""
    try:
        state = file.path.stat()
    except OSError as error:
        raise unreadable(file.given, error) from error
    if (state.st_size, state.st_mtime_ns) != (file.size, file.modified):
        why = "it was changed while it was read"
        raise UnreadableFile(file.given, why, "Wait until nobody writes to it, then run the same command again.")


def _no_trips(folder: Path, given: str) -> NoTrips:
    if _is_run(folder):
        why = "it is the folder of a run, which is passed over"
        return NoTrips(given, why, "If you mean the trips in it, name its `generated` or `current/silver`.")
    return NoTrips(given, "no trip file is in this folder", _GET_TRIPS)


def _is_run(folder: str | Path) -> bool:
    return all(os.path.exists(os.path.join(folder, name)) for name in _RUN)  # noqa: PTH110, PTH118


def _is_zone_table(error: InputError) -> bool:
    return isinstance(error, SchemaDrift) and {"borough", "zone"} <= set(map(normal, error.new))


def _reason(path: Path) -> OSError:
    try:
        path.stat()
    except OSError as error:
        return error
    return FileNotFoundError()
