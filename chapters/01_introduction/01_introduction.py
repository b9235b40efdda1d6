# %% [markdown]
# # 1. Introduction to data pipelines
#
# **Claim.** A pipeline whose every step succeeds can still serve a wrong number: because it was asked too early, because it ran twice, or because it computed the same thing in two ways.
#
# You will make all three happen on one city's taxi trips, and repair them. On the way a script that somebody runs grows into a pipeline that mends itself.

# %% [markdown]
# These two values decide every number below except the run times that are measured here. The text quotes the numbers of the default size; `size = "test"` is a smaller city.

# %% tags="parameters"
size = "default"
seed = 7

# %% tags="setup"
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_lib.dag.stage import Stage
from course_lib.exercises import check, hint, progress
from course_lib.plots.controls import explore
from course_lib.plots.notebook import colour, style

style()

# %% [markdown]
# ## How many trips began between 17:00 and 18:00?
#
# It is Friday, 15 March, six in the evening. A dispatcher decides how many cabs to send out tonight and wants one number: how many trips began in the last hour.
#
# The cabs of this city exist in a generator only. It makes one month of trips with the defects of real trip files; those come in chapter 2.

# %%
from course_lib.ingestion.synthetic import generate
from course_lib.trips.generator import Settings

scratch = tempfile.TemporaryDirectory(prefix="introduction-")  # removed when the kernel stops
drop, lake = Path(scratch.name) / "drop", Path(scratch.name) / "lake"
lake.mkdir()
trips = {"test": 60_000, "default": 300_000, "large": 3_000_000}[size]
[source] = generate(Settings(trips=trips, seed=seed, start="2024-03", months=1), drop)
source.name, f"{source.stat().st_size:,} bytes"

# %% [markdown]
# A data pipeline takes data from where it arises (the **source**) to where somebody uses it (**serving**), and changes it on the way. Here is a whole one in five lines, each with the trade name of its step behind it. Of the tables **bronze** is what came, **silver** what is believed, **gold** what is computed for a use.

# %%
FIVE, EIGHTEEN = pd.Timestamp("2024-03-15 17:00"), pd.Timestamp("2024-03-15 18:00")
VALID = "dropoff_at > pickup_at and distance_m > 0 and fare_cents >= 0"

# %%
bronze = pd.read_parquet(source)  # ingest: as it came
silver = bronze.query(VALID).drop_duplicates("trip_id")  # validate: what is believed, each trip once
gold = silver.groupby(silver.pickup_at.dt.floor("h")).size().rename("trips")  # transform
gold.to_frame().to_parquet(lake / "demand.parquet")  # store
final = int(pd.read_parquet(lake / "demand.parquet").trips[FIVE])  # serve
final

# %% [markdown]
# That answer is useless: it was computed from the file of the whole month, and the dispatcher asks on the fifteenth. Look at what one row knows about time.

# %%
bronze[bronze.pickup_at.between(FIVE, EIGHTEEN, inclusive="left")][["trip_id", "pickup_at", "dropoff_at", "updated_at"]].head(4)

# %% [markdown]
# Two clocks run here. **Event time** is when something happened in the world: `pickup_at`, `dropoff_at`. **Processing time** is when the pipeline learned of it: `updated_at`, when the row was delivered. A cab reports a trip after it has ended, and not at once.
#
# **Guess first:** if you run the same five lines at 18:00 sharp, on all rows delivered by then, which share of the final number do you get?

# %%
evening = silver[(silver.pickup_at >= FIVE) & (silver.pickup_at < EIGHTEEN)]  # valid trips of that hour, each once


def asked(minutes_later: float) -> int:
    """The answer of the five lines when they run so many minutes after 18:00."""
    return int((evening.updated_at <= EIGHTEEN + pd.Timedelta(minutes=minutes_later)).sum())


asked(0), final, f"{asked(0) / final:.0%}"

# %% [markdown]
# **Surprise:** more than four in ten trips are missing, and no step failed. The number is exact about what was known and far off about what happened. How long would the dispatcher have to wait?

# %% alt="The answer to one question against the time it is asked: it rises steeply from 17:00 on, has a bit more than half of the final number at 18:00, nearly all at 19:00, and creeps towards the final number after that."
later = np.arange(-60, 181, 5)
figure, axes = plt.subplots()
axes.plot(later, [asked(minutes) for minutes in later], color=colour("kept"))
axes.axhline(final, color=colour("muted"), linestyle=":")
axes.axvline(0, color=colour("refused"), linestyle="--")
axes.annotate("18:00", (3, 0), color=colour("refused"))
axes.set(title="One question, as many answers as moments to ask it",
         xlabel="asked after 18:00 [min]", ylabel="trips begun 17:00 to 18:00");  # fmt: skip

# %% [markdown]
# The next picture shows why. Each line is a trip of that hour: from its pickup (left end) to its delivery (right end). Move the vertical line: whatever it has not passed, you cannot know. Missing at 18:00 are the late trips and the *long* ones, so a mean of durations would be wrong, too.

# %%
by_pickup = evening.sort_values("pickup_at")
begun, delivered = ((by_pickup[name] - EIGHTEEN).dt.total_seconds() / 60 for name in ("pickup_at", "updated_at"))


# %% alt="Trips of one hour as horizontal lines from pickup to delivery, sorted by pickup; a vertical line at the moment of the question divides those that are known from those that are not."
def lifelines(asked_after: int = 0):
    known = delivered <= asked_after
    figure, axes = plt.subplots()
    for shade, those, word in (("kept", known, "known"), ("refused", ~known, "not known yet")):
        rows = np.flatnonzero(those)
        axes.hlines(rows, begun[those], delivered[those], color=colour(shade), linewidth=0.4, label=word)
    axes.axvline(asked_after, color=colour("ink"), linestyle="--")
    axes.legend(loc="lower right")
    axes.set(title=f"{known.sum()} of {len(known)} trips are known at 18:00 {asked_after:+} min", xlim=(-65, 125),
             xlabel="after 18:00 [min]", ylabel="trips, by pickup")  # fmt: skip
    return figure


explore(lifelines, asked_after=(-60, 120, 5), labels={"asked_after": "asked after 18:00 [min]"})

# %% [markdown]
# March's file is **bounded** data: it has a last row, so "all of it" means something. What the cabs send is **unbounded**: there is always another row to come, and any answer is an answer so far. When, in minutes after 18:00, were half of the hour's trips known, when nine in ten, and when the last?

# %%
waits = ((evening.updated_at - EIGHTEEN).dt.total_seconds() / 60).sort_values()
known_after = {f"{share:.0%}": waits.quantile(share) for share in (0.5, 0.9, 0.99)} | {"the last": waits.max()}
pd.Series(known_after).round().to_frame("known [min after 18:00]")

# %% [markdown]
# Ninety-nine in a hundred are known after an hour and a half; the last cab was out of reach for more than a day. Waiting for it buys nothing, so every pipeline decides when to answer and what to do with what comes later (chapter 7). Now write the honest part of it.

# %% [markdown]
# ### Exercise: as far as was known
#
# `known_by` answers "how many trips began in `[start, end)`?" from what had been delivered by `asked_at`, that moment included. The window is half-open: a trip that begins at `start` counts, one that begins at `end` does not.
#
# A trip may be delivered more than once. What was delivered **last, but not after `asked_at`**, is what is known of it, and a correction may move a trip's beginning, into the window or out of it. (In March's file corrections change ends and fares only; do not rely on that.)
#
# Write the answer in the cell below, run it, and then run `check("known_by")`, which says in words what does not hold yet. The locked cell between them holds the tests: leave it, and run cell by cell, because "Run All" stops at the first test that does not hold. Stuck? `hint("known_by")` gives a question first, then the idea, then almost the code.


# %% answer="known_by"
def known_by(deliveries: list[tuple[int, int, int]], start: int, end: int, asked_at: int) -> int:
    """How many trips began in [start, end), as far as was known at `asked_at`.

    deliveries  (trip_id, began, delivered) in any order; times in whole seconds. No trip is delivered twice in the
                same second. The list is left as it is.

    Raises ValueError when the window is empty: `end` is not after `start`.
    """
    ### BEGIN SOLUTION
    if end <= start:
        raise ValueError(f"the window from {start} to {end} is empty")
    by_delivery = sorted(deliveries, key=lambda row: row[2])
    known = {trip: began for trip, began, delivered in by_delivery if delivered <= asked_at}  # later ones replace
    return sum(start <= began < end for began in known.values())
    ### END SOLUTION


# %% check="known_by" points=10
rows = [(1, 100, 160), (2, 110, 190), (3, 200, 210), (1, 95, 300)]
found = known_by(rows, start=100, end=200, asked_at=200)
assert found == 2, f"by 200 trips 1 and 2 of the window were delivered: expected 2, got {found}"
found = known_by(rows, start=100, end=200, asked_at=300)
assert found == 1, f"at 300 a correction says that trip 1 began at 95, before the window: expected 1, got {found}"
found = known_by(rows, start=100, end=201, asked_at=210)
assert found == 3, f"what is delivered at the moment of the question is known: expected 3, got {found}"
found = known_by(rows[::-1], start=100, end=200, asked_at=300)
assert found == 1, f"the same deliveries, listed in another order, give the same answer: expected 1, got {found}"
refused = False
try:
    known_by(rows, start=200, end=200, asked_at=300)
except ValueError:
    refused = True
assert refused, "a window that ends where it starts holds no moment: expected a ValueError"
### BEGIN HIDDEN TESTS
import copy
import random

from course_lib.exercises.seeds import hidden_seeds

for chance in map(random.Random, hidden_seeds("known_by", 6)):
    rows = [
        (trip, chance.randrange(40), at)
        for trip in range(12)
        for at in chance.sample(range(60), chance.randrange(1, 4))
    ]
    chance.shuffle(rows)
    before = copy.deepcopy(rows)
    for asked_at in (-1, 0, 13, 30, 59, 60):
        start, end = sorted(chance.sample(range(-3, 44), 2))
        expected = 0
        for trip in range(12):
            so_far = sorted((at, began) for other, began, at in rows if other == trip and at <= asked_at)
            expected += bool(so_far) and start <= so_far[-1][1] < end
        found = known_by(rows, start, end, asked_at)
        assert found == expected, (
            f"the newest delivery of each trip by then decides, wherever it stands in the list: expected {expected}, got {found}"
        )
    assert rows == before, "the deliveries belong to the caller: leave the list as it is"
found = known_by([(1, 5, 10), (1, 50, 20)], 0, 10, 15)
assert found == 1, f"a correction that comes after the question is not known yet: expected 1, got {found}"
found = known_by([(1, 5, 10), (1, 50, 20)], 0, 10, 25)
assert found == 0, f"a trip that was moved out of the window is not in it any more: expected 0, got {found}"
found = known_by([(1, 0, -5), (2, 10, -5)], 0, 10, 0)
assert found == 1, f"a trip that begins at start counts, one that begins at end does not: expected 1, got {found}"
found = known_by([], 0, 10, 5)
assert found == 0, f"nothing delivered, nothing known: expected 0, got {found}"
refused = False
try:
    known_by([], start=10, end=9, asked_at=0)
except ValueError:
    refused = True
assert refused, "a window that ends before it starts is empty, even when nothing was delivered: expected a ValueError"
### END HIDDEN TESTS

# %%
check("known_by")

# %% [markdown]
# ### Batch, stream, or both
#
# Take a number with more at stake: trips of this week so far, on a screen all Friday. Three pipelines serve it. A **batch** run at midnight counts everything delivered by then and is done. A **stream** adds one whenever a row is delivered; it was started on Thursday at noon and remembers nothing from before. A **hybrid** takes last midnight's batch and adds the stream of today.

# %%
week, friday = pd.Timestamp("2024-03-11"), pd.Timestamp("2024-03-15")
noon_before, saturday = friday - pd.Timedelta("12h"), friday + pd.Timedelta("1D")
moments = pd.date_range(friday, periods=96, freq="15min")


def until(moments: pd.DatetimeIndex | pd.Timestamp, times: pd.Series) -> Any:
    """How many of `times` are not after each of the `moments`."""
    return np.searchsorted(np.sort(times), moments, "right")


told = bronze.updated_at[bronze.pickup_at.between(week, saturday, inclusive="left")]  # rows, repeats and all
ours = silver[silver.pickup_at.between(week, saturday, inclusive="left")]

# %%
midnight = until(friday, ours.updated_at)
served = pd.DataFrame({"batch": midnight}, index=moments)
served["stream"] = until(moments, told) - until(noon_before, told)
served["hybrid"] = midnight + until(moments, told) - until(friday, told)
true, hours = until(moments, ours.pickup_at), (moments - friday) / pd.Timedelta("1h")
served.assign(true=true).iloc[[0, 72]]

# %% [markdown]
# **Guess first:** at which hours of the day is the hybrid at its worst, and is it ever too high?

# %% alt="Left, the errors of three pipelines through Friday: the batch falls behind by thousands until midnight, the stream lacks all of Monday to Thursday noon, the hybrid stays near zero. Right, the hybrid alone: shortest in the two rush hours around 9:00 and 18:00, and above zero before midnight."
figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.5), layout="constrained")
for name, shade in (("batch", "refused"), ("stream", "warned"), ("hybrid", "kept")):
    left.plot(hours, served[name] - true, color=colour(shade))
    left.annotate(name, (24.3, served[name].iloc[-1] - true[-1]), color=colour(shade), va="center")
short = served.hybrid - true
right.plot(hours, short, color=colour("kept"))
right.axhline(0, color=colour("muted"), linestyle=":")
left.yaxis.set_major_formatter("{x:,.0f}")
left.set(title="The batch ages, the stream forgets", xlabel="Friday [h]", xlim=(0, 31), xticks=range(0, 25, 6),
         ylabel="served minus true [trips]")  # fmt: skip
right.set(title=f"The hybrid: {-short.min()} short, then {short.iloc[-1]} too high",
          xlabel="Friday [h]", xticks=range(0, 25, 6));  # fmt: skip

# %% [markdown]
# The hybrid lacks the trips that nobody has told yet: most in the two rush hours, some 170 around 9:00 and 18:00. And late at night it is too *high*: hardly anything is under way then, and a day's worth of repeated and broken rows has been counted, because a stream that looks at one row at a time adds them like any other. Two code paths that count the same thing differently are the price of the hybrid.
#
# A screen that is fresh every quarter of an hour can also be a batch that is run 96 times. What that costs is rows read:

# %%
so_far = until(moments, told)
pd.Series(
    {
        "batch, once at midnight": int(so_far[0]),
        "batch, 96 times": int(so_far.sum()),
        "stream, each row once": int(so_far[-1] - so_far[0]),
        "hybrid, both": int(so_far[-1]),
    }
).map("{:,}".format).to_frame("rows read on Friday")

# %% [markdown]
# ### Exercise: batch, stream or hybrid?
#
# The screen shows *trips of this week so far, per zone*, all day long, and cabs are moved between the zones by it, which takes them twenty minutes. There is one engineer, who is at home at night, and a machine that reads 20,000 rows per second and has other work, too. Recommend one of the three (a batch may run as often as you like) and defend it in at most 150 words, with numbers from above. Say how old and how wrong the number may be and why that is good enough for moving cabs, what becomes of a trip of 17:50 that is reported at 18:20, and what your choice costs that another would not.

# %% [markdown] answer="batch_or_stream" points=5
# ### BEGIN SOLUTION
# A batch every quarter of an hour over the week's rows. Moving cabs takes twenty minutes, so a number fifteen minutes old is fresh enough. It lacks the trips not yet told, as all three do: some three hundred of 44,000 on Friday evening, under one percent; the screen says *reported* trips. The trip reported at 18:20 is in the run of 18:30, because every run counts everything again: nothing is patched, and repeats and broken rows are dropped each time. A run reads up to 47,000 rows in under three seconds, a day four million in 200. A stream reads 400 times less and is fresher, but after one restart it was 30,000 trips short, and at night nobody is there; the hybrid has two code paths that one engineer must keep equal. At a hundred times the trips a run takes four minutes, and I would decide again.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point each:
#
# - names one of the three and ties freshness to the decision it serves (how quickly cabs can move), not to "real time is better";
# - says how wrong the number is (trips not yet told; for the stream what a restart forgets, for the hybrid repeats and broken rows) and why that is good enough, or what the screen does about it;
# - says what becomes of the trip reported at 18:20 in *this* design: which number changes, when;
# - names a cost of the choice that another would not have (rows read again, state to keep, two code paths to hold equal);
# - computes with at least one number from above (rows read against 20,000 per second, trips short, minutes old).
# ### END MARK SCHEME

# %% [markdown]
# ## What is made from what?
#
# The course's own pipeline has thirteen steps and eighteen datasets, and before you run a thing like that you want to know in what order, what breaks what, and what is missing. That needs no data, only a graph: $P = (V, E, T)$, where $V$ are datasets, $T$ are transformations, and an edge in $E$ says that one dataset is made from another by a transformation.

# %% alt="The five-line pipeline as a graph: source, ingest, bronze, validate, silver, transform, gold, store, demand."
from course_lib.dag.pipeline import Pipeline, Step
from course_lib.plots.dag_picture import graph_picture, pipeline_picture

ingest = Step("ingest", reads={"source": {}}, writes={"bronze": {}})
validate = Step("validate", reads={"bronze": {}}, writes={"silver": {}})
transform = Step("transform", reads={"silver": {}}, writes={"gold": {}})
store = Step("store", reads={"gold": {}}, writes={"demand": {}})
five_lines = Pipeline((ingest, validate, transform, store), sources={"source": {}})
pipeline_picture(five_lines, "Four lines make a dataset each, from the one before; the fifth reads the last")

# %%
five_lines.edges()

# %% [markdown]
# A step may run when all that it needs is there. So the graph decides the order, not the file it is written in, and for that the graph must be **acyclic**: a DAG. The rule "run whatever is ready, again and again" finds such an order. Here it is, as it stands in many a home-made scheduler.


# %%
def first_come(needs: dict[str, list[str]]) -> list[str]:
    """Runs whatever is ready, until nothing is ready any more."""
    done: list[str] = []
    while ready := [step for step in needs if step not in done and set(needs[step]) <= set(done)]:
        done += ready
    return done


ride = {"publish": ["model"], "model": ["features"], "features": ["silver"], "silver": ["bronze"], "bronze": []}
first_come(ride)

# %% [markdown]
# It works. Now somebody lets the features use predictions, too, which say a lot about demand. **Guess first:** what does `first_come` say to that?

# %%
clever = ride | {"features": ["silver", "publish"]}
first_come(clever)

# %% [markdown]
# Two steps, and no complaint: every night's run is green and quick, and the model on the screen grows old. A scheduler has to say that it cannot, and where the knot is.

# %% alt="A graph with a cycle: bronze leads to silver, silver to features, features to model, model to publish, and a dashed edge leads from publish back to features."
graph_picture(clever, "Features wait for predictions that wait for features")

# %% [markdown]
# ### Exercise: an order, or the knot
#
# `run_order` returns the steps in an order in which each stands after everything it needs; any such order will do. Where there is none, it raises a `ValueError` whose message is a cycle, spelled as a path **along the data**: for a graph in which `model` needs `features` and `features` needs `model`, that is `"model -> features -> model"` or `"features -> model -> features"`. Read `a -> b` as "`b` needs `a`"; the path ends with the step it began with and holds no other step twice.
#
# A step that merely waits for a cycle is not part of it and does not belong in the message.


# %% answer="run_order"
def run_order(needs: dict[str, list[str]]) -> list[str]:
    """All steps, each once, each after all that it needs.

    needs   step -> steps that have to be finished before it, some perhaps named twice; a step that is only needed, and
            has no entry of its own, needs nothing and is part of the run. The graph is left as it is.

    Raises ValueError when steps wait for each other; the message is one cycle along the data, such as "a -> b -> a"
    (b needs a, and a needs b), or "a -> a" for a step that needs itself.
    """
    ### BEGIN SOLUTION
    waiting = {step: set(parents) for step, parents in needs.items()}
    for parents in needs.values():
        for parent in parents:
            waiting.setdefault(parent, set())
    done: list[str] = []
    while ready := [step for step in waiting if waiting[step] <= set(done)]:
        done += ready
        for step in ready:
            del waiting[step]
    if not waiting:
        return done
    walk = [next(iter(waiting))]
    while (parent := next(p for p in waiting[walk[-1]] if p in waiting)) not in walk:
        walk.append(parent)
    against = [*walk[walk.index(parent) :], parent]
    raise ValueError(" -> ".join(reversed(against)))
    ### END SOLUTION


# %% check="run_order" points=15
order, raised = None, "nothing yet"
try:
    order, raised = run_order({"gold": ["silver", "silver"], "silver": ["bronze"], "quarantine": ["bronze"]}), ""
except ValueError as error:
    raised = str(error)
assert raised == "", (
    f"this graph has an order: bronze, which is only needed, needs nothing itself, and gold needs silver once, "
    f"though it says so twice; yours raised a ValueError: {raised}"
)
assert sorted(order or []) == ["bronze", "gold", "quarantine", "silver"], (
    f"each step once, also bronze, which is only needed: expected the four steps, got {order}"
)
assert order.index("bronze") < order.index("silver") < order.index("gold"), (
    f"gold needs silver, silver needs bronze: got {order}"
)
assert order.index("bronze") < order.index("quarantine"), f"quarantine needs bronze: got {order}"
message = ""
try:
    run_order(
        {"features": ["silver", "publish"], "model": ["features"], "publish": ["model"], "silver": [], "report": ["model"]}
    )
except ValueError as error:
    message = str(error)
assert set(message.split(" -> ")) == {"features", "model", "publish"}, (
    f"features, model and publish wait for each other, report only waits for them: expected that cycle, got {message!r}"
)
assert message in (
    "features -> model -> publish -> features",
    "model -> publish -> features -> model",
    "publish -> features -> model -> publish",
), f"a -> b says that b needs a, and the path ends where it began: model needs features, got {message!r}"
message = ""
try:
    run_order({"features": ["features"]})
except ValueError as error:
    message = str(error)
assert message == "features -> features", f"a step that needs itself is a cycle of one: got {message!r}"
### BEGIN HIDDEN TESTS
import copy
import random
from itertools import pairwise

from course_lib.exercises.seeds import hidden_seeds


def knots(needs: dict[str, list[str]]) -> bool:
    """Whether the graph has a cycle: a node that can be reached from itself."""
    reach = {node: set(parents) for node, parents in needs.items()}
    for _ in needs:
        reach = {node: found | {far for near in found for far in reach.get(near, ())} for node, found in reach.items()}
    return any(node in found for node, found in reach.items())


assert run_order({}) == [], "a pipeline without steps has an empty order"
assert run_order({"a": ["b", "b"]}) == ["b", "a"], "a need that is named twice is one need: expected ['b', 'a']"
kinds = set()
for chance in map(random.Random, hidden_seeds("run_order", 60)):
    names = chance.sample([f"s{i}" for i in range(9)], 7)
    edges = [chance.sample(range(7), 2) for _ in range(chance.randrange(3, 11))]
    needs = {
        name: [names[low] for low, high in edges if names[high] == name] for name in names[: chance.randrange(3, 8)]
    }
    before, message, order = copy.deepcopy(needs), None, None
    try:
        order = run_order(needs)
    except ValueError as error:
        message = str(error)
    assert needs == before, "the graph belongs to the caller: leave it as it is"
    assert (message is not None) == knots(needs), (
        f"a ValueError exactly when there is a cycle: {needs} gave {order or message}"
    )
    if message is None:
        every = {*needs, *(parent for parents in needs.values() for parent in parents)}
        assert sorted(order) == sorted(every), f"all of {sorted(every)}, each once: got {order}"
        late = [(a, b) for b, parents in needs.items() for a in parents if order.index(a) > order.index(b)]
        assert not late, f"a step stands before one that it needs: {late[0]} in {order}"
    else:
        path = message.split(" -> ")
        assert path[0] == path[-1] and len(path) > 1, f"a cycle ends with the step it began with: got {message!r}"
        assert len(set(path)) == len(path) - 1, f"no step but the first comes twice: got {message!r}"
        against = [(a, b) for a, b in pairwise(path) if a not in needs.get(b, ())]
        assert not against, (
            f"read a -> b as b needs a: {against[0][1]} does not need {against[0][0]} in {needs}, got {message!r}"
        )
        kinds.add(len(path))
assert len(kinds) > 1, f"the tests met cycles of one length only: {kinds}"
chain = {f"s{i}": [f"s{i - 1}"] for i in range(1, 60)}
order = run_order(dict(reversed(chain.items())))
assert order == [f"s{i}" for i in range(60)], f"a chain has one order, however it is written down: got {order}"
message = ""
try:
    run_order(chain | {"s0": ["s59"]})
except ValueError as error:
    message = str(error)
assert message.count(" -> ") == 60, f"a cycle of 60 steps is told with all of them: got {message!r}"
### END HIDDEN TESTS

# %%
check("run_order")

# %% [markdown]
# ### The course's own pipeline
#
# The steps behind `course pipeline` are written down as such a graph in `course_lib/dag/course.py`. When a dataset turns out wrong, it answers the two questions of that night: what may be the cause (everything upstream), and what has to be made again (everything downstream). Choose a dataset and a direction. (`scratch/…` are tables that steps hand to each other and nobody else reads.)

# %% alt="The datasets of the course's pipeline from inputs over bronze, silver and gold to features, model and the published version; the chosen one stands out, with all that is made from it or all that it is made from."
from course_lib.dag.course import COURSE

made_from = COURSE.dataset_needs()


def reach(dataset: str = "silver", towards: str = "downstream"):
    found = getattr(COURSE, towards)(dataset)
    title = {"downstream": "When {} is corrected, {} of {} datasets are stale",
             "upstream": "When {} is wrong, the cause may lie in {} of {} datasets"}[towards]  # fmt: skip
    title = title.format(dataset, len(found), len(made_from))
    return graph_picture(made_from, title, strong={dataset, *found}, rounded=True)


some = ["bronze", "silver", "quarantine", "gold/route_day", "features/offline/zone", "model"]
explore(reach, dataset=some, towards=["downstream", "upstream"])

# %% [markdown]
# ### Will each step find its columns?
#
# Order is not enough: a step relies on columns. This morning the source renamed one, as the publisher of the real files has done again and again. Watch a composition that cannot work do most of its work.

# %%
this_morning = bronze.rename(columns={"pickup_zone": "PULocationID"})  # so it came
composition = {
    "validate": lambda table: table.query("dropoff_at > pickup_at"),
    "deduplicate": lambda table: table.sort_values("updated_at").drop_duplicates("trip_id", keep="last"),
    "count": lambda table: table.groupby("pickup_zone").size(),
}
table, worked = this_morning, 0
for name, step in composition.items():
    try:
        worked, table = worked + len(table), step(table)
    except KeyError as error:
        print(f"{name} failed with KeyError {error}; the steps before it had worked on {worked:,} rows, one after the other")

# %% [markdown]
# It failed at the last step, and that was the lucky case. With `reindex`, which many use to be safe against missing columns, it does not fail at all.

# %%
this_morning.reindex(columns=["pickup_zone", "fare_cents"]).groupby("pickup_zone").fare_cents.sum().sum()

# %% [markdown]
# No error, and not a cent of fares in any zone. So the graph carries schemas: a composition is **closed** when every column that a step needs is made upstream, with a type that fits. The library checks it before the first row moves. Here is the course's pipeline as it is, and after somebody tidied a column away.

# %%
from course_lib.dag.schemas import gaps

tidied = COURSE.without_column("silver", "vehicle_id")
[str(gap) for gap in gaps(COURSE)], [str(gap) for gap in gaps(tidied)]

# %% [markdown]
# ### Exercise: find the gaps
#
# Write that check for a chain of steps. Each step sees one table: the source's columns, as changed by the steps before it. A step first removes its `drops` (dropping what is not there does nothing), then adds or replaces its `makes`; all other columns pass through.
#
# A need is met by a column of the same type, or of a narrower integer: `int16` fits in `int32` and `int64`, `int32` fits in `int64`, never the other way; nothing else fits anything but itself. Report every need that is not met, at every step that has it. A gap changes nothing about the table; the steps after it see what they would have seen.


# %% tags="setup"
@dataclass(frozen=True)
class Transform:
    """One step of a chain, by what it does to the columns of the table."""

    name: str
    needs: dict[str, str] = field(default_factory=dict)  # column -> type that it relies on
    makes: dict[str, str] = field(default_factory=dict)  # columns that it adds or replaces, with their types
    drops: tuple[str, ...] = ()  # columns that it removes


class Gap(NamedTuple):
    """A need that is not met."""

    step: str  # that needs the column
    column: str
    needs: str  # the type it relies on
    found: str | None  # the type that is there; None where the column is not there
    by: str | None  # the step that made, replaced or dropped the column last; "source"; None if it was never there


# %% answer="column_gaps"
def column_gaps(source: dict[str, str], steps: list[Transform]) -> list[Gap]:
    """The needs of `steps`, in their order, that the source and the steps before them do not meet.

    source    column -> type: "int16", "int32", "int64", or any other name, such as "string", which fits itself only
    steps     the chain, first step first
    returns   Gaps by step in the order of the chain, within a step by column name

    `Gap.by` is the step that made, replaced or dropped the column last; "source" where it came from the source and
    nobody touched it; None where it was never there. Arguments are left as they are.
    """
    ### BEGIN SOLUTION
    widths = ("int16", "int32", "int64")
    there, touched = dict(source), dict.fromkeys(source, "source")
    found = []
    for step in steps:
        for column in sorted(step.needs):
            needed, has = step.needs[column], there.get(column)
            narrower = has in widths and needed in widths and widths.index(has) < widths.index(needed)
            if has != needed and not narrower:
                found.append(Gap(step.name, column, needed, has, touched.get(column)))
        for column in step.drops:
            if there.pop(column, None) is not None:
                touched[column] = step.name
        there.update(step.makes)
        touched.update(dict.fromkeys(step.makes, step.name))
    return found
    ### END SOLUTION


# %% check="column_gaps" points=15
chain = [
    Transform("clean", needs={"fare": "int64"}, drops=("note",)),
    Transform("price", needs={"fare": "int32", "note": "string"}, makes={"cents_per_km": "double"}),
    Transform("rank", needs={"cents_per_km": "double", "zone": "int32"}),
]
gaps_found = column_gaps({"fare": "int32", "note": "string"}, chain)
told = [tuple(gap)[:2] for gap in gaps_found]
assert ("clean", "fare") not in told, f"int32 fits in int64: clean can work with fare, got a gap for it in {told}"
assert told == [("price", "note"), ("rank", "zone")], (
    f"price needs note, which is gone by then; rank needs zone, which never was there: expected two gaps, got {told}"
)
assert gaps_found == [Gap("price", "note", "string", None, "clean"), Gap("rank", "zone", "int32", None, None)], (
    f"clean dropped note, nobody ever made zone: expected by='clean' and by=None, got {gaps_found}"
)
gaps_found = column_gaps({"fare": "int64"}, [Transform("price", needs={"fare": "int32"})])
assert gaps_found == [Gap("price", "fare", "int32", "int64", "source")], (
    f"int64 does not fit in int32: got {gaps_found}"
)
gaps_found = column_gaps({}, [Transform("split", needs={"zone": "int32"}, makes={"zone": "int32"})])
assert gaps_found == [Gap("split", "zone", "int32", None, None)], (
    f"a step needs its columns before it makes any: expected one gap, made by nobody, got {gaps_found}"
)
gaps_found = column_gaps({}, [Transform("tidy", drops=("zone",)), Transform("t", needs={"zone": "int32", "fare": "int32"})])
told = [tuple(gap)[1] for gap in gaps_found]
assert told == ["fare", "zone"], f"within a step by column name: expected ['fare', 'zone'], got {told}"
assert gaps_found == [Gap("t", "fare", "int32", None, None), Gap("t", "zone", "int32", None, None)], (
    f"tidy drops a zone that never was there, so it did nothing to it: expected by=None, got {gaps_found}"
)
gaps_found = column_gaps(
    {"a": "int32"}, [Transform("swap", drops=("a",), makes={"a": "string"}), Transform("t", needs={"a": "int32"})]
)
assert gaps_found == [Gap("t", "a", "int32", "string", "swap")], (
    f"a step drops before it makes: swap leaves a as a string, got {gaps_found}"
)
### BEGIN HIDDEN TESTS
import copy
import random

from course_lib.dag import schemas
from course_lib.exercises.seeds import hidden_seeds

assert column_gaps({"a": "int32"}, []) == [], "a chain without steps misses nothing"
fitting = {("int16", "int32"), ("int16", "int64"), ("int32", "int64")} | {
    (k, k) for k in ("int16", "int32", "int64", "string")
}
for has in ("int16", "int32", "int64", "string", "double"):
    for needed in ("int16", "int32", "int64", "string"):
        gaps_found = column_gaps({"a": has}, [Transform("t", needs={"a": needed})])
        expected = [] if (has, needed) in fitting else [Gap("t", "a", needed, has, "source")]
        assert gaps_found == expected, f"{has} where {needed} is needed: expected {expected}, got {gaps_found}"
twice = [Transform("one", drops=("a",)), Transform("two", drops=("a",)), Transform("t", needs={"a": "int32"})]
gaps_found = column_gaps({"a": "int32"}, twice)
assert gaps_found == [Gap("t", "a", "int32", None, "one")], f"the second drop found nothing to drop: got {gaps_found}"
gaps_found = column_gaps(
    {}, [Transform("t", needs={"b": "int32", "a": "int32"}), Transform("t2", needs={"a": "int32"})]
)
assert [(gap.step, gap.column) for gap in gaps_found] == [("t", "a"), ("t", "b"), ("t2", "a")], (
    f"by step, then by column, and every step that misses it: got {gaps_found}"
)
kinds = ["int16", "int32", "int64", "string"]


def some(dice: random.Random, most: int) -> dict[str, str]:
    """Up to `most` - 1 columns with types."""
    return {name: dice.choice(kinds) for name in dice.sample("abcd", dice.randrange(most))}


for chance in map(random.Random, hidden_seeds("column_gaps", 25)):

    origin = some(chance, 4)
    steps = [Transform(f"s{i}", some(chance, 3), some(chance, 3), tuple(chance.sample("abcd", chance.randrange(3)))) for i in range(5)]
    before = copy.deepcopy((origin, steps))
    gaps_found = column_gaps(origin, steps)
    assert (origin, steps) == before, "source and steps belong to the caller: leave them as they are"
    expected = []
    for i, step in enumerate(steps):  # slowly: the history of each column, from the beginning
        for column, needed in sorted(step.needs.items()):
            has, by = origin.get(column), "source" if column in origin else None
            for earlier in steps[:i]:
                if column in earlier.makes:
                    has, by = earlier.makes[column], earlier.name
                elif column in earlier.drops and has is not None:
                    has, by = None, earlier.name
            if has is None or not schemas.fits(has, needed):
                expected.append(Gap(step.name, column, needed, has, by))
    assert gaps_found == expected, f"for {steps} on {origin}: expected {expected}, got {gaps_found}"
### END HIDDEN TESTS

# %%
check("column_gaps")

# %% [markdown]
# ## How much can it carry, and how long does it take?
#
# Run the library's real batch path on the month, and take the time of each step: `run_batch` lets a function of ours run its steps, and that function looks at the clock.

# %%
import time
from collections import Counter

from course_lib.transforms.batch import in_this_process, run_batch

seconds: Counter[str] = Counter()


def timed(step: str, work: Callable[..., Any], calls: list, names: list) -> list:
    began = time.perf_counter()
    found = in_this_process(step, work, calls, names)
    seconds[step] += time.perf_counter() - began
    return found


# %%
counts = run_batch(timed, [source], lake / "batch")
{name: counts[name] for name in ("rows_read", "rows_silver", "rows_quarantined", "rows_duplicate")}, len(silver)

# %% [markdown]
# Rows read are silver, quarantined or duplicates: nothing is lost, on this and on every run. (Our five lines believed some hundreds more: the library also refuses trips beyond 23 hours or 100 miles. Of a trip that came twice it believes the last delivery, our lines the first.)
#
# Now, **guess first:** which of the eight steps saves most when it gets twice as fast, and which saves nothing? With workers enough the run takes as long as its longest chain of steps, the **critical path**. A step off that path has **slack**, seconds that it may lose without the run ending later.

# %% alt="The steps of the batch path with the time each took; the longest chain of steps stands out."
from course_lib.dag.critical import critical_path, makespan, timings

batch_needs = {step: needs & seconds.keys() for step, needs in COURSE.step_needs().items() if step in seconds}
longest = critical_path(batch_needs, seconds)
notes = {step: f"{spent * 1000:.0f} ms" for step, spent in seconds.items()}
graph_picture(batch_needs, f"{len(longest)} steps in a row decide how long the run takes", path=longest, notes=notes)

# %%
whole = makespan(batch_needs, seconds)
saved = {step: whole - makespan(batch_needs, seconds | {step: seconds[step] / 2}) for step in seconds}
slack = {step: timing.slack for step, timing in timings(batch_needs, seconds).items()}
pd.DataFrame({"takes [s]": seconds, "slack [s]": slack, "halving it saves [s]": saved}).round(3)

# %% [markdown]
# Every step but *judge* lies on the path and saves half of what it takes; *judge* saves nothing, and could take many times as long unnoticed.
#
# ### Where does it jam?
#
# That was one run over rows that lie still. A pipeline that is fed all day is a row of stages with queues between them. Let Friday's deliveries come as they came, one trip at a time, through three stages: parse it, look up its route at a map service, write it. The service takes its time, and one worker talks to it.

# %%
today = bronze.updated_at[bronze.updated_at.between(friday, saturday, inclusive="left")]
arrivals = np.sort((today - friday).dt.total_seconds().to_numpy())
slower = 300_000 / trips  # a smaller city has slower clerks, so that its queues look the same
stages = [Stage("parse", 1.0 * slower), Stage("look up", 9.0 * slower), Stage("write", 4.0 * slower)]
peak = np.bincount((arrivals // 3600).astype(int)).max() / 3600
(
    {stage.name: f"{3600 * stage.workers / stage.service_s:.0f} trips/h" for stage in stages},
    f"{3600 * peak:.0f} trips/h at the peak",
)

# %% [markdown]
# A stage with $c$ workers that each need $s$ seconds finishes at most $c / s$ items per second, and in the long run no chain is faster than its slowest link: $\text{throughput} = \min_i c_i / s_i$. The stage where the minimum lies is the **bottleneck**.
#
# **Guess first:** give the look-up one worker, then two, three, four. By what factor does the pipeline's throughput grow with each? Then move the slider.

# %%
from course_lib.dag import capacity, simulate

clock = np.arange(0, 30 * 3600, 300)  # every five minutes until six the next morning


def staffed(look_up: int, write: int) -> list[Stage]:
    """The three stages with so many workers."""
    return [stages[0], stages[1]._replace(workers=look_up), stages[2]._replace(workers=write)]


def through(chain: list[Stage]) -> simulate.Passage:
    """When each of Friday's arrivals came to each stage, was begun and was done: a simulation, trip by trip."""
    return simulate.run(arrivals, np.array([stage.service_s for stage in chain]), [stage.workers for stage in chain])


# %% alt="Left: trips per hour that each stage can do beside the peak of arrivals. Right: how many trips wait in front of each stage through the day; with one look-up worker thousands wait in the evening."
def jam(look_up: int = 1, write: int = 1):
    day = through(chain := staffed(look_up, write))
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(1, 2))
    left.barh([s.name for s in chain], [3600 * capacity.rate(s) for s in chain], color=colour("kept"))
    left.axvline(3600 * peak, color=colour("refused"), linestyle="--")
    left.set(title=f"Bottleneck: {capacity.bottleneck(chain).name}", xlabel="can do [trips/h] (line: peak)")
    for i, stage in enumerate(chain):
        right.plot(clock / 3600, simulate.waiting(day, i, clock), label=stage.name)
    most = 3600 * capacity.throughput(chain)
    right.set(title=f"{most:.0f} trips/h at most", xlabel="Friday [h]", ylabel="waiting [trips]")
    right.legend()


explore(jam, look_up=(1, 5), write=(1, 4), labels={"look_up": "workers that look up", "write": "workers that write"})

# %% [markdown]
# The law is a prediction; here is the measurement. Ten thousand trips arrive at once, so that nobody ever waits for work; how long each takes at each stage is drawn at random around the stage's mean, anew for every row, and the second half is timed as it leaves.

# %%
law, measured = {}, {}
for workers in range(1, 6):
    chain = staffed(look_up=workers, write=1)
    takes = np.random.default_rng([seed, workers]).exponential([stage.service_s for stage in chain], (10_000, 3))
    flood = simulate.run(np.zeros(10_000), takes, [stage.workers for stage in chain])
    leaves = np.sort(flood.ended[:, -1])
    law[workers] = 3600 * capacity.throughput(chain)
    measured[workers] = 3600 * 5_000 / (leaves[-1] - leaves[4_999])
pd.DataFrame({"law [trips/h]": law, "measured [trips/h]": measured}).round().rename_axis("look-up workers")

# %% [markdown]
# The measurement scatters around the law by a percent or two, as thousands of random times do. The second worker doubles the throughput; the third adds an eighth, the fourth nothing. The bottleneck has moved to *write*, and with it the queue. Where it goes next is arithmetic that you can do before you pay for workers.

# %% [markdown]
# ### Exercise: find the bottleneck
#
# In real chains not every item visits every stage: two in a hundred are mended in quarantine, every item is looked up twice. `Stage.share` says how often an item of the pipeline passes a stage on average. Compute where the pipeline jams, how many arrivals per second *at the pipeline* it can keep up with, and how busy each stage is: its **utilisation**, the share of its workers' time that is used. Work that arrives, not work that gets done, is what counts: a stage that cannot keep up has a utilisation above 1.

# %%
Stage("mend", service_s=4.0, workers=2, share=0.25)


# %% answer="bottleneck"
def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    """Where the pipeline jams, how much it can do, and how busy its stages are.

    stages      name (no two alike), service_s (seconds of one worker for one item), workers, share (visits of an item
                to the stage)
    arrivals    items per second that arrive at the pipeline, from 0 up
    returns     name of the bottleneck (of equally narrow ones the first), throughput (the most arrivals per second that
                every stage can keep up with), and by stage its utilisation at `arrivals`

    A stage whose service_s or share is 0 limits nothing: its rate is infinite. A pipeline of such stages has an infinite
    throughput, and its bottleneck is the first (all are equally narrow). Raises ValueError: no stages, workers below 1, service_s or share below 0.
    """
    ### BEGIN SOLUTION
    if not stages:
        raise ValueError("a pipeline has at least one stage")
    rates, busy = {}, {}
    for stage in stages:
        if stage.workers < 1 or stage.service_s < 0 or stage.share < 0:
            raise ValueError(f"{stage} cannot be: workers from 1 up, service_s and share from 0 up")
        work = stage.service_s * stage.share
        rates[stage.name] = stage.workers / work if work else float("inf")
        busy[stage.name] = arrivals * work / stage.workers
    narrow = min(rates, key=rates.get)
    return narrow, rates[narrow], busy
    ### END SOLUTION


# %% check="bottleneck" points=10
name, most, busy = bottleneck(
    [Stage("parse", 0.5), Stage("look up", 4.0, workers=2), Stage("mend", 10.0, share=0.02)], 0.25
)
assert name == "look up", (
    f"parse can do 2 items/s, look up 2 / 4 = 0.5, mend 1 / (10 * 0.02) = 5: expected look up, got {name}"
)
assert abs(most - 0.5) < 1e-9, f"the throughput is that of the narrowest stage: expected 0.5 items/s, got {most}"
expected = {"parse": 0.125, "look up": 0.5, "mend": 0.05}
off = {stage for stage in expected if abs(busy[stage] - expected[stage]) > 1e-9}
assert not off, f"at 0.25 items/s the stages are busy {expected} of the time; yours differ for {off}: {busy}"
found = None
try:
    found = bottleneck([Stage("mend", 3.0, share=0.0), Stage("write", 4.0)], 0.5)
except ZeroDivisionError:
    found = None
assert found is not None, "no item visits mend: it limits nothing, its rate is infinite (and nothing is divided by its 0)"
assert found[:2] == ("write", 0.25), f"mend limits nothing: expected write with 0.25 items/s, got {found[:2]}"
assert found[2] == {"mend": 0.0, "write": 2.0}, (
    f"mend is never busy; write is offered twice what it can do, a utilisation of 2: got {found[2]}"
)
for stages_given, why in (
    ([], "a pipeline without stages has no bottleneck"),
    ([Stage("ok", 1.0), Stage("x", 1.0, workers=0)], "x has no worker"),
    ([Stage("x", -1.0)], "x takes less than no time"),
    ([Stage("x", 1.0, share=-0.5)], "x is visited by less than no item"),
):
    refused = False
    try:
        bottleneck(stages_given, 1.0)
    except ZeroDivisionError:
        refused = False
    except ValueError:
        refused = True
    assert refused, f"{why}: expected a ValueError"
### BEGIN HIDDEN TESTS
import math
import random

from course_lib.exercises.seeds import hidden_seeds

name, most, busy = bottleneck([Stage("a", 2.0), Stage("b", 1.0), Stage("c", 4.0, 2)], 3.0)
assert name == "a", f"a and c can both do half an item per second: the first of them is named, got {name}"
assert busy == {"a": 6.0, "b": 3.0, "c": 6.0}, (
    f"who is offered three times too much has a utilisation of 3 or more: got {busy}"
)
name, most, busy = bottleneck([Stage("free", 0.0), Stage("never", 9.0, share=0.0), Stage("slow", 5.0)], 0.1)
assert (name, most) == ("slow", 0.2), f"no work, no limit: expected slow with 0.2 items/s, got {name} with {most}"
assert (busy["free"], busy["never"]) == (0.0, 0.0), f"a stage without work is never busy: got {busy}"
name, most, busy = bottleneck([Stage("free", 0.0), Stage("idle", 0.0)], 1.0)
assert (name, math.isinf(most)) == ("free", True), (
    f"nothing limits it: expected free and infinity, got {name} and {most}"
)
for bad in (Stage("x", -1.0), Stage("x", 0.0, 0), Stage("x", 0.0, 1, -0.5), Stage("x", 1.0, -2)):
    refused = False
    try:
        bottleneck([Stage("ok", 1.0), bad], 1.0)
    except ValueError:
        refused = True
    assert refused, f"{bad} cannot be: expected a ValueError"
for chance in map(random.Random, hidden_seeds("bottleneck", 12)):
    stages_given = [
        Stage(f"s{i}", chance.uniform(0.1, 9), chance.randrange(1, 6), chance.uniform(0.05, 2)) for i in range(5)
    ]
    arrivals_given = chance.uniform(0.01, 2)
    name, most, busy = bottleneck(stages_given, arrivals_given)
    seconds_of_work = {s.name: s.service_s * s.share for s in stages_given}
    for s in stages_given:  # a thousand seconds of arrivals are so much work for so many workers
        expected = 1000 * arrivals_given * seconds_of_work[s.name] / (1000 * s.workers)
        assert abs(busy[s.name] - expected) < 1e-9, (
            f"{s} at {arrivals_given} items/s: expected {expected}, got {busy[s.name]}"
        )
        assert most * seconds_of_work[s.name] <= s.workers * (1 + 1e-9), (
            f"{s} cannot keep up with the throughput {most}"
        )
    tight = next(s for s in stages_given if s.name == name)
    assert abs(most * seconds_of_work[name] - tight.workers) < 1e-6, (
        f"at the throughput the bottleneck is always busy: {tight}, {most}"
    )
### END HIDDEN TESTS

# %%
check("bottleneck")

# %% [markdown]
# ### How long does a trip wait?
#
# From arrival to departure an item is worked on, or it waits: $\text{latency} = \sum_i (\text{service}_i + \text{queue}_i)$. Engineers measure the first term and users feel the second.

# %%
two = staffed(look_up=2, write=1)
day = through(two)
parts = pd.DataFrame({"service [s]": day.served.mean(0), "queue [s]": day.queued.mean(0)}, index=[s.name for s in two])
assert np.allclose(day.latency, day.served.sum(1) + day.queued.sum(1))  # the law, for every single trip
rush = (arrivals >= 18 * 3600) & (arrivals < 20 * 3600)
parts["queue, 18 to 20 h [s]"] = day.queued[rush].mean(0)
parts.assign(utilisation=[capacity.utilisation(s, len(arrivals) / 86_400) for s in two]).round(2)

# %% [markdown]
# Averaged over the day the look-up is busy half of the time, and yet in the evening a trip waits longer for it than it takes: queues are made by clumps of arrivals. Even arrivals without any pattern clump a little: a **Poisson stream**, in which no trip knows of another, has gaps that are *exponential*, many short ones and a few long. For these, with exponential service times, there is a formula for one worker: $\text{queue} = s\,\frac{u}{1-u}$ at utilisation $u$. Measure it, and put Friday's real arrivals beside it.

# %%
chance = np.random.default_rng(seed)
loads = np.array([0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9])
curve = np.linspace(0.02, 0.93, 90)
n = 20_000 if size == "test" else 60_000
memoryless, real = [], []
for load in loads:
    patternless = np.cumsum(chance.exponential(1 / load, n))
    memoryless.append(simulate.run(patternless, chance.exponential(1.0, (n, 1)), [1]).queued.mean())
    service = load * 86_400 / len(arrivals)  # busy for the same share of Friday
    real.append(simulate.run(arrivals, chance.exponential(service, (len(arrivals), 1)), [1]).queued.mean() / service)

# %% alt="Queue time in units of the service time against utilisation: the measured points of patternless arrivals lie on the theoretical curve, those of Friday's arrivals lie above it, by half at low utilisation and by a factor of tens at high."
figure, axes = plt.subplots()
axes.plot(curve, curve / (1 - curve), color=colour("muted"), label="theory u / (1 - u)")
axes.plot(loads, memoryless, "o", color=colour("kept"), label="measured, arrivals without pattern")
axes.plot(loads, real, "x", color=colour("refused"), markersize=8, label="measured, Friday's arrivals")
axes.set_yscale("log")
axes.yaxis.set_major_formatter("{x:g}")
axes.minorticks_off()
axes.legend()
axes.set(title="One worker: past half load a trip waits longer than it is worked on",
         xlabel="utilisation [share of time]", ylabel="queue [service times]");  # fmt: skip

# %% [markdown]
# The patternless points lie on the curve. Friday's lie above it from the start: by half at a load of 0.1, by a factor of two at 0.5 and of tens from 0.7 on, where the evening rush overloads a stage whose *average* load is fine. That is why capacity is planned for the peak.

# %% [markdown]
# ### How many are on the road?
#
# One more law, which asks for no model: over any long stretch, **the number under way is the arrival rate times the time each spends there**, $L = \lambda W$ (Little, 1961). Try it on cabs. **Guess first:** trips in this city take about 16 minutes, and on an average day some four hundred begin in an hour. How many cabs have a passenger right now?

# %%
sound = silver[(silver.dropoff_at - silver.pickup_at < pd.Timedelta("4h")) & (silver.pickup_at >= "2024-03-01")]
began, ended = (sound[name].to_numpy().astype("datetime64[s]").astype(float) for name in ("pickup_at", "dropoff_at"))
first = pd.Timestamp("2024-03-04").timestamp()
month = simulate.measure(began, ended, first, first + 21 * 86_400)
f"L = {month.under_way:.2f} measured; lambda W = {month.rate:.5f}/s * {month.seconds:.1f} s = {month.rate * month.seconds:.2f}"

# %% [markdown]
# The two agree, and were measured apart: $L$ by looking at who is on the road, $\lambda$ by counting pickups, $W$ by timing trips. Is it exact? Cut the second of the weeks into shorter windows and see what happens to the points. Before you move the slider: which trips make the law fail in a window of one hour?


# %%
near = (ended > first + 7 * 86_400) & (began < first + 14 * 86_400)
second = began[near], ended[near]  # the second week, and what reaches into it

# %% alt="Trips under way against arrival rate times mean duration, one point per window, beside the line on which both are equal; points of short windows scatter around the line, those of long windows lie on it."
def windows(hours: int = 1):
    starts = first + np.arange(7 * 24, 14 * 24, hours) * 3600
    found = [simulate.measure(*second, start, start + hours * 3600) for start in starts]
    under_way, product = np.array([(m.under_way, m.rate * m.seconds) for m in found]).T
    figure, axes = plt.subplots()
    axes.axline((0, 0), slope=1, color=colour("muted"), label="L = λW")
    axes.plot(product, under_way, "o", markersize=4, alpha=0.6, color=colour("kept"), label="measured")
    off = np.abs(under_way - product).sum() / under_way.sum()
    axes.set(title=f"In windows of {hours} h the law is off by {off:.1%}", xlabel="λW [trips]", ylabel="L [trips]")
    axes.legend()
    return figure


explore(windows, hours=[1, 3, 6, 12, 24], labels={"hours": "window [h]"})

# %% [markdown]
# The law counts whole stays; a window cuts those at its edges in two. In an hour they are many, in a day few.
#
# And the dispatcher? The trips of the hour that were missing at 18:00 are those *between pickup and delivery*: a system like any other, opened at 17:00. By Little's law they number $\lambda W$, where $W$ is the mean time from pickup to delivery, each counted up to one hour. That $W$ is known from the same hour of Monday to Thursday. The known trips are the others, $3600\,\lambda - \lambda W$, so at 18:00 they give $\lambda$, and $\lambda$ gives the rest.

# %%
same_hour = silver[silver.pickup_at.between(week, friday) & (silver.pickup_at.dt.hour == 17)]
W = (same_hour.updated_at - same_hour.pickup_at).dt.total_seconds().clip(0, 3600).mean()
rate = asked(0) / (3600 - W)
f"known at 18:00: {asked(0)}, missing by Little's law: {rate * W:.0f}, together {3600 * rate:.0f}; in the end {final}"

# %% [markdown]
# So you could have answered at 18:00 after all, and been wrong by a twentieth instead of four tenths, with nothing that was not known by then. What remains is that a Friday is not a Thursday, and that trips did not begin evenly over the hour.

# %% [markdown]
# ### Exercise: measure Little's law
#
# Measure the three quantities in a window, each by its own definition and without using the law. Mind what belongs to the window and what does not: a trip that began before it and goes on inside is *under way* in it, yet did not *arrive* in it; a trip that arrived in it and goes on after it has its *whole* stay counted in $W$.


# %% answer="little"
def little(stays: list[tuple[float, float]], start: float, end: float) -> tuple[float, float, float]:
    """L, lambda and W in the window [start, end).

    stays     (began, ended) in seconds, ended not before began, in any order
    returns   L: the number under way, averaged over the time of the window
              lambda: those that began in the window, per second; a stay that begins at `start` counts, at `end` it does not
              W: the mean length of the whole stays of those that began in the window, in seconds; 0.0 if none did

    Raises ValueError when `end` is not after `start`.
    """
    ### BEGIN SOLUTION
    if end <= start:
        raise ValueError(f"the window from {start} to {end} is empty")
    inside = sum(max(0.0, min(ended, end) - max(began, start)) for began, ended in stays)
    mine = [ended - began for began, ended in stays if start <= began < end]
    return inside / (end - start), len(mine) / (end - start), sum(mine) / len(mine) if mine else 0.0
    ### END SOLUTION


# %% check="little" points=10
under_way, rate, stay = little([(0, 6), (2, 4), (9, 30)], start=0, end=10)
assert abs(under_way - 0.9) < 1e-9, (
    f"6, 2 and 1 of 10 seconds are spent in the window: expected L = 0.9, got {under_way}"
)
assert abs(rate - 0.3) < 1e-9, f"three began within 10 seconds: expected 0.3 per second, got {rate}"
assert abs(stay - 29 / 3) < 1e-9, f"the whole stays are 6, 2 and 21 seconds long: expected a mean of 29/3, got {stay}"
nothing = little([(0, 6)], start=6, end=8)
assert nothing == (0.0, 0.0, 0.0), (
    f"a stay that ended where the window starts is none of its: expected zeros, got {nothing}"
)
refused = False
try:
    little([(0, 6)], start=5, end=5)
except ValueError:
    refused = True
assert refused, "a window without length has no average: expected a ValueError"
### BEGIN HIDDEN TESTS
import random

from course_lib.exercises.seeds import hidden_seeds


def close(found: tuple, expected: tuple) -> bool:
    return len(found) == 3 and all(abs(a - b) < 1e-6 for a, b in zip(found, expected, strict=True))


found = little([(-50, 50)], 0, 10)
assert close(found, (1.0, 0.0, 0.0)), (
    f"who is there all the time and arrived before counts in L alone: expected (1, 0, 0), got {found}"
)
found = little([(10, 20), (20, 25), (5, 10)], 10, 20)
assert close(found, (1.0, 0.1, 10.0)), (
    f"who begins at start belongs to the window, who begins at end does not: got {found}"
)
found = little([(1, 1), (3, 7)], 0, 10)
assert close(found, (0.4, 0.2, 2.0)), (
    f"a stay without length is an arrival all the same: expected (0.4, 0.2, 2.0), got {found}"
)
found = little([], 0, 10)
assert found == (0.0, 0.0, 0.0), f"nobody came: expected zeros, got {found}"
refused = False
try:
    little([], 5, 4)
except ValueError:
    refused = True
assert refused, "a window that ends before it starts is refused, whoever came: expected a ValueError"
for chance in map(random.Random, hidden_seeds("little", 10)):
    stays = [(began := chance.randrange(-20, 60), began + chance.randrange(25)) for _ in range(40)]
    start, end = sorted(chance.sample(range(-10, 55), 2))
    seen_under_way = sum(sum(b <= second < e for b, e in stays) for second in range(start, end))  # second by second
    mine = [e - b for b, e in stays if start <= b < end]
    expected = (seen_under_way / (end - start), len(mine) / (end - start), sum(mine) / len(mine) if mine else 0.0)
    found = little(stays, start, end)
    assert close(found, expected), f"window {start} to {end}: expected {expected}, got {found}"
    found = little(stays, -100, 200)
    assert abs(found[0] - found[1] * found[2]) < 1e-6, (
        f"from an empty system to an empty one L = lambda W exactly: got {found}"
    )
### END HIDDEN TESTS

# %%
check("little")

# %% [markdown]
# ## How does a script grow up?
#
# Back to the dispatcher's numbers, now one per day. In one week nearly everything goes wrong that can. `BadWeek` plays the source, the disk and the scheduler: `fetch` gives a day's delivery, `write` hands the values back in two halves to be written, `live` lets a pipeline through the week: `scheduled` every night or by a person on working days, a killed run `restarted` or not. The same week hits the same pipeline five times, each time with one more ability.

# %%
from course_lib.dag.bad_week import DAYS, FAULTS, BadWeek

by_date = dict(list(silver.groupby(silver.pickup_at.dt.floor("D"))))
of_week = {day: by_date[week + pd.Timedelta(days=i)] for i, day in enumerate(DAYS)}
history = {}


def bad_week() -> BadWeek:
    return BadWeek(of_week, rename=lambda frame: frame.rename(columns={"pickup_zone": "PULocationID"}))


true_trips = {day: len(frame) for day, frame in of_week.items()}
pd.DataFrame({"true number of trips": true_trips, "what goes wrong": FAULTS})

# %% [markdown]
# **Level 1: a script.** Somebody runs it every morning; it appends its counts to a table. **Level 2: a schedule.** The same script, started every night by a clock, at weekends too. **Guess first:** is a schedule an improvement?

# %%
from collections import defaultdict


def script_into(table: dict[str, list[int]], world: BadWeek) -> Callable[[str], None]:
    def run(day: str) -> None:
        per_zone = world.fetch(day).groupby("pickup_zone", dropna=False).size()
        for half in world.write(day, per_zone.tolist()):
            table[day].append(sum(half))

    return run


# %%
def served_from(table: dict[str, list[int]]) -> Callable[[str], int | None]:
    return lambda day: sum(table[day]) if table.get(day) else None


for level, scheduled in (("1 script", False), ("2 schedule", True)):
    table, world = defaultdict(list), bad_week()
    history[level] = world.live(script_into(table, world), served_from(table), scheduled=scheduled)
numbers = {level: {outcome.day: outcome.served for outcome in outcomes} for level, outcomes in history.items()}
pd.DataFrame(numbers | {"true": {outcome.day: outcome.true for outcome in history["1 script"]}}).T.astype("Int64")

# %% [markdown]
# **Surprise:** the schedule works on Sunday, and serves two wrong numbers that the script did not. Wednesday stands in the table twice, because the clock fired twice. Saturday is half there, because the machine went down between two writes, and nobody can see that half is missing.
#
# Both wrong numbers have one cause: the script **appends**. What it does to the table depends on how often it ran.

# %% [markdown]
# ### Once, twice, or after a crash: the same
#
# A step $f$ is **idempotent** when running it again changes nothing: $f(f(x)) = f(x)$. Then a retry is harmless, a second scheduler is harmless, and "run it again" is always a right answer. Measure it on both ways to write.

# %% alt="Trips that a table holds for one day after one to five runs: appending grows with every run along a straight line, overwriting the partition stays at the true number."
appended, overwritten, grown, flat = [], {}, [], []
for _ in (runs := ["1", "2", "3", "4", "5"]):
    appended.append(len(of_week["Wed"]))
    overwritten["Wed"] = len(of_week["Wed"])
    grown.append(sum(appended))
    flat.append(sum(overwritten.values()))
figure, axes = plt.subplots()
axes.plot(runs, grown, "o-", color=colour("refused"), label="append")
axes.plot(runs, flat, "s-", color=colour("kept"), label="overwrite the day's partition")
axes.set(title="Only one of two ways to write may be run twice", xlabel="runs", ylabel="trips of Wednesday", ylim=0)
axes.legend();

# %% [markdown]
# The course's own batch path makes the same promise. Take away its records of what is done, so that it has to do everything again, over its own output, and compare the **digests** of all tables: short fingerprints, equal when the contents are.

# %%
import shutil

from course_lib.storage import digests

first_time = digests.of_folder(lake / "batch" / "tables")
shutil.rmtree(lake / "batch" / "records")
run_batch(in_this_process, [source], lake / "batch")
digests.of_folder(lake / "batch" / "tables") == first_time, f"{len(first_time)} files"

# %% [markdown]
# Replacing the day's **partition** (here a file per day) mends Wednesday. Saturday needs more: a run that dies half-way must leave the old partition or none, never half. So write beside, under a name that no reader looks for, and *rename* when all is there. A rename within a folder is one step for the file system; from another folder, which may be another disk, it need not be.

# %% [markdown]
# ### Exercise: a stage that may be run again
#
# `publish_day` makes `folder/<day>.csv` hold the day's lines. They come in blocks from a function that the test hands you; the process may die inside any call of it. Readers, at any moment, read every file in `folder` whose name ends in `.csv`: they must find the day as it was before or as it is to be. Somebody who has opened the old file goes on reading the old content.
#
# The test runs it three times for one day, and the second run dies half-way. Running again replaces the day and leaves other days alone. After a run that ends well nothing is in `folder` for that day but its file; what a dead run of *another* day left waits for that day's next run.


# %% answer="publish_day"
def publish_day(folder: Path, day: str, block: Callable[[int], list[str] | None]) -> None:
    """Replace `folder/<day>.csv` by the lines of all blocks, all at once or not at all.

    folder  is there already, and holds the files of other days
    block   block(0), block(1), ... give lines without their line ends (a block may be empty); None comes after the last
            block. Ask for each once, in order. What it raises, at any call, must come out of publish_day as it is: the
            process is dead, so do not publish. What a dead run leaves in `folder` is cleaned up by the next good run for
            the same day.

    The file is UTF-8, each line ends with "\n"; a day without lines is an empty file.
    """
    ### BEGIN SOLUTION
    beside = folder / f".{day}.tmp"  # the same name in every run, so that a later run replaces what a dead one left
    with beside.open("wb") as file:
        number = 0
        while (lines := block(number)) is not None:
            file.writelines(f"{line}\n".encode() for line in lines)
            number += 1
    beside.replace(folder / f"{day}.csv")
    ### END SOLUTION


# %% check="publish_day" points=15
import contextlib


class Crash(BaseException):
    """The process dies."""


def blocks(*given: list[str], dies_at: int = -1) -> Callable[[int], list[str] | None]:
    """A block function over `given`, that dies when it is asked for block `dies_at`."""

    def block(number: int) -> list[str] | None:
        if number == dies_at:
            raise Crash
        return given[number] if number < len(given) else None

    return block


def seen_by_readers(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir()) if path.name.endswith(".csv")}


with tempfile.TemporaryDirectory() as name:
    place = Path(name)
    (place / "2024-03-14.csv").write_bytes(b"yesterday\n")
    publish_day(place, "2024-03-15", blocks(["a,1", "b,2"], [], ["c,3"]))
    expected = {"2024-03-14.csv": "yesterday\n", "2024-03-15.csv": "a,1\nb,2\nc,3\n"}
    assert seen_by_readers(place) == expected, (
        f"all blocks (an empty one is not the end), and the other day as it was: expected {expected}, got {seen_by_readers(place)}"
    )
    died = False
    try:
        publish_day(place, "2024-03-15", blocks(["x,9"], ["y,9"], dies_at=1))
    except Crash:
        died = True
    assert died, "what the block function raises comes out of publish_day: expected the Crash, it was swallowed"
    assert seen_by_readers(place) == expected, f"a run that dies half-way leaves the old day: {seen_by_readers(place)}"
    with (place / "2024-03-15.csv").open("rb") as reader:
        publish_day(place, "2024-03-15", blocks(["new,1"]))
        old = reader.read().decode()
    assert old == "a,1\nb,2\nc,3\n", f"who has opened the old file goes on reading the old content: they got {old!r}"
    expected["2024-03-15.csv"] = "new,1\n"
    assert seen_by_readers(place) == expected, f"a run replaces the day: expected {expected}, got {seen_by_readers(place)}"
    left = sorted(path.name for path in place.iterdir())
    assert left == sorted(expected), f"after a run that ends well only the days' files are there: got {left}"
### BEGIN HIDDEN TESTS
import random

from course_lib.exercises.seeds import hidden_seeds

with tempfile.TemporaryDirectory() as name:  # the first run dies: there is no such day yet
    place = Path(name)
    for dies_at in (0, 1, 2):
        with contextlib.suppress(Crash):
            publish_day(place, "2024-03-15", blocks(["a"], ["b"], dies_at=dies_at))
        assert seen_by_readers(place) == {}, f"a day that was never complete has no file: got {seen_by_readers(place)}"
    publish_day(place, "2024-03-15", blocks())
    left = {path.name: path.read_bytes() for path in place.iterdir()}
    assert left == {"2024-03-15.csv": b""}, f"a day without lines is an empty file, and leftovers are gone: got {left}"
    publish_day(place, "2024-03-15", blocks(["è"], [], ["z,1"]))
    with (place / "2024-03-15.csv").open("rb") as reader:
        publish_day(place, "2024-03-15", blocks(["new"] * 3))
        old = reader.read()
    assert old == "è\nz,1\n".encode(), f"a reader of the old file goes on reading the old content: got {old!r}"
    watched = []

    def watching(number: int) -> list[str] | None:
        watched.append(seen_by_readers(place)["2024-03-15.csv"])
        return [f"line {number}"] if number < 3 else None

    publish_day(place, "2024-03-15", watching)
    assert set(watched) == {"new\n" * 3}, f"while you write, readers see the old day: they saw {sorted(set(watched))}"
for chance in map(random.Random, hidden_seeds("publish_day", 4)):
    with tempfile.TemporaryDirectory() as name:
        place, truth = Path(name), {}
        for _ in range(25):
            day = f"2024-03-{chance.randrange(10, 14)}"
            given = [
                [f"{chance.randrange(99)}" for _ in range(chance.randrange(3))] for _ in range(chance.randrange(4))
            ]
            dies_at = chance.choice((-1, *range(len(given) + 1)))
            try:
                publish_day(place, day, blocks(*given, dies_at=dies_at))
                truth[f"{day}.csv"] = "".join(f"{line}\n" for lines in given for line in lines)
            except Crash:
                pass
            assert seen_by_readers(place) == truth, (
                f"after a run for {day}: expected {truth}, got {seen_by_readers(place)}"
            )
        for day in truth:
            publish_day(place, day.removesuffix(".csv"), blocks([truth[day].rstrip()]))
        open_days = {f"2024-03-{d}.csv" for d in range(10, 14)} - truth.keys()
        for day in open_days:
            publish_day(place, day.removesuffix(".csv"), blocks())
        left = {path.name for path in place.iterdir()}
        assert left == {*truth, *open_days}, f"after good runs of all days nothing else is left: got {left}"
### END HIDDEN TESTS

# %%
check("publish_day")

# %% [markdown]
# ### Try again, but not everything
#
# Tuesday's timeout is over in a minute; a second try is all it takes. Here is how that is often written. **Guess first:** what will the person on call read about Friday, when a column has another name, and when?

# %%
slept: list[float] = []  # a virtual clock: nobody waits


def stubborn(work: Callable[[], Any], tries: int = 5) -> Any:
    """Circulates in tutorials: whatever happens, wait longer and try again."""
    result = None
    for attempt in range(tries):
        try:
            result = work()
            break
        except Exception:
            slept.append(60 * 2**attempt)
    return result


# %%
def count_zones(frame: pd.DataFrame) -> pd.Series:
    return frame.groupby("pickup_zone", dropna=False).size()


world = bad_week()
try:
    stubborn(lambda: count_zones(world.fetch("Fri"))).sum()
except Exception as error:
    print(f"after {sum(slept) / 60:.0f} minutes: {type(error).__name__}: {error}")

# %% [markdown]
# Half an hour of patience with an error that no patience can mend, and then a message that hides it: the real one was `KeyError: 'pickup_zone'`. `except Exception` caught what it had no answer to, and the loop ran out without raising, so the step *returned* and the next one stumbled over `None`.
#
# A retry answers one kind of failure: one that is likely to be over soon. Everything else should stop the run at once, in its own words.

# %% [markdown]
# ### Exercise: a retry that knows what it is for
#
# `with_retries` calls `work` until it succeeds, and gives its result back. It tries again after a **transient** failure only: a `TimeoutError` or a `ConnectionError`, of which Python has several kinds (`ConnectionResetError` is one). Note what these two are: both are `OSError`s, and so is `FileNotFoundError`, which no waiting mends.
#
# `delays` says how long to sleep before the second try, the third, and so on; when they are used up, the last failure is raised as it came.


# %% answer="with_retries"
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    """What `work()` returns, tried again after transient failures.

    delays  seconds to sleep before the second try, before the third, ...: with k delays there are at most k + 1 tries
    sleep   called with each delay that is used; nothing else waits

    Transient are TimeoutError and ConnectionError, with their subclasses. Whatever else `work` raises comes out of
    with_retries at once, and so does the last transient failure when the delays are used up.
    """
    ### BEGIN SOLUTION
    for delay in delays:
        try:
            return work()
        except (TimeoutError, ConnectionError):
            sleep(delay)
    return work()
    ### END SOLUTION


# %% check="with_retries" points=10
def scripted(*turns: Any) -> tuple[Callable[[], Any], list[int]]:
    """A work that raises or returns one of `turns` after the other, and the list of its calls."""
    calls: list[int] = []

    def work() -> Any:
        calls.append(len(calls))
        turn = turns[min(len(calls), len(turns)) - 1]
        if isinstance(turn, BaseException):
            raise turn
        return turn

    return work, calls


naps: list[float] = []
work, calls = scripted(TimeoutError("slow"), ConnectionResetError("gone"), "rows")
result = with_retries(work, [1, 5, 25], naps.append)
assert (result, naps, len(calls)) == ("rows", [1, 5], 3), (
    f"the third try succeeds after sleeping 1 and 5 s: got {result!r} after sleeping {naps} with {len(calls)} calls"
)
for final_error in (KeyError("pickup_zone"), FileNotFoundError("trips.parquet")):
    naps.clear()
    work, calls = scripted(final_error, "rows")
    raised = "nothing"
    try:
        with_retries(work, [1, 5], naps.append)
    except (KeyError, FileNotFoundError) as error:
        raised = type(error).__name__
    assert (raised, naps, len(calls)) == (type(final_error).__name__, [], 1), (
        f"a {type(final_error).__name__} is not over soon: it comes out at once, as it is; raised {raised}, "
        f"slept {naps}, {len(calls)} calls"
    )
naps.clear()
work, calls = scripted(TimeoutError("first"), TimeoutError("second"), TimeoutError("last"))
raised = ""
try:
    with_retries(work, [1, 5], naps.append)
except TimeoutError as error:
    raised = str(error)
assert (raised, naps, len(calls)) == ("last", [1, 5], 3), (
    f"two delays are three tries, and the last failure is raised: got {raised!r}, slept {naps} with {len(calls)} calls"
)
### BEGIN HIDDEN TESTS
import random

from course_lib.exercises.seeds import hidden_seeds


class Power(BaseException):
    """The power is cut."""


final_errors = (
    FileNotFoundError("x"),
    PermissionError("x"),
    OSError("x"),
    ValueError("x"),
    MemoryError("x"),
    Power("x"),
    StopIteration("x"),
)
for error in final_errors:
    naps.clear()
    work, calls = scripted(TimeoutError("slow"), error, "never")
    raised = None
    try:
        with_retries(work, [1, 2, 3], naps.append)
    except BaseException as caught:
        raised = type(caught)
    assert raised is type(error), f"{type(error).__name__} passes as it came: got {raised}"
    assert (naps, len(calls)) == ([1], 2), (
        f"{type(error).__name__} is not tried again: slept {naps} with {len(calls)} calls"
    )
for kind in (TimeoutError, ConnectionError, ConnectionRefusedError, ConnectionAbortedError, BrokenPipeError):
    naps.clear()
    work, calls = scripted(kind("x"), None)
    result = with_retries(work, [7], naps.append)
    assert (result, naps, len(calls)) == (None, [7], 2), f"{kind.__name__} is transient; None is a result: slept {naps}"
naps.clear()
work, calls = scripted(0)
assert with_retries(work, [1, 1], naps.append) == 0, "what work returns is returned, 0 too"
assert (naps, len(calls)) == ([], 1), (
    f"who succeeds at once neither sleeps nor is called again: slept {naps}, {len(calls)} calls"
)
work, calls = scripted(TimeoutError("only"))
raised = ""
try:
    with_retries(work, [], naps.append)
except TimeoutError as error:
    raised = str(error)
assert (raised, naps, len(calls)) == ("only", [], 1), (
    f"without delays there is one try: got {raised!r} after {len(calls)} calls"
)
for chance in map(random.Random, hidden_seeds("with_retries", 10)):
    waits = [chance.randrange(1, 60) for _ in range(chance.randrange(6))]
    fails = chance.randrange(8)
    naps.clear()
    work, calls = scripted(*(TimeoutError(str(i)) for i in range(fails)), "done")
    told = None
    try:
        told = with_retries(work, waits, naps.append)
    except TimeoutError as error:
        told = str(error)
    tries = min(fails, len(waits)) + 1
    expected = "done" if fails <= len(waits) else str(len(waits))
    assert (told, len(calls), naps) == (expected, tries, waits[: tries - 1]), (
        f"{fails} timeouts and delays {waits}: expected {expected!r} after {tries} tries, got {told!r} after {len(calls)}, slept {naps}"
    )
### END HIDDEN TESTS

# %%
check("with_retries")

# %% [markdown]
# ### Level 3: a graph with retries
#
# Orchestrators such as Prefect bring what you wrote: an order from the graph, retries for named failures, a restart of what was killed. (The library for retries alone is called tenacity.) Together with a write that replaces the partition in one step, most of the week is mended.

# %%
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

passing = retry_if_exception_type((TimeoutError, ConnectionError))
transient = Retrying(retry=passing, stop=stop_after_attempt(3), sleep=slept.append, reraise=True)


def dag_into(table: dict[str, list[int]], world: BadWeek) -> Callable[[str], None]:
    def run(day: str) -> None:
        per_zone = count_zones(transient(world.fetch, day))
        table[day] = [sum(half) for half in world.write(day, per_zone.tolist())]  # old or new, never half

    return run


# %%
table, world = {}, bad_week()
history["3 graph, retries"] = world.live(dag_into(table, world), served_from(table), restarted=True)


def not_right(level: str) -> list[tuple[str, str, str]]:
    return [(found.day, found.verdict, found.told) for found in history[level] if found.verdict != "right"]


not_right("3 graph, retries")

# %% [markdown]
# Two days are left. Friday stops with a clear message: good, a person can act on it. Thursday is the dangerous one: half a delivery, counted correctly, published, and nobody is told.
#
# ### Level 4: observed and versioned
#
# A pipeline that knows what to expect can refuse to publish. Before the new number becomes visible, compare it with the same weekday of the week before, and keep every published version with a digest of what is in it. Write, *audit*, publish.

# %%
from course_lib.errors import CheckFailed

usual = {day: len(by_date[week + pd.Timedelta(days=i - 7)]) for i, day in enumerate(DAYS)}
versions: list[tuple[str, str, int]] = []  # day, digest, trips: what was visible, in order


def audited(day: str, per_zone: pd.Series) -> pd.Series:
    """The counts, if they are near those of a week before. Raises CheckFailed."""
    share = per_zone.sum() / usual[day]
    if not 0.75 < share < 1.33:
        raise CheckFailed([("trips", f"{day} has {share:.0%} of what the same day had a week before")])
    return per_zone


# %%
def observed_into(table: dict[str, list[int]], world: BadWeek) -> Callable[[str], None]:
    def run(day: str) -> None:
        per_zone = audited(day, count_zones(transient(world.fetch, day)))
        table[day] = [sum(half) for half in world.write(day, per_zone.tolist())]
        versions.append((day, digests.of_json(per_zone.tolist())[:8], sum(table[day])))

    return run


table, world = {}, bad_week()
history["4 observed, versioned"] = world.live(observed_into(table, world), served_from(table), restarted=True)
not_right("4 observed, versioned")

# %%
versions[:4]

# %% [markdown]
# No number is wrong any more. Thursday is *missing*, with a reason, which a dispatcher can live with: no number and a note are better than half a number without one. In the versions Wednesday stands twice with one digest: idempotence, observed.
#
# ### Level 5: it heals itself
#
# The last level acts on what the fourth one sees, for causes that are *known*: a delivery that fails its check is fetched again, and a column that comes under a name it once had is given the usual one. Such names stand in a registry of headers; the course's, `course_lib/trips/headers.toml`, holds a decade of them. What is not known still wakes a person.

# %%
KNOWN = {"PULocationID": "pickup_zone"}  # from the registry of headers
failed_check = retry_if_exception_type(CheckFailed)
again = Retrying(retry=failed_check, stop=stop_after_attempt(2), sleep=slept.append, reraise=True)


def healing_into(table: dict[str, list[int]], world: BadWeek) -> Callable[[str], None]:
    def counted(day: str) -> pd.Series:
        return audited(day, count_zones(transient(world.fetch, day).rename(columns=KNOWN)))

    def run(day: str) -> None:
        table[day] = [sum(half) for half in world.write(day, again(counted, day).tolist())]

    return run


# %%
table, world = {}, bad_week()
history["5 self-healing"] = world.live(healing_into(table, world), served_from(table), restarted=True)
calls = {level: sum(bool(outcome.told) for outcome in outcomes) for level, outcomes in history.items()}
verdicts = {level: Counter(outcome.verdict for outcome in outcomes) for level, outcomes in history.items()}
pd.DataFrame(verdicts).T.fillna(0).astype(int).assign(**{"days with a call": calls})

# %% alt="Five levels of maturity against the days of the bad week: the script misses four days, the schedule serves three wrong numbers, the graph one, the observed pipeline none but misses two days, the self-healing one is right every day."
marks = {"right": ("kept", "right"), "wrong": ("refused", "WRONG"), "missing": ("muted", "missing")}
figure, axes = plt.subplots(figsize=(8.4, 2.9))
for row, outcomes in enumerate(history.values()):
    for column, outcome in enumerate(outcomes):
        shade, word = marks[outcome.verdict]
        axes.text(
            column, row, word, ha="center", va="center", color=colour(shade), weight="bold" if word == "WRONG" else None
        )
axes.set(title="More wrong numbers first, then none, at last seven right days", xlim=(-0.5, 6.5), ylim=(4.5, -0.5))
axes.set_xticks(range(7), DAYS)
axes.set_yticks(range(5), history)
axes.grid(visible=False);

# %% [markdown]
# Read the rows from above. A *call* is a person who is told of a failure; nobody is told of the weekend that the script sleeps through, nor of a wrong number. A schedule without idempotence is the worst of all: it serves three wrong numbers. Retries mend what passes by itself; observation turns wrong into missing; healing turns missing into right. Each level stands on the one before: healing without idempotence would heal a day into its double.

# %% [markdown]
# ## Does the model see what it was trained on?
#
# A pipeline for machine learning serves twice. The **training path** turns last month's trips into features and fits a model. The **serving path** makes the same features for one trip at a time, often in another language by another team. The dispatcher's next wish: how long will this trip take, at the moment it begins?

# %%
rides = silver.dropna(subset=["pickup_zone", "dropoff_zone"]).query(
    "distance_m < 160_934 and pickup_at >= '2024-03-01'"
)
rides = (
    rides.assign(took=(rides.dropoff_at - rides.pickup_at).dt.total_seconds())
    .query("took < 82_800")
    .sort_values("pickup_at")
)
past = rides[rides.pickup_at < "2024-03-22"]  # the model learns from three weeks ...
future = rides[rides.pickup_at >= "2024-03-22"].copy()  # ... and is asked about the days after
len(past), len(future)

# %% [markdown]
# Two features, both known at pickup: how far the route was on earlier trips, and the pace of traffic in the hour before (seconds per metre of trips that had ended). Durations multiply, so the model is linear in logarithms, on **standardised** features: minus the mean of the training data, divided by its standard deviation. (A trip of the training data has a small share in its own route's mean: chapter 5 mends that.)

# %%
ZONES = ["pickup_zone", "dropoff_zone"]
of_zone = past.groupby("pickup_zone").distance_m.mean()
of_route = past.groupby(ZONES).distance_m.agg(["sum", "count"])
prior = of_zone.reindex(of_route.index.get_level_values(0)).to_numpy()
route_m = ((of_route["sum"] + 3 * prior) / (of_route["count"] + 3)).rename("route_m")  # few trips lean on their zone
pace = (rides.took / rides.distance_m).groupby(rides.dropoff_at.dt.floor("h")).median().shift(1, freq="h")


def features(frame: pd.DataFrame) -> np.ndarray:
    metres = frame.join(route_m, on=ZONES).route_m.fillna(frame.pickup_zone.map(of_zone)).fillna(past.distance_m.mean())
    return np.log(np.column_stack([metres, frame.pickup_at.dt.floor("h").map(pace).fillna(pace.median())]))


# %%
learned = features(past)
mean, spread = learned.mean(axis=0), learned.std(axis=0)  # part of the model, from now on


def with_one(standardised: np.ndarray) -> np.ndarray:
    return np.column_stack([standardised, np.ones(len(standardised))])


weights = np.linalg.lstsq(with_one((learned - mean) / spread), np.log(past.took), rcond=None)[0]
offline = (features(future) - mean) / spread
error = np.abs(np.exp(with_one(offline) @ weights) - future.took)
f"mean error {error.mean():.0f} s; guessing the training median {np.abs(past.took.median() - future.took).mean():.0f} s"

# %% [markdown]
# Now somebody else builds the serving path. The training statistics are in a notebook; what is at hand are the requests, so each server standardises by the mean and deviation of **what it has seen so far**. One server runs per pickup zone. It is unit-tested, no step fails, and the features it makes have a mean near 0 and a deviation near 1, as they should.
#
# **Guess first:** by how much does the model's error grow: not at all, by a tenth, by a third?

# %%
raw = pd.DataFrame(features(future), index=future.index)
per_server = raw.groupby(future.pickup_zone)
running_mean = per_server.transform(lambda seen: seen.expanding().mean())
running_spread = per_server.transform(lambda seen: seen.expanding().std()).fillna(1.0).clip(lower=1e-3)
online = ((raw - running_mean) / running_spread).clip(-6, 6).to_numpy()
skewed = np.abs(np.exp(with_one(online) @ weights) - future.took)
(
    f"as served: mean {online.mean(0).round(2)}, deviation {online.std(0).round(2)}",
    f"mean error {error.mean():.0f} s offline, {skewed.mean():.0f} s as served: {skewed.mean() / error.mean() - 1:+.0%}",
)

# %% [markdown]
# **Surprise:** the error grows by about a third, and for the shortest trips it triples. A server at the centre sees mostly short routes, calls them average, and the signal is gone. Nothing in its own numbers looks wrong; you see it only when you put both paths side by side *on the same trips*. That is **training-serving skew**.

# %%
usual_km = np.exp(raw[0].to_numpy()) / 1000
errors = pd.DataFrame({"km": usual_km, "offline": error.to_numpy(), "served": skewed.to_numpy()})
by_length = errors.groupby(pd.qcut(usual_km, 8), observed=True).mean()
km = by_length.pop("km")
by_length.round(0)

# %% alt="Mean error of the model against route length, once with the training statistics and once with running statistics of each server: the second is higher everywhere, in seconds most for the longest routes, as a factor most for the shortest."
figure, axes = plt.subplots()
axes.plot(km, by_length.offline, "o-", color=colour("kept"), label="training statistics")
axes.plot(km, by_length.served, "s--", color=colour("refused"), label="running statistics of each server")
axes.set(title=f"The same model, the same trips: {skewed.mean() / error.mean() - 1:+.0%} error by skew",
         xlabel="usual length of the route [km]", ylabel="mean error [s]", ylim=0)  # fmt: skip
axes.legend();

# %% [markdown]
# The repair is not a better estimate at serving time but none: `mean` and `spread` are part of the model and travel with it. (Chapter 5's feature store makes that general.) And a guard: log the features as served, compute them again offline for the same trips, and compare.

# %% [markdown]
# ### Exercise: measure the skew
#
# Write that guard for a linear model. It gets the features of the same rows computed both ways, and says in how many rows they differ, how far the served features are shifted, and what it costs in the model's error. Each of the three can be quiet while another is loud.


# %% answer="serving_skew"
def serving_skew(weights: np.ndarray, offline: np.ndarray, served: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    """How far the features as served are from those of the training path, and what that costs.

    weights   (k + 1) of a linear model: predicted = features @ weights[:k] + weights[k]
    offline   (n, k) features of n rows, as the training path computes them; all finite
    served    (n, k) features of the same rows, as they were served; all finite
    actual    (n) what the model should have predicted
    returns   rows: share of the rows in which any feature differs by more than 1e-9
              shift: the largest |mean of served - mean of offline| of any feature, in standard deviations (of the
                     population) of the offline feature; a feature with one value in all rows offline is measured in
                     its own unit (the shift is the plain difference of the means)
              mae_offline, mae_served: mean absolute error of the predictions from either

    Raises ValueError when there are no rows or the shapes do not fit together. Arguments are left as they are.
    """
    ### BEGIN SOLUTION
    n, k = offline.shape
    if n == 0 or served.shape != (n, k) or weights.shape != (k + 1,) or actual.shape != (n,):
        raise ValueError(
            f"weights {weights.shape}, offline {offline.shape}, served {served.shape}, actual {actual.shape}"
        )
    constant = offline.max(axis=0) == offline.min(axis=0)  # the computed deviation of 0.1, 0.1, 0.1 is not quite 0
    unit = np.where(constant, 1.0, offline.std(axis=0))
    shift = np.abs(served.mean(axis=0) - offline.mean(axis=0)) / unit

    def mae(features: np.ndarray) -> float:
        return float(np.abs(features @ weights[:k] + weights[k] - actual).mean())

    return {
        "rows": float((np.abs(served - offline) > 1e-9).any(axis=1).mean()),
        "shift": float(shift.max()),
        "mae_offline": mae(offline),
        "mae_served": mae(served),
    }
    ### END SOLUTION


# %% check="serving_skew" points=10
offline_x = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0], [6.0, 1.0]])
served_x = offline_x + np.array([[0.0, 0.0], [0.0, 0.5], [0.0, 0.5], [0.0, 0.0]])
with np.errstate(divide="ignore", invalid="ignore"):
    report = serving_skew(np.array([1.0, 2.0, 3.0]), offline_x, served_x, np.array([5.0, 7.0, 9.0, 12.0]))
assert report["rows"] == 0.5, f"two of four rows differ: expected 0.5, got {report['rows']}"
assert report["shift"] == 0.25, (
    f"the constant second feature is 0.25 higher on average, in its own unit: got {report['shift']}"
)
assert report["mae_offline"] == 0.25, (
    f"offline predictions are 5, 7, 9, 11: expected an error of 0.25, got {report['mae_offline']}"
)
assert report["mae_served"] == 0.75, (
    f"served predictions are 5, 8, 10, 11: expected an error of 0.75, got {report['mae_served']}"
)
weight = np.array([1.0, 0.0])
varied = np.array([[1.0], [1.5], [1.0], [1.5]])
lower = serving_skew(weight, varied, np.array([[-2.0], [2.0], [0.0], [1.0]]), np.zeros(4))
assert abs(lower["shift"] - 4.0) < 1e-9, (
    f"the mean falls by 1.0, four deviations of the offline feature (0.25, of the population): expected 4, got {lower['shift']}"
)
rounded = serving_skew(weight, varied, varied + 1e-12, np.zeros(4))
assert rounded["rows"] == 0.0, f"a difference of 1e-12 is not more than 1e-9: expected no row, got {rounded['rows']}"
with np.errstate(divide="ignore", invalid="ignore"):
    same = serving_skew(weight, np.array([[2.0]]), np.array([[2.0]]), np.array([2.0]))
assert same == {"rows": 0.0, "shift": 0.0, "mae_offline": 0.0, "mae_served": 0.0}, (
    f"equal features have no skew: got {same}"
)
refused = False
try:
    serving_skew(np.array([1.0, 0.0]), np.array([[2.0], [3.0]]), np.array([[2.0]]), np.array([2.0, 3.0]))
except ValueError:
    refused = True
assert refused, "two rows offline and one as served are not the same rows: expected a ValueError"
with np.errstate(divide="ignore", invalid="ignore"):
    tenths = serving_skew(weight, np.full((3, 1), 0.1), np.full((3, 1), 0.6), np.zeros(3))
assert abs(tenths["shift"] - 0.5) < 1e-9, (
    f"0.1 in every row is constant, though NumPy computes a deviation of 1e-17 for it: expected 0.5, got {tenths['shift']}"
)
### BEGIN HIDDEN TESTS
from course_lib.exercises.seeds import hidden_seeds

for chance_seed in hidden_seeds("serving_skew", 8):
    dice = np.random.default_rng(chance_seed)
    n, k = int(dice.integers(2, 40)), int(dice.integers(1, 5))
    w = dice.normal(size=k + 1)
    x = dice.normal(size=(n, k)) * dice.uniform(0.5, 20, k) + dice.uniform(-9, 9, k)
    z = x + dice.normal(size=(n, k)) * (dice.random((n, k)) < 0.3) - dice.uniform(0, 2, k) * (dice.random(k) < 0.5)
    y = dice.normal(size=n) * 10
    before = [a.copy() for a in (w, x, z, y)]
    report = serving_skew(w, x, z, y)
    expected = {"rows": 0.0, "shift": 0.0, "mae_offline": 0.0, "mae_served": 0.0}
    for i in range(n):  # row by row, feature by feature
        expected["rows"] += any(abs(x[i, j] - z[i, j]) > 1e-9 for j in range(k)) / n
        for path, rows_of_path in (("mae_offline", x), ("mae_served", z)):
            expected[path] += abs(sum(w[j] * rows_of_path[i, j] for j in range(k)) + w[k] - y[i]) / n
    for j in range(k):
        centre = sum(x[:, j]) / n
        deviation = (sum((v - centre) ** 2 for v in x[:, j]) / n) ** 0.5
        expected["shift"] = max(expected["shift"], abs(sum(z[:, j]) / n - centre) / deviation)
    off = [part for part in expected if abs(report[part] - expected[part]) > 1e-6]
    told = {part: f"expected {expected[part]:.6f}, got {report[part]:.6f}" for part in off}
    assert not off, f"{n} rows of {k} features, computed row by row: {told}"
    assert all(np.array_equal(a, b) for a, b in zip(before, (w, x, z, y), strict=True)), (
        "arguments belong to the caller: leave them as they are"
    )
one = np.array([1.0, 0.0])
swapped = serving_skew(one, np.array([[1.0], [3.0]]), np.array([[3.0], [1.0]]), np.array([1.0, 3.0]))
assert (swapped["rows"], swapped["shift"], swapped["mae_served"]) == (1.0, 0.0, 2.0), (
    f"values that were swapped between rows leave the mean alone, and are wrong in every row: got {swapped}"
)
balanced = serving_skew(np.ones(3), np.array([[1.0, 1.0], [3.0, 3.0]]), np.array([[2.0, 0.0], [3.0, 3.0]]), np.array([3.0, 7.0]))
assert balanced["rows"] == 0.5, f"a row differs although its differences cancel out: expected 0.5, got {balanced['rows']}"
worse = serving_skew(one, np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]), np.array([1.0, 1.0]))
assert (worse["mae_offline"], worse["mae_served"]) == (1.0, 0.0), (
    f"skew may help by chance, and is told all the same: got {worse}"
)
tiny = serving_skew(one, np.array([[1.0], [3.0]]), np.array([[1.0 + 1e-10], [3.0]]), np.array([1.0, 3.0]))
assert tiny["rows"] == 0.0, f"a difference of 1e-10 is rounding: expected a share of 0, got {tiny['rows']}"
near = serving_skew(one, np.array([[1.0], [3.0]]), np.array([[1.0 + 1e-8], [3.0]]), np.array([1.0, 3.0]))
assert near["rows"] == 0.5, f"a difference of 1e-8 is more than 1e-9: expected a share of 0.5, got {near['rows']}"
edge = serving_skew(one, np.array([[0.0], [3.0]]), np.array([[1e-9], [3.0]]), np.array([1.0, 3.0]))
assert edge["rows"] == 0.0, f"a difference of 1e-9 is not more than 1e-9: expected a share of 0, got {edge['rows']}"
narrow_x = np.array([[1.0], [1.5], [1.0], [1.5]])
shifted = serving_skew(one, narrow_x, narrow_x + 1.0, np.ones(4))
assert shifted["shift"] == 4.0, f"1.0 is four times the deviation of 0.25: got {shifted['shift']}"
wide = np.zeros((2, 2))
unfit = [
    (np.ones(2), wide, wide, np.zeros(2)), (np.ones(3), wide, wide, np.zeros(3)), (np.ones(3), wide, wide[:, :1], np.zeros(2)),
    (np.ones(3), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0)), (np.ones(4), wide, wide, np.zeros(2)),
    (np.ones(3), wide, wide, np.zeros((2, 1))),
]  # fmt: skip
for arguments in unfit:
    refused = False
    try:
        serving_skew(*arguments)
    except ValueError:
        refused = True
    assert refused, f"shapes {[a.shape for a in arguments]} do not fit together, or hold no row: expected a ValueError"
### END HIDDEN TESTS

# %%
check("serving_skew")

# %% [markdown]
# ## What you built
#
# Here is the graph at work on the real thing: `course pipeline` runs as a Prefect flow on generated trips, and every step of it must have run after all that it needs. It takes about a minute, most of it for the workers to start, and prints nothing meanwhile. (At `size = "test"` the batch run from above stands in for it.)

# %%
import json
import subprocess
import sys

ran = list(seconds)
if size != "test":
    command = [sys.executable, "-m", "course_lib.cli", "pipeline", "--trips", "20000", "--quiet", "--out", str(lake / "run")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"course pipeline ended with code {done.returncode}: {done.stdout[-2000:]}"
    ran = [step["name"] for step in json.loads((lake / "run" / "run.json").read_text())["steps"]]
ran

# %%
# discover and report make no dataset: they ran, and are not in the graph
needs = {step: [p for p in parents if p in ran] for step, parents in COURSE.step_needs().items() if step in ran}
early = [(parent, step) for step in needs for parent in needs[step] if ran.index(parent) > ran.index(step)]
assert not early and not gaps(COURSE), early

# %% alt="The steps of the course's pipeline as they have run, from ingest to publish."
graph_picture(
    {step: needs[step] for step in ran if step in needs}, f"{len(needs)} steps of the graph ran, each after all that it needs"
)

# %%
progress()

# %% [markdown]
# You can say now
#
# - what a number was worth when it was asked for: which trips had happened, which had been told, and how many are under way by $L = \lambda W$;
# - of a pipeline that has not run yet: in what order it goes, where it will jam, which column it will miss;
# - of a pipeline that runs every night: why it may be run again, what it retries and what it refuses to publish, and whether its model sees in service what it saw in training.
#
# Chapter 2 opens the first box of the graph: how data comes in.
