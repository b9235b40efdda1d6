"""Whom does a program try to reach? It runs in a network that leads nowhere, and what it sends is read there.

    reached, code = calls_of([sys.executable, "-c", "..."])

The network is a namespace of Linux's, with loopback and one wire. Every other address, the name server's too, lies at
the far end of the wire, where somebody listens and nobody answers. What stays on loopback never comes by.
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

NAMES = "192.0.2.53"  # the name server; these addresses are for documentation and nobody's (RFC 5737)
_HERE, _BEYOND, _MAC = "192.0.2.1", "192.0.2.2", "02:00:00:00:00:02"
_IPV4, _TCP, _UDP, _SYN = 0x0800, 6, 17, 0x02
NETWORK = (
    "ip link set lo up",
    f"ip link add wire type veth peer name end address {_MAC}",
    f"ip address add {_HERE}/24 dev wire",
    "ip link set wire up",
    "ip link set end up",
    f"ip neighbour add {_BEYOND} lladdr {_MAC} dev wire nud permanent",  # or it would ask who that is, in vain
    f"ip neighbour add {NAMES} lladdr {_MAC} dev wire nud permanent",
    f"ip route add default via {_BEYOND}",
)


def missing() -> str:
    """What keeps this machine from having such a network, and the remedy; empty where nothing does."""
    for command, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("mount", "mount")):
        if shutil.which(command) is None:
            return f"{command} is not here; Debian: apt-get install {package}"
    with tempfile.TemporaryDirectory() as folder:
        inside = _unshared(sys.executable, __file__, Path(folder, "calls.json"), "true")
        tried = subprocess.run(inside, capture_output=True, text=True, check=False)
    return f"no such network can be had here: {tried.stderr.splitlines()[:1]}" if tried.returncode else ""


def calls_of(command: Sequence[str | Path], timeout: float = 600) -> tuple[list[str], int]:
    """Each "protocol address:port" or "name NAME" that was tried, once, in order; the exit code of the program."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "calls.json"
        inside = _unshared(sys.executable, __file__, told, *command)
        code = subprocess.run(inside, timeout=timeout, check=False).returncode
        return json.loads(told.read_text("utf-8")), code


def _unshared(*command: str | Path) -> list[str]:
    return ["unshare", "--map-root-user", "--net", "--mount", "--kill-child", *map(str, command)]


def read(frame: bytes) -> str | None:
    """Whom an Ethernet frame is for, where it begins something: a TCP connection, or any datagram."""
    if len(frame) < 34 or struct.unpack_from("!H", frame, 12)[0] != _IPV4:
        return None
    packet = frame[14:]
    body, address = packet[(packet[0] & 15) * 4 :], socket.inet_ntoa(packet[16:20])
    if len(body) < 8 or packet[9] not in (_TCP, _UDP):
        return f"protocol {packet[9]} {address}"
    port = struct.unpack_from("!H", body, 2)[0]
    if packet[9] == _UDP:
        return f"name {_name(body[8:])}" if (address, port) == (NAMES, 53) else f"udp {address}:{port}"
    return f"tcp {address}:{port}" if body[13] & _SYN else None


def _name(question: bytes) -> str:
    """The name that a name server is asked for: labels behind their lengths (RFC 1035, 4.1)."""
    labels, at = [], 12
    while at < len(question) and (length := question[at]):
        labels.append(question[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels)


def _main(told: Path, command: list[str]) -> int:
    """Inside: build the network, run the program, and write down what came by."""
    for line in NETWORK:
        subprocess.run(line.split(), check=True)
    for path, text in (
        ("/etc/resolv.conf", f"nameserver {NAMES}\noptions timeout:1 attempts:1\n"),
        ("/etc/nsswitch.conf", "hosts: files dns\n"),  # a resolver behind a socket would answer from outside
    ):
        with tempfile.NamedTemporaryFile("w", dir=told.parent, delete=False) as ours:
            ours.write(text)
        if (theirs := Path(path)).exists():
            subprocess.run(["mount", "--bind", ours.name, theirs.resolve()], check=True)
    found: dict[str, None] = {}
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4))
    wire.bind(("end", 0))
    wire.settimeout(0.2)
    over = threading.Event()

    def listen() -> None:
        while True:
            try:
                if (call := read(wire.recv(65535))) is not None:
                    found[call] = None
            except TimeoutError:
                if over.is_set():
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    code = subprocess.run(command, check=False).returncode
    over.set()
    listener.join()
    told.write_text(json.dumps(list(found)), "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1]), sys.argv[2:]))
