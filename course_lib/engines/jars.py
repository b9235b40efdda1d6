"""How does an engine get its jars?

They are pinned in jars.lock, every one of the closure by its Maven coordinates and SHA-256, and fetched by a client
that the user has: Maven, Coursier or Ivy, each with the mirrors and certificates it is set up with. The client is asked
for exactly these files and resolves nothing; what it brings is checked before it is taken.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from course_lib.engines import cache as store
from course_lib.engines.cache import Say
from course_lib.engines.registry import Engine
from course_lib.errors import BadArgument, EngineUnavailable, one_line
from course_lib.storage import digests

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
REMEDY = "Debian: apt-get install maven; conda: conda install -c conda-forge maven. Coursier (cs) and Ivy do as well."
_LINE = re.compile(r"([\w.-]+):([\w.-]+):([\w.+-]+)(?::([\w.-]+))? sha256:([0-9a-f]{64})")


class Jar(NamedTuple):
    """One pinned file."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the folder of jars."""
        return "-".join(filter(None, [self.artifact, self.version, self.classifier])) + ".jar"

    @property
    def coordinates(self) -> str:
        """group:artifact:version, and the classifier where there is one."""
        return ":".join(filter(None, self[:4]))


def parse(lock: str) -> list[Jar]:
    """The jars of a jars.lock. Raises BadArgument for a line that pins nothing, and for two files of one name."""
    jars = []
    for line in lock.splitlines():
        if line.strip() and not line.startswith("#"):
            found = _LINE.fullmatch(line.strip())
            if found is None:
                raise BadArgument(f"a line of a jars.lock is no `group:artifact:version sha256:…`: {line!r}")
            jars.append(Jar(found[1], found[2], found[3], found[4] or "", found[5]))
    twice = {jar.file for jar in jars if [other.file for other in jars].count(jar.file) > 1}
    if twice:
        raise BadArgument(f"jars of different groups have the same file name: {', '.join(sorted(twice))}")
    return jars


def key(engine: Engine) -> str:
    """The name of the engine's jars in the cache."""
    assert engine.jars_lock is not None
    return f"jars-{engine.name}-{hashlib.sha256(engine.jars_lock.read_bytes()).hexdigest()[:12]}"


def folder_of(engine: Engine) -> Path:
    """The folder of the engine's jars. Raises EngineUnavailable where they are not installed."""
    folder = store.there(key(engine))
    if folder is None:
        raise EngineUnavailable(
            f"{engine.title}'s set of jars", f"Install them with: course engines install {engine.name}"
        )
    return folder


def install(engine: Engine, say: Say) -> Path:
    """Fetch and check the engine's jars; their folder."""
    assert engine.jars_lock is not None
    jars = parse(engine.jars_lock.read_text("utf-8"))

    def build(folder: Path) -> None:
        name, command, fetch = client()
        say(f"fetching {len(jars)} jars with {name}")
        scratch = folder / ".scratch"
        scratch.mkdir()
        fetch(command, jars, folder, scratch)
        shutil.rmtree(scratch, ignore_errors=True)
        check(jars, folder)

    return store.built(key(engine), build, say)


def check(jars: Sequence[Jar], folder: Path) -> None:
    """Raise EngineUnavailable unless `folder` holds exactly these jars, and each is the one that was pinned."""
    names = {jar.file for jar in jars}
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    for jar in jars:
        path = folder / jar.file
        if not path.is_file():
            raise EngineUnavailable(jar.coordinates, f"The client did not bring {jar.file}. Try again.")
        if (found := digests.of_file(path)) != jar.sha256:
            raise EngineUnavailable(
                jar.coordinates,
                f"What came is another file than the one pinned: SHA-256 {found}, pinned {jar.sha256}. Look at the "
                "repository that your Maven, Coursier or Ivy is set up with.",
            )


Fetch = Callable[[str, Sequence[Jar], Path, Path], None]


def client() -> tuple[str, str, Fetch]:
    """The client that this machine has: (name, command, function). Raises EngineUnavailable."""
    for name, commands, fetch in (
        ("Maven", ("mvn",), by_maven), ("Coursier", ("cs", "coursier"), by_coursier), ("Ivy", ("ivy",), by_ivy)
    ):  # fmt: skip
        for command in commands:
            if path := shutil.which(command):
                return name, path, fetch
    raise EngineUnavailable("a client for Maven repositories", REMEDY)


def by_maven(command: str, jars: Sequence[Jar], folder: Path, scratch: Path) -> None:
    """One project that depends on the jars, each without its own dependencies; Maven copies them."""
    (scratch / "pom.xml").write_text(pom(jars), "utf-8")
    own = store.engines_root() / "maven"  # not ~/.m2: nothing is written outside the cache
    # `package` phases and models are not needed: the plugin runs by itself.
    options = [
        "--batch-mode",
        "--no-transfer-progress",
        "--file",
        str(scratch / "pom.xml"),
        f"-Dmaven.repo.local={own}",
    ]
    copy = [COPY, f"-DoutputDirectory={folder}", "-DexcludeTransitive=true", "-Dmdep.overWriteIfNewer=false"]
    with store.alone("maven", lambda _: None):  # a local repository is for one Maven at a time
        _run([command, *options, *copy], scratch)


def pom(jars: Sequence[Jar], transitive: bool = False) -> str:
    """A Maven project that depends on `jars`, and on nothing that they depend on unless `transitive`."""
    alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    lines = ["<project>", "<modelVersion>4.0.0</modelVersion>", "<groupId>course</groupId>"]
    lines += ["<artifactId>jars</artifactId>", "<version>1</version>", "<packaging>pom</packaging>", "<dependencies>"]
    for jar in jars:
        named = [("groupId", jar.group), ("artifactId", jar.artifact), ("version", jar.version)]
        if jar.classifier:
            named.append(("classifier", jar.classifier))
        told = "".join(f"<{tag}>{escape(value)}</{tag}>" for tag, value in named)
        lines.append(f"<dependency>{told}{'' if transitive else alone}</dependency>")
    return "\n".join([*lines, "</dependencies>", "</project>", ""])


def by_coursier(command: str, jars: Sequence[Jar], folder: Path, scratch: Path) -> None:
    """Coursier prints where it put each file."""
    asked = [":".join(jar[:3]) + (f",classifier={jar.classifier}" if jar.classifier else "") for jar in jars]
    kept = ["--cache", str(store.engines_root() / "coursier")]
    for path in _run([command, "fetch", "--quiet", *kept, "--intransitive", *asked], scratch).split():
        if path.endswith(".jar"):
            shutil.copy2(path, folder / Path(path).name)


def by_ivy(command: str, jars: Sequence[Jar], folder: Path, scratch: Path) -> None:
    """A module that depends on the jars, none of them transitively; Ivy copies them by a pattern."""
    lines = ['<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">']
    lines += ['<info organisation="course" module="jars"/>', "<dependencies>"]
    for jar in jars:
        kind = f' m:classifier="{escape(jar.classifier)}"' if jar.classifier else ""
        file = f'<artifact name="{escape(jar.artifact)}" type="jar" ext="jar"{kind}/>'
        at = f'org="{escape(jar.group)}" name="{escape(jar.artifact)}" rev="{escape(jar.version)}"'
        lines.append(f'<dependency {at} transitive="false" conf="*->default,*">{file}</dependency>')
    (scratch / "ivy.xml").write_text("\n".join([*lines, "</dependencies>", "</ivy-module>", ""]), "utf-8")
    pattern = f"{folder}/[artifact]-[revision](-[m:classifier]).[ext]"
    own = ["-cache", str(store.engines_root() / "ivy")]
    _run([command, "-warn", *own, "-ivy", str(scratch / "ivy.xml"), "-retrieve", pattern, "-types", "jar"], scratch)


def _run(command: Sequence[str], scratch: Path) -> str:
    """What the client printed. Raises EngineUnavailable with its own words where it fails."""
    quiet = os.environ | {"DO_NOT_TRACK": "1"}
    ran = subprocess.run(
        command, cwd=scratch, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        check=False,
    )  # fmt: skip
    if ran.returncode:
        said = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]
        errors = [line for line in said if "ERROR" in line or "error" in line.lower()] or said
        words = one_line(" | ".join(errors[:6])) or "nothing"
        name = Path(command[0]).name
        raise EngineUnavailable("a jar", f"`{name}` ended with code {ran.returncode} and said: {words}")
    return ran.stdout
