"""Which submissions try to get what they do not deserve, or break what they can?

An Attack is an answer cell, or a way to damage or forge the notebook. `deserved` is what it may get. The texts are run
in a sandbox only. `{outside}` is a folder of the instructor's that no submission may read or write, `{class}` the
class's, `{checkout}` the checkout, `{port}` a port on which somebody listens.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Notebook = dict[str, Any]
RIGHT = {
    "double": 'def double(words):\n    if not words:\n        raise ValueError("none")\n    return [w * 2 for w in words]',
    "order": (
        "def order(needs):\n    found = []\n    while len(found) < len(needs):\n"
        "        found.append(min(k for k in needs if k not in found and set(needs[k]) <= set(found)))\n    return found"
    ),
    "keep": 'def keep(folder, rows):\n    (folder / "rows.txt").write_text("".join(f"{row}\\n" for row in rows))',
}
EVERYTHING = 30  # points of the three


@dataclass(frozen=True)
class Attack:
    """One submission."""

    name: str
    tries: str  # what it tries, in words
    exercise: str = "double"
    answer: str = ""  # of that exercise; the other cells are not there
    forge: Callable[[Notebook], Notebook | bytes] | None = None  # instead: what is done to a right notebook
    lay: str = ""  # instead of a file: "link", "fifo", "folder", "name"
    deserved: int = 0
    ended: tuple[str, ...] = ("failed",)  # what the attacked exercise may end as
    says: str = ""  # what stands in the message of its failure
    slow: bool = False  # takes its whole budget, or much of the machine


def _def(body: str, name: str = "double", arguments: str = "words", before: str = "") -> str:
    inner = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"{before.strip()}\ndef {name}({arguments}):\n{inner}\n".lstrip()


# --- points without an answer ---

FORGED_POINTS = [
    Attack(
        "input_transformer", "an IPython transformer that empties every later cell",
        answer="get_ipython().input_transformers_post.append(lambda lines: [])\ndef double(words): ...",
    ),
    Attack(
        "always_equal", "a value that is equal to everything",
        answer=(
            "class Yes:\n    def __init__(self, words): self.words = words\n    def __eq__(self, other): return True\n"
            "    def __len__(self): return 1\n    def __iter__(self): return iter(self.words)\n"
            "import builtins\nbuiltins.zip = lambda *a, **k: []\n"
            "import course_lib.storage.digests as digests\ndigests.of_bytes = lambda data: 'same'\n"
            + _def("if not words: raise ValueError('none')\nreturn Yes(words)")
        ),
        ended=("failed", "refused"),
    ),
    Attack(
        "patched_builtins", "builtins that agree with everything",
        answer=(
            "import builtins\nclass L(list):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
            "builtins.all = lambda *a: True\n" + _def("if not words: raise ValueError\nreturn L()")
        ),
        ended=("failed", "refused"),
    ),
    Attack(
        "patched_assert", "AssertionError made a subclass of what nobody sees",
        answer=(
            "get_ipython().showtraceback = lambda *a, **k: None\nget_ipython().set_custom_exc((Exception,), "
            "lambda *a, **k: None)\ndef double(words): return None"
        ),
    ),
    Attack(
        "patched_course_lib", "the library's functions patched, which tests use, too",
        answer=(
            "import course_lib.storage.digests as digests\ndigests.of_bytes = lambda data: 'same'\n"
            "class Same(str):\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
            "    __hash__ = str.__hash__\n" + _def("if not words: raise ValueError\nreturn [Same(2 * len(w) * 'x') for w in words]")
        ), ended=("refused",),
    ),
    Attack(
        "patched_protocol", "the protocol patched in its own process, so that it says what it likes",
        answer=(
            "import course_lib.exercises.protocol.peer as peer\n"
            "peer.Peer._reply = lambda self, told, result, given, before: self._send(['value', True, []])\n"
            "def double(words): return None"
        ),
        ended=("failed", "refused"),
    ),
    Attack(
        "frame_walk", "the expected value read from the caller's frames",
        answer=_def(
            "if not words: raise ValueError\nframe = sys._getframe()\nwhile frame:\n"
            "    if 'expected' in frame.f_globals: return frame.f_globals['expected']\n    frame = frame.f_back",
            before="import sys",
        ),
    ),
    Attack(
        "history", "the hidden tests read from IPython's history, and their answer",
        answer=_def(
            "shell = get_ipython()\ntext = chr(10).join(shell.user_ns.get('_ih', []))\nprint('leaked', text)\nreturn text"
        ),
    ),
    Attack(
        "trace", "a tracer that sets what a test compares with",
        answer=(
            "import sys, threading\ndef spy(frame, event, argument):\n    if 'expected' in frame.f_globals:\n"
            "        def forged(words):\n            if words: return frame.f_globals['expected']\n"
            "            raise ValueError\n        frame.f_globals['double'] = forged\n    return spy\n"
            "sys.settrace(spy)\ndef double(words):\n    raise ValueError"
        ),
    ),
    Attack(
        "exit_code_zero", "leave the process as if all had gone well",
        answer="import os\ndef double(words):\n    os._exit(0)", ended=("died",),
    ),
    Attack("exit_in_the_cell", "leave while the cell runs", answer="import os; os._exit(0)", ended=("died",)),
    Attack("system_exit", "SystemExit out of the answer", answer=_def("raise SystemExit(0)")),
    Attack("interrupt", "KeyboardInterrupt out of the answer", answer=_def("raise KeyboardInterrupt")),
    Attack("generator_exit", "GeneratorExit out of the answer", answer=_def("raise GeneratorExit")),
    Attack(
        "forged_message", "a message written past the protocol, that says all is well",
        answer=_def(
            "import os, json, struct\nbody = json.dumps([[], ['value', True, []]]).encode()\n"
            "for fd in range(3, 30):\n    try: os.write(fd, struct.pack('>4sIQ', b'CRSE', len(body), 0) + body)\n"
            "    except OSError: pass\nreturn []"
        ),
        ended=("failed", "refused", "died"),
    ),
    Attack(
        "forged_outcome", "the grader's own line of JSON written to every file descriptor",
        answer=_def(
            "import os\nfor fd in range(3, 30):\n    try: os.write(fd, b'{\"ended\": \"passed\", \"seconds\": 0}' + bytes([10]))\n"
            "    except OSError: pass\nreturn []"
        ),
        ended=("failed", "refused", "died"),
    ),
    Attack(
        "forged_verdicts", "verdict files and a gradebook, written wherever they may be looked for",
        answer=_def(
            "import os, pathlib\nfor place in ('.', '..', '../..', '{class}', '{class}/verdicts/99_red_team', '/tmp'):\n"
            "    for name in ('verdict.json', 'forged_verdicts.json', 'gradebook.db'):\n"
            "        try: pathlib.Path(place, name).write_text('{{}}')\n        except OSError: pass\nreturn []"
        ),
    ),
    Attack(
        "gradebook", "points entered into the gradebook itself",
        answer=_def(
            "import sqlite3, glob\nfor path in ['{class}/gradebook.db', *glob.glob('../../../gradebook.db')]:\n"
            "    try:\n        with sqlite3.connect(path) as book: book.execute('update grade set manual_score = 10')\n"
            "    except sqlite3.Error: pass\nreturn []"
        ),
    ),
    Attack(
        "clock", "clocks that stand still, so that time is never up",
        answer=(
            "import time\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0\n"
            "def double(words):\n    while True: pass"
        ),
        ended=("slow",), slow=True,
    ),
    Attack(
        "late", "the right answer, after its time",
        answer=_def("import time\ntime.sleep(4.5)\n" + "return [w * 2 for w in words]"), ended=("slow",), slow=True,
    ),
    Attack(
        "the_answer_by_import", "the library that holds the answer", exercise="order",
        answer="import graphlib\ndef order(needs): return list(graphlib.TopologicalSorter(needs).static_order())",
    ),
    Attack(
        "the_answer_by_file", "the file of the library that holds the answer", exercise="order",
        answer=(
            "import sysconfig, pathlib\nplace = pathlib.Path(sysconfig.get_path('stdlib'))\nspace = {'__name__': 'g'}\n"
            "exec((place / 'graphlib.py').read_text(), space)\n"
            "def order(needs): return list(space['TopologicalSorter'](needs).static_order())"
        ),
    ),
    Attack(
        "the_answer_by_memory", "what a hidden module left in memory", exercise="order",
        answer=(
            "import gc\nfound = [o for o in gc.get_objects() if getattr(o, '__name__', '') == 'TopologicalSorter']\n"
            "def order(needs): return list(found[0](needs).static_order())"
        ),
    ),
    Attack(
        "the_answer_by_another_process", "a new interpreter in which nothing is hidden", exercise="order",
        answer=(
            "import subprocess, sys, json\ndef order(needs):\n"
            "    code = 'import graphlib, json, sys; print(json.dumps(list(graphlib.TopologicalSorter("
            "json.load(sys.stdin)).static_order())))'\n"
            "    return json.loads(subprocess.run([sys.executable, '-c', code], input=json.dumps(needs), "
            "capture_output=True, text=True).stdout)"
        ),
    ),
]  # fmt: skip

# --- what an answer may hand back ---

VALUES = [
    Attack(
        "pickle", "an object that runs a command where it is unpickled",
        answer=_def("return Bomb()", before="import os\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch {outside}/pickle',)"),
        ended=("failed", "refused"),
    ),
    Attack("deep_list", "lists in lists, 100,000 deep", answer=_def("found = []\nfor _ in range(100_000): found = [found]\nreturn found"),
           ended=("failed", "refused")),
    Attack("holds_itself", "a list that holds itself", answer=_def("found = []\nfound.append(found)\nreturn found"), ended=("failed", "refused")),
    Attack("huge_list", "ten million values", answer=_def("return list(map(str, range(10_000_000)))"), ended=("failed", "refused", "slow"), slow=True),
    Attack("huge_text", "a text of 1 GB", answer=_def("return ['x' * (1 << 30)]"), ended=("failed", "refused", "slow", "died"), slow=True),
    Attack("huge_number", "a number of a hundred million digits", answer=_def("return 1 << 400_000_000"), ended=("failed", "refused", "slow")),
    Attack("endless_iterator", "an iterator without end", answer=_def("import itertools\nreturn itertools.count()"), ended=("failed", "refused", "slow")),
    Attack(
        "hostile_methods", "an object whose every method raises or never returns",
        answer=(
            "class Trap(list):\n    def __getattribute__(self, name): raise MemoryError\n    def __iter__(self): raise SystemExit\n"
            "    def __len__(self): raise KeyboardInterrupt\n    def __repr__(self): raise RecursionError\n" + _def("return Trap()")
        ),
        ended=("failed", "refused"),
    ),
    Attack(
        "hostile_error", "an exception whose text is another exception, and 100 MB",
        answer="class Bad(Exception):\n    def __str__(self): raise SystemExit\n" + _def("if words: raise Bad('x' * 100_000_000)\nraise Bad"),
    ),
    Attack("garbage_on_the_wire", "bytes that are no message", answer=_def(
        "import os\nfor fd in range(3, 30):\n    try: os.write(fd, b'\\x00' * 100_000)\n    except OSError: pass\nreturn []"),
        ended=("refused", "failed", "died")),
    Attack("endless_questions", "questions without end instead of an answer", answer=_def(
        "import gc\nfrom course_lib.exercises.protocol.peer import Peer\n[peer] = [o for o in gc.get_objects() if type(o) is Peer]\n"
        "while True: peer._send(['ask', 'call', 1, ['flat'], [], ['flat']])"), ended=("refused", "slow", "failed"), slow=True),
]  # fmt: skip

# --- harm to the machine ---

HARM = [
    Attack("endless_loop", "a loop without end", answer="while True: pass", ended=("slow",), slow=True),
    Attack("endless_output", "output without end", answer="while True: print('x' * 100_000)", ended=("slow", "refused"), slow=True),
    Attack("ten_gigabytes", "10 GB of output past Python", answer=(
        "import os\nfor _ in range(10_000): os.write(1, b'x' * (1 << 20))\ndef double(words): return []"), slow=True),
    Attack("endless_recursion", "recursion without end", answer=_def("return double(words)")),
    Attack("stack_overflow", "recursion past Python's limit, until the stack ends", answer=(
        "import sys\nsys.setrecursionlimit(10**9)\n" + _def("return eval('(' * 90 + '0' + ')' * 90) or double([*words])")),
        ended=("died", "failed", "slow"), slow=True),
    Attack("segfault", "a pointer to nowhere", answer=_def("import ctypes\nctypes.string_at(0)"), ended=("died",)),
    Attack("memory_bomb", "memory without end", answer=_def("held = []\nwhile True: held.append(bytearray(1 << 26))"),
           ended=("failed", "refused", "died"), slow=True),
    Attack("memory_bomb_in_children", "memory without end, in many processes", answer=_def(
        "import os\nfor _ in range(12):\n    if os.fork() == 0:\n        held = bytearray(1 << 30)\n        held[::4096] = b'x' * (1 << 18)\n"
        "        import time; time.sleep(60)\nimport time; time.sleep(60)"), ended=("refused", "died", "slow"), slow=True),
    Attack("fork_bomb", "processes without end", answer=_def("import os\nwhile True: os.fork()"), ended=("refused", "failed", "died", "slow"), slow=True),
    Attack("thread_bomb", "threads without end", answer=_def(
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"),
        ended=("failed", "refused", "died", "slow"), slow=True),
    Attack("disk_bomb", "files of 100 MB without end", exercise="keep", answer=(
        "import pathlib\ndef keep(folder, rows):\n    number = 0\n    while True:\n"
        "        (folder / f'{number}').write_bytes(b'x' * 100_000_000)\n        number += 1"), ended=("refused", "slow"), slow=True),
    Attack("inode_bomb", "empty files without end", exercise="keep", answer=(
        "def keep(folder, rows):\n    number = 0\n    while True:\n        (folder / f'{number}').touch()\n        number += 1"),
        ended=("refused", "slow"), slow=True),
    Attack("kill_parent", "SIGKILL to the parent", answer=_def("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nreturn []"),
           ended=("failed", "died")),
    Attack("kill_everybody", "SIGKILL to every process there is", answer=_def(
        "import os, signal\nos.kill(-1, signal.SIGKILL)\nos.killpg(0, signal.SIGKILL)\nreturn []"), ended=("failed", "died")),
    Attack("daemon", "a process that stays behind", answer=_def(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: time.sleep(1)\n    os._exit(0)\nreturn []")),
    Attack("threads_stay", "a thread that goes on after the answer", answer=_def(
        "import threading, time\nthreading.Thread(target=lambda: [time.sleep(1) for _ in range(999)]).start()\nreturn []")),
    Attack("magics", "shell commands and a namespace made empty", answer="%reset -f\n!rm -rf {outside}/kept ~ /tmp/* /work\ndef double(words): return []"),
    Attack("network", "a call to a server of the instructor's", answer=_def(
        "import socket\nsocket.create_connection(('127.0.0.1', {port}), 1).send(b'hello')\nreturn []")),
    Attack("new_namespaces", "a way out by namespaces and mounts of its own", answer=_def(
        "import ctypes\nlibc = ctypes.CDLL(None)\nfor flags in (0x10000000, 0x20000, 0x20000000): libc.unshare(flags)\n"
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, b'')\nlibc.umount2(b'/tmp', 2)\nlibc.chroot(b'.')\nlibc.setns(0, 0)\n"
        "libc.ptrace(16, 1, 0, 0)\nreturn [open('{outside}/secret').read()]")),
]  # fmt: skip

# --- what is none of its business ---

SPYING = [
    Attack("read_notebook", "the notebook beside it, with the hidden tests", answer=_def(
        "import glob\nfound = [open(path).read() for path in glob.glob('**/*.ipynb', recursive=True)]\nprint(found)\nreturn found")),
    Attack("read_tests", "the tests in the checkout", answer=_def(
        "import pathlib\nplaces = ('{checkout}/chapters', '{checkout}/tests', '{checkout}/.git')\n"
        "found = [str(p) for place in places for p in pathlib.Path(place).rglob('*')]\n"
        "raise ValueError('READ' if found else 'nothing there')"), says="nothing there"),
    Attack("read_class", "other submissions, the gradebook, the class's secret", answer=_def(
        "import pathlib\nfound = []\nfor path in pathlib.Path('{class}').rglob('*'):\n    if path.is_file(): found.append(path.read_bytes())\n"
        "raise ValueError(repr(found) if found else 'nothing there')"), says="nothing there"),
    Attack("read_outside", "a file of the instructor's", answer=_def("return [open('{outside}/secret').read()]")),
    Attack("write_outside", "a file of the instructor's", answer=_def("open('{outside}/written', 'w').write('x')\nreturn []")),
    Attack("read_processes", "memory, environment and arguments of other processes", answer=_def(
        "import os\nfound = [pid for pid in os.listdir('/proc') if pid.isdigit() and int(pid) > 1]\n"
        "raise ValueError(f'PROCESSES {{found}}')"), says="PROCESSES []"),
    Attack("leave_word", "a note for the submission after it, wherever one may lie", answer=_def(
        "import pathlib, socket\nfor place in ('/tmp', '/dev/shm', '/dev', '/', '/var/tmp', '..', '../..', '/run', '/dev/pts'):\n"
        "    try: pathlib.Path(place, 'word').write_text('FROM-A-' + 'NEIGHBOUR')\n    except OSError: pass\nreturn []")),
    Attack("read_word", "a note from the submission before it", answer=_def(
        "import pathlib\nfor place in ('/tmp', '/dev/shm', '/dev', '/', '/var/tmp', '..', '../..', '/run', '/dev/pts'):\n"
        "    if pathlib.Path(place, 'word').exists(): raise ValueError('FROM-A-' + 'NEIGHBOUR')\nreturn []")),
    Attack("link_read", "a link where a test reads a file", exercise="keep", answer=(
        "def keep(folder, rows):\n    (folder / 'rows.txt').symlink_to('{outside}/secret')")),
    Attack("link_write", "a link where a test writes a file", exercise="keep", answer=(
        "import os, pathlib, threading, time\ndef keep(folder, rows):\n    if len(rows) != 2: raise OSError\n"
        "    (folder / 'rows.txt').write_text(''.join(f'{{row}}\\n' for row in rows))\n    def swap():\n"
        "        for _ in range(2000):\n            try:\n                os.remove(folder / 'rows.txt')\n"
        "                os.symlink('{outside}/kept', folder / 'rows.txt')\n            except OSError: pass\n"
        "            time.sleep(0.001)\n    threading.Thread(target=swap, daemon=True).start()")),
    Attack("fifo", "a pipe where a test reads a file", exercise="keep", answer=(
        "import os\ndef keep(folder, rows): os.mkfifo(folder / 'rows.txt')"), ended=("slow",), slow=True),
    Attack("leak_by_error", "what a hidden test asks, in the text of an error", answer=_def(
        "if words == ['ab', 'c']: return ['abab', 'cc']\nraise ValueError(f'{{words}}' if words else 'none')")),
    Attack("leak_by_type", "what a hidden test asks, in the name of an error", answer=_def(
        "if words == ['ab', 'c']: return ['abab', 'cc']\nif not words: raise ValueError\nraise type(words[0], (Exception,), {{}})")),
    Attack("leak_by_value", "what a hidden test asks, in what comes back", answer=_def(
        "if words == ['ab', 'c']: return ['abab', 'cc']\nif not words: raise ValueError\nreturn words")),
    Attack("leak_by_output", "what a hidden test asks, printed", answer=_def(
        "print('LEAK', words)\nif words == ['ab', 'c']: return ['abab', 'cc']\nif not words: raise ValueError")),
    Attack("leak_by_remark", "what a hidden test asks, in the remarks on cells of one's own", answer=_def(
        "import gc\nfrom course_lib.exercises.protocol.fixtures import Desk\n[desk] = [o for o in gc.get_objects() if type(o) is Desk]\n"
        "desk._remarks.append(str(words))\nif words == ['ab', 'c']: return ['abab', 'cc']\nif not words: raise ValueError"), ended=("failed",)),
    Attack("leak_by_refusal", "what a hidden test asks, in bytes that break the protocol", answer=_def(
        "if words == ['ab', 'c']: return ['abab', 'cc']\nif not words: raise ValueError\nimport os\n"
        "for fd in range(3, 30):\n    try: os.write(fd, words[0].encode() * 10)\n    except OSError: pass"), ended=("refused",)),
    Attack("leak_by_file", "what a hidden test asks, in the name of a file", exercise="keep", answer=(
        "def keep(folder, rows):\n    (folder / 'rows.txt').write_text(''.join(f'{{row}}\\n' for row in rows))\n"
        "    for row in rows[:1]:\n        try: open(f'../../{{row}}', 'w')\n        except OSError: pass"), deserved=10, ended=("passed",)),
]  # fmt: skip


# --- the file itself ---


def _cells(notebook: Notebook, name: str) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["id"] == name]


def _points(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        if "points" in cell["metadata"].get("nbgrader", {}):
            cell["metadata"]["nbgrader"]["points"] = 1000
    return notebook


def _locked(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        if cell["id"].startswith("test-"):
            cell["source"] = ["pass"]
        if cell["id"] == "double":
            cell["source"] = ["def double(words): ..."]
    return notebook


def _twice(name: str) -> Callable[[Notebook], Notebook]:
    def forge(notebook: Notebook) -> Notebook:
        [cell] = _cells(notebook, name)
        copy = {**json.loads(json.dumps(cell)), "id": "copied"}
        notebook["cells"].insert(notebook["cells"].index(cell) + 1, copy)
        return notebook

    return forge


def _without(prefix: str) -> Callable[[Notebook], Notebook]:
    def forge(notebook: Notebook) -> Notebook:
        notebook["cells"] = [cell for cell in notebook["cells"] if not cell["id"].startswith(prefix)]
        return notebook

    return forge


def _bare(ids: bool, metadata: bool) -> Callable[[Notebook], Notebook]:
    def forge(notebook: Notebook) -> Notebook:
        for number, cell in enumerate(notebook["cells"]):
            if ids:
                cell["id"] = f"new-{number}"
            if metadata:
                cell["metadata"] = {}
        return notebook

    return forge


def _kinds(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        if cell["id"] == "double":
            cell["cell_type"] = "markdown"
    return notebook


def _nonsense(notebook: Notebook) -> Notebook:
    odd = [
        7,
        None,
        {"cell_type": "code"},
        {"cell_type": "code", "source": 7},
        {"cell_type": ["x"], "source": [1, "x"], "metadata": 3},
    ]
    notebook["cells"] = [*odd, *notebook["cells"]]
    return notebook


def _script(notebook: Notebook) -> Notebook:
    [cell], [answer] = _cells(notebook, "why"), _cells(notebook, "double")
    cell["source"] = ["<script>fetch('/formgrader/api/grade')</script> <img src=x onerror=alert(1)>"]
    answer["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>alert(2)</script>"}}
    ]
    answer["source"] = [RIGHT["double"] + "\n# </code></pre></article><script>alert(3)</script>"]
    own = {"cell_type": "markdown", "metadata": {}, "source": ["<script>alert(4)</script>"]}
    notebook["cells"].append({**own, "id": "mine"})
    return notebook


def _number_for_text(notebook: Notebook) -> Notebook:
    _cells(notebook, "order")[0]["source"] = 7
    return notebook


def _half_signs(notebook: Notebook) -> Notebook:
    [answer], [prose] = _cells(notebook, "double"), _cells(notebook, "why")
    answer["source"] = [RIGHT["double"] + "\n# \ud800 \u202e"]
    prose["source"] = ["Because \udfff \x00 \u202e of this."]
    return notebook


def _tests_as_answers(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        if cell["id"].startswith("test-"):
            cell["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "locked": False}
            cell["source"] = ["pass"]
    return notebook


FILES = [
    Attack("changed_points", "1,000 points for each exercise, in the metadata", forge=_points, deserved=EVERYTHING),
    Attack("changed_tests", "tests that test nothing", forge=_locked, deserved=20),
    Attack("test_twice", "a test cell, copied", forge=_twice("test-double"), deserved=EVERYTHING),
    Attack("answer_twice", "an answer cell, copied", forge=_twice("double"), deserved=EVERYTHING),
    Attack("no_tests", "the test cells deleted", forge=_without("test-"), deserved=EVERYTHING),
    Attack("no_answers", "an answer cell deleted", forge=_without("order"), deserved=20),
    Attack("no_metadata", "an editor dropped the metadata", forge=_bare(False, True), deserved=EVERYTHING),
    Attack("no_ids", "an editor gave new ids", forge=_bare(True, False), deserved=EVERYTHING),
    Attack("no_names", "an editor dropped ids and metadata", forge=_bare(True, True), deserved=EVERYTHING),
    Attack("other_kind", "an answer cell turned into text", forge=_kinds, deserved=EVERYTHING),
    Attack("nonsense_cells", "cells that are numbers, or nothing", forge=_nonsense, deserved=EVERYTHING),
    Attack("script", "a script for the browser of whoever grades", forge=_script, deserved=EVERYTHING),
    Attack(
        "script_by_error", "a script in the text of an error",
        answer=_def("raise ValueError('<script>alert(6)</script><img src=x onerror=alert(7)> `<b>` **<i>**')"), says="alert(6)",
    ),
    Attack("tests_as_answers", "metadata by which the tests are answers, and may be changed", forge=_tests_as_answers, deserved=EVERYTHING),
    Attack("number_for_text", "an answer cell whose text is a number", forge=_number_for_text, deserved=20),
    Attack("half_signs", "halves of characters, zeros, and marks that turn the direction of text", forge=_half_signs, deserved=EVERYTHING),
    Attack("no_json", "a file that is no notebook", forge=lambda notebook: b"\x00\xff not a notebook", ended=("missing",)),
    Attack("empty_file", "an empty file", forge=lambda notebook: b"", ended=("missing",)),
    Attack("deep_json", "JSON that is nested a million deep", forge=lambda notebook: b"[" * 1_000_000, ended=("missing",)),
    Attack("many_values", "30 MB of empty lists", forge=lambda notebook: b"[" + b"[]," * 9_000_000 + b"[]]", ended=("missing",), slow=True),
    Attack("huge_file", "a file of 40 MB", forge=lambda notebook: b" " * 40_000_000, ended=("missing",), slow=True),
    Attack("linked_notebook", "a link to a file of the instructor's", lay="link", ended=("missing",)),
    Attack("piped_notebook", "a pipe that never ends", lay="fifo", ended=("missing",)),
    Attack("folder_notebook", "a folder with the notebook's name", lay="folder", ended=("missing",)),
    Attack("other_name", "a notebook under another name", lay="name", deserved=EVERYTHING),
]  # fmt: skip

ATTACKS = [*FORGED_POINTS, *VALUES, *HARM, *SPYING, *FILES]
