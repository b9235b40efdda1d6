"""How do two processes hold a conversation in which both may ask?

One side asks, the other answers; while it works on the answer it may ask back (a callback, the next item of an
iterator), and so on, strictly nested like calls on one stack. Messages:

    ["ask", what, number, arguments, keys, values]   do `what` to the thing of yours with that number
    ["value", tree, changes]                         the answer, and arguments that were changed on the way
    ["failure", tree]                                it raised
    ["unfit", words]                                 arguments or answer cannot cross

Objects that are no plain values stay where they are and cross as numbers; on the other side a handle stands for them.
The side of the tests trusts nothing: it lets the other call functions, pull iterators and use public methods of objects
that a test handed out, and nothing else of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, MethodType
from typing import Any, Literal

from course_lib.exercises.protocol import restore
from course_lib.exercises.protocol.frames import Broken, Closed, Frames, TimeUp
from course_lib.exercises.protocol.handles import REACHED, Handle
from course_lib.exercises.protocol.names import Names
from course_lib.exercises.protocol.things import Things
from course_lib.exercises.protocol.values import (
    Blob,
    BorderError,
    Decoder,
    Encoder,
    Tree,
    Undecodable,
    fingerprint,
    wanted,
)

MOST_CALLBACKS = 100_000  # asked by an answer, in one conversation
MOST_NESTED = 40  # conversations in conversations


class Stopped(BaseException):
    """The conversation is over, and the answer has failed: `ended` is slow, died or refused.

    No Exception, so that no `except Exception` in a test takes it for an error of the answer's.
    """

    def __init__(self, ended: str, message: str):
        self.ended, self.message = ended, message
        super().__init__(message)


class Peer(Things):
    """One side of the conversation.

    side      "tests" trusts nothing that comes; "answers" belongs to the answer
    slow      the words for an answer that takes too long
    leaves    whether the process ends when the other side closes
    """

    def __init__(
        self,
        frames: Frames,
        names: Names,
        side: Literal["tests", "answers"],
        slow: str = "took too long",
        leaves: bool = True,
    ):
        super().__init__(names, guarded=side == "tests")
        self._frames, self._slow = frames, slow
        self._leaves = leaves and not self.guarded
        self.stopped: Stopped | None = None
        self._lock = threading.RLock()
        self._served = self._depth = 0

    # --- asking ---

    def ask(self, what: str, number: int, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """What the other side answers. Raises what it raised there; Stopped when the conversation is over."""
        if self.stopped is not None:
            raise self.stopped
        kwargs = kwargs or {}
        encoder = Encoder(self)
        message = ["ask", what, number, encoder.run(list(args)), list(kwargs), encoder.run(list(kwargs.values()))]
        with self._lock:
            self._send(message, encoder.blobs)
            return self.answered([*args, *kwargs.values()])

    def answered(self, given: Sequence[Any] = ()) -> Any:
        """Wait for the answer to what was asked last, serving what is asked meanwhile."""
        while True:
            message, blobs = self._receive()
            match message:
                case ["value", tree, list(changes)]:
                    return self._taken(tree, changes, Decoder(blobs, self), given)
                case ["failure", tree, list(changes)]:
                    error = self._taken(tree, changes, Decoder(blobs, self), given)
                    if not isinstance(error, BaseException):
                        raise self.stop("refused", "the answer's process raised what is no exception")
                    raise error
                case ["unfit", str(words)]:
                    if not self.guarded:
                        raise TypeError(words)
                    raise self.stop("refused", words[:2_000])
                case ["ask", *_]:
                    self.serve(message, blobs)
                case _:
                    raise self.stop("refused", "the answer's process broke the rules: it sent no answer")

    def _taken(self, tree: Tree, changes: list[Tree], decoder: Decoder, given: Sequence[Any]) -> Any:
        try:
            value = decoder.value(tree)
            for change in changes:
                place, new = wanted(list, change)
                restore.restore(given[wanted(int, place)], decoder.value(new))
        except (BorderError, LookupError, ValueError, TypeError) as error:
            raise self.stop("refused", f"what the answer gave cannot be read: {error}") from error
        return value

    # --- answering ---

    def serve_for_ever(self) -> None:
        """Answer until the other side closes."""
        while True:
            with self._lock:
                message, blobs = self._receive()
            self.serve(message, blobs)

    def serve(self, message: Tree, blobs: Sequence[Blob]) -> None:
        """Do what was asked, and answer."""
        try:
            what, number, args, kwargs = self._asked(message, Decoder(blobs, self))
        except BorderError as error:
            if self.guarded:
                raise self.stop("refused", f"what the answer asked cannot be read: {error}") from error
            self._send(["unfit", str(error)])
            return
        self._served += 1
        self._depth += 1
        if self.guarded and self._served > MOST_CALLBACKS:
            raise self.stop("refused", f"the answer called what the test passed more than {MOST_CALLBACKS:,} times")
        if self.guarded and self._depth > MOST_NESTED:
            raise self.stop("refused", f"calls went to and fro more than {MOST_NESTED} deep")
        given = [*args, *kwargs.values()]
        before = [] if self.guarded else [self._print_of(value) for value in given]
        try:
            told, result = "value", self._do(what, number, args, kwargs)
        except Stopped:
            raise
        except BaseException as error:
            told, result = "failure", error
        finally:
            self._depth -= 1
        self._reply(told, result, given, before)

    def _asked(self, message: Tree, decoder: Decoder) -> tuple[str, int, list[Any], dict[str, Any]]:
        match message:
            case ["ask", str(what), int(number), args, list(keys), values]:
                given = dict(zip([wanted(str, key) for key in keys], decoder.run(values), strict=True))
                return what, number, decoder.run(args), given
        raise Undecodable("no question")

    def _reply(self, told: str, result: Any, given: Sequence[Any], before: Sequence[Any]) -> None:
        encoder = Encoder(self)
        try:
            tree = self.failures.encode(encoder, result) if told == "failure" else encoder.tree(result)
            changes = [
                [place, encoder.tree(value)]
                for place, (value, was) in enumerate(zip(given, before, strict=False))
                if was is not None and self._print_of(value) != was
            ]
            self._send([told, tree, changes], encoder.blobs)
        except (BorderError, MemoryError, RecursionError) as error:
            self._send(["unfit", f"what came back cannot cross: {error}" if str(error) else type(error).__name__])

    def _print_of(self, value: Any) -> Any:
        try:
            return fingerprint(value, self) if restore.may_change(value) and not isinstance(value, Handle) else None
        except BorderError:
            return None

    def _do(self, what: str, number: int, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if number not in self._things:
            words = "something was asked for that was never given"
            raise (
                self.stop("refused", f"the answer's process broke the rules: {words}")
                if self.guarded
                else LookupError(words)
            )
        thing = self._things[number]
        if self.guarded:
            self.allow(what, thing, args)
        match what:
            case "call":
                return thing(*args, **kwargs)
            case "method":
                return getattr(thing, args[0])(*args[1:], **kwargs)
            case "get":
                found = getattr(thing, args[0])
                method = isinstance(found, MethodType | BuiltinFunctionType) and found.__self__ is thing
                return (True, None) if method else (False, found)
            case "set":
                return setattr(thing, args[0], args[1])
            case "next":
                try:
                    return True, next(thing)
                except StopIteration as end:
                    return False, end.value
            case "close":
                return thing.close() if hasattr(thing, "close") else None
            case "iter":
                return _Steps(iter(thing))
            case _ if what in REACHED:
                return REACHED[what](thing, *args)
        raise Undecodable(f"nobody can {what[:40]!r}")

    # --- the wire ---

    def stop(self, ended: str, message: str) -> Stopped:
        """End the conversation; the exception to raise."""
        if self.stopped is None:
            self.stopped = Stopped(ended, message)
        return self.stopped

    def send_value(self, value: Any) -> None:
        """Answer before anything was asked: the first word."""
        self._reply("value", value, (), ())

    def send_last(self, told: str, result: Any) -> None:
        """Answer what was never asked in words: how a child's work went (`told`: value or failure)."""
        self._reply(told, result, (), ())

    def _send(self, message: Tree, blobs: Sequence[Blob] = ()) -> None:
        self._guard(lambda: self._frames.send(message, blobs))

    def _receive(self) -> tuple[Tree, list[Blob]]:
        return self._guard(self._frames.receive)

    def _guard(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except TimeUp as error:
            raise self.stop("slow", self._slow) from error
        except Closed as error:
            if self._leaves:
                os._exit(0)
            raise self.stop("died", "the answer's process ended in the middle of a call") from error
        except Broken as error:
            if self._leaves:
                os._exit(1)
            raise self.stop("refused", f"the answer's process broke the rules: {error}") from error


class _Steps:
    """An iterator that nobody takes for a value: `iter` of an object is asked for to be walked."""

    def __init__(self, steps: Any):
        self._steps = steps

    def __iter__(self) -> _Steps:
        return self

    def __next__(self) -> Any:
        return next(self._steps)
