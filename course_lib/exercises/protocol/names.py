"""Which classes do both sides know, and by which names?

Classes of the library (`course_lib.trips.schema:Field`) and those that a setup cell defines (`setup:Trip`), because
setup cells run on both sides. Named tuples, dataclasses and enums of these cross by name and fields, and their
exceptions by name. An instance is put together field by field: no constructor runs, and nothing is imported from
outside the library. What an answer defines is its own affair and never has a name here.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from typing import Any

from course_lib.exercises.protocol.values import Decoder, Encoder, Tree, Undecodable, wanted

_LIBRARY = "course_lib"
_NOT_FROM = ("course_lib.exercises", "course_lib.cli")  # nothing there is a value


class Names:
    """The classes known by name: those of the library, and those among a namespace of setup cells."""

    def __init__(self, namespace: Mapping[str, Any] | None = None):
        self._setup = {
            name: thing
            for name, thing in (namespace or {}).items()
            if isinstance(thing, type) and thing.__module__ == "__main__" and thing.__qualname__ == name
        }

    def name_of(self, cls: type) -> str | None:
        """The name by which the other side knows a class, if it does."""
        if self._setup.get(cls.__qualname__) is cls:
            return f"setup:{cls.__qualname__}"
        module = cls.__module__
        if module.startswith(f"{_LIBRARY}.") and not _excluded(module):
            found: Any = sys.modules.get(module)
            for part in cls.__qualname__.split("."):
                found = getattr(found, part, None)
            if found is cls:
                return f"{module}:{cls.__qualname__}"
        return None

    def find(self, name: Tree) -> type:
        """The class of that name. Raises Undecodable."""
        module, _, path = wanted(str, name).partition(":")
        if module == "setup":
            if path in self._setup:
                return self._setup[path]
        elif module.startswith(f"{_LIBRARY}.") and not _excluded(module):
            try:
                found: Any = import_module(module)
                for part in path.split("."):
                    found = getattr(found, part)
            except (ImportError, AttributeError) as error:
                raise Undecodable(f"there is no class {name[:80]!r} on this side: {error}") from error
            if isinstance(found, type):
                return found
        raise Undecodable(f"there is no class {name[:80]!r} on this side")

    def encode(self, encoder: Encoder, value: Any) -> Tree | None:
        """The tree of an instance of a known class; None for any other value."""
        cls = type(value)
        if isinstance(value, Enum):
            name = self.name_of(cls)
            return ["member", name, value.name] if name else None
        if isinstance(value, tuple) and hasattr(cls, "_fields"):
            name = self.name_of(cls)
            return ["named", name, encoder.run(list(value))] if name else None
        if dataclasses.is_dataclass(cls):
            name = self.name_of(cls)
            return (
                ["fields", name, encoder.run([getattr(value, f.name) for f in dataclasses.fields(cls)])]
                if name
                else None
            )
        return None

    def decode(self, kind: str, decoder: Decoder, name: Tree, rest: Tree) -> Any:
        """The instance in a tree of kind member, named or fields. Raises Undecodable."""
        cls = self.find(name)
        if kind == "member":
            if not issubclass(cls, Enum) or wanted(str, rest) not in cls.__members__:
                raise Undecodable(f"{name} has no such member")
            return cls[rest]
        values = decoder.run(rest)
        if kind == "named":
            if not (issubclass(cls, tuple) and len(getattr(cls, "_fields", ())) == len(values)):
                raise Undecodable(f"{name} has other fields")
            return tuple.__new__(cls, values)
        fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
        if not fields or len(fields) != len(values):
            raise Undecodable(f"{name} has other fields")
        made: Any = object.__new__(cls)
        for field, value in zip(fields, values, strict=True):
            object.__setattr__(made, field.name, value)
        return made


def _excluded(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in _NOT_FROM)
