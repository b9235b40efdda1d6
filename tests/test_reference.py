"""The reference job, against answers worked out by hand and the laws it keeps."""

import csv
import io
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import reference
from course_lib.reference import HEADER, NEEDED, zone_hour_demand
from tests.places import ROOT

NINE = datetime(2024, 3, 1, 9)


def trip(trip_id: int, **changes) -> dict:
    """A valid row: 10 minutes, 2 km and 9 dollars from zone 7, at 9 o'clock."""
    sound = {
        "trip_id": trip_id, "pickup_zone": 7, "pickup_at": NINE, "dropoff_at": NINE + timedelta(minutes=10),
        "distance_m": 2000, "fare_cents": 900, "updated_at": None, "source_file": "a.csv", "source_row": trip_id,
    }  # fmt: skip
    return sound | changes


def answer(*lines: str) -> str:
    return "".join(line + "\n" for line in (HEADER, *lines))


def test_worked_by_hand():
    late_start, other_hour = NINE.replace(minute=59, second=59), NINE.replace(hour=10)
    rows = [
        trip(1),
        trip(2, pickup_at=late_start, dropoff_at=late_start + timedelta(seconds=1), fare_cents=0, distance_m=1),
        trip(3, pickup_at=other_hour, dropoff_at=other_hour + timedelta(hours=2), fare_cents=2_147_483_647),
        trip(4, pickup_zone=10),
    ]

    assert zone_hour_demand(rows) == answer(
        "2024-03-01T09:00:00,7,2,900,2001,601,900",
        "2024-03-01T09:00:00,10,1,900,2000,600,900",
        "2024-03-01T10:00:00,7,1,2147483647,2000,7200,2147483647",
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"pickup_zone": None}, id="no pickup zone"),
        pytest.param({"pickup_at": None}, id="no pickup time"),
        pytest.param({"dropoff_at": None}, id="no dropoff time"),
        pytest.param({"dropoff_at": NINE}, id="no time passes"),
        pytest.param({"dropoff_at": NINE - timedelta(seconds=1)}, id="goes back in time"),
        pytest.param({"distance_m": 0}, id="goes nowhere"),
        pytest.param({"distance_m": None}, id="distance unknown"),
        pytest.param({"fare_cents": -1}, id="pays the passenger"),
        pytest.param({"fare_cents": None}, id="fare unknown"),
    ],
)
def test_what_is_not_a_trip_is_not_counted(change):
    assert zone_hour_demand([trip(1, **change)]) == answer()


def test_nothing_kept_is_the_header_alone():
    assert zone_hour_demand([]) == HEADER + "\n"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param({"updated_at": NINE}, {"updated_at": NINE + timedelta(seconds=1)}, id="later update"),
        pytest.param({"updated_at": None}, {"updated_at": datetime.min}, id="null is the oldest of all"),
        pytest.param({"source_file": "b"}, {"source_file": "a", "source_row": 9}, id="then the smaller file"),
        pytest.param({"source_file": "a"}, {"source_file": "B"}, id="bytewise: capitals first"),
        pytest.param({"source_file": "\U0001f695"}, {"source_file": "\uffee"}, id="bytewise, not by UTF-16 units"),
        pytest.param({"source_row": 10}, {"source_row": 9}, id="then the smaller row, as a number"),
    ],
)
def test_the_newest_version_counts(older, newer):
    old, new = trip(1, fare_cents=100, **older), trip(1, fare_cents=200, **newer)

    assert zone_hour_demand([old, new]) == zone_hour_demand([new, old]) == zone_hour_demand([new])


def test_an_invalid_correction_leaves_the_older_row_standing():
    correction = trip(1, updated_at=NINE, distance_m=0)

    assert zone_hour_demand([trip(1), correction]) == zone_hour_demand([trip(1)])


def test_a_correction_may_move_a_trip_to_another_hour():
    moved = trip(1, updated_at=NINE, pickup_at=NINE - timedelta(hours=1))

    assert zone_hour_demand([trip(1), moved]) == answer("2024-03-01T08:00:00,7,1,900,2000,4200,900")


times = st.none() | st.integers(0, 30 * 60).map(lambda minutes: NINE + timedelta(minutes=minutes))
rows = st.lists(
    st.builds(
        trip,
        st.integers(1, 5),
        pickup_zone=st.none() | st.integers(1, 3),
        pickup_at=times,
        dropoff_at=times,
        distance_m=st.none() | st.integers(-1, 3),
        fare_cents=st.none() | st.integers(-1, 3),
        updated_at=times,
        source_file=st.sampled_from(["a", "b"]),
    ),
    max_size=30,
).map(lambda rows: [row | {"source_row": number} for number, row in enumerate(rows)])


@given(rows, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_rows_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))

    assert zone_hour_demand(shuffled) == zone_hour_demand(rows)


@given(rows)
@settings(deadline=None)
def test_every_row_twice_is_every_row_once(rows):
    assert zone_hour_demand(rows + rows) == zone_hour_demand(rows)


@given(rows)
@settings(deadline=None)
def test_text_and_values_give_the_same_answer(rows):
    as_text = [{k: "" if v is None else v.isoformat() if isinstance(v, datetime) else str(v) for k, v in row.items()}
               for row in rows]  # fmt: skip

    assert zone_hour_demand(as_text) == zone_hour_demand(rows)


@given(rows)
@settings(deadline=None)
def test_trips_with_ids_of_their_own_are_conserved(rows):
    rows = [row | {"trip_id": number} for number, row in enumerate(rows)]
    lines = list(csv.DictReader(io.StringIO(zone_hour_demand(rows))))
    kept = list(reference.valid(rows))

    assert sum(int(line["trips"]) for line in lines) == len(kept)
    assert sum(int(line["seconds"]) for line in lines) == sum(trip.seconds for trip in kept)
    assert max((int(line["max_fare_cents"]) for line in lines), default=0) == max(
        (t.fare_cents for t in kept), default=0
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"distance_m": 2000.0}, TypeError, id="a float distance"),
        pytest.param({"fare_cents": float("nan")}, TypeError, id="not a number"),
        pytest.param({"pickup_at": "2024-03-01T09:00:00Z"}, ValueError, id="a time with a zone"),
        pytest.param({"pickup_at": 1709283600}, ValueError, id="seconds since 1970"),
        pytest.param({"trip_id": None}, ValueError, id="a valid trip without an id"),
    ],
)
def test_what_an_engine_may_have_spoilt_is_refused(change, error):
    with pytest.raises(error):
        zone_hour_demand([trip(1) | change])


def _run(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "course_lib.reference", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_command_reads_csv_and_writes_the_same_bytes(tmp_path):
    rows = [trip(1), trip(2, pickup_zone=None), trip(3, pickup_at=NINE + timedelta(minutes=1))]
    for name, some in (("one.csv", rows[:2]), ("two.csv", rows[2:])):
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, ["operator", *NEEDED], lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(some)

    done = _run(tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "answer.csv")

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "answer.csv").read_bytes() == zone_hour_demand(rows).encode()


def test_a_csv_without_provenance_is_numbered(tmp_path):
    twice = tmp_path / "twice.csv"
    twice.write_text(
        "trip_id,pickup_zone,pickup_at,dropoff_at,distance_m,fare_cents,updated_at\n"
        "1,7,2024-03-01 09:00:00,2024-03-01 09:10:00,2000,900,\n"
        "1,7,2024-03-01 09:00:00,2024-03-01 09:10:00,2000,950,\n"
    )

    assert zone_hour_demand(reference.read_csv(twice)) == answer("2024-03-01T09:00:00,7,1,900,2000,600,900")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(None, "trips.csv", id="no such file"),
        pytest.param("a,b\n1,2\n", "trip_id", id="another table"),
        pytest.param("", "trip_id", id="empty"),
        pytest.param(",".join(NEEDED) + "\n1,x,,,,,,,1\n", "x", id="a word for a number"),
    ],
)
def test_the_command_says_what_it_cannot_read(tmp_path, capsys, text, told):
    path = tmp_path / "trips.csv"
    if text is not None:
        path.write_text(text)

    code = reference.main([str(path), str(tmp_path / "answer.csv")])

    assert code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "answer.csv").exists()


def test_the_command_says_how_it_is_used(capsys):
    assert reference.main([]) == 2
    assert "trips.csv" in capsys.readouterr().err


def test_it_needs_nothing_but_the_standard_library():
    script = "import sys; before = set(sys.modules); import course_lib.reference; print(*(set(sys.modules) - before))"

    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)

    imported = {name.split(".")[0] for name in done.stdout.split()} - {"course_lib"}
    assert done.returncode == 0, done.stderr
    assert imported <= sys.stdlib_module_names
    assert "course_lib.errors" not in done.stdout
