"""Which seeds do hidden tests use?

Derived from a secret that `course class new` makes for each class, so that nothing public can be hard-coded. Without a
class the secret is a public word: the tests are then as good for practice, and no better than that for grades.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

WHERE = "COURSE_SECRET_FILE"  # environment: path of a file that holds the class's secret
_PUBLIC = b"practice"
given: bytes | None = None  # the class's secret, for a process that sees no file of the class


def hidden_seeds(exercise: str, n: int) -> list[int]:
    """`n` seeds below 2**31 for an exercise; the same for all learners of a class.

    >>> hidden_seeds("psi", 2) == hidden_seeds("psi", 3)[:2]
    True
    """
    path = os.environ.get(WHERE)
    secret = given if given is not None else Path(path).read_bytes() if path else _PUBLIC
    told = (hashlib.blake2b(f"{exercise}/{i}".encode(), key=hashlib.sha256(secret).digest()).digest() for i in range(n))
    return [int.from_bytes(digest[:4], "big") >> 1 for digest in told]
