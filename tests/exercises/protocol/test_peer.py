"""A test over the border sees what a test beside the answer would see."""

import collections
import copy
import dataclasses
import json
from enum import Enum
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from course_lib.errors import CheckFailed
from course_lib.exercises.protocol.handles import Handle
from course_lib.exercises.protocol.peer import Stopped
from tests.exercises.protocol.conversation import talking


class Trip(NamedTuple):
    """As a setup cell defines it."""

    zone: int
    metres: int


@dataclasses.dataclass
class Contract:
    """As a setup cell defines it."""

    name: str
    limits: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name == "no":
            raise ValueError("no such contract")


class Severity(Enum):
    """As a setup cell defines it."""

    error = 1


class Late(ValueError):
    """As a setup cell defines it."""


for _kind in (Trip, Contract, Severity, Late):
    _kind.__module__ = "__main__"
SETUP = {"Trip": Trip, "Contract": Contract, "Severity": Severity, "Late": Late}


class Tally:
    """An answer's class."""

    label = "tally"

    def __init__(self, counts=None):
        self.counts = dict(counts or {})

    @classmethod
    def of(cls, keys):
        return cls(collections.Counter(keys))

    @staticmethod
    def unit():
        return "trips"

    @property
    def total(self):
        return sum(self.counts.values())

    def add(self, key, n=1):
        self.counts[key] = self.counts.get(key, 0) + n
        return self

    def merge(self, other):
        return Tally(collections.Counter(self.counts) + collections.Counter(other.counts))

    def __len__(self):
        return len(self.counts)

    def __iter__(self):
        return iter(sorted(self.counts))

    def __contains__(self, key):
        return key in self.counts

    def __getitem__(self, key):
        return self.counts[key]

    def __setitem__(self, key, n):
        self.counts[key] = n

    def __delitem__(self, key):
        del self.counts[key]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.left = kind.__name__ if kind else "quietly"
        return kind is KeyError

    def __call__(self, x):
        return x + 1


def test_a_function_gives_what_it_gives():
    with talking({"f": lambda a, b=2, *, c=3: (a, b, c)}) as other:
        assert other["f"](1) == (1, 2, 3)
        assert other["f"](1, b=5, c=None) == (1, 5, None)


def test_instances_of_known_classes_cross_as_themselves():
    with talking({"f": lambda *args: args}, SETUP) as other:
        trip, contract = Trip(1, 200), Contract("c", {"low": [1]})
        back = other["f"](trip, contract, Severity.error, Trip, Late, ValueError, int)

        assert back == (trip, contract, Severity.error, Trip, Late, ValueError, int)
        assert type(back[0]) is Trip and type(back[1]) is Contract


def test_a_dataclass_arrives_without_its_constructor_being_run():
    forged = Contract("yes")
    forged.name = "no"
    with talking({"f": lambda x: x}, SETUP) as other:
        assert other["f"](forged).name == "no"


def test_objects_stay_and_are_reached_through():
    with talking({"Tally": Tally}) as other:
        tally = other["Tally"].of("banana")
        tally.add("c").add("c", n=2)

        assert (tally.total, len(tally), list(tally), "c" in tally, "x" in tally) == (
            9,
            4,
            ["a", "b", "c", "n"],
            True,
            False,
        )
        assert (tally["c"], tally.label, other["Tally"].unit(), tally(1)) == (3, "tally", "trips", 2)
        tally["d"] = 7
        del tally["a"]
        tally.label = "mine"
        assert (tally["d"], "a" in tally, tally.label) == (7, False, "mine")
        assert list(tally.merge(other["Tally"]({"z": 1}))) == ["b", "c", "d", "n", "z"]


def test_the_same_object_is_the_same_handle():
    with talking({"Tally": Tally}) as other:
        tally = other["Tally"]()

        assert tally.add("a") is tally


def test_with_reaches_through_and_knows_the_error():
    with talking({"Tally": Tally}) as other:
        tally = other["Tally"]()
        with tally as inner:
            assert inner is tally
        assert tally.left == "quietly"
        with tally:
            raise KeyError("swallowed, as the answer says")
        assert tally.left == "KeyError"


@pytest.mark.parametrize(
    "use",
    [
        lambda h: h == 1,
        lambda h: h != 1,
        lambda h: h < 1,
        lambda h: h >= 1,
        bool,
        hash,
        float,
        int,
        lambda h: h + 1,
        lambda h: 1 - h,
        lambda h: np.float64(1) * h,
        lambda h: abs(h),
        lambda h: h in [1, 2],
        lambda h: {h},
        lambda h: sorted([h, h]),
        lambda h: np.asarray([1.0]) + h,
        lambda h: round(h),
        lambda h: max(h, 3),
        lambda h: [h] == [1],
    ],
)
def test_a_handle_does_not_decide_a_test(use):
    with talking({"Tally": Tally}) as other:
        tally = other["Tally"]()
        with pytest.raises(Stopped, match="an object of type Tally"):
            use(tally)
        with pytest.raises(Stopped):  # and the conversation is over for good
            tally.total  # noqa: B018


def test_a_handle_can_be_told_from_none_and_shown():
    with talking({"Tally": Tally}) as other:
        tally = other["Tally"]()

        assert (
            tally is not None and not isinstance(tally, int | str) and f"{tally:>3}" == "<Tally of the other process>"
        )
        with pytest.raises(AttributeError, match="public"):
            tally._counts  # noqa: B018
        with pytest.raises(AttributeError):
            tally.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("error", "caught"),
    [
        (ValueError("bad"), ValueError),
        (KeyError("zone"), KeyError),
        (FileNotFoundError(2, "gone", "a.csv"), FileNotFoundError),
        (ZeroDivisionError(), ZeroDivisionError),
        (StopIteration(3), StopIteration),
        (UnicodeDecodeError("utf8", b"\xff", 0, 1, "no"), UnicodeDecodeError),
        (json.JSONDecodeError("no", "x", 0), ValueError),
        (Late("too late"), Late),
        (Late("too late"), ValueError),
        (CheckFailed([("rows", "3 are gone")]), CheckFailed),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value))[:30],
)
def test_an_error_arrives_as_its_type_with_its_words(error, caught):
    def fails():
        raise error

    with talking({"f": fails}, SETUP) as other, pytest.raises(caught) as came:
        other["f"]()
    assert str(came.value) == str(error) and type(came.value).__name__ == type(error).__name__


def test_an_error_of_the_course_keeps_its_facts():
    def fails():
        raise CheckFailed([("rows", "3 are gone")])

    with talking({"f": fails}) as other, pytest.raises(CheckFailed) as came:
        other["f"]()
    assert came.value.checks == (("rows", "3 are gone"),)


def test_a_class_of_errors_that_the_answer_defines_can_be_caught_by_it_and_by_its_parent():
    class Cycle(ValueError):
        pass

    def fails():
        raise Cycle("a -> b -> a")

    with talking({"f": fails, "Cycle": Cycle}) as other:
        with pytest.raises(other["Cycle"], match="a -> b -> a"):
            other["f"]()
        with pytest.raises(ValueError, match="a -> b"):
            other["f"]()


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_what_would_end_a_process_is_told_and_ends_nothing(error):
    def fails():
        raise error

    with talking({"f": fails}) as other, pytest.raises(Exception) as came:
        other["f"]()
    assert type(came.value).__name__ == type(error).__name__


def test_a_function_of_the_test_is_called_back_and_calls_again():
    def twice(f, n):
        return f(n) + f(n)

    with talking({"twice": twice}) as other:
        assert other["twice"](lambda n: n if n == 0 else 1 + other["twice"](lambda m: m, n - 1), 3) == 10


def test_an_error_of_a_callback_comes_back_as_the_very_same():
    class Crash(BaseException):
        pass

    def careful(f):
        try:
            f()
        except Exception:
            return "caught"

    def dies():
        raise crash

    def mild():
        raise LookupError("caught by its type, over there")

    crash = Crash("kill -9")
    with talking({"careful": careful}) as other:
        with pytest.raises(Crash) as came:
            other["careful"](dies)
        assert came.value is crash
        assert other["careful"](mild) == "caught"


class Sink:
    """A test's object."""

    def __init__(self):
        self.rows, self.name = [], "sink"

    def write(self, rows):
        self.rows += rows
        return len(self.rows)

    def __len__(self):
        return len(self.rows)


Sink.__module__ = "__main__"


def test_an_object_of_the_test_is_used_by_its_public_methods():
    def fill(sink):
        sink.write([1, 2])
        return sink.write([3]), len(sink), sink.name, sink

    with talking({"fill": fill}) as other:
        sink = Sink()

        assert other["fill"](sink) == (3, 3, "sink", sink)
        assert sink.rows == [1, 2, 3]


@pytest.mark.parametrize("reach", ["__class__", "_x", "__dict__", "write.__globals__", "write.__func__"])
def test_an_answer_reaches_nothing_behind_an_object_of_the_test(reach: str):
    def dig(sink):
        found = sink
        for name in reach.split("."):
            found = object.__getattribute__(found, "_peer").ask(
                "get", object.__getattribute__(found, "_number"), (name,)
            )[1]
        return found

    with talking({"dig": dig}) as other, pytest.raises((AttributeError, TypeError)):
        other["dig"](Sink())


def test_iterators_are_pulled_one_by_one_both_ways():
    pulled = []

    def rows():
        for n in range(10**9):
            pulled.append(n)
            yield n

    def squares(numbers):
        for n in numbers:
            yield n * n

    with talking({"squares": squares}) as other:
        found = other["squares"](rows())

        assert pulled == []
        assert (next(found), next(found)) == (0, 1)
        assert pulled == [0, 1]


def test_a_generator_ends_with_what_it_returns():
    def two():
        yield 1
        return "end"

    with talking({"two": two}) as other:
        assert list(other["two"]()) == [1]
        steps = other["two"]()
        next(steps)
        with pytest.raises(StopIteration) as end:
            next(steps)
        assert end.value.value == "end"
        steps.close()


def mutate(kind, x):
    """What an answer might do to its arguments."""
    match kind:
        case "list":
            x.append(3)
            x[0]["inner"].append("new")
        case "dict":
            x["more"] = x.pop("less")
        case "array":
            x.sort()
        case "frame":
            x["new"] = 1
            x.drop(columns="a", inplace=True)
        case "raises":
            x.clear()
            raise ValueError("after the deed")
        case "field":
            x.limits["high"] = 2


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("list", lambda: [{"inner": []}, 2]),
        ("dict", lambda: {"less": 1}),
        ("array", lambda: np.array([3, 1, 2])),
        ("field", lambda: Contract("c", {"low": 1})),
    ],
)
def test_what_an_answer_does_to_its_arguments_is_seen(kind, make):
    there, here = make(), make()
    mutate(kind, here)
    inner = there[0] if kind == "list" else None
    with talking({"mutate": mutate}, SETUP) as other:
        other["mutate"](kind, there)

    assert np.array_equal(there, here) if kind == "array" else there == here
    assert inner is None or (there[0] is inner and inner == {"inner": ["new"]})


def test_what_an_answer_does_to_a_frame_is_seen():
    there, here = pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]})
    mutate("frame", here)
    with talking({"mutate": mutate}) as other:
        other["mutate"]("frame", there)

    pd.testing.assert_frame_equal(there, here)


def test_a_change_is_seen_when_the_answer_raises_too():
    there = {"a": 1}
    with talking({"mutate": mutate}) as other, pytest.raises(ValueError, match="deed"):
        other["mutate"]("raises", there)
    assert there == {}


def test_an_argument_that_was_left_alone_is_left_alone():
    rows = [{"a": [1, 2]}, {"b": {3}}]
    before = copy.deepcopy(rows)
    with talking({"f": lambda rows: sum(map(len, rows))}) as other:
        other["f"](rows)

    assert rows == before


def test_what_cannot_come_back_ends_the_conversation_with_the_reason():
    with talking({"f": lambda: json}) as other, pytest.raises(Stopped, match="a module does not cross"):
        other["f"]()


def test_a_test_that_passes_what_cannot_cross_is_told():
    with talking({"f": lambda x: x}) as other, pytest.raises(TypeError, match="a test may not pass"):
        other["f"](open)
        other["f"](json.JSONDecoder())


def test_a_closed_end_is_a_dead_answer():
    with talking({"f": lambda: 1}) as other:
        peer = other[""]
        peer._frames._sock.shutdown(2)
        with pytest.raises(Stopped) as stopped:
            other["f"]()
    assert stopped.value.ended == "died"


def test_handles_cross_back_as_what_they_stand_for():
    with talking({"Tally": Tally, "is_tally": lambda x: type(x) is Tally}) as other:
        assert isinstance(other["Tally"](), Handle)
        assert other["is_tally"](other["Tally"]())


def test_a_method_is_not_taken_for_a_value():
    with talking({"Tally": Tally}) as other:
        tally = other["Tally"]()
        with pytest.raises(Stopped, match=r"a method, add\(\)"):
            assert tally.add
