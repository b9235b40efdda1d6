"""Which calls of the Linux kernel does a cubicle need that Python 3.11 does not offer?

Namespaces, mounts, capabilities and the filter of system calls, through the C library. Each raises OSError with the
name of the call. Source: the manual pages namespaces(7), mount(2), capabilities(7), seccomp(2), netdevice(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import socket
import struct
from pathlib import Path
from typing import Any

NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 24, 22, 38
_MOST_CAPABILITIES = 64
_libc: Any = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def own_user_and_processes() -> None:
    """Leave the namespaces of users and of (future) processes for new ones, in which this user may mount."""
    uid, gid = os.getuid(), os.getgid()
    unshare(NEW_USER | NEW_PID)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """Mount `source` on `target`."""
    code = _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _checked(code, f"mount {kind or 'bind'} on {target}")


def die_with_parent(signal: int) -> None:
    """Send this process `signal` when its parent ends."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal), 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """Give up every capability for good, also those that a program could bring."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    for number in range(_MOST_CAPABILITIES):
        _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0)  # fails for those that this kernel lacks
    header = struct.pack("=Ii", 0x20080522, 0)  # version 3, this process
    _checked(_libc.capset(header, struct.pack("=6I", 0, 0, 0, 0, 0, 0)), "capset")


def loopback_up() -> None:
    """Bring up the loopback device of this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        up_and_running = 0x41
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH22x", b"lo", up_and_running))  # SIOCSIFFLAGS


# --- the filter of system calls ---

# What no answer has a use for, and an attack on the kernel or on a neighbour has: numbers on x86_64 and on aarch64.
_REFUSED = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268),
    "unshare": (272, 97), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "kexec_load": (246, 104), "init_module": (175, 105),
    "finit_module": (313, 273), "reboot": (169, 142), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "clock_settime": (227, 112), "settimeofday": (164, 170), "sethostname": (170, 161), "quotactl": (179, 60),
}  # fmt: skip
_CLONE, _CLONE3, _PRCTL = (56, 220), (435, 435), (157, 167)
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_ANY_NAMESPACE = NEW_NS | NEW_CGROUP | NEW_UTS | NEW_IPC | NEW_USER | NEW_PID | NEW_NET
_X32 = 0x40000000  # system calls of x86_64's other convention are numbered from here
_ALLOW, _ERRNO, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050000, 1, 38
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def filter_program(machine: str) -> bytes:
    """The filter as classic BPF, 8 bytes an instruction; empty for a machine whose numbers are not known here.

    Source: the kernel's documentation of seccomp_filter; struct seccomp_data is number (4 bytes), architecture (4),
    instruction pointer (8), six arguments (8 each).
    """
    if machine not in _ARCHITECTURES:
        return b""
    architecture, column = _ARCHITECTURES[machine]
    refuse = (_RETURN, 0, 0, _ERRNO | _EPERM)
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), refuse,
        (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), refuse,
    ]  # fmt: skip
    for numbers in _REFUSED.values():
        lines += [(_EQUAL, 0, 1, numbers[column]), refuse]
    # The arguments of clone3 lie behind a pointer: the C library falls back to clone, whose flags can be seen.
    lines += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    lines += [(_EQUAL, 0, 3, _CLONE[column]), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, _ANY_NAMESPACE), refuse]
    lines += [(_LOAD, 0, 0, 0)]
    lines += [(_EQUAL, 0, 3, _PRCTL[column]), (_LOAD, 0, 0, 16), (_EQUAL, 0, 1, _PR_SET_PDEATHSIG), refuse]
    lines += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def filter_calls() -> None:
    """Refuse, from here on and in every child, the calls that no answer has a use for."""
    program = filter_program(platform.machine())
    if not program:
        return
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    _checked(_libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(2), header, 0, 0), "seccomp")
