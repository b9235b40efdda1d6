"""A hidden module cannot be imported, found or reached through its package."""

import subprocess
import sys

import pytest

from course_lib.exercises.protocol.hiding import without_imports_of


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("import json", "pass"),
        ("import json, os", "import os"),
        ("import json as j\nx = 1", "pass\nx = 1"),
        ("from json import loads", "pass"),
        ("from json.decoder import JSONDecodeError", "pass"),
        ("from os import path", "from os import path"),
        ("import jsonlines", "import jsonlines"),
        ("from course_lib import (\n    dag,\n    trips,\n)\ny = 2", "from course_lib import trips\n\n\n\ny = 2"),
        ("if True:\n    import json; x = 1", "if True:\n    pass; x = 1"),
        ("%matplotlib inline\nimport json", "%matplotlib inline\nimport json"),
    ],
)
def test_a_setup_cell_loses_its_imports_of_hidden_modules_and_nothing_else(text: str, left: str):
    assert without_imports_of(text, ["json", "course_lib.dag"])[0] == left


LOOK = """
import {module}, {package}
import sys
from course_lib.exercises.protocol.hiding import hide
hide(["{module}"])
for attempt in ("import {module}", "from {package} import {name}", "import {module}.x", "__import__('{module}')",
                "import importlib; importlib.import_module('{module}')", "{package}.{name}", "sys.modules['{module}']",
                "import importlib.util; importlib.util.find_spec('{module}')",
                "import runpy; runpy.run_module('{module}')"):
    try:
        exec(attempt)
    except (ImportError, AttributeError, KeyError):
        continue
    print("reached by", attempt)
"""


@pytest.mark.parametrize("module", ["course_lib.trips.contract", "xml.dom"])
def test_a_hidden_module_is_not_there(module: str):
    package, _, name = module.rpartition(".")
    look = LOOK.format(module=module, package=package, name=name)
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert done.stdout == ""
