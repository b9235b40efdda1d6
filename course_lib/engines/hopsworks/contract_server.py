"""Who answers Hopsworks' client where there is no cluster?

    unless_cluster(folder)          # sets HOPSWORKS_HOST and the rest, unless they are set already
    project = hopsworks.login()

A server of ours, a program of its own that ends with the one that started it. What it answers stands in
contract_calls.py; here is how it is reached, which is as a cluster is:

    HTTPS, any port   the REST interface, which wants the API key
    HTTPS, port 4406  the online store's, which wants it too
    gRPC, port 5005   the query service (Arrow Flight), which wants the client's certificate
    Kafka             rows for the online store, in Avro (librdkafka's own mock broker, in plain text)

All of them listen on one loopback address, taken at random, so that the two fixed ports are free on it. The
certificate is made at the start, and trusted by the client because HOPSWORKS_TRUST_STORE_PATH names it.
"""

from __future__ import annotations

import datetime
import hmac
import io
import ipaddress
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from contract_calls import Calls, Secrets, avro
from contract_store import Kept, Refused

DOMAIN = "contract.invalid"  # RFC 2606: a name that nobody has
ONLINE_PORT, FLIGHT_PORT = 4406, 5005  # fixed in the client
PATIENCE = 60.0  # s
CLUSTER = ("HOPSWORKS_HOST", "HOPSWORKS_API_KEY")
_STARTED: list[subprocess.Popen[str]] = []


@cache
def unless_cluster(folder: Path) -> bool:
    """Where the settings name no cluster, start a server that keeps everything in `folder`, and set them to it.

    It ends with this process. Returns whether it was started.
    """
    if all(os.environ.get(name) for name in CLUSTER) and not _STARTED:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = process.stdout.readline()
    if not told:
        raise RuntimeError("the contract server did not start; what it said stands above")
    os.environ.update(json.loads(told))
    _STARTED.append(process)  # its standard input ends when this process does, and that ends it
    return True


def calls(folder: Path) -> list[str]:
    """The calls that the server which keeps everything in `folder` has answered; none where there is no such."""
    return Kept(folder / "kept.db").calls() if (folder / "kept.db").exists() else []


def certificate(host: str) -> tuple[str, str]:
    """A certificate for `host` and the query service, signed by itself, and its key; both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "contract server")])
    names = [x509.IPAddress(ipaddress.ip_address(host)), x509.DNSName(f"flyingduck.service.{DOMAIN}")]
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
         "decipher_only"), False
    )  # fmt: skip
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


def free_host() -> str:
    """A loopback address on which the two fixed ports are free; other than on Linux there is only one."""
    for number in range(50):
        host = ".".join(["127", *(str(secrets.randbelow(254) + 1) for _ in range(3))]) if number else "127.0.0.1"
        if number == 0 and sys.platform == "linux":
            continue  # the address that everybody uses
        try:
            for port in (ONLINE_PORT, FLIGHT_PORT):
                with socket.create_server((host, port)):
                    pass
        except OSError:
            continue
        return host
    raise OSError(f"no loopback address has the ports {ONLINE_PORT} and {FLIGHT_PORT} free")


class Topics:
    """The Kafka through which rows come: a broker inside this process, and the reader of what it has got."""

    def __init__(self, kept: Kept):
        from confluent_kafka import Consumer, Producer

        self._kept, self._lock = kept, threading.Lock()
        self._broker = Producer({"test.mock.num.brokers": 1})
        [address] = self._broker.list_topics(timeout=PATIENCE).brokers.values()
        self.bootstrap = f"{address.host}:{address.port}"
        settings = {"group.id": "online", "enable.auto.commit": False, "fetch.wait.max.ms": 10}
        self._reader = Consumer({"bootstrap.servers": self.bootstrap, **settings})
        self._read: dict[tuple[str, int], int] = {}

    def arrived(self) -> None:
        """Put everything that has come into the online store, in the order in which it came."""
        from confluent_kafka import TopicPartition

        with self._lock:
            left, fresh = 0, []
            for topic in self._reader.list_topics(timeout=PATIENCE).topics.values():
                for number in topic.partitions:
                    begin = self._read.get((topic.topic, number), 0)
                    part = TopicPartition(topic.topic, number, begin)
                    end = self._reader.get_watermark_offsets(part, timeout=PATIENCE)[1]
                    if end > begin:
                        left += end - begin
                        fresh.append(part)
            self._reader.assign(fresh)
            while left:
                messages = self._reader.consume(left, timeout=PATIENCE)
                if not messages:
                    raise TimeoutError(f"{left} rows that Kafka has did not come within {PATIENCE:.0f} s")
                for message in messages:
                    self._keep(message)
                    self._read[str(message.topic()), int(message.partition() or 0)] = int(message.offset() or 0) + 1
                    left -= 1

    def _keep(self, message: Any) -> None:
        from fastavro import schemaless_reader

        headers = dict(message.headers())
        group = self._kept.get("feature group", headers["featureGroupId"].decode())
        row = schemaless_reader(io.BytesIO(message.value()), avro(group), None)
        key = {one["name"]: row[one["name"]] for one in group["features"] if one.get("primary")}
        self._kept.put_row(group["id"], key, {name: _plain(value) for name, value in row.items()})
        ingestion = self._kept.get("ingestion", headers["onlineIngestionId"].decode())
        self._kept.change("ingestion", ingestion | {"rows": ingestion["rows"] + 1})
        self._kept.note("KAFKA produce {project}_{group}_{name}_{version}_onlinefs")


def _plain(value: Any) -> Any:
    """A time as RonDB's REST server writes it."""
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime.datetime) else value


def query_service(kept: Kept, host: str, pem: str, key: str) -> Any:
    """The query service on its fixed port: all rows of a feature group's table, as they lie there."""
    import pyarrow as pa
    import pyarrow.flight as flight
    from deltalake import DeltaTable

    class Service(flight.FlightServerBase):
        def list_actions(self, context: Any) -> list[tuple[str, str]]:
            kept.note("FLIGHT list_actions")
            return [("healthcheck", ""), ("get-version", "")]

        def do_action(self, context: Any, action: Any) -> list[Any]:
            kept.note(f"FLIGHT do_action {action.type}")
            return [flight.Result(b"5.2.1")] if action.type == "get-version" else []

        def get_flight_info(self, context: Any, descriptor: Any) -> Any:
            kept.note("FLIGHT get_flight_info")
            point = flight.FlightEndpoint(descriptor.command, [])
            return flight.FlightInfo(pa.schema([]), descriptor, [point], -1, -1)

        def do_get(self, context: Any, ticket: Any) -> Any:
            wanted = json.loads(ticket.ticket)
            group = kept.get("feature group", wanted["feature_group"])
            rows = DeltaTable(group["location"]).to_pyarrow_table(columns=wanted["columns"])
            kept.note("FLIGHT do_get")
            return flight.RecordBatchStream(rows)

    return Service(
        f"grpc+tls://{host}:{FLIGHT_PORT}",
        tls_certificates=[(pem, key)],
        verify_client=True,
        root_certificates=pem.encode(),
    )


class Listener(ThreadingHTTPServer):
    """A server that does not ask the network what its own address is called."""

    def server_bind(self) -> None:
        """Listen."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


class Handler(BaseHTTPRequestHandler):
    """One connection over HTTPS."""

    protocol_version = "HTTP/1.1"
    calls: Calls
    api_key: str

    def do_GET(self) -> None:
        """Answer a call of any method."""
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix("/hopsworks-api/api").strip("/")
        try:
            shown = self.headers.get("x-api-key") or (self.headers.get("authorization") or "").removeprefix("ApiKey ")
            if not hmac.compare_digest(shown.encode(), self.api_key.encode()):
                raise Refused(401, 200003, "this is not the API key")
            _, told = self.calls.answer(
                self.command, path, dict(parse_qsl(url.query)), json.loads(raw) if raw else None
            )
            status = 201 if self.command == "POST" and not path.startswith("0.1.0") else 200
        except Refused as error:
            status, told = error.status, {"errorCode": error.code, "errorMsg": str(error), "usrMsg": str(error)}
        except (KeyError, TypeError, ValueError) as error:
            status, told = 400, {"errorCode": 1, "errorMsg": repr(error), "usrMsg": ""}
        body = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815, the names are http.server's

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say it where the engine's log is."""
        print(format % arguments, file=sys.stderr)


def serve(folder: Path) -> None:
    """Answer until standard input ends; the first line of standard output is the client's settings."""
    host, kept = free_host(), Kept(folder / "kept.db")
    pem, key = certificate(host)
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_text(pem)
    both.touch(0o600)
    both.write_text(pem + key)
    topics = Topics(kept)
    Handler.calls = Calls(kept, Secrets(host, DOMAIN, pem, key, topics.bootstrap), folder, topics.arrived)
    Handler.api_key = f"course.{secrets.token_hex(32)}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    ports = []
    for port in (0, ONLINE_PORT):
        server = Listener((host, port), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports.append(server.server_address[1])
    flights = query_service(kept, host, pem, key)
    settings = {
        "HOPSWORKS_HOST": host, "HOPSWORKS_PORT": str(ports[0]), "HOPSWORKS_PROJECT": "taxi",
        "HOPSWORKS_API_KEY": Handler.api_key, "HOPSWORKS_HOSTNAME_VERIFICATION": "true",
        "HOPSWORKS_TRUST_STORE_PATH": str(trusted),
    }  # fmt: skip
    print(json.dumps(settings), flush=True)
    sys.stdin.read()
    flights.shutdown()
    os._exit(0)  # threads may wait for a client that is gone


if __name__ == "__main__":
    serve(Path(sys.argv[1]).absolute())
