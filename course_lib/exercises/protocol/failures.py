"""How does an exception travel, so that `except ValueError` means the same on both sides?

By the names of its classes and its arguments. Built-in types and classes known by name (names.py) arrive as themselves.
Any other class arrives under its own name as a class made here, below its nearest known parent: a JSONDecodeError can
be caught as ValueError. An exception that goes back to where it came from arrives as the very same object.
"""

from __future__ import annotations

import builtins
from typing import Any

from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.values import BorderError, Decoder, Encoder, Tree, Undecodable, wanted

_BUILT_IN = {
    name: thing
    for name, thing in vars(builtins).items()
    if isinstance(thing, type) and issubclass(thing, BaseException)
}
# What would end the process that waits arrives as a failure to be told about, unless it is raised by a test.
_ENDING = (SystemExit, KeyboardInterrupt, GeneratorExit)
MOST_TEXT = 4_000  # characters of a message
MOST_MADE = 1_000  # classes made for one answer


class Strange:
    """Marks an exception whose class only the other side knows; `kind` is that class's name."""

    kind: str = ""


class Failures:
    """Encodes and decodes exceptions for one side.

    trusting  whether the other side may end this process (only tests may)
    """

    def __init__(self, names: Names, trusting: bool):
        self._names, self._trusting = names, trusting
        self._sent: dict[int, BaseException] = {}
        self._received: dict[int, tuple[BaseException, int]] = {}
        self._made: dict[tuple[str, type], type[BaseException]] = {}

    def encode(self, encoder: Encoder, error: BaseException) -> Tree:
        """The tree of an exception."""
        known = self._received.get(id(error))
        if known is not None and known[0] is error:
            return ["failure-back", known[1]]
        number = len(self._sent)
        self._sent[number] = error
        return ["failure", number, self.lineage(type(error)), _text(error), self._args(error), self._facts(error)]

    def decode(self, decoder: Decoder, tree: Tree) -> BaseException:
        """The exception of a tree. Raises Undecodable."""
        match tree:
            case ["failure-back", int(number)] if number in self._sent:
                return self._sent[number]
            case ["failure", int(number), list(lineage), str(text), args, facts]:
                error = self._instance(self.find(lineage), text[:MOST_TEXT], _plain(args), _plain(facts))
                self._received[id(error)] = (error, number)
                return error
        raise Undecodable("not a failure")

    def lineage(self, cls: type) -> list[str]:
        """The names of an exception class and its parents; those that only this side knows begin with `?`."""
        told = []
        for each in cls.__mro__:
            if _BUILT_IN.get(each.__name__) is each:
                told.append(each.__name__)
            elif issubclass(each, BaseException):
                told.append(self._names.name_of(each) or f"?{each.__module__}.{each.__qualname__}")
        return told

    def find(self, lineage: Tree) -> type[BaseException]:
        """The class on this side that stands for one with that lineage. Raises Undecodable."""
        strange = ""
        for name in lineage[:50]:
            if wanted(str, name).startswith("?"):
                strange = strange or name[1:200]
                continue
            found: Any = _BUILT_IN.get(name) if ":" not in name else self._names.find(name)
            if found is None or not issubclass(found, BaseException):
                raise Undecodable(f"{name[:80]!r} is no exception")
            if issubclass(found, _ENDING) and not self._trusting:
                return self._make(found.__name__, Exception)
            return self._make(strange, found) if strange else found
        raise Undecodable("an exception without a known class")

    def _make(self, kind: str, parent: type[BaseException]) -> type[BaseException]:
        if (kind, parent) not in self._made:
            if len(self._made) >= MOST_MADE:
                raise Undecodable(f"more than {MOST_MADE} classes of exceptions")
            name = kind.rpartition(".")[2] or parent.__name__
            self._made[kind, parent] = type(name, (parent, Strange), {"kind": kind, "__module__": "answer"})
        return self._made[kind, parent]

    def _instance(self, cls: type[BaseException], text: str, args: Any, facts: Any) -> BaseException:
        plain = _BUILT_IN.get(cls.__name__) is cls or issubclass(cls, Strange)
        if plain:
            try:
                return cls(*args) if args is not None else cls(text)
            except Exception:  # a built-in that wants other arguments than crossed, like UnicodeDecodeError
                return _worded(cls, text)
        made = cls.__new__(cls)
        made.args = (text,) if args is None else tuple(args)
        if isinstance(facts, dict):
            made.__dict__.update({key: value for key, value in facts.items() if type(key) is str})
        return made

    def _args(self, error: BaseException) -> Tree:
        args = error.args
        if isinstance(error, OSError) and error.filename is not None and len(args) == 2:
            args = (*args, error.filename)
        return _packed(tuple(args))

    def _facts(self, error: BaseException) -> Tree:
        if self._names.name_of(type(error)) is None:
            return None
        return _packed({key: value for key, value in vars(error).items() if not key.startswith("__")})


def _worded(cls: type[BaseException], text: str) -> BaseException:
    """An instance of a class whose constructor refuses a text alone."""
    named = {"__init__": lambda self, *args: None, "__str__": lambda self: text, "__module__": cls.__module__}
    made: Any = type(cls.__name__, (cls,), named)
    return made.__new__(made)


def _packed(value: Any) -> Tree:
    """A tree without blobs and without handles, or None if the value wants more."""
    encoder = Encoder()
    try:
        tree = encoder.tree(value)
    except BorderError:
        return None
    return None if encoder.blobs else tree


def _plain(tree: Tree) -> Any:
    return None if tree is None else Decoder(()).value(tree)


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MOST_TEXT]
    except BaseException as broken:  # the class is the answer's own, and so is its __str__
        return f"(its text cannot be had: {type(broken).__name__})"
