import dataclasses

import pytest

from course_lib.reports.verdict import about_model, came_in, fit_to_use, refused


def test_a_good_run_is_fit_and_nothing_speaks_against_it(data):
    assert fit_to_use(data) == ("fit", "Fit to use", ())


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        (
            {"rows_read": 0, "rows_silver": 0, "rows_quarantined": 0, "rows_duplicate": 0},
            "unfit",
            "Not one row was read.",
        ),
        ({"rows_silver": 0, "rows_quarantined": 197_700}, "unfit", "Not one row was kept."),
        ({"rows_silver": 191_899}, "unfit", "1 row unaccounted for"),
        ({"rows_silver": 191_902}, "unfit", "2 rows counted twice"),
        (
            {"rows_silver": 150_000, "rows_quarantined": 47_700},
            "care",
            "1 of 9 quality targets missed: rows consistent.",
        ),
        ({"skipped": [{"path": "a", "why": "b"}]}, "care", "1 input could not be read and is left out."),
        ({"warnings": {"zero_fare": 100_000}}, "care", "zero fares"),
    ],
)
def test_what_is_wrong_is_said(make, changes, level, words):
    verdict = fit_to_use(make(**changes))

    assert verdict.level == level
    assert any(words in reason for reason in verdict.reasons)


def test_a_model_no_better_than_a_guess_asks_for_care(make):
    model = {
        "mae_s": 400.0,
        "baseline_mean_mae_s": 497.0,
        "baseline_zone_hour_mae_s": 318.0,
        "rows_train": 1,
        "rows_test": 1,
    }
    bad = make(model=model)

    assert fit_to_use(bad).level == "care"
    assert fit_to_use(dataclasses.replace(bad, quality=())).reasons == ("The model is no better than a baseline.",)
    assert about_model(bad) == ("The duration model errs by 400\u202fs, no less than the better baseline (318\u202fs).")


def test_a_run_without_a_model_may_be_fit(make):
    few = make(model=None, model_skipped="12 usable trips; a model needs 1,000")

    assert fit_to_use(few).level == "fit"
    assert about_model(few) == "There is no model: 12 usable trips; a model needs 1,000."


def test_one_is_told_in_the_singular(make):
    one = make(rows_read=3, rows_silver=1, rows_quarantined=1, rows_duplicate=1, files=[{}])

    assert came_in(one) == "3 rows came in from 1 file; 1 is kept"
    assert refused(one) == (
        "1 (33.3\u202f%) is in quarantine, with all reasons; "
        "1 (33.3\u202f%) was displaced by another row of the same trip."
    )
