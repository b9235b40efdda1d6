"""What stands for an object that stays on the other side?

A handle: calls, attributes, methods, len, iteration, `in`, indexing and `with` reach through. On the side of the tests
a handle refuses what would let the answer's object decide a test: `==`, truth, hash, order and arithmetic end the
conversation with the reason, because a test compares plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from course_lib.exercises.protocol.peer import Peer


def _exit(thing: Any, error: BaseException | None) -> Any:
    return bool(thing.__exit__(type(error) if error else None, error, None))


# What reaches through besides calls, attributes and iteration: name on the wire -> what is done over there.
REACHED: dict[str, Callable[..., Any]] = {
    "len": len,
    "contains": lambda thing, item: item in thing,
    "getitem": lambda thing, key: thing[key],
    "setitem": lambda thing, key, value: thing.__setitem__(key, value),
    "delitem": lambda thing, key: thing.__delitem__(key),
    "enter": lambda thing: thing.__enter__(),
    "exit": _exit,
}


class Handle:
    """Stands for an object of the other side."""

    __slots__ = ("__weakref__", "_methods", "_name", "_number", "_peer")

    def __init__(self, peer: Peer, number: int, name: str, methods: list[Any]):
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_methods", frozenset(name for name in methods if type(name) is str))

    def __getattr__(self, name: str) -> Any:
        if name == "__name__":
            return self._name
        if name in self._methods:
            return Method(self, name)
        if name.startswith("_"):
            raise AttributeError(f"{name}: only public names reach through to the other side")
        is_method, value = _pair(self, self._peer.ask("get", self._number, (name,)))
        return Method(self, name) if is_method else value

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.ask("set", self._number, (name, value))

    def __repr__(self) -> str:
        return f"<{self._name} of the other process>"

    def __format__(self, spec: str) -> str:
        return repr(self)


class Method:
    """A method of an object of the other side; asking for it costs no message."""

    __slots__ = ("__name__", "_handle")

    def __init__(self, handle: Handle, name: str):
        self._handle, self.__name__ = handle, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        handle = self._handle
        return handle._peer.ask("method", handle._number, (self.__name__, *args), kwargs)

    def __bool__(self) -> bool:
        return bool(self._decides(True))

    def __eq__(self, other: object) -> bool:
        return bool(self._decides(self is other))

    def __hash__(self) -> int:
        return int(self._decides(id(self)))

    def _decides(self, otherwise: Any) -> Any:
        """A method in place of a value does not pass for one: `assert tally.full` wants a property."""
        peer = self._handle._peer
        if peer.guarded:
            raise peer.stop("refused", f"a plain value was expected where the answer has a method, {self.__name__}()")
        return otherwise

    def __repr__(self) -> str:
        return f"<method {self.__name__} of {self._handle!r}>"


class Steps:
    """An iterator of the other side: one item at a time, when it is asked for."""

    __slots__ = ("_done", "_handle")

    def __init__(self, handle: Handle):
        self._handle, self._done = handle, False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return step(self._handle)


def step(handle: Handle) -> Any:
    """The next item of an iterator of the other side. Raises StopIteration."""
    more, value = _pair(handle, handle._peer.ask("next", handle._number))
    if not more:
        raise StopIteration(value)
    return value


def _pair(handle: Handle, reply: Any) -> tuple[bool, Any]:
    if type(reply) is not tuple or len(reply) != 2 or type(reply[0]) is not bool:
        raise handle._peer.stop("refused", "the answer's process broke the rules: it sent no such answer")
    return reply


def _reach(what: str) -> Callable[..., Any]:
    def reach(self: Handle, *args: Any) -> Any:
        return self._peer.ask(what, self._number, args)

    return reach


def _leave(self: Handle, kind: Any, error: BaseException | None, trace: Any) -> Any:
    return self._peer.ask("exit", self._number, (error,))


def _length(self: Handle) -> int:
    found = self._peer.ask("len", self._number)
    if type(found) is not int or found < 0:
        raise self._peer.stop("refused", f"the length of {self!r} is {found!r}")
    return found


def _holds(self: Handle, item: Any) -> bool:
    found = self._peer.ask("contains", self._number, (item,))
    if type(found) is not bool:
        raise self._peer.stop("refused", f"whether {self!r} contains something is {found!r}")
    return found


def _walk(self: Handle) -> Iterator[Any]:
    return iter(self._peer.ask("iter", self._number))


def _call(self: Handle, *args: Any, **kwargs: Any) -> Any:
    return self._peer.ask("call", self._number, args, kwargs)


def _close(self: Handle) -> None:
    if self._peer.stopped is None:
        self._peer.ask("close", self._number)


_METHODS: dict[str, dict[str, Any]] = {
    "len": {"__len__": _length},
    "contains": {"__contains__": _holds},
    "getitem": {"__getitem__": _reach("getitem")},
    "setitem": {"__setitem__": _reach("setitem")},
    "delitem": {"__delitem__": _reach("delitem")},
    "enter": {"__enter__": _reach("enter")},
    "exit": {"__exit__": _leave},
    "iter": {"__iter__": _walk},
    "call": {"__call__": _call},
}
_REFUSED = {
    "==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__", "hash": "__hash__",
    "truth": "__bool__", "float": "__float__", "int": "__int__", "index": "__index__", "complex": "__complex__",
    "an array": "__array__", "bytes": "__bytes__", "-x": "__neg__", "abs": "__abs__", "round": "__round__",
}  # fmt: skip
_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul", "divmod")


def _refusal(sign: str) -> Callable[..., NoReturn]:
    def refuse(self: Handle, *args: Any) -> NoReturn:
        raise self._peer.stop(
            "refused",
            f"a plain value was expected where the answer gave an object of type {self._name} ({sign} was asked of it)",
        )

    return refuse


def _strict() -> dict[str, Any]:
    refused: dict[str, Any] = {name: _refusal(sign) for sign, name in _REFUSED.items()}
    for name in _ARITHMETIC:
        refused |= {f"__{name}__": _refusal(name), f"__r{name}__": _refusal(name)}
    return refused | {"__array_ufunc__": None}


_CLASSES: dict[tuple[bool, frozenset[str]], type[Handle]] = {}


def handle_class(guarded: bool, kind: str, reach: list[Any]) -> type[Handle]:
    """The class of handles for an object that can do `reach`; `guarded` on the side of the tests."""
    does = {what for what in reach if type(what) is str and what in _METHODS}
    if kind in ("function", "class"):
        does = {"call"}
    elif kind == "iterator":
        does = {"next"}
    key = (guarded, frozenset(does))
    if key not in _CLASSES:
        methods: dict[str, Any] = {"__slots__": ()}
        for what in does:
            methods |= _METHODS.get(what, {})
        if kind == "iterator":
            methods |= {"__iter__": lambda self: self, "__next__": step, "close": _close}
        if guarded:
            methods |= _strict()
        _CLASSES[key] = type("Handle", (Handle,), methods)
    return _CLASSES[key]
