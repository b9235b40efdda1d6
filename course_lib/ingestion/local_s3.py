"""How does a notebook get an S3 service of its own?

`moto` answers Amazon's S3 protocol from memory; it runs in a process of its own on a free port of loopback and ends
with this one (keeper.py). The listening socket is opened here, so the address is known at once, and requests that come
before the service is up wait for it. A counter in front of it tells what crossed the wire.

    python local_s3.py FD     the service itself, on the listening socket FD
"""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from course_lib.errors import EngineUnavailable
from course_lib.ingestion.keeper import Keeper

if TYPE_CHECKING:
    import s3fs

STARTUP = 120.0  # seconds
_REGION = "us-east-2"  # any but us-east-1, whose buckets are made by another call
_TRAFFIC = "/_course/traffic"


class Traffic(NamedTuple):
    """What has crossed the wire so far, bodies only."""

    requests: int
    bytes_in: int  # received by the service
    bytes_out: int  # sent by it


class LocalS3:
    """An S3 service of this process, from `start` to `stop`; `start` returns at once."""

    def __init__(self) -> None:
        self._keeper: Keeper | None = None
        self.url = ""

    def __enter__(self) -> LocalS3:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> LocalS3:
        """Start the service in the background. Raises EngineUnavailable where moto is missing."""
        if self._keeper is not None:
            return self
        if importlib.util.find_spec("moto") is None:
            remedy = f"Install it with: {sys.executable} -m pip install 'moto[server]'"
            raise EngineUnavailable("the S3 service", remedy)
        folder = Path(tempfile.mkdtemp(prefix="course-s3-"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            serve = [sys.executable, "-P", "-s", __file__, str(listener.fileno())]
            self._keeper = Keeper("the S3 service", [serve], folder, pass_fds=[listener.fileno()])
        return self

    def filesystem(self) -> s3fs.S3FileSystem:
        """A client (fsspec) with credentials that this service accepts; listings are never cached."""
        import s3fs

        self.traffic()  # waits until the service answers
        return s3fs.S3FileSystem(
            key="course",
            secret="course",  # noqa: S106  # any will do
            endpoint_url=self.url,
            use_listings_cache=False,
            skip_instance_cache=True,
            client_kwargs={"region_name": _REGION},
        )

    def traffic(self) -> Traffic:
        """What has crossed the wire since the start."""
        if self._keeper is None:
            raise EngineUnavailable("the S3 service", "It is not started: call start() first.")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is not for loopback
        try:
            with direct.open(self.url + _TRAFFIC, timeout=STARTUP) as answer:
                return Traffic(**json.load(answer))
        except OSError:
            self._keeper.wait_for_end(2.0)  # seconds: where the service died, it is told why
            self._keeper.check()
            raise

    def stop(self) -> None:
        """End the service; safe to call twice. What was stored is gone."""
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None


class Counted:
    """A WSGI application that counts the bytes of another one's bodies."""

    def __init__(self, app: Callable[..., Iterable[bytes]]):
        self.app, self.requests, self.bytes_in, self.bytes_out = app, 0, 0, 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == _TRAFFIC:
            told = json.dumps(Traffic(self.requests, self.bytes_in, self.bytes_out)._asdict()).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
            return [told]
        self.requests += 1
        self.bytes_in += int(environ.get("CONTENT_LENGTH") or 0)
        body = list(self.app(environ, start_response))
        self.bytes_out += sum(map(len, body))
        return body


def main(fd: int) -> None:
    """Serve until a signal ends this process."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *args: object) -> None: ...

    app = Counted(DomainDispatcherApplication(create_backend_app))
    listener = socket.socket(fileno=fd)  # the name stays, or the socket would close
    host, port = listener.getsockname()
    make_server(host, port, app, threaded=True, fd=fd, request_handler=Quiet).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
