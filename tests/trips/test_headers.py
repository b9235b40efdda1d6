"""The header registry: every month is served, no two versions are the same, unknown headers are told apart."""

import pytest

from course_lib.errors import SchemaDrift
from course_lib.trips import headers
from course_lib.trips.schema import BRONZE, NAMES, SERVICES

FIRST = {"yellow": (2009, 1), "green": (2013, 8), "fhv": (2015, 1), "fhvhv": (2019, 2)}
HEADER = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,"
    "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount,congestion_surcharge"
)
MODERN_YELLOW = HEADER.split(",")


def months_since(first: headers.Month) -> list[headers.Month]:
    return [(year, month) for year in range(2009, 2026) for month in range(1, 13) if (year, month) >= first]


@pytest.mark.parametrize("service", SERVICES)
def test_every_published_month_is_served_by_a_version(service):
    versions = [version for version in headers.registry() if version.service == service]

    unserved = [month for month in months_since(FIRST[service]) if not any(v.serves(month) for v in versions)]

    assert unserved == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_version_serves_a_month_before_the_service_existed(service):
    starts = [first for v in headers.registry() if v.service == service for first, _ in v.months]

    assert min(starts) == FIRST[service]


def test_no_two_versions_share_a_set_of_columns():
    """Not even across services: a file whose name says nothing is told by its header alone."""
    keys = [version.key for version in headers.registry()]

    assert len(set(keys)) == len(keys)


def test_every_name_is_unique():
    names = [version.name for version in headers.registry()]

    assert len(set(names)) == len(names)


def test_kept_columns_do_not_take_a_name_of_bronze():
    kept = [column.name for v in headers.registry() for column in v.columns if column.kind.startswith("kept")]

    assert not set(kept) & set(BRONZE.names)


def test_no_column_name_occurs_twice_in_a_version():
    for version in headers.registry():
        assert len(version.key) == len(version.columns), version.name


def test_every_version_of_a_service_publishes_when_a_trip_began():
    assert all("pickup_at" in version.published for version in headers.registry())


@pytest.mark.parametrize(
    ("name", "unpublished"),
    [
        pytest.param("yellow-2009-01", {"pickup_zone", "dropoff_zone"}, id="coordinates instead of zones"),
        pytest.param("fhv-2015-01", {"dropoff_at", "dropoff_zone", "fare_cents", "distance_m"}, id="the first fhv"),
        pytest.param("fhvhv-2019-02-parquet", {"total_cents", "passengers"}, id="fhvhv publishes no total"),
        pytest.param("green-2013-08", {"pickup_zone"}, id="the first green"),
    ],
)
def test_what_a_version_does_not_publish_is_not_promised(name, unpublished):
    version = next(version for version in headers.registry() if version.name == name)

    assert not version.published & unpublished


def test_fees_are_published_as_surcharges():
    for version in headers.registry():
        if version.service:
            fees = any(column.kind == "fee" for column in version.columns)
            assert fees == ("surcharges_cents" in version.published), version.name


def test_canonical_publishes_every_field_and_needs_all_but_provenance():
    version = headers.canonical()

    assert version.published == set(NAMES)
    assert version.key == set(NAMES) - {"source_file", "source_row"}


def test_order_case_spaces_quotes_and_a_byte_order_mark_do_not_count():
    dressed = ["\ufeff" + MODERN_YELLOW[0], *(f' "{name.upper()}" ' for name in reversed(MODERN_YELLOW[1:]))]

    assert headers.match("x.csv", dressed, "yellow").name == "yellow-2019-01"


def test_an_index_of_pandas_does_not_count():
    """Yellow 2010-02 and 2010-03 were republished with one."""
    assert headers.match("x.parquet", [*MODERN_YELLOW, "__index_level_0__"], None).name == "yellow-2019-01"


def test_an_unknown_column_is_drift_that_names_it_and_the_nearest_version():
    with pytest.raises(SchemaDrift) as caught:
        headers.match("y.csv", [*MODERN_YELLOW, " Moon_Tax "], "yellow")

    assert (caught.value.nearest, caught.value.new, caught.value.missing) == ("yellow-2019-01", ("Moon_Tax",), ())
    assert "headers.toml" in str(caught.value)
    assert "y.csv" in str(caught.value)


def test_a_missing_column_is_drift_that_names_it():
    with pytest.raises(SchemaDrift) as caught:
        headers.match("y.csv", [name for name in MODERN_YELLOW if name != "tip_amount"], "yellow")

    assert caught.value.missing == ("tip_amount",)


def test_a_column_that_occurs_twice_is_drift():
    with pytest.raises(SchemaDrift) as caught:
        headers.match("y.csv", [*MODERN_YELLOW, "EXTRA"], "yellow")

    assert caught.value.new == ("EXTRA",)


def test_the_name_of_a_file_outweighs_its_header():
    """A yellow header in a file called green is drift: one of the two is wrong, and guessing would mix services."""
    with pytest.raises(SchemaDrift):
        headers.match("green.csv", MODERN_YELLOW, "green")


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("yellow_tripdata_2020-01.csv", "yellow"),
        ("fhvhv_tripdata_2020-01.parquet", "fhvhv"),
        ("fhv_tripdata_2020-01.parquet", "fhv"),
        ("My-Green.CSV", "green"),
        ("trips.csv", None),
        ("green_and_yellow.csv", None),
        ("evergreen.csv", None),
    ],
)
def test_the_service_stands_in_the_name(name, service):
    assert headers.service_in(name) == service


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("green_tripdata_2020-10.csv.gz", (2020, 10)),
        ("green_2020_10.csv", (2020, 10)),
        ("202010.csv", (2020, 10)),
        ("green_2020-13.csv", None),
        ("trips-20201017.csv", None),
        ("trips.csv", None),
    ],
)
def test_the_month_stands_in_the_name(name, month):
    assert headers.month_in(name) == month


@pytest.mark.parametrize("service", ["yellow", None])
def test_a_header_cut_in_half_is_nearest_to_the_one_it_was_cut_from(service):
    """Not to a short header of another service, from which it differs in fewer columns."""
    with pytest.raises(SchemaDrift) as caught:
        headers.match("y.csv", [*MODERN_YELLOW[:4], "trip_dis"], service)

    assert caught.value.nearest.startswith("yellow-20")
    assert (caught.value.shared, caught.value.new) == (4, ("trip_dis",))
    assert f"with 4 of its {4 + len(caught.value.missing)} columns" in str(caught.value)


def test_a_header_without_a_known_column_has_no_nearest_version_in_words():
    with pytest.raises(SchemaDrift) as caught:
        headers.match("t.csv", ["a", "b"], None)

    assert caught.value.shared == 0
    assert "no registered one has any of its columns: ['a', 'b']." in str(caught.value)


def test_of_many_unknown_columns_the_message_lists_a_few_and_the_error_keeps_all():
    names = [f"column {i}" for i in range(5_000)]
    with pytest.raises(SchemaDrift) as caught:
        headers.match("wide.csv", [*MODERN_YELLOW, *names, "x" * 10_000], "yellow")

    assert caught.value.new == (*names, "x" * 10_000)
    assert "'column 5'] and 4,995 more" in str(caught.value)
    assert len(str(caught.value)) < 600
