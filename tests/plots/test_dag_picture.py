"""Is a graph drawn so that it can be followed?"""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.dag.course import COURSE
from course_lib.dag.graph import Cycle, order
from course_lib.dag.pipeline import Pipeline, Step
from course_lib.plots.dag_picture import graph_picture, pipeline_picture
from course_lib.plots.layered import layout

GRAPHS = st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh"), max_size=4), max_size=8)


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=40), st.sets(st.text(max_size=40), max_size=4), max_size=8))
def test_any_graph_is_a_sound_picture(sound, needs):
    sound(graph_picture(needs, "Any graph", notes=dict.fromkeys(needs, "12.0 s"), strong=list(needs)[:2]))


@settings(max_examples=60)
@given(GRAPHS, st.floats(10, 120))
def test_no_two_boxes_of_a_layer_overlap(needs, size):
    found = layout(needs, dict.fromkeys("abcdefgh", size), gap=8)

    for layer in {spot.layer for spot in found.spots.values()}:
        middles = sorted(spot.at for spot in found.spots.values() if spot.layer == layer)
        assert all(after - before >= size + 8 - 1e-6 for before, after in itertools.pairwise(middles))
        assert middles[0] >= size / 2 - 1e-6
        assert middles[-1] <= found.extent - size / 2 + 1e-6


@settings(max_examples=60)
@given(GRAPHS)
def test_every_edge_is_drawn_forwards_but_for_those_that_close_a_cycle(needs):
    found = layout(needs, dict.fromkeys("abcdefgh", 10.0), gap=8)
    edges = {(source, target) for target, sources in needs.items() for source in sources}

    assert {(route.source, route.target) for route in found.routes} | set(found.back) == edges
    for route in found.routes:
        assert [spot.layer for spot in route.spots] == list(range(route.spots[0].layer, route.spots[-1].layer + 1))
    try:
        order(needs)
    except Cycle:
        assert found.back
    else:
        assert not found.back


def test_the_courses_pipeline_is_drawn_with_all_its_steps_and_datasets(sound):
    svg = sound(pipeline_picture(COURSE)).svg(860)

    for name in [*COURSE.datasets(), *(step.name for step in COURSE.steps)]:
        assert name in svg


def test_no_name_of_the_courses_steps_is_cut():
    assert "…" not in graph_picture(COURSE.step_needs(), "Steps").svg(860)
    assert "…" not in graph_picture(COURSE.dataset_needs(), "Datasets", rounded=True).svg(860)


def test_what_stands_out_is_bold_and_thick_and_not_only_coloured():
    svg = graph_picture({"b": ["a"], "c": ["b"]}, "x", strong=["a", "b"]).svg(860)

    assert len(re.findall('font-weight="600"', svg)) == 2
    assert len(re.findall('stroke-width="2.6"', svg)) == 2
    assert len(re.findall('stroke-width="2.5"', svg)) == 1  # the edge between them


def test_on_a_path_no_shortcut_stands_out():
    svg = graph_picture({"b": ["a"], "c": ["a", "b"]}, "x", path=["a", "b", "c"]).svg(860)

    assert len(re.findall('stroke-width="2.6"', svg)) == 3
    assert len(re.findall('stroke-width="2.5"', svg)) == 2  # and the edge from a to c does not


@pytest.mark.parametrize("width", [348, 860])
@pytest.mark.parametrize("needs", [{"a": ["c"], "b": ["a"], "c": ["b"]}, {"a": ["a"]}], ids=["three", "itself"])
def test_every_edge_has_a_head_also_the_one_that_closes_a_cycle(needs, width):
    svg = graph_picture(needs, "x").svg(width)

    assert len(re.findall("<polygon", svg)) == len(re.findall("<path", svg)) == len(needs)


def test_a_cycle_is_dashed_and_told():
    picture = graph_picture({"a": ["c"], "b": ["a"], "c": ["b"]}, "Round and round")

    assert "stroke-dasharray" in picture.svg(860)
    assert "A cycle: a -&gt; b -&gt; c -&gt; a" in picture.svg(860)


def test_a_short_pipeline_flows_to_the_right_where_there_is_room_and_down_where_not():
    chain = Pipeline((Step("clean", {"raw": {}}, {"silver": {}}),), {"raw": {}})

    def height(width: float) -> float:
        return float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', pipeline_picture(chain).svg(width)).group(1))

    assert height(860) < 60 < height(150)


def test_nothing_to_draw_is_said():
    assert "There is no node" in graph_picture({}, "Nothing").svg(860)


@pytest.mark.parametrize("width", [348, 860])
def test_the_same_graph_gives_the_same_bytes(width):
    turned = dict(reversed(COURSE.step_needs().items()))

    assert graph_picture(turned, "x").svg(width) == graph_picture(COURSE.step_needs(), "x").svg(width)
