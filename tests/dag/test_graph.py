"""Is the order an order, and a cycle a cycle?"""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.dag.graph import Cycle, ancestors, descendants, feeds, layers, order, whole

NAMES = "abcdef"
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=4), max_size=6)


def valid_orders(needs: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """The slow oracle: every permutation of the nodes in which each stands after what it needs."""
    nodes = sorted({*needs, *(parent for parents in needs.values() for parent in parents)})
    return [
        found
        for found in permutations(nodes)
        if all(
            found.index(parent) < found.index(node) and parent != node
            for node, parents in needs.items()
            for parent in parents
        )
    ]


@given(GRAPHS)
def test_the_order_is_the_first_of_all_valid_permutations(needs):
    valid = valid_orders(needs)

    if valid:
        assert tuple(order(needs)) == min(valid)
    else:
        with pytest.raises(Cycle):
            order(needs)


@given(GRAPHS)
def test_a_cycle_is_told_by_a_path_along_the_data_that_ends_where_it_began(needs):
    try:
        order(needs)
    except Cycle as cycle:
        path = cycle.path
        assert path[0] == path[-1] == min(path)
        assert len(set(path)) == len(path) - 1
        assert all(source in needs[target] for source, target in pairwise(path))
        assert str(cycle) == " -> ".join(path)


@given(GRAPHS, st.randoms(use_true_random=False))
def test_no_answer_depends_on_how_the_graph_is_written_down(needs, chance):
    entries = [(node, chance.sample(sorted(parents), len(parents))) for node, parents in needs.items()]
    chance.shuffle(entries)
    shuffled = dict(entries)

    def told(graph):
        try:
            return order(graph), layers(graph)
        except Cycle as cycle:
            return cycle.path

    assert told(shuffled) == told(needs)


@given(GRAPHS)
def test_ancestors_are_found_by_any_number_of_single_steps(needs):
    every = whole(needs)

    for node in every:
        reached, before = set(every[node]), None
        while reached != before:
            before = set(reached)
            reached |= {further for parent in before for further in every[parent]}
        assert ancestors(needs, node) == reached
        assert descendants(feeds(needs), node) == reached


@given(GRAPHS)
def test_a_layer_is_one_more_than_the_deepest_need(needs):
    try:
        found = layers(needs)
    except Cycle:
        return
    depth = {node: number for number, layer in enumerate(found) for node in layer}

    assert depth.keys() == whole(needs).keys()
    for node, parents in whole(needs).items():
        assert depth[node] == max((depth[parent] + 1 for parent in parents), default=0)


def test_a_path_leads_along_the_data_and_not_against_it():
    with pytest.raises(Cycle, match=r"^a -> b -> c -> a$"):
        order({"a": ["c"], "b": ["a"], "c": ["b"]})


def test_a_node_that_waits_for_a_cycle_is_not_on_its_path():
    with pytest.raises(Cycle) as caught:
        order({"a": ["b"], "b": ["c"], "c": ["b"]})

    assert caught.value.path == ("b", "c", "b")


def test_a_node_that_needs_itself_is_a_cycle_of_one():
    with pytest.raises(Cycle, match=r"^b -> b$"):
        order({"a": [], "b": ["a", "b"]})


def test_no_node_is_in_order():
    assert order({}) == []
    assert layers({}) == []


def test_a_node_nobody_knows_has_no_ancestors_to_tell():
    with pytest.raises(KeyError):
        ancestors({"a": ["b"]}, "z")
