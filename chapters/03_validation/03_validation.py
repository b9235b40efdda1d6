# %% [markdown]
# # 3. Data validation and quality
#
# **Claim.** A table can have all its rows, all its columns and hardly a null, and still teach a model nonsense. Every
# number that would have warned you has a popular version that says the opposite.
#
# A month of taxi trips has arrived. The file opens, the columns are all there, the counts look like last month's.
# **Would you train on it?** Six sections answer: what is wrong with the month, a contract for its rows, the quality of
# the whole, values and months unlike the others, when to wake somebody, and all of it on one month.

# %% tags="parameters"
size = "default"  # "test", "default" or "large"
seed = 7

# %% tags="setup"
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from course_lib.exercises import check, hint, progress
from course_lib.plots.controls import explore
from course_lib.plots.notebook import colour, style
from course_lib.validation.practice import a_frame, a_month, a_real_month, daily, months

style()

# %% tags="setup"
ROWS = {"test": 6_000, "default": 60_000, "large": 600_000}[size]
month = a_month(ROWS, seed)  # made by the course's generator, which knows which rows it broke
trips = a_frame(month.published)  # as the source delivers them, in file order

# What must not reach a model: the kinds of odd rows that nothing can be learned from.
UNUSABLE = (
    "missing_pickup", "dropoff_before_pickup", "zero_duration", "too_long", "negative_fare", "refund",
    "zero_distance", "bad_correction", "too_far", "zone_out_of_range", "total_mismatch",
)  # fmt: skip

# %% [markdown]
# `month.published` is the file as the source delivers it, `month.bronze` the same rows as ingestion hands them over
# (what cannot be read is null and noted), `month.publishes` the fields of its header. The next cell takes seconds: it
# imports SciPy and starts Great Expectations in a process of its own, which judges the same rows while you read.

# %%
import matplotlib.pyplot as plt
from scipy import stats

from course_lib.validation import great_expectations_process

pd.set_option("display.max_colwidth", 100)
expectations = great_expectations_process.start(month.bronze, month.publishes, month.month)
trips.head(3)

# %% [markdown]
# ## 3.1 What is wrong with this month?
#
# Look before you write a rule. One row is one trip: money in whole cents, distance in metres, times as the meter's
# clock showed them. **Guess first:** how many rows in a hundred are *odd*: broken, repeated, late, or with a hole?

# %%
kinds = pd.Series(month.kinds)
odd = kinds[kinds != ""]
unusable = np.isin(month.kinds, UNUSABLE)
print(f"{len(odd) / len(kinds):.1%} of {len(kinds):,} rows are odd, in {odd.nunique()} ways;", end=" ")
print(f"{unusable.mean():.1%} are unusable")
odd.value_counts().head(8)

# %% [markdown]
# The generator keeps this list of the truth, and no real source does: that is why the course practises on generated
# months, where a contract can be *scored*. An *odd* row may be good for something; the kinds in `UNUSABLE` (first
# cells) are not. Each dot is a trip; **guess** where the unusable ones lie.

# %%
from matplotlib.ticker import NullLocator


def logarithmic(axes, x=True, y=True):
    """Logarithmic axes, with plain numbers at their marks: 1000, not ten to the third."""
    for wanted, scale, axis in ((x, axes.set_xscale, axes.xaxis), (y, axes.set_yscale, axes.yaxis)):
        if wanted:
            scale("log")
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())


# %% alt="Distance against duration: one slanted cloud of trips; unusable ones at its edges and inside."
minutes = (trips.dropoff_at - trips.pickup_at).dt.total_seconds().clip(lower=1) / 60
metres = trips.distance_m.astype(float).clip(lower=1)
figure, axes = plt.subplots()
axes.scatter(minutes[~unusable], metres[~unusable], s=2, color=colour("repeated"))
axes.scatter(minutes[unusable], metres[unusable], s=10, color=colour("refused"))
axes.axvline(23 * 60, color=colour("ink"), linewidth=0.8)
logarithmic(axes)
axes.set(xlabel="duration [min], 1 s and less at the left edge", ylabel="distance [m], 1 m and less at the bottom")
axes.set_title(f"{minutes[unusable].notna().sum():,} unusable trips: at the edges, and hidden in the cloud")
plt.show()

# %% [markdown]
# The edges are easy. **Surprise:** about a quarter of the orange dots lie *inside* the cloud. A negative fare, a zone
# 999, a total that is not the sum of its parts: neither axis shows them, and a trip without a pickup time cannot be
# drawn at all. Hence validation works in layers.
#
# ### A null that is not null
#
# First a trap that fools the simplest metric. The Taxi and Limousine Commission (TLC), which publishes New York's real
# files, writes 264 and 265 for zones it does not know. Here is our month, delivered that way, and the completeness that
# most tutorials compute.

# %%
delivered = trips.assign(pickup_zone=trips.pickup_zone.fillna(264), dropoff_zone=trips.dropoff_zone.fillna(265))
delivered[["pickup_zone", "dropoff_zone", "passengers"]].notna().mean()

# %% [markdown]
# The zones are complete, says `notna`. They are full of a number that means *unknown*: a zone of its own in every
# group-by, and the number after 263 in every model. A passenger count of zero and the text `N/A` do the same.

# %%
UNKNOWN = {"pickup_zone": {264, 265}, "dropoff_zone": {264, 265}, "passengers": {0}}
honest = delivered.copy()
for column, codes in UNKNOWN.items():
    honest[column] = honest[column].mask(honest[column].isin(list(codes)))
honest[list(UNKNOWN)].notna().mean()

# %% [markdown]
# What means null belongs to the contract with the source, per column, written down. `pandas.read_csv` has its own
# list, for all columns at once; **guess** what it makes of this file, in which `NA` is a vendor called *North
# Atlantic*.

# %%
import io

text = "vendor,zone,tip\nNA,12,2.50\nNV,264,N/A\nNA,13,0\n"
guessed = pd.read_csv(io.StringIO(text))
told = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values={"zone": ["264"], "tip": ["N/A"]})
pd.DataFrame({"guessed": guessed.notna().sum(), "told": told.notna().sum(), "truth": [3, 2, 2]})

# %% [markdown]
# It lost two vendors and kept a zone that is none. Told what means null, it is right in every column.
#
# ### Five layers
#
# A row can be wrong by itself; a table can be wrong though no row is; and a training set can be wrong though the
# table is not. The five layers ask in that order, from cheap to dear. **Layer 1, schema:** is each value of its type,
# and are required ones there?

# %%
from course_lib.validation.checks import counts
from course_lib.validation.judged import broken, judged, refused

found = judged(month.bronze, month.publishes, month.month)
{rule: int(broken(found, rule).sum()) for rule in ("unparseable_line", "required_null", "outside_type")}

# %% [markdown]
# `found` holds one number a row, with one bit for each rule that the row breaks in the course's contract
# (`course_lib/trips/contract.py`); `broken(found, rule)` reads one bit. **Layer 2, business rules:** values that are of
# the right type and cannot be true. A rule with the severity *error* makes the row unusable; a *warning* is counted,
# and the row is kept.

# %%
from course_lib.trips.contract import RULES

rows_breaking = counts(found)
pd.DataFrame(
    [(rule.name, rule.severity, rows_breaking.get(rule.name, 0), rule.meaning) for rule in RULES],
    columns=["rule", "severity", "rows", "meaning"],
)

# %% [markdown]
# Severity is a decision with a price. **Guess:** how much of the month is left if every warning refused its row, as a
# strict `assert` would?

# %%
pd.Series({
    "errors refuse": 1 - refused(found).mean(),
    "warnings refuse too": 1 - (found != 0).mean(),
}, name="share of rows kept").map("{:.1%}".format)  # fmt: skip

# %% [markdown]
# **Layer 3, statistics:** no single row without codes is suspicious. A block of them is. Cut the file into a hundred
# parts, in file order, and count the rows without vendor, rate, payment and passengers.

# %% alt="Share of rows without codes by hundredth of the file: zero, and 100 % in the last two."
part = np.linspace(0, 100, len(trips), endpoint=False).astype(int)  # 0 to 99, of each row
share = pd.Series(broken(found, "codes_all_null")).groupby(part).mean()
figure, axes = plt.subplots(figsize=(7.6, 2.4))
axes.stairs(share * 100, np.arange(101), fill=True, color=colour("refused"))
axes.set(title="All rows without codes stand at the end of the file", xlabel="hundredth of the file",
         ylabel="rows without codes [%]", xlim=(0, 101))  # fmt: skip
plt.show()

# %% [markdown]
# One delivery system sends trips without codes, and its block is appended to the file. (The real green file of October
# 2020 ends in 42,510 such rows.) Row by row a warning; as a statistic, a message from the source.
#
# **Layer 4, other data sets:** a February file corrects trips of January. Is each corrected trip known? And suppose
# that one of three servers had not delivered, each with trips of every day and zone: **guess** what January's own file
# shows of that.

# %%
january, february = months(2 * ROWS, seed)
late = a_frame(february.published)[february.kinds == "late_correction"]
known = a_frame(january.published)
two_thirds = known[np.arange(len(known)) % 3 != 0]
pd.DataFrame({
    name: {"days with trips": rows.pickup_at.dt.day.nunique(),
           "share without pickup zone [%]": 100 * rows.pickup_zone.isna().mean(),
           "corrected in February and unknown": (~late.trip_id.isin(rows.trip_id)).sum()}
    for name, rows in {"January": known, "a third lost": two_thirds}.items()
}).round(2)  # fmt: skip

# %% [markdown]
# No day is empty, no share has moved, no row is wrong: only a second file knows that something is missing. **Layer 5,
# the model:** split the clean rows at random into training and test. **Guess:** are all the test rows new to the model?

# %%
from course_lib.validation.ml_quality import unseen

usable = trips[~refused(found)]
in_test = np.random.default_rng(seed).random(len(usable)) < 0.2
the_ride = usable[["pickup_at", "pickup_zone", "dropoff_zone", "distance_m", "vehicle_id"]]
same_trip = pd.util.hash_pandas_object(the_ride, index=False).to_numpy()
leak = unseen(same_trip[~in_test], same_trip[in_test])
print(f"{leak.total - leak.good} of {leak.total:,} test rows are trips that were trained on")

# %% [markdown]
# Duplicates, corrections and shared trips (one ride, reported by two vendors) put the same ride on both sides of a
# random split. Each row is valid; the *evaluation* is not.
#
# ## 3.2 A contract, and what it costs to be wrong
#
# A contract is data: names, severities, and predicates that say which rows break them. Names become reasons in
# quarantine, keys in reports and lines in a change log. Here is a small one, and the engine that runs it.

# %%
CONTRACT = {
    "takes_time": lambda t: t.dropoff_at <= t.pickup_at,
    "not_over_23_hours": lambda t: t.dropoff_at - t.pickup_at > pd.Timedelta(hours=23),
    "pays_something": lambda t: t.fare_cents < 0,
}


def run(contract, frame):
    return {name: breaks(frame).fillna(False).to_numpy(bool) for name, breaks in contract.items()}


{name: int(mask.sum()) for name, mask in run(CONTRACT, trips).items()}

# %% [markdown]
# `fillna(False)` is a clause of its own: **a null breaks no rule**, except the one that forbids nulls. Without it, a
# comparison with a missing value is neither true nor false, and each engine decides differently. How good is the
# contract? Of what it refuses, what share is unusable (*precision*); of what is unusable, what share does it refuse
# (*recall*)?

# %%
from course_lib.validation.scores import score

refuses = np.logical_or.reduce(list(run(CONTRACT, trips).values()))
scored = score(refuses, unusable)
print(f"precision {scored.precision:.3f}, recall {scored.recall:.3f}: {scored}")

# %% [markdown]
# It never refuses a usable row, and misses more than half of the unusable ones. Is its limit of 23 hours arbitrary?
# Move it and watch how the rule finds the kind `too_long`; **guess** where precision breaks down, and where recall
# does.

# %%
hours = np.geomspace(1 / 6, 48, 60)
lasts = (trips.dropoff_at - trips.pickup_at).dt.total_seconds().to_numpy() / 3600
is_too_long = month.kinds == "too_long"
moved = [score(lasts > limit, is_too_long) for limit in hours]


# %%
def thresholds(limit=23.0):
    here = score(lasts > limit, is_too_long)
    figure, axes = plt.subplots()
    axes.plot(hours, [one.precision for one in moved], color=colour("kept"), label="precision")
    axes.plot(hours, [one.recall for one in moved], color=colour("refused"), linestyle="--", label="recall")
    axes.axvline(limit, color=colour("ink"), linewidth=0.8)
    logarithmic(axes, y=False)
    axes.set(xlabel="longest trip allowed [h]", ylabel="share", ylim=(-0.05, 1.05))
    axes.set_title(f"At {limit:.1f} h: {here.false_alarms:,} others refused, {here.misses} too long ones kept")
    axes.legend()
    return figure


# %% alt="Precision and recall against the longest trip allowed: both are 1 from 3 to 23 hours."
explore(thresholds, limit=(0.5, 30.0, 0.5), labels={"limit": "longest trip allowed [h]"})

# %% [markdown]
# Between three and 23 hours every limit is perfect, because nothing lies there: this generator ends its too long trips
# after 23 to 24 hours. (Beyond that nothing is refused, so precision has no value and its line ends.) A real source is
# less tidy. Look for a plateau before you argue about a number: left of it you throw away sound trips, right of it you
# keep broken ones.
#
# ### A contract has versions
#
# Somebody tightens 23 hours to 2. Is that a bug fix? Run both versions on the same month and show which verdicts
# *change*, before anybody merges. (`|` puts two dicts together; of equal names the second counts.)

# %%
versions = {"2024.1": CONTRACT, "2024.2": CONTRACT | {
    "not_over_23_hours": lambda t: t.dropoff_at - t.pickup_at > pd.Timedelta(hours=2)}}  # fmt: skip
said = {version: np.logical_or.reduce(list(run(rules, trips).values())) for version, rules in versions.items()}
changed = said["2024.1"] != said["2024.2"]
{"rows whose verdict changes": int(changed.sum()), "of these unusable": int(unusable[changed].sum())}

# %% [markdown]
# Every changed verdict hits a sound trip, and the rule's *name* now lies, too. Hence a version number beside the
# contract, in every report and every quarantined row's batch: when numbers jump, you can tell a new rule from a new
# reality. A tighter rule breaks producers, a looser one breaks consumers.
#
# ### Exercise: a contract
#
# Write a contract that finds what is unusable. Promises of the source, in its own words:
#
# - a pickup time is always there; all other nulls are allowed and break nothing;
# - a trip ends after it starts, and lasts at most 23 hours (23 hours sharp is still allowed);
# - no fare is negative; it may be zero;
# - a trip covers at least one metre and at most 100 miles, which is 160,934 m (that much is still allowed);
# - a zone, where there is one, is a number from 1 to 263 (`pickup_zone` and `dropoff_zone`);
# - `total_cents` is the sum of `fare_cents`, `tip_cents`, `tolls_cents` and `surcharges_cents`. Where one of the five
#   is null, the promise says nothing.
#
# Return a dict: for each rule, under a name of your choice, a boolean array with `True` where a row *breaks* it. On
# this month and on others, the rows that break any of your rules must be the unusable ones with precision and recall
# of 0.99 at least, and of each kind in `UNUSABLE` you must find 95 %.
#
# Here and later, an answer is graded with the first cells (imports, `trips`, `month`) and without the others: names
# like `run` or `CONTRACT` are not there, nor are the library's modules that hold the solution.


# %% answer="contract"
def contract(trips: pd.DataFrame) -> dict[str, np.ndarray]:
    """Which rows break which rule.

    trips    (n rows, n may be 0) the columns of a published month in pandas' nullable types: pickup_at, dropoff_at
             (datetime64), pickup_zone, dropoff_zone, distance_m, fare_cents, tip_cents, tolls_cents,
             surcharges_cents, total_cents (Int32) and others; not to be changed
    returns  rule name -> (n,) bool, True where the row breaks the rule; at least one rule

    Raises ValueError where a column that you need is not there.
    """
    ### BEGIN SOLUTION
    parts = ["fare_cents", "tip_cents", "tolls_cents", "surcharges_cents"]
    needed = {"pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone", "distance_m", "total_cents", *parts}
    missing = needed - set(trips.columns)
    if missing:
        raise ValueError(f"these trips have no {sorted(missing)}")
    lasts = trips["dropoff_at"] - trips["pickup_at"]
    total = sum((trips[part] for part in parts[1:]), trips[parts[0]])
    zones = trips[["pickup_zone", "dropoff_zone"]]
    masks = {
        "has_a_pickup_time": trips["pickup_at"].isna(),
        "ends_after_it_starts": lasts <= pd.Timedelta(0),
        "lasts_at_most_23_hours": lasts > pd.Timedelta(hours=23),
        "costs_nothing_or_more": trips["fare_cents"] < 0,
        "covers_a_metre": trips["distance_m"] < 1,
        "covers_at_most_100_miles": trips["distance_m"] > 160_934,
        "zones_exist": ((zones < 1) | (zones > 263)).fillna(False).any(axis=1),
        "total_is_the_sum": trips["total_cents"] != total,
    }
    return {name: mask.fillna(False).to_numpy(bool) for name, mask in masks.items()}
    ### END SOLUTION


# %% check="contract" points=20
def refused_by(frame):
    told = contract(frame)
    assert isinstance(told, dict) and told, "return a dict with a mask for each rule"
    for name, mask in told.items():
        assert isinstance(mask, np.ndarray), (
            f"rule {name!r}: you returned a {type(mask).__name__}; .to_numpy(bool) makes the array that is expected"
        )
        assert mask.dtype == bool and mask.shape == (len(frame),), (
            f"rule {name!r}: one boolean for each of the {len(frame)} rows is expected, not {mask.dtype} {mask.shape}"
        )
    return np.logical_or.reduce(list(told.values()))


def some_trips(changes):
    """A sound trip for each of `changes`, with these changes."""
    sound = {"pickup_at": datetime(2024, 1, 5, 12), "dropoff_at": datetime(2024, 1, 5, 12, 20), "pickup_zone": 12,
             "dropoff_zone": 13, "distance_m": 3000, "fare_cents": 1500, "tip_cents": 200, "tolls_cents": 0,
             "surcharges_cents": 80, "total_cents": 1780}  # fmt: skip
    frame = pd.DataFrame([sound | one for one in changes])
    times = {"pickup_at": "datetime64[us]", "dropoff_at": "datetime64[us]"}
    return frame.astype({name: times.get(name, "Int32") for name in frame.columns})


def judged_kinds(frame, kinds):
    """Each kind of odd row against the verdicts."""
    refuses, wrong = refused_by(frame), np.isin(kinds, UNUSABLE)
    for kind in UNUSABLE:
        of_kind = kinds == kind
        assert refuses[of_kind].sum() >= 0.95 * of_kind.sum(), (
            f"of {of_kind.sum()} rows of the kind {kind} you refuse {refuses[of_kind].sum()}; 95 % are asked"
        )
    caught, usable = (refuses & wrong).sum(), pd.Series(kinds[refuses & ~wrong]).replace("", "nothing odd")
    assert caught >= 0.99 * refuses.sum(), (
        f"precision is {caught / refuses.sum():.3f}: you refuse {len(usable)} usable rows, "
        f"by kind {usable.value_counts().to_dict()}"
    )
    assert caught >= 0.99 * wrong.sum(), f"recall is {caught / wrong.sum():.3f}: you keep {wrong.sum() - caught} rows"


def judged_one_by_one(allowed, odd):
    """Sound trips with one change each."""
    for one, is_refused in zip(allowed, refused_by(some_trips(allowed)), strict=True):
        assert not is_refused, f"a trip with {one or 'nothing odd'} keeps every promise and is refused"
    for one, is_refused in zip(odd, refused_by(some_trips(odd)), strict=True):
        assert is_refused, f"a trip with {one} breaks a promise and is kept"


judged_kinds(trips, month.kinds)
judged_one_by_one(
    [{"dropoff_at": datetime(2024, 1, 6, 11)}, {"fare_cents": 0, "total_cents": 280}, {"distance_m": 1},
     {"distance_m": 160_934}, {"pickup_zone": 263}, {"dropoff_at": None}, {"distance_m": None}, {"fare_cents": None},
     {"tip_cents": None}, {"total_cents": None}, {"pickup_zone": None}, {"dropoff_zone": None}],
    [{"pickup_at": None}, {"distance_m": 160_935}, {"dropoff_zone": 999}, {"pickup_zone": 264},
     {"dropoff_zone": 0, "pickup_zone": None}, {"total_cents": 1781}],
)  # fmt: skip
try:
    contract(trips.drop(columns="fare_cents"))
    complained = False
except ValueError:
    complained = True
assert complained, "without the column fare_cents nothing can be judged: a ValueError is expected"
### BEGIN HIDDEN TESTS
from course_lib.exercises import hidden_seeds

for hidden in hidden_seeds("contract", 3):
    other = a_month(4_000, hidden)
    frame = a_frame(other.published)
    before = frame.copy()
    judged_kinds(frame, other.kinds)
    assert frame.equals(before), "the trips were changed; a contract looks and does not touch"
allowed = [
    {}, {"dropoff_at": datetime(2024, 1, 5, 12, 0, 1)}, {"fare_cents": 0, "total_cents": 280}, {"distance_m": 1},
    {"distance_m": 160_934}, {"pickup_zone": 1}, {"pickup_zone": 263}, {"dropoff_zone": 1}, {"dropoff_zone": 263},
    {"dropoff_at": None}, {"pickup_zone": None, "dropoff_zone": None}, {"distance_m": None}, {"fare_cents": None},
    {"tip_cents": None}, {"tolls_cents": None}, {"surcharges_cents": None}, {"total_cents": None},
    {"tolls_cents": 10, "total_cents": 1790},
]  # fmt: skip
odd = [
    {"pickup_at": None}, {"dropoff_at": datetime(2024, 1, 5, 12)}, {"dropoff_at": datetime(2024, 1, 5, 11, 59)},
    {"dropoff_at": datetime(2024, 1, 6, 11, 0, 1)}, {"fare_cents": -1, "total_cents": 279}, {"distance_m": 0},
    {"distance_m": -1}, {"distance_m": 160_935}, {"pickup_zone": 0}, {"pickup_zone": 264}, {"dropoff_zone": 0},
    {"dropoff_zone": 264}, {"dropoff_zone": 999, "pickup_zone": None}, {"total_cents": 1779}, {"total_cents": 1781},
    {"tip_cents": 0}, {"tolls_cents": 1}, {"surcharges_cents": 0},
]  # fmt: skip
judged_one_by_one(allowed, odd)
assert refused_by(some_trips([{}]).iloc[:0]).shape == (0,), "a month without rows breaks nothing"
for column in some_trips([{}]).columns:
    try:
        contract(some_trips([{}]).drop(columns=column))
        complained = False
    except ValueError:
        complained = True
    assert complained, f"without the column {column} not all can be judged: a ValueError is expected"
### END HIDDEN TESTS

# %%
check("contract")

# %% [markdown]
# ### The same contract on a real month
#
# Generated months are kind: they break in ways that somebody thought of. If a published month lies in `trips/` or
# `data/` (or where you say), your contract now meets it. This is shown, not graded.

# %%
green = a_real_month()  # or a_real_month("the/path/of/a/file")
if green is None:
    print("No published month here. Fetch one with:  course data fetch green 2020-10 --to trips")
else:
    try:
        told = contract(a_frame(green.bronze))
        print(green.name, pd.Series({name: int(np.sum(mask)) for name, mask in told.items()}), sep="\n")
    except NotImplementedError as waiting:
        print(waiting)

# %% [markdown]
# On the green file of October 2020 most rules find what the course's contract finds. One does not: *total is the sum of
# its parts* refuses 2,782 trips there, and 2,598 of these are off by 2.75 dollars exactly: the congestion surcharge,
# booked once more or once less. A rule that is perfect on the data it was written for is a hypothesis about the next
# data; hence it starts its life as a warning.
#
# ### Quarantine, and two laws
#
# A refused row is not dropped: it is kept with *all* its reasons, so that somebody can mend the source and replay it.
# And every row must be somewhere:
#
# $$\text{rows read} = \text{valid} + \text{quarantined} + \text{duplicates}$$
#
# The popular pipeline removes duplicates first, because that is one line. **Guess** what this does to trips whose
# *correction* is broken, and whether the law notices.

# %%
refuses = np.logical_or.reduce(list(run(CONTRACT | {"moves": lambda t: t.distance_m < 1}, trips).values()))
newest_first = trips.assign(broken=refuses).sort_values("updated_at", ascending=False)
chosen = newest_first.drop_duplicates("trip_id")  # the popular order: first the newest ...
popular = chosen[~chosen.broken]  # ... then the valid
careful = newest_first[~newest_first.broken].drop_duplicates("trip_id")  # first the valid, then the newest
twice = len(trips) - len(chosen)
print(f"{len(popular):,} valid + {chosen.broken.sum():,} quarantined + {twice:,} duplicates = {len(trips):,} rows")
print(f"{len(careful) - len(popular)} trips have a sound row, and none among the valid")

# %% [markdown]
# A broken correction displaced a good row and was then refused itself. The law of rows is blind to it: the good row is
# booked as a duplicate, of a row in quarantine. So a second law stands beside it: **a trip that has a row without
# errors has exactly one valid row.** Validate first, then choose the newest of what is valid, and check both laws in
# every run.

# %% [markdown]
# ### Exercise: a quarantine that conserves rows
#
# The verdicts are given: `broken[i]` holds the names of all rules that `rows[i]` breaks, errors and warnings. Send
# each row one of three ways, so that both laws hold.


# %% tags="setup"
class Row(NamedTuple):
    """One row as ingestion hands it over."""

    trip_id: int | None
    updated_at: int | None  # seconds since 1970; None is older than anything
    source_row: int  # its number in the file, from 1; unique, but rows may come in another order
    cents: int


# %% answer="quarantine"
def settle(
    rows: list[Row], broken: list[set[str]], errors: tuple[str, ...]
) -> tuple[list[Row], list[tuple[Row, tuple[str, ...]]], list[Row]]:
    """Valid rows, quarantined rows with their reasons, and duplicates; each row is in exactly one of the three.

    rows     (n) in any order
    broken   (n) the names of the rules that each row breaks
    errors   the rules of severity error; every other rule is a warning, and refuses nothing
    returns  valid: the newest row of each trip_id among the rows that break no error;
             quarantined: (row, reasons), the reasons being all errors it breaks, in the order of `errors`;
             duplicates: the rows that break no error and were displaced by a newer one.
             All three in the order of `rows`.

    Newest: the largest updated_at, None being the oldest; of equals the smallest source_row. A row that breaks no
    error has a trip_id.
    Raises ValueError if there is not one set of rules for each row.
    """
    ### BEGIN SOLUTION
    quarantined, candidates, newest = [], [], {}
    for row, rules in zip(rows, broken, strict=True):
        reasons = tuple(name for name in errors if name in rules)
        if reasons:
            quarantined.append((row, reasons))
            continue
        candidates.append(row)
        age = (row.updated_at is not None, row.updated_at or 0, -row.source_row)
        if row.trip_id not in newest or age > newest[row.trip_id][0]:
            newest[row.trip_id] = (age, row)
    stands = {row.source_row for _, row in newest.values()}
    valid = [row for row in candidates if row.source_row in stands]
    return valid, quarantined, [row for row in candidates if row.source_row not in stands]
    ### END SOLUTION


# %% check="quarantine" points=14
ERRORS = ("too_far", "no_time", "no_way")
first, again, other = Row(7, 100, 1, 500), Row(7, 200, 2, 650), Row(8, 100, 3, 900)
valid, held, twice = settle([first, again, other], [set(), set(), {"zero_fare"}], ERRORS)
assert valid == [again, other], (
    f"trip 7 was updated at 200, and a warning refuses nothing: valid should be [again, other], not {valid}"
)
assert twice == [first], f"the displaced row is a duplicate; duplicates are {twice}"
valid, held, twice = settle([first, again], [set(), {"no_way", "no_time", "too_far", "zero_fare"}], ERRORS)
assert valid == [first], f"the broken correction must not displace the good row: valid is {valid}"
assert held == [(again, ("too_far", "no_time", "no_way"))], (
    f"all errors in the order of `errors` {ERRORS}, and no warnings; quarantined is {held}"
)
never, zero, later, sooner = Row(9, None, 1, 0), Row(9, 0, 2, 0), Row(9, 5, 4, 0), Row(9, 5, 3, 0)
valid, held, twice = settle([never, zero], [set(), set()], ERRORS)
assert valid == [zero], f"a row without updated_at is older than anything, also than 0: valid is {valid}"
valid, held, twice = settle([later, zero, sooner, never], [set()] * 4, ERRORS)
assert valid == [sooner], f"two rows were updated at 5; the smaller source_row stands, 3 and not 4: valid is {valid}"
assert twice == [later, zero, never], f"duplicates in the order of `rows`: {[later, zero, never]}, not {twice}"
valid, held, twice = settle([later, other, first], [set(), {"no_way"}, set()], ERRORS)
assert valid == [later, first], f"valid rows in the order of `rows`: {[later, first]}, not {valid}"
try:
    settle([first], [], ERRORS)
    complained = "nothing"
except ValueError:
    complained = "a ValueError"
except IndexError:
    complained = "an IndexError"
assert complained == "a ValueError", f"one row and no verdict: a ValueError is expected, {complained} was raised"
### BEGIN HIDDEN TESTS
from course_lib.exercises import hidden_seeds


def slow(rows, broken, errors):
    """The same by comparing every row with every other."""
    good = [row for row, rules in zip(rows, broken, strict=True) if not rules & set(errors)]

    def beats(a, b):
        if a.updated_at == b.updated_at:
            return a.source_row < b.source_row
        return b.updated_at is None or (a.updated_at is not None and a.updated_at > b.updated_at)

    stands = [
        row
        for row in good
        if not any(beats(rival, row) for rival in good if rival.trip_id == row.trip_id and rival != row)
    ]
    judged_rows = [(row, tuple(e for e in errors if e in rules)) for row, rules in zip(rows, broken, strict=True)]
    held = [(row, reasons) for row, reasons in judged_rows if reasons]
    return stands, held, [row for row in good if row not in stands]


for hidden in hidden_seeds("quarantine", 40):
    rng = np.random.default_rng(hidden)
    n = int(rng.integers(0, 30))
    numbers = (rng.permutation(n) + 1).tolist()
    rows = [
        Row(
            int(rng.integers(1, 6)),
            None if rng.random() < 0.2 else int(rng.integers(-3, 4)),
            numbers[i],
            int(rng.integers(0, 2000)),
        )
        for i in range(n)
    ]
    names = [*ERRORS, "zero_fare", "unknown_zone"]
    broken_by = [{name for name in names if rng.random() < 0.12} for _ in range(n)]
    before = (list(rows), [set(rules) for rules in broken_by])
    valid, held, twice = settle(rows, broken_by, ERRORS)
    assert (rows, broken_by) == before, "the arguments were changed"
    told = f"{len(valid)} valid + {len(held)} quarantined + {len(twice)} duplicates"
    assert len(valid) + len(held) + len(twice) == n, f"{n} rows came in, {told} went out: the law is broken"
    assert sorted([*valid, *twice, *(row for row, _ in held)], key=lambda row: row.source_row) == sorted(
        rows, key=lambda row: row.source_row
    ), "some row is in two places, or in none"
    expected = slow(rows, broken_by, ERRORS)
    assert [row for row, _ in held] == [row for row, _ in expected[1]], (
        "exactly the rows that break an error are quarantined, in the order of `rows`"
    )
    assert held == expected[1], (
        "a quarantined row carries all the errors it breaks, in the order of `errors`, and no warnings"
    )
    assert valid == expected[0], "valid: the newest of each trip among the rows without errors, in the order of `rows`"
    assert twice == expected[2], "duplicates: the displaced rows without errors, in the order of `rows`"
early, at_zero, never = Row(1, -1, 1, 0), Row(1, 0, 2, 0), Row(1, None, 3, 0)
assert settle([never, early, at_zero], [set(), set(), set()], ERRORS) == ([at_zero], [], [never, early]), (
    "0 is newer than -1, and both are newer than None"
)
unknown = Row(None, 5, 1, 0)
assert settle([unknown], [{"no_time"}], ERRORS) == ([], [(unknown, ("no_time",))], []), (
    "a row without an id that breaks an error is quarantined"
)
### END HIDDEN TESTS

# %%
check("quarantine")

# %% [markdown]
# ## 3.3 How good is the whole?
#
# A contract judges rows; people ask about tables. The dimensions of the Data Management Association (DAMA) answer in
# shares: complete, unique, consistent, valid, accurate, timely. A share of rows is a pair of counts, *good of total*,
# so that two months add up. **Guess:** what is wrong with the mean of two months' shares?

# %%
from course_lib.validation.metrics import Share

month_a, month_b = Share(9, 10), Share(0, 90)
print("mean of the shares:", (month_a.value + month_b.value) / 2, " share of the whole:", month_a.merge(month_b).value)

# %% [markdown]
# **Completeness** per attribute, and weighted by what a missing value costs: features and model need the columns that
# weigh 3; the others are looked at by people.

# %%
from course_lib.validation import metrics
from course_lib.validation.metrics import WEIGHTS, completeness, weighted

columns = [name for name in WEIGHTS if name != "operator"]  # the generator has no operators
shares = {name: completeness(int(trips[name].isna().sum()), len(trips), len(trips)) for name in columns}
worst = sorted(shares.items(), key=lambda item: item[1].value)[:5]
print({name: f"{share.value:.2%}" for name, share in worst}, f"weighted: {weighted(shares, WEIGHTS):.2%}")
print("weight 3:", [name for name in columns if WEIGHTS[name] == 3])

# %% [markdown]
# **Consistency** counts rows that satisfy all constraints, **uniqueness** rows that stand for a trip of their own,
# **validity** values inside their domain. And **accuracy**, agreement with the truth, needs a truth. Here there is
# one; in production there rarely is, and then the honest entry is *not measured*.

# %%
zones = trips.pickup_zone.dropna()
measured = {
    "consistency": metrics.consistency(len(trips), int(refused(found).sum())),
    "uniqueness": metrics.uniqueness(len(trips), int(trips.trip_id.duplicated().sum())),
    "validity of pickup zones": metrics.validity(len(zones), int((~zones.between(1, 263)).sum())),
    "accuracy against the truth": metrics.accuracy(len(trips), int((month.kinds != "").sum())),
}
pd.Series({name: f"{share.value:.3%}" for name, share in measured.items()})

# %% [markdown]
# Consistency is higher than accuracy: what is wrong or missing can satisfy every rule of severity error. That gap is
# what no contract sees.
#
# ### Freshness
#
# Age is in seconds and grows for ever; a share is easier to put beside the others. Exponential decay makes one of the
# other, $F = e^{-\lambda \Delta t}$, with $\lambda = \ln 2 / \text{half-life}$. Each dot below is a zone, an hour
# before midnight on the 20th, at the age of its newest trip; the line is the law.

# %%
now = pd.Timestamp(2024, 1, 20, 23)
seen = trips[(trips.pickup_at <= now) & (trips.pickup_at > now - pd.Timedelta(days=2))]
ages = (now - seen.groupby("pickup_zone").pickup_at.max()).dt.total_seconds()
fresh = ages.map(lambda age: metrics.decayed(age, half_life_s=6 * 3600))

# %% alt="Freshness against age in hours: a dot for each zone, all on the curve that halves every six hours."
t = np.linspace(0, 48, 200)
figure, axes = plt.subplots()
axes.plot(t, np.exp(-np.log(2) / 6 * t), color=colour("ink"), label="exp(-ln 2 / 6 h · age)")
axes.plot(ages / 3600, fresh, "o", markersize=4, color=colour("kept"), label="zones")
axes.axhline(0.5, color=colour("rule"))
axes.set(xlabel="age of the newest trip [h]", ylabel="freshness", xlim=(0, 48))
axes.set_title(
    f"{(fresh > 0.5).mean():.0%} of the zones are fresher than a half; the median is {ages.median() / 3600:.1f} h old"
)
axes.legend()
plt.show()

# %% [markdown]
# The half-life is a business decision: after how long is a demand figure worth half? Quiet zones are not broken when
# they are silent for a night; a table that averages freshness over zones punishes them. Freshness belongs to the
# *source*, so judge the newest row overall, per source.
#
# ### Exercise: four dimensions
#
# Compute four dimensions of one table. What cannot be measured is `None`, never 0 and never 1.


# %% answer="quality"
def quality(
    trips: pd.DataFrame, weights: dict[str, float], now: datetime, half_life: timedelta
) -> dict[str, float | None]:
    """Four dimensions of a table, each in [0, 1] or None where it cannot be measured.

    trips      (n rows) with trip_id, updated_at, fare_cents, tip_cents, tolls_cents, surcharges_cents, total_cents and
               the columns of `weights`, in nullable pandas types; a missing value is NA or NaT
    returns    these four keys, each a float or None (never NaN):
               completeness  mean over the columns of `weights`, weighted by them, of the share of rows with a value
               uniqueness    different trip_ids as a share of the rows; a row without an id adds none
               consistency   of the rows in which all five amounts are there, the share where total_cents is the
                             sum of the other four
               freshness     halves with every half_life since the newest updated_at; 1 if that lies after `now`

    None: completeness and uniqueness of no rows, consistency of no row with all five, freshness without any updated_at.
    Raises ValueError: half_life not positive, no weights, or a weight that is not positive.
    """
    ### BEGIN SOLUTION
    if half_life <= timedelta(0) or not weights or min(weights.values()) <= 0:
        raise ValueError("a positive half-life and positive weights are needed")
    n = len(trips)
    there = {name: float(trips[name].notna().sum()) for name in weights}
    amounts = trips[["fare_cents", "tip_cents", "tolls_cents", "surcharges_cents", "total_cents"]].dropna()
    agree = amounts["total_cents"] == amounts.drop(columns="total_cents").sum(axis=1)
    newest = trips["updated_at"].max()
    halves = None if pd.isna(newest) else max((now - newest) / half_life, 0.0)
    return {
        "completeness": sum(w * there[name] for name, w in weights.items()) / sum(weights.values()) / n if n else None,
        "uniqueness": trips["trip_id"].nunique() / n if n else None,
        "consistency": float(agree.mean()) if len(amounts) else None,
        "freshness": None if halves is None else float(0.5**halves),
    }
    ### END SOLUTION


# %% check="quality" points=10
def four_trips():
    whole = pd.DataFrame({
        "trip_id": [1, 1, 2, None], "fare_cents": [1000, 1000, 500, None], "tip_cents": [0, 100, 0, 0],
        "tolls_cents": [0, 0, 0, 0],
        "surcharges_cents": [80, 80, 80, 80], "total_cents": [1080, 1080, 580, 80], "passengers": [1, None, None, None],
    }).astype("Int64")  # fmt: skip
    return whole.assign(updated_at=pd.to_datetime(["2024-01-01 10:00", "2024-01-01 12:00", None, "2024-01-01 09:00"]))


def close(told, expected):
    return told is not None and abs(told - expected) < 1e-9


noon = datetime(2024, 1, 1, 12)
got = quality(four_trips(), {"fare_cents": 3.0, "passengers": 1.0}, noon + timedelta(hours=2), timedelta(hours=1))
assert close(got["completeness"], 0.625), (
    f"3/4 of the fares (weight 3) and 1/4 of the passengers (weight 1) are there: 0.625, not {got['completeness']}"
)
assert close(got["uniqueness"], 0.5), f"two different ids in four rows: 0.5, not {got['uniqueness']}"
assert close(got["consistency"], 2 / 3), f"of the three rows with all amounts two add up: 2/3, not {got['consistency']}"
assert close(got["freshness"], 0.25), f"two half-lives after the newest row: 0.25, not {got['freshness']}"
got = quality(four_trips().iloc[:0], {"fare_cents": 1.0}, noon, timedelta(hours=1))
assert got == {"completeness": None, "uniqueness": None, "consistency": None, "freshness": None}, (
    f"of no rows nothing can be measured: four times None, not {got}"
)
got = quality(four_trips(), {"fare_cents": 1.0}, noon - timedelta(hours=1), timedelta(hours=1))
assert close(got["freshness"], 1.0), f"the newest row is of an hour after `now`: 1, not {got['freshness']}"
nothing = {
    "updated_at": pd.Series([None] * 4, dtype="datetime64[ns]"),
    "tip_cents": pd.array([None] * 4, dtype="Int64"),
}
got = quality(four_trips().assign(**nothing), {"fare_cents": 1.0}, noon, timedelta(hours=1))
assert got["freshness"] is None, f"no row has an updated_at: freshness is None, not {got['freshness']}"
assert got["consistency"] is None, f"no row has all five amounts: consistency is None, not {got['consistency']}"
try:
    quality(four_trips(), {"fare_cents": 1.0}, noon, timedelta(0))
    complained = False
except ValueError:
    complained = True
assert complained, "a half-life of zero: a ValueError is expected"
### BEGIN HIDDEN TESTS
from course_lib.exercises import hidden_seeds

some = {"fare_cents": 2.0, "tip_cents": 0.5, "passengers": 1.0}
for hidden in hidden_seeds("quality", 2):
    frame = a_frame(a_month(3_000, hidden).published)
    before = frame.copy()
    at = frame.updated_at.max().to_pydatetime()
    got = quality(frame, some, at + timedelta(minutes=45), timedelta(hours=3))
    assert frame.equals(before), "the trips were changed"
    n = len(frame)
    expected = sum(w * (n - int(frame[name].isna().sum())) for name, w in some.items()) / n / 3.5
    assert close(got["completeness"], expected), f"completeness of a month is {expected}, not {got['completeness']}"
    assert close(got["uniqueness"], len(set(frame.trip_id.tolist())) / n), (
        "uniqueness of a month: different ids over all rows"
    )
    wrong = sum(
        a + b + c + d != e
        for a, b, c, d, e in zip(
            frame.fare_cents, frame.tip_cents, frame.tolls_cents, frame.surcharges_cents, frame.total_cents, strict=True
        )
    )
    assert close(got["consistency"], 1 - wrong / n), (
        f"in a month {wrong} of {n} totals differ; consistency is {got['consistency']}"
    )
    assert close(got["freshness"], 0.5**0.25), (
        f"a quarter of a half-life after the newest row: {0.5**0.25}, not {got['freshness']}"
    )
    assert close(quality(frame, some, at - timedelta(days=1), timedelta(hours=3))["freshness"], 1.0), (
        "rows from the future are not fresher than 1"
    )
no_time = four_trips().assign(updated_at=pd.Series([None] * 4, dtype="datetime64[ns]"))
assert quality(no_time, {"fare_cents": 1.0}, noon, timedelta(hours=1))["freshness"] is None, (
    "without any updated_at freshness cannot be measured: None"
)
no_money = four_trips().assign(tolls_cents=pd.array([None] * 4, dtype="Int64"))
got = quality(no_money, {"fare_cents": 1.0}, noon, timedelta(hours=1))
assert got["consistency"] is None, "without a row that has all five amounts consistency cannot be measured: None"
assert close(got["completeness"], 0.75), (
    f"completeness is about the columns of `weights` only: 0.75, not {got['completeness']}"
)
for column in ("fare_cents", "tip_cents", "surcharges_cents", "total_cents"):
    one_gone = four_trips().assign(**{column: pd.array([None, 100, 0, 0], dtype="Int64")})
    assert quality(one_gone, {"passengers": 1.0}, noon, timedelta(hours=1))["consistency"] is not None, (
        "rows with all five amounts are judged, whatever the others lack"
    )
for weights, life in (
    ({}, timedelta(hours=1)),
    ({"fare_cents": 0.0}, timedelta(hours=1)),
    ({"fare_cents": 2.0, "tip_cents": -1.0}, timedelta(hours=1)),
    ({"fare_cents": 1.0}, timedelta(hours=-1)),
):
    try:
        quality(four_trips(), weights, noon, life)
        complained = False
    except ValueError:
        complained = True
    assert complained, f"weights {weights} and a half-life of {life}: a ValueError is expected"
### END HIDDEN TESTS

# %%
check("quality")

# %% [markdown]
# ### Objectives have a direction
#
# A service level objective promises a number for most days of a window. Here is a week of two metrics, and the line
# that circulates in tutorials: `violated = value < target`. **Guess** which days it reports.

# %%
week = pd.DataFrame(
    {"completeness": [0.97, 0.98, 0.91, 0.97, 0.98, 0.97, 0.99], "staleness_min": [20, 25, 30, 240, 300, 22, 18]}
)
target = pd.Series({"completeness": 0.95, "staleness_min": 60})
week < target

# %% [markdown]
# For completeness it is right. For staleness, where *larger is worse*, it reports the five good days and is silent on
# the night the source was down. The direction belongs to the objective, not to the person who reads the alarm.

# %%
from course_lib.validation import slo

promises = (slo.Objective("completeness", "at_least", 0.95, share=0.8, window=7),
            slo.Objective("staleness_min", "at_most", 60, share=0.8, window=7))  # fmt: skip
[(s.of.name, "kept" if s.met else "broken", f"{s.days.good} of {s.days.total} days", f"budget left: {s.left:+.1f} days")
 for s in (slo.standing(one, week[one.name].tolist()) for one in promises)]  # fmt: skip

# %% [markdown]
# The budget is the point. Of seven days 80 % have to be good, so 1.4 may be bad: completeness has spent one of them;
# staleness two, which is 0.6 too many. As long as some is left, nobody needs to be woken.
#
# ### Exercise: a table of objectives
#
# Judge promises against what was measured. A day without a value (`None`; a NaN does not occur) is neither good nor
# bad, and the share is one of the days that were *measured*.


# %% tags="setup"
class Objective(NamedTuple):
    """A promise about one daily number."""

    name: str
    direction: str  # "at_least" or "at_most": on which side of the target a day is good
    target: float  # a day on the target is a good day
    share: float  # of the measured days of the window that have to be good, above 0, at most 1
    window: int  # days, at least 1


# %% answer="objectives"
def judge(objectives: list[Objective], measured: dict[str, list[float | None]]) -> dict[str, tuple[str, int, int]]:
    """What became of each promise: name -> (verdict, good days, measured days), over the last `window` days.

    measured   name -> one value a day, oldest first; None where nothing was measured. There may be fewer days than the
               window, and the name of an objective may be missing: then no day was measured
    verdict    "kept" if good days >= share * measured days, "broken" if not, "unknown" if no day of the window was
               measured. Allow for rounding: 9 good days of 10 keep a promise of 0.9, and 11 of 20 one of 0.55

    Raises ValueError: the direction of an objective, measured or not, is neither "at_least" nor "at_most".
    """
    ### BEGIN SOLUTION
    verdicts = {}
    for one in objectives:
        if one.direction not in ("at_least", "at_most"):
            raise ValueError(f"{one.name}: {one.direction!r} is no direction")
        days = [value for value in measured.get(one.name, [])[-one.window :] if value is not None]
        good = sum(value >= one.target if one.direction == "at_least" else value <= one.target for value in days)
        kept = good >= one.share * len(days) - 1e-9
        verdicts[one.name] = ("unknown" if not days else "kept" if kept else "broken", good, len(days))
    return verdicts
    ### END SOLUTION


# %% check="objectives" points=8
full, stale = Objective("complete", "at_least", 0.95, 0.75, 4), Objective("stale", "at_most", 60, 0.75, 4)
got = judge([full, stale], {"complete": [0.1, 0.2, 0.96, 0.97, 0.95, 0.2], "stale": [20, 30, 60, 300]})
assert got["complete"] == ("kept", 3, 4), (
    f"3 of the last 4 days reach 0.95, and 0.75 are promised: ('kept', 3, 4), not {got['complete']}"
)
assert got["stale"] == ("kept", 3, 4), (
    f"of a staleness lower is better, and 60 is allowed; 3 of 4 days are good: ('kept', 3, 4), not {got['stale']}"
)
got = judge([full, stale], {"complete": [0.99, None, None, None, None]})
assert got == {"complete": ("unknown", 0, 0), "stale": ("unknown", 0, 0)}, (
    f"nothing was measured in the window: twice ('unknown', 0, 0), not {got}"
)
got = judge([full, stale], {"complete": [None, 0.97, None, 0.96], "stale": [0.0, 30, None, 90]})
assert got["complete"] == ("kept", 2, 2), (
    f"2 of 2 measured days are good, and 0.75 of the measured days are promised: ('kept', 2, 2), not {got['complete']}"
)
assert got["stale"] == ("broken", 2, 3), (
    f"0.0 was measured, and is no missing day: 2 of 3, ('broken', 2, 3), not {got['stale']}"
)
for share, days, good in ((0.9, 10, 9), (0.55, 20, 11)):
    got = judge([Objective("x", "at_least", 1, share, days)], {"x": [1.0] * good + [0.0] * (days - good)})["x"]
    assert got == ("kept", good, days), f"{good} good days of {days} keep a promise of {share}; you say {got}"
try:
    judge([Objective("fast", "smaller", 1, 1, 1)], {"fast": [1.0]})
    complained = False
except ValueError:
    complained = True
assert complained, "'smaller' is neither 'at_least' nor 'at_most': a ValueError is expected"
### BEGIN HIDDEN TESTS
from course_lib.exercises import hidden_seeds

for hidden in hidden_seeds("objectives", 30):
    rng = np.random.default_rng(hidden)
    one = Objective(
        "x",
        ["at_least", "at_most"][int(rng.integers(2))],
        float(rng.integers(0, 5)),
        float(rng.integers(1, 11)) / 10,
        int(rng.integers(1, 12)),
    )
    values = [None if rng.random() < 0.25 else float(rng.integers(0, 5)) for _ in range(int(rng.integers(0, 20)))]
    turned = {"at_least": "at_most", "at_most": "at_least"}[one.direction]
    other = one._replace(name="y", direction=turned, target=-one.target)
    mirror = [None if value is None else -value for value in values]
    before = list(values)
    got = judge([other, one], {"x": values, "y": mirror})
    assert values == before, "the measurements were changed"
    good = total = 0
    for value in reversed(values[max(len(values) - one.window, 0) :]):
        if value is not None:
            total += 1
            good += int(value == one.target or (value > one.target) == (one.direction == "at_least"))
    verdict = "unknown" if total == 0 else "kept" if round(good * 10) >= round(one.share * 10 * total) else "broken"
    assert got["x"] == (verdict, good, total), (
        f"{one} over {values}: {(verdict, good, total)} is expected, not {got['x']}"
    )
    assert got["y"] == got["x"], f"with all signs and the direction turned round nothing may change: {got}"
for share, days, good in ((0.9, 10, 9), (0.7, 10, 7), (0.07, 100, 7), (0.55, 20, 11), (0.55, 40, 22)):
    got = judge([Objective("x", "at_least", 1, share, days)], {"x": [1.0] * good + [0.0] * (days - good)})["x"]
    assert got == ("kept", good, days), f"{good} good days of {days} keep a promise of {share}; you say {got}"
    fewer = {"x": [1.0] * (good - 1) + [0.0] * (days - good + 1)}
    got = judge([Objective("x", "at_least", 1, share, days)], fewer)["x"]
    assert got == ("broken", good - 1, days), (
        f"{good - 1} good days of {days} break a promise of {share}; you say {got}"
    )
assert judge([], {"x": [1.0]}) == {}, "without objectives there is nothing to judge"
try:
    judge([full, Objective("x", "", 1, 1, 1)], {})
    complained = False
except ValueError:
    complained = True
assert complained, "a direction that is empty is none, measured or not: a ValueError is expected"
### END HIDDEN TESTS

# %%
check("objectives")

# %% [markdown]
# ### The report of one month
#
# Metrics in different units and directions fit on one axis as the *part of the allowance that is used up*: beyond 100 %
# a target is missed, whichever way the metric points. Bars end at 200 %; a » goes further. `course pipeline` puts this
# picture into its report.

# %%
from course_lib.plots.targets import allowance
from course_lib.validation.metrics import QualityTarget

asked = {"consistency": (0.95, "rows without an error"), "uniqueness": (0.98, "rows of a trip of their own"),
         "validity of pickup zones": (0.999, "zones from 1 to 263"),
         "accuracy against the truth": (0.99, "rows that the generator left as they were")}  # fmt: skip
targets = [QualityTarget(name, measured[name].value, goal, "at_least", "share", what)
           for name, (goal, what) in asked.items()]  # fmt: skip
filled, no_codes = weighted(shares, WEIGHTS), float(broken(found, "codes_all_null").mean())
targets += [QualityTarget("weighted completeness", filled, 0.98, "at_least", "share", "values that are there"),
            QualityTarget("rows without codes", no_codes, 0.05, "at_most", "share", "one source's block")]  # fmt: skip

# %% alt="A bar for each of six metrics: the part of its allowance used up; accuracy is far beyond."
allowance(targets)

# %% [markdown]
# ## 3.4 Strange values, strange months
#
# Rules find what is impossible. What about the merely improbable? Three rules for one column: three standard
# deviations, Tukey's fences, and the median absolute deviation (MAD). **Guess:** how many fares in a thousand lie
# beyond three sigma, and what share of these is unusable?

# %%
from course_lib.validation.outliers import cutoff, iqr_fences, mad_scores, shape, squared_distances, z_scores

fares = trips.fare_cents.astype(float).to_numpy()
rules = {
    "3 sigma": np.abs(z_scores(fares)) > 3,
    "fences": iqr_fences(fares).outside(fares),
    "3.5 MAD": np.abs(mad_scores(fares)) > 3.5,
}
pd.DataFrame({
    name: {"out [per mille]": 1000 * out.mean(), "of these unusable": unusable[out].mean(),
           "median distance [km]": trips.distance_m[out & ~unusable].median() / 1000}
    for name, out in (rules | {"(all rows)": np.full(len(trips), True)}).items()
}).T.round(3)  # fmt: skip

# %% [markdown]
# A normal column would have 2.7 per mille beyond three sigma. Fares have a heavy tail: several times as many, and
# nearly all of them are usable: long trips, at the price of a long trip. Deleting them deletes the long trips. And in
# the column that *is* full of garbage, three sigma fails the other way:

# %%
distance = trips.distance_m.astype(float).to_numpy()
for name, values in (("all rows", distance), ("without the 100-mile rows", distance[distance < 160_000])):
    print(f"{name}: three sigma begins at {values.mean() + 3 * values.std():,.0f} m")
paid = fares[fares > 0]
print(f"skewness of the fares {stats.skew(paid):.2f}, of their logarithms {stats.skew(np.log(paid)):.2f}")

# %% [markdown]
# A few wild values move the mean and the spread that should find them, and hide each other. The median does not move.
# And on the logarithm the long tail of the fares is gone: choose the scale before the rule.
#
# ### A row of ordinary values
#
# One taxi's meter counted feet and wrote them as metres, on its first twenty trips. Each of its distances is an
# ordinary distance. The combination with duration and fare is not. The squared *Mahalanobis distance* measures how far
# a row lies from the middle in units of the cloud's own shape; of $d$ normal columns it is chi-square with $d$ degrees
# of freedom.

# %%
sound = trips[~refused(found) & (trips.fare_cents > 0) & trips.vehicle_id.notna()]
of_the_taxi = (sound.vehicle_id == sound.vehicle_id.mode()[0]).to_numpy()
odd_taxi = of_the_taxi & (of_the_taxi.cumsum() <= 20)  # its first twenty trips
took = (sound.dropoff_at - sound.pickup_at).dt.total_seconds().to_numpy(float)
far = sound.distance_m.to_numpy(float) * np.where(odd_taxi, 3.28, 1.0)
logs = np.log(np.column_stack([took, far, sound.fare_cents.to_numpy(float)]))
z_finds = (np.abs(np.apply_along_axis(z_scores, 0, logs)) > 3).any(axis=1)
distances = squared_distances(logs, shape(logs))
far_out = distances > cutoff(3, 0.001)
print(f"of {odd_taxi.sum()} rows in feet: z-scores {z_finds[odd_taxi].sum()}, Mahalanobis {far_out[odd_taxi].sum()}")

# %% [markdown]
# Where to cut? The law says: a share $p$ of normal rows lies beyond the chi-square quantile. Check it on rows that
# are normal by construction, and then on our logarithms, which only look so.

# %%
rng = np.random.default_rng(seed)
normal = rng.normal(size=(400_000, 3)) @ rng.normal(size=(3, 3))
normal_distances = squared_distances(normal, shape(normal))
asked_p = np.geomspace(0.001, 0.5, 20)
got_normal = [(normal_distances > cutoff(3, p)).mean() for p in asked_p]
got_trips = [(distances[~odd_taxi] > cutoff(3, p)).mean() for p in asked_p]

# %% alt="Share beyond the cutoff against the share asked for: normal rows on the diagonal, trips off it."
figure, axes = plt.subplots()
axes.plot(asked_p, asked_p, color=colour("ink"), label="the law")
axes.plot(asked_p, got_normal, "o", color=colour("kept"), label="normal rows")
axes.plot(asked_p, got_trips, "^", color=colour("refused"), label="log duration, distance, fare")
logarithmic(axes)
axes.set(xlabel="share p asked for", ylabel="share beyond the cutoff")
axes.set_title("The chi-square cutoff keeps its promise where the rows are normal")
axes.legend()
plt.show()

# %% [markdown]
# In the tail our trips have their own mind: several times as many as promised lie beyond the last cutoffs. So a cutoff
# is a *rate of looking*, not a verdict: choose how many rows a day a person can look at.
#
# ### Exercise: Mahalanobis outliers
#
# Write the rule with NumPy and the quantile of SciPy, for rows with holes. A column may be constant, which is an error;
# none follows exactly from the others (their covariance has no inverse either, and is not tested).


# %% answer="mahalanobis"
def outliers(rows: np.ndarray, p: float) -> np.ndarray:
    """Which rows lie farther from the middle than all but a share `p` of normal rows would; (n,) bool.

    rows    (n, d) floats, d >= 1; a row with a NaN is never an outlier and takes no part in mean and covariance
    p       in (0, 1)

    Squared distance (x - mean)' C^-1 (x - mean), with the covariance C that divides by the number of whole rows less
    one; a row is out if that exceeds the chi-square quantile with d degrees of freedom that a share p exceeds
    (scipy.stats.chi2 knows it).

    Raises ValueError: p outside (0, 1), d columns and not more than d whole rows, or a column that does not vary.
    """
    ### BEGIN SOLUTION
    from scipy import stats

    n, d = rows.shape
    whole = ~np.isnan(rows).any(axis=1)
    if not 0 < p < 1 or whole.sum() <= d or (np.ptp(rows[whole], axis=0) == 0).any():
        raise ValueError("p in (0, 1), more rows than columns, and columns that vary are needed")
    apart = rows[whole] - rows[whole].mean(axis=0)
    precision = np.linalg.inv(np.atleast_2d(apart.T @ apart / (len(apart) - 1)))
    out = np.zeros(n, bool)
    out[whole] = np.sum(apart @ precision * apart, axis=1) > stats.chi2.isf(p, d)
    return out
    ### END SOLUTION


# %% check="mahalanobis" points=10
line = np.arange(21.0)
cloud = np.column_stack([line, line + np.where(line % 2 == 0, 0.5, -0.5)])
cloud[10] = (15.0, 5.0)
got = outliers(cloud, 0.01)
assert got.shape == (21,) and got.dtype == bool, (
    f"one boolean for each of the 21 rows is expected, not {got.dtype} of shape {got.shape}"
)
assert got.tolist() == [i == 10 for i in range(21)], (
    "row 10 alone is out: its squared distance is 18.1, beyond the 9.21 that a share 0.01 of normal rows of 2 columns "
    f"exceeds; all others are below 3. You find rows {np.flatnonzero(got).tolist()}"
)
holes = cloud.copy()
holes[3] = (1e6, np.nan)
assert outliers(holes, 0.01).tolist() == [i == 10 for i in range(21)], (
    "a row with a NaN is no outlier and must not disturb the others, whatever else stands in it"
)
for d in (1, 3):
    normal_rows = np.random.default_rng(d).normal(size=(4_000, d))
    share = outliers(normal_rows, 0.05).mean()
    assert abs(share - 0.05) < 0.015, (
        f"of normal rows of {d} columns a share of about 0.05 is out for p = 0.05; you find {share:.3f} "
        "(chi-square has one degree of freedom for each column)"
    )
alone = np.array([[0.0], [0.0], [0.0], [1.0]])
assert outliers(alone, 0.15)[3] and not outliers(alone, 0.1)[3], (
    "0, 0, 0, 1: the variance divides by the number of rows less one, so the squared distance of the 1 is 2.25: "
    "beyond 2.07, which a share 0.15 exceeds, and below 2.71, which 0.1 exceeds"
)
for constant in (7.0, 0.1):
    try:
        outliers(np.column_stack([line, np.full(21, constant)]), 0.01)
        complained = False
    except ValueError:
        complained = True
    assert complained, f"the second column is {constant} in every row and does not vary: a ValueError is expected"
for p in (0.0, 1.0):
    try:
        outliers(cloud, p)
        complained = False
    except ValueError:
        complained = True
    assert complained, f"p = {p} is no share between 0 and 1: a ValueError is expected"
### BEGIN HIDDEN TESTS
from scipy import stats

from course_lib.exercises import hidden_seeds


def slow(rows, p):
    whole = [row for row in rows if not np.isnan(row).any()]
    covariance = np.cov(np.array(whole).T).reshape(rows.shape[1], rows.shape[1])
    middle = np.mean(whole, axis=0)
    far = [
        np.nan if np.isnan(row).any() else (row - middle) @ np.linalg.solve(covariance, row - middle) for row in rows
    ]
    return [bool(one > stats.chi2.ppf(1 - p, rows.shape[1])) for one in far]


for hidden in hidden_seeds("mahalanobis", 12):
    rng = np.random.default_rng(hidden)
    d, n = int(rng.integers(1, 5)), int(rng.integers(12, 60))
    rows = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) * 10.0 ** rng.integers(-3, 4) + 1e3
    rows[0] += 100 * np.ptp(rows, axis=0)
    rows[rng.random(rows.shape) < 0.03] = np.nan
    before, p = rows.copy(), float(rng.choice([0.5, 0.1, 0.01]))
    got = outliers(rows, p)
    assert np.array_equal(rows, before, equal_nan=True), "the rows were changed"
    assert got.tolist() == slow(rows, p), f"{n} rows of {d} columns, p = {p}: other rows are out than by the formula"
for n, d in ((5, 4), (7, 6), (3, 2)):
    tight = np.vstack([np.eye(d), np.zeros(d)])[:n]
    assert outliers(tight, 0.5).shape == (n,), f"{n} rows of {d} columns are one more than needed"
    try:
        outliers(tight[:-1], 0.5)
        complained = False
    except ValueError:
        complained = True
    assert complained, f"{n - 1} rows of {d} columns are too few: a ValueError is expected"
for p in (0.0, 1.0, -0.1, 1.1):
    try:
        outliers(cloud, p)
        complained = False
    except ValueError:
        complained = True
    assert complained, f"p = {p} is no share of rows: a ValueError is expected"
for constant in (0.1, 1e9 + 0.1):
    try:
        outliers(np.column_stack([line, np.full(21, constant)]), 0.5)
        complained = False
    except ValueError:
        complained = True
    assert complained, f"a column of {constant} alone does not vary, whatever its mean is rounded to: a ValueError"
few = np.full((9, 2), np.nan)
few[:2] = [[0.0, 1.0], [1.0, 0.0]]
try:
    outliers(few, 0.1)
    complained = False
except ValueError:
    complained = True
assert complained, "only two of the rows are whole, of two columns: a ValueError is expected"
many = np.random.default_rng(11).normal(size=(4_000, 2))
assert abs(outliers(many, 0.05).mean() - 0.05) < 0.015, "of normal rows about the share p is out"
### END HIDDEN TESTS

# %%
check("mahalanobis")

# %% [markdown]
# ### How much does a column tell?
#
# Entropy, $H = -\sum p \log_2 p$, measures a column's variety in bits; mutual information
# $I(X; Y) = H(X) + H(Y) - H(X, Y)$ what one column says about another. Both guard data: a device that got stuck loses
# entropy before any value is wrong. And which column explains a tip of zero? **Guess.**

# %%
from course_lib.validation.information import contingency, entropy, mutual_information, mutual_information_bias

no_tip = (sound.tip_cents == 0).to_numpy(bool)
columns = {name: sound[name].fillna(-1).to_numpy(int) for name in ("payment_type", "vendor_id", "pickup_zone")}
columns["hour"] = sound.pickup_at.dt.hour.to_numpy(int)
tables = {name: contingency(column, no_tip) for name, column in columns.items()}
told = {
    "entropy [bit]": {name: entropy(table.sum(1)) for name, table in tables.items()},
    "about no tip [bit]": {name: mutual_information(table) for name, table in tables.items()},
}
pd.DataFrame(told).round(5)

# %% [markdown]
# The payment type does: cash tips are not recorded, and stand there as 0. One more null that is not null. **Surprise:**
# the pickup zone seems to tell far more than the vendor. Does it? A column of 263 values fits any sample a little: from
# $n$ rows, two columns of $a$ and $b$ values that have *nothing* to do with each other seem to share, to first order,
# $(a-1)(b-1) / (2 n \ln 2)$ bits. Shuffle the tips, so that nothing is left between them and the zones, and measure.

# %%
zone = columns["pickup_zone"]
sizes = np.geomspace(2_000, len(zone), 8).astype(int)


def by_chance(n):
    rows = rng.permutation(len(zone))[:n]
    return mutual_information(contingency(zone[rows], rng.permutation(no_tip[rows])))


shuffled = [np.mean([by_chance(n) for _ in range(8)]) for n in sizes]
theory = [mutual_information_bias(tables["pickup_zone"].shape, int(n)) for n in sizes]
print(f"zones and tips as they are: {mutual_information(tables['pickup_zone']):.5f} bit; by chance: {shuffled[-1]:.5f}")

# %% alt="Mutual information of shuffled columns against rows: points on a falling theoretical line."
figure, axes = plt.subplots()
axes.plot(sizes, theory, color=colour("ink"), label="(a - 1)(b - 1) / (2 n ln 2)")
axes.plot(sizes, shuffled, "o", color=colour("kept"), label="shuffled: zone and tip")
logarithmic(axes)
axes.set(xlabel="rows", ylabel="mutual information [bit]")
axes.set_title("Columns that have nothing to do with each other share information in any sample")
axes.legend()
plt.show()

# %% [markdown]
# The zone tells nothing that chance would not. Every statistic of this chapter has a value under *nothing happened*
# that is not zero: remember that for the next question.
#
# ### Has the month changed?
#
# Compare February with January, column by column. First a trap that is in many notebooks: `chisquare` on shares.
# **Guess** the two p-values, for the weekdays of both months.

# %%
from course_lib.validation import drift

days_a = np.bincount(known.pickup_at.dropna().dt.dayofweek, minlength=7)
days_b = np.bincount(a_frame(february.published).pickup_at.dropna().dt.dayofweek, minlength=7)
on_shares = stats.chisquare(days_b / days_b.sum(), days_a / days_a.sum())
on_counts = drift.chi_square(days_a, days_b)
print(f"on shares: p = {on_shares.pvalue:.3f}    on counts: p = {on_counts.p:.1e}")

# %% [markdown]
# The test on shares believes in a sample of *one* trip and will never reject anything. On counts it rejects without
# doubt: January 2024 has five Mondays, February four. Real, and of no consequence for a duration model. So is the
# p-value the right alarm? Let the sample grow.

# %%
ns = np.unique(np.geomspace(100, min(days_a.sum(), days_b.sum()), 14).astype(int))
draws = [(rng.multivariate_hypergeometric(days_a, n), rng.multivariate_hypergeometric(days_b, n)) for n in ns]
p_values = [max(drift.chi_square(a, b).p, 1e-30) for a, b in draws]
sizes_of_change = [drift.l_infinity(a, b) for a, b in draws]

# %% alt="Against sample size: the p-value falls without end, the largest change of a share settles."
figure, (left, right) = plt.subplots(1, 2)
left.plot(ns, p_values, "o-", color=colour("refused"))
left.axhline(0.01, color=colour("ink"), linewidth=0.8)
logarithmic(left)
logarithmic(right, y=False)
left.set(xlabel="rows of each month", ylabel="p of chi-square (1e-30 and less below)")
left.set_title("p asks: is it chance?")
right.plot(ns, sizes_of_change, "o-", color=colour("kept"))
right.set(ylim=(0, None), xlabel="rows of each month", ylabel="largest change of a share")
right.set_title("L-infinity: is it large?")
plt.show()

# %% [markdown]
# With enough rows everything drifts. The p-value answers *could this be chance?*, and on big data the answer is
# always no. What you want to know is *how large*. Four sizes: the largest change of a share ($L_\infty$),
# Jensen-Shannon divergence in bits, the Kolmogorov-Smirnov distance for numbers, and the one that banks use:
#
# $$\text{PSI} = \sum_{i=1}^{k} (q_i - p_i) \ln \frac{q_i}{p_i}$$

# %%
before = known.distance_m.astype(float).to_numpy()
inner = drift.edges(before, 10)
in_feet = np.where(rng.random(len(before)) < 0.1, 3.28, 1.0)
february_m = a_frame(february.published).distance_m.astype(float).to_numpy()
cases = {"February": february_m, "a tenth in feet": before * in_feet, "all 3 % longer": before * 1.03}
sizes_of = {"PSI": drift.psi, "L-infinity": drift.l_infinity, "Jensen-Shannon [bit]": drift.jensen_shannon}
binned = {name: (drift.binned(before, inner), drift.binned(values, inner)) for name, values in cases.items()}
table = pd.DataFrame({name: {kind: f(*pair) for kind, f in sizes_of.items()} for name, pair in binned.items()}).T
table.assign(KS=[drift.ks(before, values).statistic for values in cases.values()]).round(5)

# %% [markdown]
# Custom says: PSI below 0.1 is nothing, up to 0.25 look, above it alarm. Custom does not ask for the sample's size.
# **Guess** for two samples of 200 trips from the *same* month, in ten bins: what is their PSI on average, and how often
# does it pass 0.1?

# %%
sample_sizes = [100, 200, 500, 1_000, 2_000, 5_000]
even = np.full(10, 0.1)
repeats = 60 if size == "test" else 300
null = {
    n: np.array([drift.psi(rng.multinomial(n, even), rng.multinomial(n, even)) for _ in range(repeats)])
    for n in sample_sizes
}
rows = {n: {"mean": v.mean(), "over 0.1": (v > 0.1).mean(), "over 0.25": (v > 0.25).mean()} for n, v in null.items()}
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# There is a law behind these numbers. Under no drift, PSI is $(1/n + 1/m)$ times a chi-square of $k - 1$ degrees of
# freedom, so its mean is $(k-1)(1/n + 1/m)$, and its quantiles are known.

# %% alt="PSI of two equal sources against sample size: points around the theory, near 0.1 at 200 rows."
figure, axes = plt.subplots()
axes.plot(np.repeat(sample_sizes, repeats), np.concatenate(list(null.values())), ".", alpha=0.2, color=colour("kept"))
axes.plot(list(null), [v.mean() for v in null.values()], "s", color=colour("ink"), mfc="white", label="measured mean")
grid = np.geomspace(80, 6_000, 50).astype(int)
axes.plot(grid, [drift.expected_psi(10, n, n) for n in grid], color=colour("ink"), label="(k - 1)(1/n + 1/m)")
axes.plot(grid, [drift.psi_limit(10, n, n) for n in grid], "--", color=colour("refused"), label="exceeded by 1 %")
axes.hlines([0.1, 0.25], 80, 6_000, color=colour("muted"), linewidth=0.8)
logarithmic(axes)
axes.set(xlabel="rows in each sample", ylabel="PSI", ylim=(1e-3, 1))
axes.set_title("Without any drift, small samples cross the customary 0.1 and 0.25")
axes.legend(loc="lower left")
plt.show()

# %% [markdown]
# At 200 rows about a third of all comparisons with *no drift* pass 0.1. At 50,000 rows chance stays below 0.0009 in 99
# cases of 100, and a bin may double its share (PSI 0.08) unnoticed. Set the limit from the law. The slider mixes trips
# in feet into a sample; find the smallest share that you can tell from nothing, for each size.


# %%
def mixed(share=0.05, rows=1000):
    pick = np.random.default_rng(seed).choice(before, (2, rows))
    current = np.where(np.random.default_rng(1).random(rows) < share, 3.28, 1.0) * pick[1]
    a, b = drift.binned(pick[0], inner), drift.binned(current, inner)
    figure, axes = plt.subplots()
    axes.bar(np.arange(1, 11) - 0.2, 100 * a / rows, 0.4, color=colour("repeated"), label="reference")
    axes.bar(np.arange(1, 11) + 0.2, 100 * b / rows, 0.4, color=colour("refused"), label="current", hatch="//")
    axes.set(xlabel="tenth of the reference's distances, 10 the longest", ylabel="trips [%]", xticks=range(1, 11))
    axes.set_title(f"PSI {drift.psi(a, b):.4f}; without drift 1 % exceed {drift.psi_limit(10, rows, rows):.4f}")
    axes.legend()
    return figure


# %% alt="Two samples in ten bins: with more trips in feet the current one leans to the longest tenth."
explore(
    mixed,
    share=(0.0, 0.3, 0.01),
    rows=[300, 1000, 3000, 30000],
    labels={"share": "share in feet", "rows": "rows of each sample"},
)

# %% [markdown]
# ### Exercise: PSI with empty bins
#
# An empty bin makes the logarithm infinite. Dropping the bin hides the worst drift there is (a value that vanished);
# adding 0.0001 to a share lets an arbitrary number decide. Add half a *count* to every bin of both samples before you
# take shares: its weight shrinks as samples grow. And give the value to expect from nothing. (`drift` is the module to
# be written here: the graded answer runs without it.)


# %% answer="psi"
def psi(reference: np.ndarray, current: np.ndarray) -> tuple[float, float]:
    """The population stability index of two samples, and what it is on average if nothing has drifted.

    reference, current   (k,) counts of n and m rows in the same k bins, k >= 2; whole numbers of 0 or more
    returns              (index, expected), plain floats:
                         index     sum over the bins of (q - p) ln(q / p), where p and q are the shares after half a
                                   count was added to every bin of both samples
                         expected  (k - 1)(1/n + 1/m), with the sizes n and m as they came

    Raises ValueError: different numbers of bins, fewer than two, a negative count, or a sample without any row.
    """
    ### BEGIN SOLUTION
    if len(reference) != len(current) or len(reference) < 2:
        raise ValueError("two samples in the same bins, at least two, are needed")
    n, m = int(reference.sum()), int(current.sum())
    if n == 0 or m == 0 or min(reference.min(), current.min()) < 0:
        raise ValueError("counts are 0 or more, and a sample has rows")
    k = len(reference)
    p = (reference + 0.5) / (n + k / 2)
    q = (current + 0.5) / (m + k / 2)
    return float(((q - p) * np.log(q / p)).sum()), (k - 1) * (1 / n + 1 / m)
    ### END SOLUTION


# %% check="psi" points=14
index, expected = psi(np.array([9, 9]), np.array([9, 0]))
assert abs(index - 1.3249975) < 1e-6, f"shares 9.5/19 and 9.5/19 against 9.5/10 and 0.5/10: 1.3249975, not {index}"
assert abs(expected - 1 / 6) < 1e-12, f"two bins, 18 and 9 rows: (2 - 1)(1/18 + 1/9) = 1/6, not {expected}"
index, expected = psi(np.array([8, 4, 0]), np.array([2, 4, 3]))
assert abs(index - 1.0557161) < 1e-6, (
    f"8.5, 4.5 and 0.5 of 13.5 against 2.5, 4.5 and 3.5 of 10.5: 1.0557161, not {index}"
)
index, expected = psi(np.array([30, 10]), np.array([30, 10]))
assert abs(index) < 1e-12, f"equal counts have not drifted; you say {index}"
assert type(index) is float and type(expected) is float, (
    f"two plain floats are expected (float(x) makes one), not {type(index).__name__} and {type(expected).__name__}"
)
for one, other, why in (
    ([1, 2], [1, 2, 3], "two bins against three"),
    ([3], [4], "one bin alone"),
    ([3, 4], [5, -2], "a negative count"),
    ([0, 0], [1, 1], "a sample without any row"),
):
    try:
        psi(np.array(one), np.array(other))
        complained = False
    except ValueError:
        complained = True
    assert complained, f"{why}, {one} against {other}: a ValueError is expected"
### BEGIN HIDDEN TESTS
import math

from course_lib.exercises import hidden_seeds

for hidden in hidden_seeds("psi", 25):
    rng = np.random.default_rng(hidden)
    k = int(rng.integers(2, 12))
    a, b = rng.integers(0, 6, k), rng.integers(0, 40, k)
    a[0], b[-1] = a[0] + 1, b[-1] + 1
    before = a.copy(), b.copy()
    n, m = int(a.sum()), int(b.sum())
    by_hand = 0.0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        p, q = (x + 0.5) / (n + k / 2), (y + 0.5) / (m + k / 2)
        by_hand += (q - p) * math.log(q / p)
    index, expected = psi(a, b)
    assert np.array_equal(a, before[0]) and np.array_equal(b, before[1]), "the counts were changed"
    assert type(index) is float and type(expected) is float, "two plain floats are expected"
    assert abs(index - by_hand) < 1e-9, f"the index of {a.tolist()} and {b.tolist()} is {by_hand}, not {index}"
    assert abs(psi(b, a)[0] - by_hand) < 1e-9, "the index is the same in both directions"
    assert abs(expected - (k - 1) * (1 / n + 1 / m)) < 1e-12, f"{k} bins, {n} and {m} rows: not {expected}"
rng = np.random.default_rng(hidden_seeds("psi", 1)[0])
share = np.array([0.4, 0.3, 0.2, 0.1])
runs = [psi(rng.multinomial(3_000, share), rng.multinomial(1_000, share)) for _ in range(200)]
on_average, law = np.mean([index for index, _ in runs]), runs[0][1]
assert 0.8 < on_average / law < 1.2, f"without drift the index is {on_average:.5f} on average; you expect {law:.5f}"
assert psi(np.array([1, 0]), np.array([0, 1]))[1] == 2.0, "one row each in two bins: 2 is expected of nothing"
for one, other in (([1], [1]), ([1, -1], [1, 1]), ([3, 4], [5, -2]), ([-1, 3], [1, 1]), ([0, 0], [1, 1]),
                   ([1, 1], [0, 0]), ([1, 2, 3], [1, 2])):  # fmt: skip
    try:
        psi(np.array(one), np.array(other))
        complained = False
    except ValueError:
        complained = True
    assert complained, f"counts {one} and {other}: a ValueError is expected"
### END HIDDEN TESTS

# %%
check("psi")

# %% [markdown]
# ### A schema that nobody wrote
#
# Who writes rules for two hundred columns? TensorFlow Data Validation infers them from a good month, a person edits
# them, and later months are compared. The profile of a table is enough; the data may be gone.

# %%
from course_lib.validation import comparators, inferred
from course_lib.validation.profile import profile

clean = january.published.filter(~refused(judged(january.bronze, january.publishes, january.month)))
usual = profile(clean)
schema = inferred.infer(usual).edited("dropoff_at", environments=frozenset({"training"}))
pd.DataFrame({
    name: {"kind": one.kind, "present at least": one.present, "domain": sorted(one.domain or [])[:4],
           "least": one.least, "most": one.most}
    for name, one in schema.columns.items()
}).T.iloc[1:13]  # fmt: skip

# %% [markdown]
# The edit says that `dropoff_at` belongs to training: when a model serves, nobody has dropped off yet. Now February
# arrives, as published. **Guess** which of its anomalies are the schema's own fault.

# %%
pd.DataFrame(inferred.anomalies(profile(february.published), schema, "training")).head(8)

# %% [markdown]
# It found the zone 999 and the negative fares without being told a rule. It also learned by heart that January's
# largest trip number is the largest ever. A schema that nobody has read is last month's accidents made law. When
# serving, the same schema asks for less, and a *skew comparator* sets training beside serving:

# %%
serving = clean.drop_columns(["dropoff_at"])
vendor = np.where(np.arange(len(serving)) % 8 == 0, 6, serving["vendor_id"].fill_null(1).to_numpy())
skewed = profile(serving.set_column(serving.column_names.index("vendor_id"), "vendor_id", [vendor]))
compared = comparators.compare(
    usual, skewed, (comparators.Comparator("vendor_id", 0.05), comparators.Comparator("payment_type", 0.05))
)
pd.DataFrame(inferred.anomalies(skewed, schema, "serving") + comparators.anomalies(compared, "skew"))

# %% [markdown]
# A new vendor code in one row of eight: unexpected by domain, and beyond the threshold by $L_\infty$, which names the
# value that moved. No p-value is asked.
#
# ## 3.5 When to wake somebody
#
# A metric a day, and an alarm. The habit of dashboards compares with the same day last week and rings at 10 %.
# `daily(seed, days)` makes a number a day around a weekly pattern, with noise of 4 %; here are twenty years in which
# *nothing happens*, each after 84 days of history. **Guess** how often a year it rings.

# %%
from course_lib.validation.monitor import Cusum, Threshold, WeekOverWeek, trial

quiet = [daily(seed + year, 84 + 365) for year in range(20)]
makers = {"week over week": WeekOverWeek, "3 sigma": Threshold, "CUSUM": Cusum}
pd.DataFrame({
    name: [trial(make, days[:84], days[84:]).false_alarms for days in quiet] for name, make in makers.items()
}).agg(["mean", "min", "max"]).T  # fmt: skip

# %% [markdown]
# The difference of two noisy days is noisier than either, by $\sqrt 2$: 10 % is less than two of its standard
# deviations. And after a true change it has one week to notice; then it compares the new world with itself. Two numbers
# judge a monitor: false alarms a year, and days from a change until it rings. `daily(seed, days, 144, 1.5)` moves the
# mean by 1.5 standard deviations from day 144 on.

# %%
change = 60
stream = daily(seed, 84 + 150, 84 + change, 1.5)


def days_that_ring(make):
    monitor = make(stream[:84])
    return [day for day, value in enumerate(stream[84:]) if monitor.update(float(value))]


rings = {name: days_that_ring(make) for name, make in makers.items()}

# %% alt="150 days with a small change at day 60, and the days on which three monitors ring: CUSUM again and again."
figure, (top, below) = plt.subplots(2, 1, sharex=True, height_ratios=[3, 1])
top.plot(stream[84:], color=colour("kept"), linewidth=1)
top.axvline(change, color=colour("ink"), linewidth=0.8)
top.set(ylabel="trips a day")
counts_after = [f"{name} {sum(day >= change for day in days)}" for name, days in rings.items()]
top.set_title("Alarms after the change: " + ", ".join(counts_after))
for row, days in enumerate(rings.values()):
    below.plot(days, [row] * len(days), "|", color=colour("refused"), markersize=10)
below.axvline(change, color=colour("ink"), linewidth=0.8)
below.set(yticks=range(3), yticklabels=list(rings), xlabel="day", ylim=(-0.6, 2.6))
plt.show()

# %% [markdown]
# CUSUM, the cumulative sum, forgives half a sigma a day and adds up what is left: a small change that *stays* grows,
# noise cancels. After an alarm it begins at 0 and finds the change again. (Which monitor rings *first* on one stream is
# luck; with seed 7 it is not CUSUM.) Its limit trades delay against false alarms. Turn it.

# %%
streams = [daily(1000 + i, 84 + 220) for i in range(12)], [daily(2000 + i, 84 + 120, 84 + 60, 1.5) for i in range(12)]


def judged_over(make):
    quiet_trials = [trial(make, s[:84], s[84:]) for s in streams[0]]
    delays = [60 if (d := trial(make, s[:84], s[84:], 60).delay) is None else d for s in streams[1]]
    rate = 365 * sum(t.false_alarms for t in quiet_trials) / (12 * 220)
    return max(rate, 0.1), float(np.mean(delays))


tried = np.arange(1.0, 9.0, 1.0)
curve = [judged_over(lambda history, h=limit: Cusum(history, limit=h)) for limit in tried]
others = {name: judged_over(makers[name]) for name in ("week over week", "3 sigma")}


# %%
def trade(limit=5.0):
    alarms, delay = judged_over(lambda history: Cusum(history, limit=limit))
    figure, axes = plt.subplots()
    axes.plot(*zip(*curve, strict=True), color=colour("kept"), label="CUSUM, limits 1 to 8")
    axes.plot(alarms, delay, "o", color=colour("kept"))
    for marker, (name, point) in zip("s^", others.items(), strict=True):
        axes.plot(*point, marker, color=colour("refused"), label=name)
    logarithmic(axes, y=False)
    axes.set(xlabel="false alarms [a year], 0.1 and less at the left edge", ylabel="mean delay [days]", ylim=(0, None))
    axes.set_title(f"At a limit of {limit:.1f}: {alarms:.1f} false alarms a year, {delay:.1f} days of delay")
    axes.legend()
    return figure


# %% alt="Mean delay against false alarms a year: a falling curve for CUSUM, the other monitors above it."
explore(trade, limit=(1.0, 8.0, 0.5), labels={"limit": "limit [sigma]"})

# %% [markdown]
# ### Exercise: a drift monitor
#
# Ring early, and not for nothing. Your monitor gets 84 days of history in which nothing happened but noise around a
# weekly pattern: weekends are lower. Then it sees one value after another. It is judged on streams of `daily`:
#
# - without a change, at most **4.5 false alarms a year** on average;
# - after the mean moved by 1.5 standard deviations of the noise, up or down, for good: a **mean delay of at most 7
#   days**. The delay is 0 if it rings on the day of the change; a change that it does not see within 60 days counts
#   as 60;
# - a day that lies more than ten standard deviations of the noise off its weekday's usual rings on that day.
#
# The decision about a day may use the history, that day and the days before it, and nothing later. After an alarm it
# starts afresh: with the same history, without memory of the days up to the alarm, but knowing which weekday it is. The
# unit does not matter: the same values in thousands, or counted from another zero, ring on the same days.
#
# `how_it_does(alarms)` measures a monitor as the tests do: try it on what you have. The library's `Cusum` would be an
# answer in three lines; the graded answer runs without it, and yours may be better.


# %% tags="setup"
def how_it_does(alarms, seeds=range(100, 120)):
    """False alarms a year, and the mean delay in days of a rise and of a fall, over twenty streams each."""
    rang, delays = 0, {1.5: [], -1.5: []}
    for one in seeds:
        quiet = daily(one, 84 + 365).tolist()
        rang += len(alarms(quiet[:84], quiet[84:]))
        for size, seen in delays.items():
            stream = daily(1000 + one, 84 + 21 + 60, 84 + 21, size).tolist()
            after = [day - 21 for day in alarms(stream[:84], stream[84:]) if day >= 21]
            seen.append(min(after, default=60))
    return rang / len(seeds), float(np.mean(delays[1.5])), float(np.mean(delays[-1.5]))


# %% answer="monitor"
def alarms(history: list[float], values: list[float]) -> list[int]:
    """The days, counted from 0 at the first of `values`, on which the monitor rings, ascending.

    history   (n) one value a day without a change, the last one on the day before values[0]; whole weeks, n >= 14;
              not to be changed
    values    (m) one value a day; m may be 0

    Raises ValueError: fewer than 14 days of history, or not whole weeks.
    """
    ### BEGIN SOLUTION
    weeks, rest = divmod(len(history), 7)
    if weeks < 2 or rest:
        raise ValueError("at least two whole weeks of history are needed")
    pattern = np.array(history, float).reshape(weeks, 7)
    usual = pattern.mean(axis=0)
    spread = (pattern - usual).std()
    rang, above, below = [], 0, 0
    for day, value in enumerate(values):
        away = (value - usual[day % 7]) / spread
        above, below = max(0, above + away - 0.6), max(0, below - away - 0.6)
        if max(above, below) > 5:
            rang.append(day)
            above = below = 0
    return rang
    ### END SOLUTION


# %% check="monitor" points=16
calm = [100.0, 101.0, 99.0, 100.0, 102.0, 81.0, 79.0, 101.0, 100.0, 100.0, 99.0, 101.0, 79.0, 80.0] * 6
history = list(calm)
got, unchanged = alarms(history, calm[:28]), history == calm
assert unchanged, "the history was changed: work on a copy of it"
assert got == [], f"four weeks like all the others are no change; you ring on days {got}"
got = alarms(calm, [*calm[:7], *[value + 50 for value in calm[:7]]])
assert got and got[0] == 7, (
    f"a jump of more than ten times the noise at day 7 must ring on day 7; you ring on days {got}"
)
spikes = [*calm[:2], 150.0, *calm[3:23], 50.0, *calm[24:28]]
got = alarms(calm, spikes)
assert got == [2, 23], (
    f"days 2 and 23 are far off, all others as usual: it rings on both, and starts afresh after each on the right "
    f"weekday; you ring on days {got}"
)
a_year, rise, fall = how_it_does(alarms)
told = f"yours: {a_year:.1f} false alarms a year, a rise seen after {rise:.1f} days, a fall after {fall:.1f}"
assert a_year <= 4.5, f"at most 4.5 false alarms a year are allowed; {told}"
assert rise <= 7, f"a rise of 1.5 standard deviations has to be seen after 7 days on average; {told}"
assert fall <= 7, f"a fall of 1.5 standard deviations has to be seen after 7 days on average; {told}"
risen = daily(3, 84 + 60, 84 + 30, 2.0)
got = alarms(risen[:84].tolist(), risen[84:].tolist())
for factor, shift, what in ((0.001, 0.0, "in thousands"), (1.0, -960.0, "counted from 960")):
    other = alarms((risen[:84] * factor + shift).tolist(), (risen[84:] * factor + shift).tolist())
    assert other == got, f"the same values {what} must ring on the same days: {got}, not {other}"
other = alarms(risen[:84].tolist(), risen[84 : 84 + 40].tolist())
assert other == [day for day in got if day < 40], (
    f"what rings on the first 40 days must not depend on later ones: {[day for day in got if day < 40]}, not {other}"
)
for days in (13, 15):
    try:
        alarms((calm * 2)[:days], calm[:7])
        complained = False
    except ValueError:
        complained = True
    assert complained, f"{days} days of history are fewer than 14 or no whole weeks: a ValueError is expected"
### BEGIN HIDDEN TESTS
from course_lib.exercises import hidden_seeds

seeds = hidden_seeds("monitor", 60)
rang = 0
for hidden in seeds[:20]:
    stream = daily(hidden, 84 + 364).tolist()
    days = alarms(stream[:84], stream[84:])
    assert days == sorted(set(days)) and all(0 <= day < 364 for day in days), (
        f"days of the stream, ascending, are expected, not {days}"
    )
    rang += len(days)
    k = 100 + hidden % 200
    assert alarms(stream[:84], stream[84 : 84 + k]) == [day for day in days if day < k], (
        "what rings by a day must not depend on later days"
    )
a_year = rang * 365 / (20 * 364)
assert a_year <= 4.5, f"without any change it rings {a_year:.1f} times a year, and 4.5 are allowed"
for sign in (1, -1):
    delays = []
    for hidden in seeds[20:]:
        stream = daily(hidden, 84 + 21 + 60, 84 + 21, sign * 1.5).tolist()
        seen = [day - 21 for day in alarms(stream[:84], stream[84:]) if day >= 21]
        delays.append(seen[0] if seen else 60)
    assert np.mean(delays) <= 7, (
        f"a change of {sign * 1.5} standard deviations is seen after {np.mean(delays):.1f} days; 7 are allowed"
    )
for factor, shift in ((0.001, 0.0), (1000.0, -5.0), (1.0, -900.0)):
    stream = daily(seeds[0], 84 + 120, 84 + 30, 3.0)
    assert alarms((stream[:84] * factor + shift).tolist(), (stream[84:] * factor + shift).tolist()) == alarms(
        stream[:84].tolist(), stream[84:].tolist()
    ), "another unit, another zero: the same days must ring"
stream = daily(seeds[1], 84 + 90, 84 + 10, 4.0).tolist()
after = [day for day in alarms(stream[:84], stream[84:]) if day >= 10]
assert len(after) >= 8, (
    f"a change that stays keeps ringing after every fresh start; in 80 days you ring {len(after)} times"
)
assert np.diff(after).max() <= 15, "after an alarm the monitor starts afresh and sees the change again"
for hidden in seeds[:8]:
    stream = daily(hidden, 84 + 70, 84, 2.5 if hidden % 2 else -2.5).tolist()
    days = alarms(stream[:84], stream[84:])
    for day in days:
        if day % 7 == 6:
            rest = [later - day - 1 for later in days if later > day]
            assert alarms(stream[:84], stream[84 + day + 1 :]) == rest, (
                f"it rang on day {day}, the last of a week; from then on it must ring as if it had been started anew"
            )
    for day, far in ((0, 12.0), (27, -12.0), (13, 12.0)):
        spiky = daily(hidden, 84 + 28)
        spiky[84 + day] += 40 * far
        rang = alarms(spiky[:84].tolist(), spiky[84:].tolist())
        assert day in rang, f"day {day} lies more than ten standard deviations off and must ring; {rang} ring"
        assert day + 1 not in rang, (
            f"only day {day} is far off; after its alarm the monitor starts afresh, not at once again"
        )
before = list(stream)
history, values = stream[:84], stream[84:]
alarms(history, values)
assert history + values == before, "history or values were changed"
assert alarms(stream[:84], []) == [], "without days nothing rings"
for days in (0, 7, 13, 15, 20, 85):
    try:
        alarms((stream * 2)[:days], stream[:5])
        complained = False
    except ValueError:
        complained = True
    assert complained, f"{days} days of history: a ValueError is expected"
assert isinstance(alarms(stream[:14], stream[:5]), list), "14 days of history are enough"
### END HIDDEN TESTS

# %%
check("monitor")

# %% [markdown]
# ## 3.6 What you built
#
# ### One contract, three engines
#
# The course judges by NumPy, Pandera by checks on a pandas frame, Great Expectations by a suite of expectations. Both
# could compare columns of a row; they get columns of *evidence* instead (how long a trip lasts, whether another row
# refunds it), so that all three judge the same. **Guess:** on how many rows do they differ?

# %%
from course_lib.validation import pandera_contract
from course_lib.validation.judged import disagreements

by_pandera = pandera_contract.verdicts(month.bronze, month.publishes, month.month)
by_expectations = expectations.verdicts()
print("Pandera:           ", disagreements(found, by_pandera) or "no row is judged differently")
print("Great Expectations:", disagreements(found, by_expectations) or "no row is judged differently")

# %% [markdown]
# Equal, bit by bit, on every row, for all sixteen rules. That was not given: each has its own idea of nulls, of
# ranges with or without their ends, and of which rows a failure names. Here is what Pandera's users write, generated
# from the same rules; a property test in `tests/validation/` compares all three on hostile rows.

# %%
for_pandera = pandera_contract.schema(month.publishes, month.month)
{name: [str(one.error) for one in column.checks] for name, column in list(for_pandera.columns.items())[:7]}

# %% [markdown]
# ### One month through everything
#
# One month goes through everything: judged, settled with nothing lost, measured, compared with the month before. This
# is what the pipeline's `validate` step does for every file.

# %%
from course_lib.transforms.newest import newest
from course_lib.validation.quarantine import quarantine

verdict = judged(february.bronze, february.publishes, february.month)
bad = refused(verdict)
in_quarantine = quarantine(february.bronze.filter(bad), verdict[bad])
candidates = february.bronze.filter(~bad)
stands = newest(candidates)
valid, apart, twice = int(stands.sum()), in_quarantine.num_rows, int((~stands).sum())
print(f"{len(verdict):,} read = {valid:,} valid + {apart:,} quarantined + {twice:,} duplicates")
assert len(verdict) == valid + apart + twice, "the law of rows"
assert valid == candidates["trip_id"].to_pandas().nunique(), "the law of trips"

# %%
against = score(bad, np.isin(february.kinds, UNUSABLE))
moved_bins = [
    drift.binned(a_frame(one.published).distance_m.astype(float).to_numpy(), inner) for one in (january, february)
]
limit = drift.psi_limit(10, *(int(bins.sum()) for bins in moved_bins))
print(f"precision {against.precision:.3f}, recall {against.recall:.3f} (the course's contract does not check totals)")
print(f"PSI of distances against January: {drift.psi(*moved_bins):.5f}, limit {limit:.5f}")
pd.Series(in_quarantine["reasons"].to_pylist()).value_counts().head(5)

# %% [markdown]
# ### Exercise: refuse or warn? (prose)
#
# In fifteen to twenty sentences: the source announces that from next month `total_cents` will contain a fee that no
# other column shows. Your rule *total is the sum of its parts* has the severity error, the duration model does not
# use totals, and finance does. What do you change before the month arrives, in what order, and what do you watch
# afterwards? Name what would be lost if you did the opposite.

# %% [markdown] answer="refuse-or-warn" points=8
# ### BEGIN SOLUTION
# The rule describes the old source, so it will be wrong for every row, and as an error it would quarantine nearly the
# whole month: the model would train on what happens to be left, which is worse than a late month. Before the month
# arrives I lower its severity to warning in a new version of the contract, valid from that month, so that old months
# replayed later are still judged by the rule of their time. I tell finance, who needs totals: for them the rule was
# the guard, so I add a rule that fits the new meaning, total at least the sum of the parts and the difference within
# the announced fee, as a warning first. I run both versions on the last month and on the first sample of the new one,
# and show which verdicts change. After the month has arrived I watch the share of rows that break the new rule, the
# distribution of the difference (its PSI against the announcement's first week), and completeness of total. When the
# share has been below its target for a window of an SLO, the new rule may become an error for finance's table, not
# for the model's: severity belongs to the use. I keep the batch's contract version beside every verdict so that the
# jump in the report is explained. The opposite, leaving the error and waiting, loses a month of training data and
# hides real sum errors among the false ones; deleting the rule loses finance's only check, and nobody notices the
# next real error.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# - 2 points: severity lowered (or rule split) before the arrival, with the reason that an error would quarantine most
#   of the month.
# - 2 points: a new version of the contract, with validity in time or per source, compared with the old one on data
#   before it is merged.
# - 2 points: severity or rule depends on the use (model against finance); finance keeps a check that fits the new
#   meaning.
# - 1 point: what is watched afterwards is concrete: a share of warnings, a distribution, an SLO with a window.
# - 1 point: names a loss of the opposite (a month of data, real errors hidden among false ones, or no check at all).
# ### END MARK SCHEME

# %%
progress()

# %% [markdown]
# **You can say now**
#
# - which of five layers found a defect, which row it refuses and why, and that no row and no trip is lost;
# - what a metric would show if nothing had happened, and in which direction it is bad;
# - how many days a change stays unseen, what that costs in false alarms, and why a p-value is not that.
#
# The next chapter takes the valid rows and makes two more tables of them: one row a trip (*silver*), and what models
# and reports read (*gold*).
