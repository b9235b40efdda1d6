"""Run a command, wait for every process that it leaves behind, and end as it did.

The kernel charges a parent only for the children it waits for. A process whose parent ends first would be waited for
by init and its processor time lost; on Linux this process adopts it instead.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
GRACE = 10.0  # s for those left behind; whoever waits for this process kills the rest


def main(command: list[str]) -> int:
    """Run `command`; its exit code, or 128 and the signal that ended it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    code = subprocess.Popen(command).wait()
    until = time.monotonic() + GRACE
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.005)
        except ChildProcessError:
            break
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has it too, and this one waits for it
    sys.exit(main(sys.argv[1:]))
