"""An answer gets the learner's cells that it stands on, and no others."""

from hypothesis import given
from hypothesis import strategies as st

from course_lib.grading.own_cells import definitions, needed


def test_a_helper_of_a_helper_is_needed_whatever_their_order():
    cells = ["def b(): return a()", "plot(1)", "def a(): return LIMIT", "LIMIT = 3", "unused = 7"]

    assert needed(cells, "def answer(): return b()") == [0, 2, 3]


def test_cells_that_only_adjust_are_always_run():
    cells = ["import sys\nsys.setrecursionlimit(5000)", "import time\ntime.sleep(x)", "import numpy as np"]

    assert needed(cells, "def f(): ...") == [0]


def test_magics_do_not_hide_what_a_cell_binds():
    assert needed(["%matplotlib inline\nlimit = 3", "this is no python"], "def f(): return limit") == [0, 1]


def test_names_bound_in_loops_branches_and_unpacking_count():
    cells = ["for a, (b, *c) in []: pass", "with open('x') as d: pass", "if True:\n    import os as e", "(f := 3)"]

    for place, name in enumerate("adef"):
        assert needed(cells, f"def answer(): return {name}") == [place]


def test_names_inside_functions_and_comprehensions_are_not_the_cells():
    assert needed(["def g():\n    inner = 1", "x = [inner for inner in []]"], "def f(): return inner") == []


def test_of_our_own_cells_only_what_costs_nothing_is_taken():
    text = "import math as m\nfrom os import path\nslow = compute()\nLIMIT = 3\n@deco\ndef f(): ...\nf()"

    assert definitions(text).split("\n") == ["import math as m", "from os import path", "LIMIT = 3", "def f(): ..."]


@given(st.lists(st.text("abc=()[]:def \n%", max_size=30), max_size=5), st.text(max_size=30))
def test_no_text_stops_it(cells, answer):
    assert set(needed(cells, answer)) <= set(range(len(cells)))
    assert all(isinstance(definitions(cell), str) for cell in cells)
