# %% [markdown]
# # 0. A chapter that tests the graders

# %% tags="parameters"
size = "default"
seed = 7

# %% tags="setup"
from typing import NamedTuple

import numpy as np

from course_lib.exercises import hidden_seeds


class Trip(NamedTuple):
    """A trip of `metres`, in `zone`."""

    zone: int
    metres: int


def draw(seed: int, n: int) -> list[Trip]:
    """`n` trips."""
    chance = np.random.default_rng(seed)
    return [Trip(int(z), int(m)) for z, m in zip(chance.integers(1, 9, n), chance.integers(0, 9_000, n), strict=True)]


trips = draw(seed, 100)

# %% answer="share"
def share(trips: list[Trip], longer_than: int) -> float:
    """The share of trips longer than `longer_than` metres. Raises ValueError if there is no trip."""
    ### BEGIN SOLUTION
    if not trips:
        raise ValueError("a share of no trips is not defined")
    return sum(trip.metres > longer_than for trip in trips) / len(trips)
    ### END SOLUTION

# %% check="share" points=20
got = share([Trip(1, 100), Trip(1, 200), Trip(2, 300), Trip(2, 400)], 200)
assert got == 0.5, f"2 of 4 trips are longer than 200 m: 0.5 was expected, {got} came"
edge = share([Trip(1, 200)], 200)
assert edge == 0.0, f"a trip of 200 m is not longer than 200 m: 0.0 was expected, {edge} came"
try:
    share([], 200)
    refused = False
except ValueError:
    refused = True
assert refused, "no trips: a ValueError was expected, none was raised"
### BEGIN HIDDEN TESTS
for each in hidden_seeds("share", 5):
    drawn = draw(each, 57)
    before = list(drawn)
    expected = len([trip for trip in drawn if trip.metres > 4_500]) / 57
    got = share(drawn, 4_500)
    assert abs(got - expected) < 1e-12, f"of 57 drawn trips {expected:.3f} are long, {got} came"
    assert drawn == before, "the trips that were passed in were changed"
### END HIDDEN TESTS

# %% answer="tally"
class Tally:
    """Counts per key.

    add(key)      one more of it
    merge(other)  a new tally of both
    top(n)        the n most frequent as (key, count), ties by key
    """

    ### BEGIN SOLUTION
    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, key: str) -> None:
        self.counts[key] = self.counts.get(key, 0) + 1

    def merge(self, other: "Tally") -> "Tally":
        both = Tally()
        for counts in (self.counts, other.counts):
            for key, n in counts.items():
                both.counts[key] = both.counts.get(key, 0) + n
        return both

    def top(self, n: int) -> list[tuple[str, int]]:
        if n < 1:
            raise ValueError(f"the top {n} do not exist")
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:n]
    ### END SOLUTION

# %% check="tally" points=30
tally = Tally()
for letter in "banana":
    tally.add(letter)
assert tally.top(2) == [("a", 3), ("n", 2)], f"of banana [('a', 3), ('n', 2)] was expected, {tally.top(2)} came"
assert Tally().top(3) == [], "an empty tally has no top"
try:
    tally.top(0)
    refused = False
except ValueError:
    refused = True
assert refused, "the top 0: a ValueError was expected, none was raised"
### BEGIN HIDDEN TESTS
for each in hidden_seeds("tally", 3):
    letters = [chr(97 + trip.zone) for trip in draw(each, 80)]
    left, right = Tally(), Tally()
    for letter in letters[:31]:
        left.add(letter)
    for letter in letters[31:]:
        right.add(letter)
    kept = left.top(9)
    expected = sorted(((key, letters.count(key)) for key in set(letters)), key=lambda item: (-item[1], item[0]))
    merged = left.merge(right).top(9)
    assert merged == expected, f"merging two tallies: {expected} was expected, {merged} came"
    assert left.top(9) == kept, "merge changed the tally it was called on"
### END HIDDEN TESTS

# %% answer="batches"
def batches(rows, size: int):
    """Lists of `size` rows, the last one shorter; takes from `rows` no sooner than a batch is asked for."""
    ### BEGIN SOLUTION
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
    ### END SOLUTION

# %% check="batches" points=25
got = list(batches([1, 2, 3, 4, 5], 2))
assert got == [[1, 2], [3, 4], [5]], f"[[1, 2], [3, 4], [5]] was expected, {got} came"
### BEGIN HIDDEN TESTS
taken = []


def endless():
    n = 0
    while True:
        taken.append(n)
        yield n
        n += 1


first = next(iter(batches(endless(), 3)))
assert first == [0, 1, 2], f"the first batch of 0, 1, 2, … is [0, 1, 2], {first} came"
assert len(taken) <= 4, f"{len(taken)} rows were taken for the first batch of 3"
for n in (0, 1, 6, 7):
    got = [len(batch) for batch in batches(range(n), 3)]
    assert sum(got) == n, f"{n} rows in, {sum(got)} out"
    assert all(length == 3 for length in got[:-1]), f"batches of 3 were asked for, {got} came"
### END HIDDEN TESTS

# %% answer="retry"
def retry(action, attempts: int):
    """What `action()` returns. Tries again after a ConnectionError, `attempts` times in all; then that error."""
    ### BEGIN SOLUTION
    for attempt in range(1, attempts + 1):
        try:
            return action()
        except ConnectionError:
            if attempt == attempts:
                raise
    ### END SOLUTION

# %% check="retry" points=25
calls = []


def flaky():
    calls.append(1)
    if len(calls) < 3:
        raise ConnectionError("gone")
    return {"rows": 3}


got = retry(flaky, 5)
assert got == {"rows": 3}, f"the third attempt gives {{'rows': 3}}, {got} came"
assert len(calls) == 3, f"3 calls were expected, there were {len(calls)}"
### BEGIN HIDDEN TESTS
calls.clear()
try:
    retry(flaky, 2)
    said = "nothing"
except ConnectionError as error:
    said = str(error)
assert said == "gone", f"after 2 attempts ConnectionError('gone') was expected, {said} came"
assert len(calls) == 2, f"2 attempts were asked for, there were {len(calls)}"


class Odd(Exception):
    """Of the test's own."""


def broken():
    calls.append(1)
    raise Odd("not a matter of the network")


calls.clear()
try:
    retry(broken, 9)
    came = False
except Odd:
    came = True
assert came, "an error that is not a ConnectionError has to come through"
assert len(calls) == 1, f"an error that does not pass by itself was tried {len(calls)} times"
### END HIDDEN TESTS
