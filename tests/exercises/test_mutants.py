"""Mutants change the solution a little, are named so that the name survives edits, and leave words for people alone."""

import ast

import pytest

from course_lib.exercises.mutants import mutate, read_equivalents

ANSWER = '''\
def f(rows, low=0):
    """Returns 1 + 1."""
    assert rows is not None, "given 3 rows"
    ### BEGIN SOLUTION
    {}
    ### END SOLUTION
'''


def mutated(body: str) -> list[tuple[str, str]]:
    """Kind and changed body of every mutant of a body of one line."""
    found = []
    for mutant in mutate(ANSWER.format(body)):
        lines = mutant.text.rstrip("\n").split("\n")
        found.append((mutant.name.partition(" in ")[0], "; ".join(line.strip() for line in lines[3:])))
    return found


@pytest.mark.parametrize(
    ("body", "kind", "changed"),
    [
        ("return low + 2", "arithmetic", "return low - 2"),
        ("return low < 2", "comparison", "return low >= 2"),
        ("return low < 2", "boundary", "return low <= 2"),
        ("return low and rows", "boolean", "return low or rows"),
        ("return True", "boolean", "return False"),
        ("return not rows", "removed not", "return rows"),
        ("return -low", "removed sign", "return low"),
        ("return 7", "constant", "return 8"),
        ("return 7", "constant", "return 6"),
        ("rows.clear()", "deleted statement", "pass"),
        ("return f(low, rows)", "swapped arguments", "return f(rows, low)"),
        ("return rows[1:low]", "slice bound", "return rows[1:low + 1]"),
        ("return rows[1:low]", "slice bound", "return rows[:low]"),
        ("return sorted(rows)", "removed sorted", "return rows"),
        ("return sorted(rows, key=len)", "removed keyword", "return sorted(rows)"),
        ("return abs(low)", "removed abs", "return abs(low)".replace("abs(low)", "low")),
        ("return rows", "early return", "return None"),
        ("return min(rows)", "min and max", "return max(rows)"),
        ("return [r for r in rows if r]", "removed filter", "return [r for r in rows]"),
        ("for r in rows: low += r", "early return", "for r in rows:; low += r; break"),
        ("for r in rows: low += r", "slice bound", "for r in list(rows)[1:]:; low += r"),
        ("if low: raise ValueError", "deleted statement", "pass"),
        ("if low: raise ValueError", "boolean", "if not low:; raise ValueError"),
    ],
)
def test_a_change_of_each_kind_is_made(body: str, kind: str, changed: str):
    assert (kind, changed) in mutated(body)


def test_an_except_is_widened_and_narrowed():
    lines = ["### BEGIN SOLUTION", "try:", "    g()", "except (KeyError, OSError):", "    pass", "### END SOLUTION"]
    answer = "def f():\n" + "\n".join(f"    {line}" for line in lines)
    texts = "".join(mutant.text for mutant in mutate(answer))

    assert "except Exception:" in texts and "except (KeyError,):" in texts and "except (OSError,):" in texts
    assert any("try" not in mutant.text for mutant in mutate(answer))


@pytest.mark.parametrize(
    "body", ['raise ValueError(f"{low + 1} rows, not {3}")', 'assert rows, f"{1 + 1}"', "width: list[1 + 1] = rows"]
)
def test_words_for_people_and_types_are_left_alone(body: str):
    assert all(kind in ("deleted statement", "removed keyword") for kind, _ in mutated(body))


def test_nothing_outside_the_solution_changes():
    for mutant in mutate(ANSWER.format("return low + 1")):
        head = ast.unparse(ast.parse(mutant.text)).split("\n")[:3]
        assert head == [
            "def f(rows, low=0):",
            '    """Returns 1 + 1."""',
            "    assert rows is not None, 'given 3 rows'",
        ]


def test_names_survive_lines_that_are_added_elsewhere():
    plain = [mutant.name for mutant in mutate(ANSWER.format("return low + 1"))]
    moved = [mutant.name for mutant in mutate("# a new line\n\n" + ANSWER.format("return low + 1"))]

    assert plain == moved and len(set(plain)) == len(plain)


def test_every_mutant_is_python_and_none_is_the_reference():
    answer = ANSWER.format("return [low + n for n in sorted(rows)[:3] if n > 0 and not low]")
    texts = [mutant.text for mutant in mutate(answer)]

    assert len(texts) >= 10 and len(set(texts)) == len(texts)
    assert ast.unparse(ast.parse(answer)) not in [text.rstrip("\n") for text in texts]


def test_an_equivalent_mutant_wants_a_reason():
    assert read_equivalents('[psi]\n"constant in psi: 1 -> 2" = "the edge is never reached"') == {
        "psi": {"constant in psi: 1 -> 2": "the edge is never reached"}
    }
    with pytest.raises(ValueError, match="reason"):
        read_equivalents('[psi]\n"constant in psi: 1 -> 2" = ""')
