"""How are the locks of an engine made?

    python -m course_lib.engines.lock NAME... [--upgrade]

requirements.in becomes requirements.lock as `setup/lock.sh` makes ours: one lock for every Python that the engine runs
on, with hashes, wheels only (but for what engine.toml calls sources), without the name of any host. jars.in becomes
jars.lock: Maven resolves the closure of the coordinates, and each jar is pinned by the SHA-256 of what it brought.
This is for those who maintain the course; it needs the package index, uv and Maven.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.specifiers import SpecifierSet

from course_lib.engines import cache, jars
from course_lib.engines.registry import Engine, find
from course_lib.errors import BadArgument, CourseError
from course_lib.storage import digests
from course_lib.storage.atomic import write_text

LIST = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:list"


def requirements(engine: Engine, upgrade: bool) -> Path:
    """Resolve requirements.in into requirements.lock. Raises BadArgument with uv's own words."""
    lock = engine.folder / "requirements.lock"
    oldest = next(version for version in ("3.10", "3.11", "3.12") if f"{version}.0" in SpecifierSet(engine.python))
    command = [
        *(str(Path(sys.executable).parent / "uv"), "pip", "compile", "requirements.in", "-o", lock.name),
        *("--universal", "-p", oldest, "--only-binary", ":all:", "--generate-hashes", "--no-emit-index-url"),
        *("--no-header", "--quiet"),
    ]
    for name in engine.sources:
        command += ["--no-binary", name]
    if upgrade:
        command.append("--upgrade")
    ran = subprocess.run(command, cwd=engine.folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BadArgument(f"uv could not resolve {engine.name}/requirements.in: {ran.stderr.strip()}")
    if "://" in lock.read_text("utf-8"):
        raise BadArgument(f"{lock} names a host: a lock must install from anybody's index")
    return lock


def jar_list(engine: Engine) -> Path:
    """Resolve jars.in into jars.lock."""
    asked, left_out = read_in((engine.folder / "jars.in").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        space = Path(scratch)
        jars_wanted = [jars.Jar(*coordinates, "", "") for coordinates in asked]
        (space / "pom.xml").write_text(_without(jars.pom(jars_wanted, transitive=True), left_out), "utf-8")
        listed = space / "list.txt"
        own = cache.engines_root() / "maven"
        options = ["--batch-mode", "--no-transfer-progress", "--file", str(space / "pom.xml")]
        jars._run(
            ["mvn", *options, f"-Dmaven.repo.local={own}", LIST, f"-DoutputFile={listed}", "-DincludeScope=runtime"],
            space,
        )
        lines = []
        for found in re.findall(
            r"^\s+([\w.-]+):([\w.-]+):jar:(?:([\w.-]+):)?([\w.+-]+):\w+", listed.read_text(), re.MULTILINE
        ):
            group, artifact, classifier, version = found
            jar = jars.Jar(group, artifact, version, classifier, "")
            path = own.joinpath(*group.split("."), artifact, version, jar.file)
            lines.append(f"{jar.coordinates} sha256:{digests.of_file(path)}")
    lock = engine.folder / "jars.lock"
    write_text(lock, "".join(f"{line}\n" for line in sorted(lines)))
    jars.parse(lock.read_text("utf-8"))
    return lock


def read_in(text: str) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """The coordinates of a jars.in, and what is left out of their closure.

    >>> read_in("# why\\ng:a:1 !h:b\\n")
    ([('g', 'a', '1')], [('h', 'b')])
    """
    asked, left_out = [], []
    for line in text.splitlines():
        for word in line.partition("#")[0].split():
            group, artifact, *version = word.removeprefix("!").split(":")
            if word.startswith("!"):
                left_out.append((group, artifact))
            else:
                asked.append((group, artifact, version[0]))
    return asked, left_out


def _without(pom: str, left_out: list[tuple[str, str]]) -> str:
    one = "".join(
        f"<exclusion><groupId>{group}</groupId><artifactId>{artifact}</artifactId></exclusion>"
        for group, artifact in left_out
    )
    return pom.replace("</dependency>", f"<exclusions>{one}</exclusions></dependency>") if left_out else pom


def main(arguments: list[str]) -> int:
    """0 when the locks are made, 2 when they could not be."""
    names = [argument for argument in arguments if not argument.startswith("-")]
    try:
        for name in names:
            engine = find(name)
            if (engine.folder / "requirements.in").exists():
                print(requirements(engine, "--upgrade" in arguments))
            if (engine.folder / "jars.in").exists():
                print(jar_list(engine))
    except CourseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
