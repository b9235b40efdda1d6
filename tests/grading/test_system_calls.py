"""The filter refuses what it should on every machine it knows, and nothing else."""

import struct

import pytest

from course_lib.grading.system_calls import NEW_NET, NEW_USER, filter_program

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


def judged(machine: str, number: int, argument: int = 0, architecture: int | None = None) -> int:
    """What the program says to a call: a slow, obvious machine for classic BPF."""
    data = struct.pack("=II8xQ40x", number, ARCHITECTURE[machine] if architecture is None else architecture, argument)
    program = list(struct.iter_unpack("=HBBI", filter_program(machine)))
    at = held = 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        match code:
            case 0x20:
                [held] = struct.unpack_from("=I", data, value)
            case 0x15:
                at += yes if held == value else no
            case 0x35:
                at += yes if held >= value else no
            case 0x45:
                at += yes if held & value else no
            case 0x06:
                return value


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [
        ("x86_64", {"mount": 165, "unshare": 272, "ptrace": 101}),
        ("aarch64", {"mount": 40, "unshare": 97, "ptrace": 117}),
    ],
)
def test_calls_that_no_answer_needs_are_refused(machine, numbers):
    assert {judged(machine, number) for number in numbers.values()} == {EPERM}


@pytest.mark.parametrize(("machine", "read", "clone", "clone3"), [("x86_64", 0, 56, 435), ("aarch64", 63, 220, 435)])
def test_processes_and_threads_are_allowed_and_namespaces_are_not(machine, read, clone, clone3):
    assert judged(machine, read) == ALLOW
    assert judged(machine, clone, 0x003D0F00) == ALLOW  # how the C library starts a thread
    assert judged(machine, clone, 17) == ALLOW  # ... and a process
    assert judged(machine, clone, NEW_USER | 17) == judged(machine, clone, NEW_NET) == EPERM
    assert judged(machine, clone3) == ENOSYS


@pytest.mark.parametrize(("machine", "prctl"), [("x86_64", 157), ("aarch64", 167)])
def test_nobody_takes_back_that_it_dies_with_its_guard(machine, prctl):
    assert judged(machine, prctl, 1) == EPERM
    assert judged(machine, prctl, 15) == ALLOW  # a thread's name


def test_calls_by_another_convention_are_refused():
    assert judged("x86_64", 3, architecture=0x40000003) == EPERM
    assert judged("x86_64", 0x40000000 + 39) == EPERM


def test_a_machine_whose_numbers_are_not_known_has_no_filter():
    assert filter_program("riscv64") == b""
