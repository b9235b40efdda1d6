"""Every engine that serves features answers with what was known when it was asked."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from course_lib.engines import serve
from course_lib.errors import ContractBroken
from tests.engines.contract import broken_copy, contract, ready


@pytest.mark.parametrize(("name", "what"), contract("serve"))
def test_contract(name, what, tmp_path):
    serve.CHECKS[what](ready(name), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('timestamp_field="known_at"', 'timestamp_field="measured_at"', id="joined by what it is about"),
        pytest.param("ttl=timedelta(0)", "ttl=timedelta(hours=2)", id="readings grow old"),
        pytest.param("datetime.fromisoformat(until)", "datetime(2100, 1, 1)", id="online sees the future"),
    ],
)
def test_a_wrong_adapter_breaks_the_contract(old, new, tmp_path):
    wrong = broken_copy("feast", tmp_path, (old, new))

    with pytest.raises(ContractBroken):
        serve.as_of(wrong, tmp_path / "run")


def test_the_oracle_knows_a_reading_from_the_second_on_in_which_it_became_known():
    known = serve.readings()
    one = known[0]
    before = serve.newest_known(known, one["zone"], one["known_at"] - timedelta(seconds=1))
    at = serve.newest_known(known, one["zone"], one["known_at"])

    assert at == {name: one[name] for name in serve.FEATURES}
    assert before != at or len(known) == 1


def test_the_readings_hold_what_makes_the_contract_hard():
    known = serve.readings()
    by_zone = {zone: [one for one in known if one["zone"] == zone] for zone in serve.ZONES}

    assert all(one["known_at"] > one["measured_at"] for one in known)
    assert any(one["trips"] is None for one in known)
    assert {one["zone"] for one in serve.questions(known)} >= {serve.SILENT_ZONE}
    # Some reading about a later hour was known before one about an earlier hour.
    ordered = sorted(by_zone[1], key=lambda one: one["known_at"])
    assert any(a["measured_at"] > b["measured_at"] for a, b in pairwise(ordered))
    # Some question gets another answer where the time of measuring is taken for that of knowing.
    leaky = [one | {"known_at": one["measured_at"]} for one in known]
    asked = serve.questions(known)
    assert any(
        serve.newest_known(leaky, one["zone"], one["asked_at"])
        != serve.newest_known(known, one["zone"], one["asked_at"])
        for one in asked
    )
