"""When are two files, or two folders of files, the same?

SHA-256 of the bytes, so that anyone can verify a digest with `sha256sum`. A folder's digest is that of its
listing, one line `<digest>  <relative path>` a file, sorted by path: a Merkle tree of two levels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def of_bytes(data: bytes) -> str:
    """The SHA-256 of `data`, in hex."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_json(value: Any) -> str:
    """The digest of a plain value, whatever the order of its keys."""
    return of_bytes(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def of_listing(files: Mapping[str, str]) -> str:
    """The digest of a folder, given each file's relative path and digest.

    >>> of_listing({"b": "2", "a": "1"}) == of_listing({"a": "1", "b": "2"})
    True
    """
    return of_bytes("".join(f"{files[name]}  {name}\n" for name in sorted(files)).encode())


def of_folder(folder: Path) -> dict[str, str]:
    """Each file below `folder`: relative path (posix) to digest, sorted by path."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): of_file(path) for path in sorted(found)}
