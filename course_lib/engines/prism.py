"""How is Prism had, the server that Beam's Python package would download while a pipeline runs?

    python -m course_lib.engines.prism

It is built from the Go module of the same version as the Python package, with the Go that this machine has. Go checks
the module and all that it needs against its checksum database (sum.golang.org) and the hashes in the module itself.

One line is changed before it is built. As released, the server listens on every network of the machine, and has no
setting for that; ours listens on loopback. Should a release say that line differently, nothing is built.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from course_lib.engines import cache, registry
from course_lib.errors import CourseError, EngineUnavailable, one_line

COMMAND = "python -m course_lib.engines.prism"
MODULE = "github.com/apache/beam/sdks/v2"
SERVER = "go/pkg/beam/runners/prism/internal/jobservices/server.go"
EVERYWHERE, LOOPBACK = (
    'net.Listen("tcp", fmt.Sprintf(":%d", port))',
    'net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))',
)
_REMEDY = "Debian: apt-get install golang; conda: conda install -c conda-forge go."
_LAST_LINES = 6  # of a tool that failed, in the message


def there() -> Path | None:
    """The program, or None where nobody built it for this version of Beam."""
    folder = cache.there(_key())
    return folder / "prism" if folder is not None else None


def build(say: Callable[[str], None]) -> Path:
    """The program, built unless it is there. Raises EngineUnavailable with Go's own words."""
    return cache.built(_key(), lambda folder: _build(folder, say), say) / "prism"


def _key() -> str:
    return f"prism-{registry.find('beam').version}-{platform.system()}-{platform.machine()}".lower()


def _build(folder: Path, say: Callable[[str], None]) -> None:
    if (go := shutil.which("go")) is None:
        raise EngineUnavailable("Go", f"Prism is built with it. {_REMEDY}")
    version = registry.find("beam").version
    source = folder / "source"
    try:
        say(f"fetching the source of Prism {version} with Go")
        told = json.loads(_run([go, "mod", "download", "-json", f"{MODULE}@v{version}"], folder))
        module = Path(told["Dir"])  # with Beam's Java and Python, which are not needed
        shutil.copytree(module / "go", source / "go", copy_function=shutil.copyfile)  # what a cache holds is read-only
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(module / name, source / name)
        _on_loopback(source / SERVER)
        say("building it (minutes, once)")
        plain = ["-trimpath", "-ldflags=-s -w", "-mod=readonly"]
        _run([go, "build", *plain, "-o", str(folder / "prism"), "./go/cmd/prism"], source)
    finally:
        shutil.rmtree(source, ignore_errors=True)


def _on_loopback(server: Path) -> None:
    """Have the server listen on loopback. Raises EngineUnavailable where it is not the one that we know."""
    text = server.read_text("utf-8")
    if text.count(EVERYWHERE) != 1:
        raise EngineUnavailable(
            "a Prism that listens on loopback", f"Its {server.name} has changed: look where it listens."
        )
    server.write_text(text.replace(EVERYWHERE, LOOPBACK), "utf-8")


def _run(command: Sequence[str], folder: Path) -> str:
    """What Go printed. Raises EngineUnavailable with its own words where it fails."""
    own = cache.engines_root() / "go"  # not ~/go: nothing is written outside the cache
    told = {"GOMODCACHE": str(own / "mod"), "GOCACHE": str(own / "build"), "CGO_ENABLED": "0", "GOWORK": "off"}
    told["GOFLAGS"] = f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip()  # else nobody can remove it
    ran = subprocess.run(
        command, cwd=folder, env=os.environ | told, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False,
    )  # fmt: skip
    if ran.returncode:
        said = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]
        words = one_line(" | ".join(said[-_LAST_LINES:])) or "nothing"
        raise EngineUnavailable("Prism", f"`go {command[1]}` ended with code {ran.returncode} and said: {words}")
    return ran.stdout


def main() -> int:
    """0 when the program is there, 2 when it could not be built."""
    try:
        print(build(lambda line: print(line, flush=True)))
    except CourseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
