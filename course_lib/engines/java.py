"""Which Java do the engines on the JVM run on?

17 or 21: what Spark, Flink and Kafka are tested with. JAVA_HOME, where it is set, wins over PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from course_lib.errors import EngineUnavailable

FIT = ("17", "21")
REMEDY = (
    "Debian: apt-get install openjdk-17-jre-headless; conda: conda install -c conda-forge openjdk=17. "
    "JAVA_HOME, where set, wins over PATH."
)


def java_home(environment: Mapping[str, str] = os.environ) -> Path:
    """The home of a fitting Java. Raises EngineUnavailable, which says what there is and how to get another."""
    home = environment.get("JAVA_HOME", "")
    command = f"{home}/bin/java" if home else shutil.which("java", path=environment.get("PATH"))
    if not command:
        raise EngineUnavailable("Java 17 or 21", REMEDY)
    told = _ask(command)
    named, at = re.search(r'version "(\d+)', told), re.search(r"java\.home = (.+)", told)
    if named is None or at is None:
        first = told.strip().splitlines()[0] if told.strip() else "no answer"
        raise EngineUnavailable("Java 17 or 21", f"{command} says: {first}. {REMEDY}")
    if named[1] not in FIT:
        raise EngineUnavailable("Java 17 or 21", f"{command} is Java {named[1]}. {REMEDY}")
    return Path(at[1].strip())


def _ask(command: str) -> str:
    try:
        ran = subprocess.run(
            [command, "-XshowSettings:properties", "-version"],
            capture_output=True, text=True, errors="replace", timeout=120, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ran.stdout + ran.stderr
