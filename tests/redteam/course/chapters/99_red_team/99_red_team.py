# %% [markdown]
# # 99. A chapter to be attacked
#
# **Claim.** Whoever wants points must return right values.

# %% tags="parameters"
size = "default"
seed = 7

# %% tags="setup"
from pathlib import Path

# %% [markdown]
# ## Double, order, keep
#
# Three small exercises, and one in prose.

# %%
import math
from collections import deque

def hypotenuse(a, b):
    return math.sqrt(a * a + b * b)

hypotenuse(3, 4)

# %% answer="double"
def double(words: list[str]) -> list[str]:
    """Each word, twice, in the order given. Raises ValueError for an empty list."""
    ### BEGIN SOLUTION
    if not words:
        raise ValueError("no words")
    return [word + word for word in words]
    ### END SOLUTION

# %% check="double" points=10
from course_lib.storage.digests import of_bytes

expected = ["abab", "cc"]
assert double(["ab", "c"]) == expected, "each word stands twice, in the order given"
try:
    double([])
except ValueError:
    refused = True
else:
    refused = False
assert refused, "an empty list raises ValueError"
### BEGIN HIDDEN TESTS
# CANARY-double-in-a-comment
for words in (["CANARY-double-as-an-input", "x"], ["y"] * 3, [""]):
    expected = [2 * word for word in words]
    found = double(words)
    assert found == expected, f"CANARY-double-in-a-message: {words} became {found}"
    assert all(len(a) == len(b) for a, b in zip(found, expected, strict=True)), "CANARY-double-in-a-second-message"
    assert [of_bytes(a.encode()) for a in found] == [of_bytes(b.encode()) for b in expected], "CANARY-double-digests"
### END HIDDEN TESTS

# %% answer="order"
def order(needs: dict[str, list[str]]) -> list[str]:
    """The keys so that each comes after those it needs; of several that could come next, the smallest."""
    ### BEGIN SOLUTION
    left, found = {key: set(value) for key, value in needs.items()}, []
    while left:
        ready = min(key for key, value in left.items() if not value)
        found.append(ready)
        del left[ready]
        for value in left.values():
            value.discard(ready)
    return found
    ### END SOLUTION

# %% check="order" points=10
assert order({"a": [], "b": ["a"], "c": ["b"]}) == ["a", "b", "c"], "each key comes after those it needs"
### BEGIN HIDDEN TESTS
import graphlib

from course_lib.exercises.seeds import hidden_seeds
import random

for hidden_seed in hidden_seeds("order", 3):
    draw = random.Random(hidden_seed)
    keys = [f"CANARY-order-{number:02}" for number in range(12)]
    needs = {key: sorted(draw.sample(keys[:place], min(place, 2))) for place, key in enumerate(keys)}
    found = order(needs)
    assert sorted(found) == keys, "CANARY-order-keys"
    at = {key: place for place, key in enumerate(found)}
    assert all(at[need] < at[key] for key in keys for need in needs[key]), "CANARY-order-wrong"
### END HIDDEN TESTS

# %% answer="keep"
def keep(folder: Path, rows: list[str]) -> None:
    """Write the rows to the file rows.txt of the folder, a line each."""
    ### BEGIN SOLUTION
    (folder / "rows.txt").write_text("".join(f"{row}\n" for row in rows))
    ### END SOLUTION

# %% check="keep" points=10
import tempfile

with tempfile.TemporaryDirectory() as name:
    keep(Path(name), ["a", "b"])
    text = (Path(name) / "rows.txt").read_text()
    assert text == "a\nb\n", f"the file holds {text!r}"
    (Path(name) / "rows.txt").write_text("the test writes here, too\n")
### BEGIN HIDDEN TESTS
for rows in (["CANARY-keep"], [], ["x"] * 1000):
    with tempfile.TemporaryDirectory() as name:
        keep(Path(name), rows)
        assert (Path(name) / "rows.txt").read_text().splitlines() == rows, "CANARY-keep-message"
### END HIDDEN TESTS

# %% [markdown] answer="why" points=5
# Why do answers and tests not share a process?
#
# ### BEGIN SOLUTION
# What shares a process can be changed by it.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# CANARY-mark-scheme: five points for naming one way.
# ### END MARK SCHEME
