"""Processes that a test started, or that came of one."""

import time

import psutil


def gone(pid: int, within: float = 60) -> bool:
    """Does a process end in time? (It is a zombie where nobody waits for it.)"""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False
