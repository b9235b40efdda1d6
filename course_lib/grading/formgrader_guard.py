"""What must not be done by a button?

Formgrader's Autograde would run learners' code without a sandbox, beside the hidden tests and the gradebook; its
Generate Feedback would write pages with the hidden tests in them. This extension of Jupyter's server answers both
before formgrader can, and says which command to use.
"""

from __future__ import annotations

from typing import Any

_INSTEAD = {
    r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde": "course grade {0}",
    r"/formgrader/api/assignment/([^/]+)/generate_feedback": "course feedback {0}",
    r"/formgrader/api/assignment/([^/]+)/([^/]+)/generate_feedback": "course feedback {0}",
}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course_lib.grading.formgrader_guard"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Put the answers in front of formgrader's own."""
    import json

    from jupyter_server.base.handlers import JupyterHandler
    from jupyter_server.utils import url_path_join
    from tornado import web

    class Instead(JupyterHandler):
        def initialize(self, command: str) -> None:
            self.command = command

        @web.authenticated
        def post(self, *names: str) -> None:
            told = f"In a terminal: {self.command.format(*names)}"
            self.write(json.dumps({"success": False, "log": told, "error": ""}))

    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$", [(url_path_join(base, path), Instead, {"command": command}) for path, command in _INSTEAD.items()]
    )
