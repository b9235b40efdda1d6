"""How does a test see that an answer changed what it was given?

Arguments are copied to the other side. When the answer has returned (or raised), its side sends back those that it
changed, and the changes are made again in the originals: in lists, dicts, sets, deques, bytearrays, arrays, frames,
generators of random numbers and dataclasses, also deep inside each other, each keeping its identity. What an answer
changes later, through a reference it kept, is not seen.

Source: the copy-restore parameter passing of Nelson, "Remote Procedure Call" (1981).
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections import deque
from typing import Any

_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes)


def may_change(value: object) -> bool:
    """Whether anything in a plain value can be changed in place."""
    if type(value) in _IMMUTABLE:
        return False
    if type(value) in (tuple, frozenset) or (isinstance(value, tuple) and hasattr(type(value), "_fields")):
        return any(may_change(item) for item in value)  # type: ignore[attr-defined]
    return True


def restore(old: Any, new: Any) -> Any:
    """`new`, as the same object as `old` where `old` can be made equal to it in place."""
    if old is new or type(old) is not type(new):
        return new
    if isinstance(old, list):
        kept = [restore(a, b) for a, b in zip(old, new, strict=False)]
        old[:] = kept + new[len(kept) :]
        return old
    if isinstance(old, tuple):
        kept_items = [restore(a, b) for a, b in zip(old, new, strict=False)]
        same = len(old) == len(new) and all(a is b for a, b in zip(old, kept_items, strict=True))
        return old if same else new
    if isinstance(old, dict):
        merged = {key: restore(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(merged)
        return old
    if isinstance(old, set):
        old.clear()
        old.update(new)
        return old
    if isinstance(old, deque):
        items = list(new)
        old.clear()
        old.extend(items)
        return old
    if isinstance(old, bytearray):
        old[:] = new
        return old
    if isinstance(old, random.Random):
        old.setstate(new.getstate())
        return old
    if dataclasses.is_dataclass(old) and not isinstance(old, type):
        for field in dataclasses.fields(old):
            value = restore(getattr(old, field.name), getattr(new, field.name))
            object.__setattr__(old, field.name, value)
        return old
    return _restored_table(old, new)


def _restored_table(old: Any, new: Any) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(old, np.ndarray) and old.dtype == new.dtype and old.flags.writeable:
        if old.shape != new.shape:
            with contextlib.suppress(ValueError):  # a view or a borrowed buffer keeps its size
                old.resize(new.shape, refcheck=False)
        if old.shape == new.shape:
            np.copyto(old, new)
            return old
    elif isinstance(old, np.random.Generator):
        if type(old.bit_generator) is type(new.bit_generator):
            old.bit_generator.state = new.bit_generator.state
            return old
    elif isinstance(old, pd.DataFrame | pd.Series):
        old._update_inplace(new)  # what pandas' own inplace=True does
        return old
    return new
