"""Are two answers to the batch job the same?

An answer is reduced to facts: counts, the bytes of the zone-hour table, and for silver and quarantine a checksum that
does not depend on the order of rows or on how they are spread over files: each row is hashed to 64 bits and
the hashes are added up modulo 2**64. Two tables that differ in a row have equal sums once in 1.8e19.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.job import QUARANTINE, REASONS, SILVER, TOLD, ZONE_HOURS, ZONE_HOURS_HEADER
from course_lib.trips.schema import NAMES

BATCH = 1 << 17  # rows


class Facts(NamedTuple):
    """What every peer must agree on."""

    rows_read: int
    rows_silver: int
    rows_quarantined: int
    rows_duplicate: int
    reasons: dict[str, int]  # quarantined rows that have it
    silver: str  # checksum of (trip_id, updated_at, fare_cents), hex
    quarantine: str  # checksum of (source_file, source_row, reasons), hex
    zone_hours: str  # SHA-256 of the CSV


class Disagreement(AssertionError):
    """An answer that contradicts itself, its input or another peer's; `found` says where, in sentences."""

    def __init__(self, who: str, found: list[str]):
        self.who, self.found = who, tuple(found)
        super().__init__(f"{who}: " + "; ".join(found))


def facts(who: str, out: Path, rows_input: int) -> Facts:
    """What the answer of peer `who` in folder `out` says of `rows_input` rows.

    Raises Disagreement where its tables contradict what it told, or lose or invent rows.
    """
    told = json.loads((out / TOLD).read_text())
    rows_silver, silver = _silver(who, out / SILVER)
    rows_quarantined, quarantine, reasons = _quarantine(who, out / QUARANTINE)
    csv = (out / ZONE_HOURS).read_bytes()

    wrong = []
    for name, counted in (
        ("rows_read", rows_input), ("rows_silver", rows_silver), ("rows_quarantined", rows_quarantined)
    ):  # fmt: skip
        if told[name] != counted:
            wrong.append(f"told {name} = {told[name]:,}, but {counted:,} are there")
    fates = told["rows_silver"] + told["rows_quarantined"] + told["rows_duplicate"]
    if told["rows_read"] != fates:
        wrong.append(f"{told['rows_read']:,} rows read, but silver + quarantined + duplicate = {fates:,}")
    if unknown := set(reasons) - set(REASONS):
        wrong.append(f"reasons that no rule has: {sorted(unknown)}")
    if not csv.startswith(f"{ZONE_HOURS_HEADER}\n".encode()):
        wrong.append(f"the zone hours begin with {csv[:80]!r}")
    if wrong:
        raise Disagreement(who, wrong)
    return Facts(
        rows_input,
        rows_silver,
        rows_quarantined,
        told["rows_duplicate"],
        {name: reasons[name] for name in REASONS if reasons[name]},
        silver,
        quarantine,
        hashlib.sha256(csv).hexdigest(),
    )


def differences(one: Facts, other: Facts) -> list[str]:
    """Where `other` differs from `one`, a sentence each; empty when they are the same."""
    return [
        f"{name} is {theirs} instead of {ours}"
        for name, ours, theirs in zip(Facts._fields, one, other, strict=True)
        if ours != theirs
    ]


def first_difference(one: Path, other: Path) -> str:
    """The first line in which two answers' zone hours differ, for a person who must find out why."""
    ours, theirs = ((folder / ZONE_HOURS).read_text().splitlines() for folder in (one, other))
    for number, (line, found) in enumerate(zip(ours, theirs, strict=False), 1):
        if line != found:
            return f"line {number} is {found!r} instead of {line!r}"
    return f"{len(theirs):,} lines instead of {len(ours):,}"


def _silver(who: str, folder: Path) -> tuple[int, str]:
    rows, total = 0, 0
    for batch in _batches(who, folder, ("trip_id", "updated_at", "fare_cents"), NAMES):
        hashes = np.zeros(batch.num_rows, np.uint64)
        for column in batch.columns:
            hashes = _mix(hashes ^ _integers(column))
        rows, total = rows + batch.num_rows, total + int(hashes.sum(dtype=np.uint64))
    return rows, f"{total % (1 << 64):016x}"


def _quarantine(who: str, folder: Path) -> tuple[int, str, Counter[str]]:
    rows, total, reasons = 0, 0, Counter[str]()
    for batch in _batches(who, folder, ("source_file", "source_row", "reasons"), (*NAMES, "reasons")):
        files, numbers, names = batch.columns
        if pa.types.is_list(names.type) or pa.types.is_large_list(names.type):
            names = pc.binary_join(names, ";")
        encoded = names.cast(pa.string()).dictionary_encode()
        sets = [tuple(sorted(filter(None, (text or "").split(";")))) for text in encoded.dictionary.to_pylist()]
        which = encoded.indices.to_numpy()
        for at, count in enumerate(np.bincount(which, minlength=len(sets))):
            reasons.update(dict.fromkeys(sets[at], int(count)))
        if () in sets:
            raise Disagreement(who, ["a quarantined row without a reason"])
        hashes = _mix(np.array([_text(";".join(names)) for names in sets], np.uint64)[which])
        encoded = files.cast(pa.string()).dictionary_encode()
        hashes ^= np.array([_text(name) for name in encoded.dictionary.to_pylist()], np.uint64)[
            encoded.indices.to_numpy()
        ]
        hashes = _mix(_mix(hashes) ^ _integers(numbers))
        rows, total = rows + batch.num_rows, total + int(hashes.sum(dtype=np.uint64))
    return rows, f"{total % (1 << 64):016x}", reasons


def _batches(who: str, folder: Path, columns: tuple[str, ...], promised: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    for path in sorted(folder.rglob("*.parquet")):
        with pq.ParquetFile(path) as file:
            keys = {part.split("=")[0] for part in path.relative_to(folder).parts[:-1] if "=" in part}
            if missing := set(promised) - set(file.schema_arrow.names) - keys:
                raise Disagreement(who, [f"{path.relative_to(folder.parent)} lacks {sorted(missing)}"])
            for batch in file.iter_batches(BATCH, columns=list(columns)):
                yield batch.select(columns)


def _integers(column: pa.Array) -> np.ndarray:
    """The 64 bits of each value; a null has bits of its own."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))
    values = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False).view(np.uint64)
    null = column.is_null().to_numpy(zero_copy_only=False)
    return values ^ np.where(null, np.uint64(0x9E3779B97F4A7C15), np.uint64(0))


def _mix(bits: np.ndarray) -> np.ndarray:
    """Source: the finaliser of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014)."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _text(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
