"""How does JupyterLab start on a learner's workspace, and end with what started it?

It runs inside of the `course` command: whatever ends that ends JupyterLab, and kernels end with JupyterLab. It listens
on loopback only, asks for a token, keeps its settings in the workspace and asks nobody for news.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from course_lib.errors import BadArgument
from course_lib.exercises.catalog import HIDDEN, WHERE
from course_lib.exercises.workspace import INDEX
from course_lib.storage.atomic import write_text

_DEFAULTS = {  # of JupyterLab's settings; a learner may change any of them
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    # The sliders of a notebook that is opened again are there, cut off from their kernel until their cell runs.
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    # A long line goes on below instead of leaving the cell, where half of a test's message could not be read.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer", "codeCellConfig": {"lineWrap": True}},
}
_PAGE = {  # what is for instructors and authors; nbgrader's Validate stays
    "disabledExtensions": {
        "@jupyter/nbgrader:assignment-list": True,
        "@jupyter/nbgrader:course-list": True,
        "@jupyter/nbgrader:create-assignment": True,
        "@jupyter/nbgrader:formgrader": True,
        "@jupyter/nbgrader:menu": True,
        "@jupyterlab/extensionmanager-extension:plugin": True,
        "@jupyterlab/lsp-extension": True,
        "@jupyterlab/fileeditor-extension:language-server": True,
        "@jupyterlab/notebook-extension:language-server": True,
        "jupyterlab-jupytext": True,
    }
}
_SERVER = {
    "ServerApp": {
        "jpserver_extensions": {
            "jupyterlab": True,
            "nbgrader.server_extensions.validate_assignment": True,
            "nbgrader.server_extensions.formgrader": False,
            "nbgrader.server_extensions.assignment_list": False,
            "nbgrader.server_extensions.course_list": False,
            "jupyter_lsp": False,  # asks npm at every start
            "jupyterlab_jupytext": False,  # or Markdown and Python files open as notebooks
        }
    }
}
# Validate gives up on a cell after half a minute otherwise, on a busy machine too early.
_NBGRADER = "c = get_config()\nc.ExecutePreprocessor.timeout = 300\n"
# ipykernel tells in every log that loopback is not encrypted.
_KERNEL = "c = get_config()\nc.IPKernelApp.log_level = 40\n"


def settle(workspace: Path) -> dict[str, str]:
    """Write JupyterLab's settings into the workspace; the environment that makes it read them."""
    home = workspace / HIDDEN / "jupyter"
    files = {
        home / "config" / "labconfig" / "default_setting_overrides.json": json.dumps(_DEFAULTS, indent=2) + "\n",
        home / "config" / "labconfig" / "page_config.json": json.dumps(_PAGE, indent=2) + "\n",
        home / "config" / "jupyter_server_config.json": json.dumps(_SERVER, indent=2) + "\n",
        home / "config" / "nbgrader_config.py": _NBGRADER,
        home / "ipython" / "profile_default" / "ipython_kernel_config.py": _KERNEL,
    }
    for path, text in files.items():
        if not path.exists() or path.read_text("utf-8") != text:
            write_text(path, text)
    return {
        WHERE: str(workspace),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "config" / "lab" / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "0",  # these settings go before those that came with the environment
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or the kernel's debugger warns of frozen modules
    }


def arguments(workspace: Path, port: int | None, browser: bool) -> list[str]:
    """What JupyterLab is started with. `port` None: 8888, or the next that is free."""
    given = [
        f"--ServerApp.root_dir={workspace}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={8888 if port is None else port}",
        f"--ServerApp.port_retries={100 if port is None else 0}",
        f"--ServerApp.open_browser={browser}",
        "--Application.log_level=40",
        "--ServerApp.use_redirect_file=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        f"--LabApp.default_url=/lab/tree/{INDEX}",
    ]
    return given + (["--ServerApp.allow_root=True"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def serve(workspace: Path, port: int | None = None, browser: bool = True) -> None:
    """Run JupyterLab until it is stopped. Raises BadArgument where the port is taken."""
    if port is not None:
        _ask(port)
    os.environ.update(settle(workspace))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    _drop_credentials()
    from jupyterlab.labapp import LabApp

    server: Any = LabApp.initialize_server(argv=arguments(workspace, port, browser))
    # One Ctrl-C is enough, and there need not be a terminal; work lies in files, not in the server.
    signal.signal(signal.SIGINT, lambda number, frame: server.stop(from_signal=True))
    server.log.addFilter(lambda record: "To access the server" not in record.getMessage())  # said below, in fewer words
    print(f"JupyterLab: {server.display_url.splitlines()[0].strip()}", flush=True)
    print("Ctrl-C stops it; your work is saved in its files.", flush=True)
    try:
        server.start()
    finally:
        print("JupyterLab has stopped.", file=sys.stderr)


def _ask(port: int) -> None:
    """Raises BadArgument where nobody can listen on `port`, before anything slow begins."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise BadArgument(f"port {port} cannot be used ({why}); leave out --port to take a free one") from None


def _drop_credentials() -> None:
    """Settings of another JupyterLab that would take the token away or show it elsewhere."""
    for name in ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        os.environ.pop(name, None)
