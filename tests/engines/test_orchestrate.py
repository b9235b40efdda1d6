"""Every engine that orchestrates runs the steps in order, tries again, resumes, and fills in days."""

from __future__ import annotations

import pytest

from course_lib.engines import orchestrate, steps
from course_lib.engines.running import call
from course_lib.errors import ContractBroken
from tests.engines.contract import broken_copy, contract, ready

DAY = orchestrate.DAYS[0]


@pytest.mark.parametrize(("name", "what"), contract("orchestrate"))
def test_contract(name, what, tmp_path):
    orchestrate.CHECKS[what](ready(name), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("retries=1, ", "", "a step broke once", id="no retry"),
        pytest.param("INPUTS + TASK_SOURCE", "INPUTS", "attempts", id="tasks pass for one another"),
        pytest.param("persist_result=True", "persist_result=False", "attempts", id="nothing is kept"),
    ],
)
def test_a_wrong_adapter_breaks_the_contract(old, new, words, tmp_path):
    wrong = broken_copy("prefect", tmp_path, (old, new))

    with pytest.raises(ContractBroken, match=words):
        orchestrate.the_days_work(wrong, tmp_path / "run")


@pytest.mark.full
def test_airflow_runs_its_dag_without_a_scheduler_too(tmp_path):
    gold = orchestrate.given(tmp_path, [DAY])

    result = call(ready("airflow"), "without_scheduler", tmp_path, {"folder": tmp_path, "day": DAY})

    assert result.value == "completed"
    assert [one.step for one in orchestrate.attempts(tmp_path, DAY)] == list(steps.STEPS)
    orchestrate.expect_gold(tmp_path, DAY, gold[DAY])


def test_the_steps_one_after_the_other_make_the_oracles_gold(tmp_path):
    gold = orchestrate.given(tmp_path)

    for day, wanted in gold.items():
        for step in steps.BY_NAME.values():
            step(tmp_path, day)
        orchestrate.expect_gold(tmp_path, day, wanted)
        assert wanted.count(b"\n") > 50
        assert [one.step for one in orchestrate.attempts(tmp_path, day)] == list(steps.STEPS)


def test_a_step_breaks_as_often_as_it_is_told_to_and_leaves_a_trace_each_time(tmp_path):
    orchestrate.given(tmp_path, [DAY])
    orchestrate.break_step(tmp_path, DAY, "extract", 2)

    for _ in range(2):
        with pytest.raises(steps.StepBroke):
            steps.extract(tmp_path, DAY)
    steps.extract(tmp_path, DAY)

    assert [one.outcome for one in orchestrate.attempts(tmp_path, DAY)] == ["broke", "broke", "done"]


def test_a_step_without_its_input_breaks_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        steps.validate(tmp_path, DAY)

    assert not (tmp_path / "between").exists()
    assert [one.outcome for one in orchestrate.attempts(tmp_path, DAY)] == ["broke"]
