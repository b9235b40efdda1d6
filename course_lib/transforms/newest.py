"""Of several versions of one trip, which one stands?

The newest: the largest updated_at, null being the oldest; ties go to the smallest source_file (bytewise), then the
smallest source_row. The rule is a total order on rows, so the answer does not depend on the order in which
they arrive, and taking the newest of the newest is taking the newest.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from course_lib.trips.columns import Columns

_OLDEST = np.iinfo(np.int64).min


def newest(trips: pa.Table) -> np.ndarray:
    """Which rows of `trips` (n rows, trip_id not null) stand; (n,) bool, one True a trip_id."""
    columns = Columns(trips)
    ids = columns.values("trip_id")
    age = columns.filled("updated_at", _OLDEST)
    # Ascending order with the winner first; ~x reverses an int64 without overflow, as -x would at the minimum.
    order = np.lexsort((columns.values("source_row"), _ranks(trips["source_file"]), ~age, ids))
    stands = np.zeros(trips.num_rows, bool)
    if len(order):
        ordered = ids[order]
        stands[order[np.concatenate([[True], ordered[1:] != ordered[:-1]])]] = True
    return stands


def _ranks(names: pa.ChunkedArray) -> np.ndarray:
    """The place of each name in bytewise order (n,) int32."""
    array = names.combine_chunks()
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of a chunked dictionary may keep one chunk
        array = array.unify_dictionaries().combine_chunks()
    keys = [name.encode() for name in array.dictionary.to_pylist()]
    rank = np.empty(max(len(keys), 1), np.int32)
    rank[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys), dtype=np.int32)
    return rank[array.indices.to_numpy(zero_copy_only=False)]
