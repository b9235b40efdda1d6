"""Which objects stay where they are, and what may the other side do with them?

What is no plain value crosses as a number, and a handle stands for it over there; an instance or a class that both
sides know by name, and an exception, cross as themselves. The side of the tests is guarded: an answer may call
functions, pull iterators and use public methods of objects that a test handed out, and reaches nothing else.
"""

from __future__ import annotations

import weakref
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from course_lib.exercises.protocol.failures import Failures
from course_lib.exercises.protocol.handles import REACHED, Handle, handle_class
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.values import Decoder, Encoder, Tree, Undecodable, Unencodable

if TYPE_CHECKING:
    from course_lib.exercises.protocol.peer import Peer

_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, partial)
_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, range, object)
}


class Things:
    """The border of one side: what it handed out, and what it was handed.

    guarded  whether the other side is an answer
    """

    def __init__(self, names: Names, guarded: bool):
        self._names, self.guarded = names, guarded
        self.failures = Failures(names, trusting=not guarded)
        self._things: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._next = 0
        self._handles: weakref.WeakValueDictionary[int, Handle] = weakref.WeakValueDictionary()

    def export(self, value: Any, encoder: Encoder) -> Tree:
        """The tree of a named instance, a class, an exception, a handle of the other side's, or a thing of ours."""
        named = self._names.encode(encoder, value)
        if named is not None:
            return named
        if isinstance(value, Handle):
            if object.__getattribute__(value, "_peer") is not self:
                return self._thing(value)
            return ["there", object.__getattribute__(value, "_number")]
        if isinstance(value, BaseException):
            return self.failures.encode(encoder, value)
        if isinstance(value, type):
            if issubclass(value, BaseException):
                return ["failure-class", self.failures.lineage(value)]
            if _TYPES.get(value.__name__) is value:
                return ["type", value.__name__]
            known = self._names.name_of(value)
            if known is not None:
                return ["class", known]
        return self._thing(value)

    def admit(self, tree: list[Tree], decoder: Decoder) -> Any:
        """The value of such a tree."""
        match tree:
            case ["named" | "member" | "fields" as kind, name, rest]:
                return self._names.decode(kind, decoder, name, rest)
            case ["there", int(number)]:
                if number not in self._things:
                    raise Undecodable("a thing came back that was never given")
                return self._things[number]
            case ["here", int(number), str(kind), str(name), list(reach), list(methods)]:
                return self._handle(number, kind, name, reach, methods)
            case ["failure" | "failure-back", *_]:
                return self.failures.decode(decoder, tree)
            case ["failure-class", list(lineage)]:
                return self.failures.find(lineage)
            case ["type", str(name)] if name in _TYPES:
                return _TYPES[name]
            case ["class", name]:
                return self._names.find(name)
        raise Undecodable(f"unknown kind {str(tree[0])[:40]!r}")

    def _thing(self, value: Any) -> Tree:
        kind = self._kind(value)
        number = self._numbers.get(id(value))
        if number is None:
            self._next += 1
            number = self._numbers[id(value)] = self._next
            self._things[number] = value
        name = getattr(value, "__name__", "") if kind in ("function", "class") else type(value).__name__
        reach = [] if kind == "function" else [what for what in (*REACHED, "iter", "call") if _reaches(value, what)]
        return ["here", number, kind, str(name), reach, _methods(value) if kind == "object" else []]

    def _kind(self, value: Any) -> str:
        if isinstance(value, ModuleType):
            raise Unencodable("a module does not cross")
        if isinstance(value, type):
            if self.guarded and value.__module__ != "__main__":
                raise Unencodable(f"the class {value.__name__} does not cross")
            return "function" if self.guarded else "class"
        if _is_function(value):
            return "function"
        if hasattr(type(value), "__next__"):
            return "iterator"
        if self.guarded and type(value).__module__ != "__main__" and not isinstance(value, Handle):
            raise Unencodable(f"a test may not pass a {type(value).__name__}: plain values, functions, iterators cross")
        if not self.guarded and callable(value) and not hasattr(type(value), "__dict__"):
            return "function"
        return "object"

    def _handle(self, number: int, kind: str, name: str, reach: list[Tree], methods: list[Tree]) -> Handle:
        known = self._handles.get(number)
        if known is None:
            known = handle_class(self.guarded, kind, reach)(cast("Peer", self), number, name[:80], methods)
            self._handles[number] = known
        return known

    def give(self, thing: Any) -> int:
        """The number by which the other side may reach a thing of ours."""
        return int(self._thing(thing)[1])

    def reach(self, number: int) -> Handle:
        """A handle of the other side's function of that number."""
        return self._handle(number, "function", "function", [], [])

    def allow(self, what: str, thing: Any, args: list[Any]) -> None:
        """Refuse what an answer may not do to a thing of the tests."""
        if _is_function(thing):
            allowed = what == "call"
        elif hasattr(type(thing), "__next__"):
            allowed = what in ("next", "close", "iter")
        elif what in ("method", "get"):
            allowed = bool(args) and type(args[0]) is str and not args[0].startswith("_")
            if allowed and what == "method" and not _is_function(getattr(thing, args[0], None)):
                raise TypeError(f"{args[0]} is no method of a {type(thing).__name__}")
        else:
            allowed = what in REACHED or what in ("iter", "call")
        if not allowed:
            raise AttributeError(f"an answer may not {what} {args[0] if args else ''!r} of a {type(thing).__name__}")


def _is_function(value: Any) -> bool:
    return isinstance(value, (*_FUNCTIONS, type))


def _methods(value: Any) -> list[str]:
    """Names of methods, so that nobody has to ask whether they are: of classes written in cells, which are small."""
    cls = type(value)
    if cls.__module__ != "__main__":
        return []
    own = getattr(value, "__dict__", {})
    found = [name for name, thing in vars(cls).items() if isinstance(thing, FunctionType) and not name.startswith("_")]
    return [name for name in found if name not in own][:50]


def _reaches(value: Any, what: str) -> bool:
    if what in ("enter", "exit", "len", "contains", "getitem", "setitem", "delitem", "iter", "call"):
        return hasattr(type(value), f"__{what}__") or (what == "contains" and hasattr(type(value), "__iter__"))
    return False
