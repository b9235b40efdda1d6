"""How are files that are canonical already taken in?

The course's own files (generator, exports) have the canonical columns in canonical units. A column of the right type
is taken as it is once its smallest and largest values are seen to lie inside the field's type; any other column is
converted like a published one. Ids are the source's own: a null id stays null, and a rule finds it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course_lib.ingestion.convert import FEW, WHOLE, as_array, convert, texts
from course_lib.ingestion.numerals import sound
from course_lib.ingestion.times import EARLIEST, LATEST, SECOND
from course_lib.trips.headers import Column, HeaderVersion, normal
from course_lib.trips.schema import CANONICAL, PROBLEM, SERVICES, TIME

_UNUSED = np.uint64(0)  # nothing is hashed here


def canonical_columns(header: HeaderVersion, columns: dict[str, pa.Array]) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The canonical columns of a batch (n rows) by name, and its problems (int64, n)."""
    n = len(next(iter(columns.values())))
    problems = np.zeros(n, np.int64)
    taken = {}
    for column in header.columns:
        array, odd = _column(column, columns[normal(column.name)])
        taken[column.name] = array
        if odd is not None and odd.any():
            problems |= odd.astype(np.int64) << PROBLEM[column.name]
    return taken, problems


def _column(column: Column, array: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    """The column in its canonical type, and where it was odd (None: nowhere)."""
    if column.kind == "service":
        return _service(array)
    if column.kind == "text":
        return texts(array), None
    target = CANONICAL.field(column.name).type
    if array.type == target and _inside(column.kind, array):
        return array, None
    if column.kind == "id":
        return _ids(array)
    values = convert(column.kind, array, _UNUSED)
    return as_array(values, target), values.odd


def _inside(kind: str, array: pa.Array) -> bool:
    """Whether every value of an array of the canonical type lies inside the field's type."""
    if kind == "id" or array.null_count == len(array):
        return True
    ends = pc.min_max(array if array.type != TIME else array.view(pa.int64()))
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if kind != "time":
        return bool(WHOLE[kind].least <= low and high <= WHOLE[kind].most)
    if not EARLIEST <= low <= high < LATEST:
        return False
    ticks = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array)]
    seconds = ticks // SECOND
    seconds *= SECOND
    return bool((seconds == ticks).all())


def _service(array: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    array = sound(array)
    if not pa.types.is_dictionary(array.type):
        array = array.cast(pa.string()).dictionary_encode()
    if array.type != FEW:
        array = array.cast(FEW)
    known = [name in SERVICES for name in array.dictionary.to_pylist()]
    if all(known):
        return array, None
    which = pc.fill_null(array.indices, len(known)).to_numpy(zero_copy_only=False)
    odd = ~np.array([*known, True])[which]
    names = pa.array([name if ok else None for name, ok in zip(array.dictionary.to_pylist(), known, strict=True)])
    return names.cast(pa.string()).take(array.indices).dictionary_encode(), odd


def _ids(array: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    try:
        return array.cast(pa.int64()), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        ids = [_whole_number(value) for value in array.to_pylist()]
    odd = np.array([i is None for i in ids]) & array.is_valid().to_numpy(zero_copy_only=False)
    return pa.array(ids, pa.int64()), odd


def _whole_number(value: object) -> int | None:
    try:
        number = int(str(value).strip())
    except ValueError:
        return None
    return number if -(2**63) <= number < 2**63 else None
