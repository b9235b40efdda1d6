"""How does formgrader start on a class, and end with what started it?

It runs inside of the `course` command, listens on loopback only, asks for a token, and fetches nothing from elsewhere:
a content policy forbids it. What learners wrote is shown without their scripts. The two buttons that would run
learners' code or publish hidden tests say which command to use instead.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from course_lib.exercises.lab import _ask as ask_for_port
from course_lib.exercises.lab import _drop_credentials as drop_credentials
from course_lib.grading.class_folder import ClassFolder, open_gradebook, private, write_private
from course_lib.grading.nbgrader_imports import quick_imports

# Formgrader's own pages have scripts in them, and underscore compiles templates (eval). Nothing comes from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_SERVER = {
    "ServerApp": {
        "jpserver_extensions": {
            "course_lib.grading.formgrader_guard": True,  # loaded in the order of names: before what it guards
            "nbgrader.server_extensions.formgrader": True,
            "nbgrader.server_extensions.validate_assignment": False,
            "nbgrader.server_extensions.assignment_list": False,
            "nbgrader.server_extensions.course_list": False,
            "jupyter_lsp": False,
            "jupyter_server_terminals": False,
            "jupyterlab": False,
            "jupyterlab_jupytext": False,
            "notebook_shim": False,
        },
        "tornado_settings": {"headers": {"Content-Security-Policy": _POLICY}},
        "terminals_enabled": False,
    }
}
_NBGRADER = """c = get_config()
c.HTMLExporter.preprocessors = ["course_lib.grading.mark_schemes.ShowMarkSchemes"]
c.FormgradeExtension.debug = False
"""


def settle(of: ClassFolder) -> dict[str, str]:
    """Write formgrader's settings into the class; the environment that makes it read them."""
    home = of.root / ".formgrader"
    files = {
        home / "config" / "jupyter_server_config.json": json.dumps(_SERVER, indent=2) + "\n",
        home / "config" / "nbgrader_config.py": _NBGRADER,
    }
    for path, text in files.items():
        if not path.exists() or path.read_text("utf-8") != text:
            write_private(path, text)
    return {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "0",
    }


def arguments(of: ClassFolder, port: int | None, browser: bool) -> list[str]:
    """What the server is started with. `port` None: 8900, or the next that is free."""
    given = [
        f"--ServerApp.root_dir={of.root}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={8900 if port is None else port}",
        f"--ServerApp.port_retries={100 if port is None else 0}",
        f"--ServerApp.open_browser={browser}",
        "--ServerApp.default_url=/formgrader/manage_assignments",
        "--ServerApp.use_redirect_file=True",
        "--Application.log_level=40",
    ]
    return given + (["--ServerApp.allow_root=True"] if os.geteuid() == 0 else [])


def serve(of: ClassFolder, port: int | None = None, browser: bool = True) -> None:
    """Run formgrader until it is stopped. Raises BadArgument where the port is taken."""
    if port is not None:
        ask_for_port(port)
    with open_gradebook(of):
        pass
    with private():
        os.environ.update(settle(of))
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        drop_credentials()
        os.chdir(of.root)  # nbgrader reads the class's nbgrader_config.py from where it stands
        with quick_imports():
            from jupyter_server.serverapp import ServerApp

            server: Any = ServerApp()
            server.initialize(argv=arguments(of, port, browser))
        signal.signal(signal.SIGINT, lambda number, frame: server.stop(from_signal=True))
        server.log.addFilter(lambda record: "To access the server" not in record.getMessage())
        print(f"Formgrader: {server.display_url.splitlines()[0].strip()}", flush=True)
        print("Ctrl-C stops it; grades are saved as you give them.", flush=True)
        try:
            server.start()
        finally:
            print("Formgrader has stopped.", file=sys.stderr)
