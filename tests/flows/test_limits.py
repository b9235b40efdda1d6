"""A run raises its limit of open files, or says that it is too low."""

from __future__ import annotations

import resource

import pytest

from course_lib.errors import BadArgument
from course_lib.flows.limits import allow_open_files

ANY = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        pytest.param((256, 1 << 20), (4096, 1 << 20), id="raised to what Dask advises"),
        pytest.param((256, 1024), (1024, 1024), id="raised as far as it may be"),
        pytest.param((256, ANY), (4096, ANY), id="where there is no limit to the limit"),
        pytest.param((1 << 16, 1 << 20), None, id="high enough"),
        pytest.param((ANY, ANY), None, id="no limit"),
        pytest.param((256, 256), None, id="low, and enough for two workers"),
    ],
)
def test_the_limit_is_raised_as_far_as_it_may_be(monkeypatch, limits, raised):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda kind, wanted: asked.append(wanted))

    allow_open_files(2)

    assert asked == ([raised] if raised else [])


@pytest.mark.parametrize(("limit", "workers"), [(64, 1), (256, 64)])
def test_too_low_a_limit_is_told_with_what_is_needed(monkeypatch, limit, workers):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (limit, limit))

    with pytest.raises(BadArgument, match=f"{limit} files open here, and this run needs {96 + 4 * workers}"):
        allow_open_files(workers)
