"""A digest says whether two contents are equal, and anyone can verify it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.storage import digests

QUICK = settings(max_examples=50)
TREES = st.dictionaries(st.text("abc/.é", min_size=1, max_size=6), st.text("01", min_size=1, max_size=3), max_size=6)


def test_the_digest_of_a_file_is_what_sha256sum_says(tmp_path: Path):
    data = os.urandom(1 << 17)
    (tmp_path / "file").write_bytes(data)

    assert digests.of_file(tmp_path / "file") == hashlib.sha256(data).hexdigest() == digests.of_bytes(data)


def test_the_digest_of_a_folder_is_that_of_its_listing(tmp_path: Path):
    for name in ("b", "a/c", "a/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    listed = digests.of_folder(tmp_path)

    assert list(listed) == ["a/c", "a/d", "b"]
    told = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ("a/c", "a/d", "b"))
    assert digests.of_listing(listed) == hashlib.sha256(told.encode()).hexdigest()


@QUICK
@given(TREES, TREES)
def test_listings_have_one_digest_exactly_when_they_are_equal(one: dict[str, str], other: dict[str, str]):
    assert (digests.of_listing(one) == digests.of_listing(other)) == (one == other)


@QUICK
@given(TREES)
def test_the_order_of_keys_does_not_count(tree: dict[str, str]):
    turned = dict(reversed(tree.items()))

    assert digests.of_listing(tree) == digests.of_listing(turned)
    assert digests.of_json(tree) == digests.of_json(turned)


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1}, {"a": "1"}), ([1, 2], [2, 1]), ([[1], 2], [1, [2]]), ({"a": None}, {}), (1, True)]
)
def test_values_that_differ_have_other_digests(one: object, other: object):
    assert digests.of_json(one) != digests.of_json(other)
