"""Whatever an answer does, it gets no point that it did not earn, and the next answer is judged as if nothing was."""

from dataclasses import replace

import pytest

from course_lib.exercises.graders import Grader, reference
from tests.exercises.protocol.border import border_chapter


@pytest.fixture(scope="module")
def grader():
    with Grader(border_chapter()) as made:
        yield made


def share(body: str, before: str = "") -> str:
    """An answer to the exercise `share`, with that body."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"{before}\ndef share(trips, longer_than):\n{lines}\n"


EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __sub__(self, other): return self
    def __abs__(self): return self
    def __lt__(self, other): return True
    def __float__(self): return 0.5
"""
FLOAT = """
class Any(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __lt__(self, other): return True
"""
PEER = """
import gc
def peer():
    return [thing for thing in gc.get_objects() if type(thing).__name__ == "Peer"][0]
def sock():
    return [thing for thing in gc.get_objects() if type(thing).__name__ == "Frames"][0]._sock
"""

SECONDS = 1.0  # for attacks that wait for their end

ATTACKS = [
    pytest.param(
        share("return Equal()", EQUAL), "refused", "an object of type Equal", id="an object equal to everything"
    ),
    pytest.param(share("return Any(1)", FLOAT), "refused", "an object of type Any", id="a float that overrides =="),
    pytest.param(share("return [Equal()]", EQUAL), "failed", "0.5 was expected", id="an equal object in a list"),
    pytest.param(share("import os; os._exit(0)"), "died", "ended in the middle", id="exit in a call"),
    pytest.param("import os; os._exit(0)", "died", "ended in the middle", id="exit in the answer cell"),
    pytest.param("raise SystemExit(0)", "failed", "SystemExit", id="SystemExit in the answer cell"),
    pytest.param(share("raise SystemExit(0)"), "failed", "SystemExit", id="SystemExit in a call"),
    pytest.param(share("raise KeyboardInterrupt"), "failed", "KeyboardInterrupt", id="KeyboardInterrupt in a call"),
    pytest.param(share("return [0] * 10**10"), "failed", "MemoryError", id="a list of 80 GB"),
    pytest.param(share("return list(range(9_000_000))"), "refused", "cannot cross", id="more values than may cross"),
    pytest.param(share("return 'x' * 300_000_000"), "refused", "too large to cross", id="a text of 300 MB"),
    pytest.param(share("return 1 << 10**8"), "refused", "bits", id="an int of 12 MB"),
    pytest.param(share("a = []; a.append(a); return a"), "refused", "deep", id="a list that holds itself"),
    pytest.param(share("return share(trips, longer_than)"), "failed", "RecursionError", id="endless recursion"),
    pytest.param(
        share(
            "import os\n"
            "for fd in range(3, 64):\n    try: os.write(fd, b'{}' * 99)\n    except OSError: pass\n"
            "return 1.0"
        ),
        "refused",
        "broke the rules",
        id="garbage to every file descriptor",
    ),
    pytest.param(share("import os; os.closerange(0, 999); return 0.5"), "died", "ended", id="all descriptors closed"),
    pytest.param(
        share("sock().sendall(b'CRSE' + b'\\xff' * 12)\nimport time; time.sleep(9)", PEER),
        "refused",
        "broke the rules",
        id="a message of 2**64 bytes announced",
    ),
    pytest.param(
        share("peer()._send(['value', ['named', 'subprocess:Popen', ['flat', 1]], []]); return 1.0", PEER),
        "refused",
        "no class",
        id="an instance of a class of its choice",
    ),
    pytest.param(
        share("peer()._send(['ask', 'get', 1, ['flat', '__globals__'], [], ['flat']]); return 1.0", PEER),
        "refused",
        "never given",
        id="the globals of something of the tests'",
    ),
    pytest.param(
        share("peer()._send(['value', ['array', '<f8', [1 << 40, 1 << 40], True, 0], []], [b'']); return 1.0", PEER),
        "refused",
        "shape",
        id="an array without bytes, of 2**80 items",
    ),
    pytest.param(
        share("peer()._send(['failure', ['failure', 0, ['SystemExit'], '', None, None], []])", PEER),
        "failed",
        "SystemExit",
        id="a SystemExit for the tests",
    ),
    pytest.param(
        share("peer()._send([]); return 0.5", PEER),
        "refused",
        "broke the rules",
        id="a message that is none",
    ),
    pytest.param(
        share(
            "import threading\n"
            "def noise():\n    while True: sock().sendall(b'noise')\n"
            "threading.Thread(target=noise, daemon=True).start()\n"
            "import time; time.sleep(0.5); return 0.5",
            PEER,
        ),
        "refused",
        "broke the rules",
        id="a thread that writes to the socket",
    ),
    pytest.param(
        share(
            "import builtins, json\n"
            "for name in ('len', 'isinstance', 'abs', 'sum', 'type', 'set', 'sorted'):\n"
            "    setattr(builtins, name, lambda *a, **k: True)\n"
            "json.dumps = lambda *a, **k: '[[],[\"value\",true,[]]]'\nreturn True"
        ),
        None,
        "",
        id="patched builtins",
    ),
    pytest.param(
        share(
            "raise Mean('0')", "class Mean(Exception):\n    def __str__(self): raise SystemExit\n    __repr__ = __str__"
        ),
        "failed",
        "",
        id="an exception whose text ends the process",
    ),
    pytest.param(
        share("raise type('ValueError', (Exception,), {})('no')"),
        "failed",
        "ValueError",
        id="a ValueError that is none",
    ),
    pytest.param(
        share("import os, signal; os.kill(os.getppid(), signal.SIGKILL); return 0.5"), None, "", id="the parent killed"
    ),
    pytest.param(share("while True: print('x' * 10_000)"), "slow", "took longer", id="endless output"),
    pytest.param(share("import time; time.sleep(99)"), "slow", "took longer", id="sleep"),
    pytest.param(
        share(
            "import signal\n"
            "for n in range(1, 32):\n    try: signal.signal(n, 1)\n    except (OSError, ValueError): pass\n"
            "while True: pass"
        ),
        "slow",
        "took longer",
        id="a loop that ignores signals",
    ),
]


@pytest.mark.parametrize(("answer", "ended", "words"), ATTACKS)
def test_an_attack_earns_nothing(grader: Grader, answer: str, ended: str | None, words: str):
    verdict = grader.judge("share", answer, "wire", seconds=SECONDS if ended == "slow" else 60)

    assert verdict.points == 0
    assert ended is None or verdict.ended == ended, verdict
    assert words in verdict.message
    assert verdict.message and verdict.readable, "the learner reads why"


def test_after_all_attacks_a_right_answer_is_right(grader: Grader):
    assert grader.judge("share", reference(grader.chapter.exercises["share"]), "wire").passed


def test_an_endless_iterator_ends_with_the_time(grader: Grader):
    answer = "import itertools\ndef batches(rows, size):\n    return itertools.count()\n"

    assert grader.judge("batches", answer, "wire", seconds=SECONDS).ended == "slow"


def test_an_iterator_of_endless_megabytes_ends_too(grader: Grader):
    answer = "def batches(rows, size):\n    while True:\n        yield bytes(50_000_000)\n"
    verdict = grader.judge("batches", answer, "wire", seconds=SECONDS)

    assert verdict.ended in ("slow", "refused", "failed") and verdict.points == 0


@pytest.mark.parametrize("name", ["__globals__", "__class__", "__call__"])
def test_a_function_of_the_tests_can_be_called_and_nothing_else(grader: Grader, name: str):
    reached = f"peer().ask('get', 1, ({name!r},))"
    answer = f"{PEER}\ndef retry(action, attempts):\n    return {reached}\n"
    verdict = grader.judge("retry", answer, "wire")

    assert "may not get" in verdict.message and verdict.points == 0


def test_a_test_that_is_called_back_for_ever_ends(grader: Grader):
    answer = "def retry(action, attempts):\n    while True:\n        try: action()\n        except Exception: pass\n"

    assert grader.judge("retry", answer, "wire", seconds=SECONDS).ended in ("slow", "refused")


def test_the_answers_process_holds_neither_tests_nor_secret(grader: Grader, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the class of 2031")
    look = (
        "import gc, os\n"
        "values = [v for t in gc.get_objects() if type(t) is dict for v in t.values()]\n"
        "found = [v for v in values if type(v) is str and 'drawn ' + 'trips' in v]\n"
        "environment = open('/proc/self/environ').read() + str(dict(os.environ))\n"
        f"raise RuntimeError(str((len(found), 'SECRET' in environment, {str(secret)!r} in environment)))"
    )
    verdict = grader.judge("share", look, "wire", secret=secret)

    assert "(0, False, False)" in verdict.message


def test_hidden_modules_cannot_be_reached_through_what_imported_them(grader: Grader):
    answer = share(
        "import sys\nraise RuntimeError(str(['statistics' in sys.modules, hasattr(sys.modules['random'], '_x')]))"
    )

    assert "[False, False]" in grader.judge("share", answer, "wire").message


def test_a_numpy_float_crosses_as_one(grader: Grader):
    answer = share(
        "if not trips: raise ValueError('none')\n"
        "return np.float64(np.mean([trip.metres > longer_than for trip in trips]))"
    )

    assert grader.judge("share", answer, "wire").passed


def test_the_tests_import_nothing_that_an_answer_wrote(grader: Grader):
    write = "for name in ('share', 'course_lib', 'colorsys', 'wave'):\n    open(f'{name}.py', 'w').write('1/0')\n"
    answer = write + share("import os\nraise RuntimeError(os.getcwd())")
    chapter = border_chapter()
    exercise = chapter.exercises["share"]
    assert exercise.check is not None
    text = "import colorsys, wave, course_lib\n" + exercise.check.text
    chapter.exercises["share"] = replace(exercise, check=replace(exercise.check, text=text))
    with Grader(chapter) as other:
        verdict = other.judge("share", answer, "wire")

    assert "course-answer-" in verdict.message, verdict.message


def test_what_an_answer_prints_is_kept_and_cut(grader: Grader):
    loud = reference(grader.chapter.exercises["share"]) + "\nprint('line', flush=True)\nprint('x' * 100_000)\n"
    verdict = grader.judge("share", loud, "wire", extra=["1 / 0", "fine = 1"])

    assert verdict.passed and verdict.printed.startswith("line\nxxx") and len(verdict.printed) <= 20_000
    assert verdict.remarks == ("ZeroDivisionError: division by zero",)
