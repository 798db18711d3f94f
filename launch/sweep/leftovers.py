"""Ranks of a trial that outlived their mpirun, on this host: a rank that trains on must not meet the next attempt.

On other hosts Open MPI's daemons end them when mpirun is gone.
"""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

POLL_SECONDS = 0.02


def end_leftovers(words: Sequence[str]) -> int:
    """Kills every process whose command line has all these words, waits until it is gone, and counts them."""
    wanted = {word.encode() for word in words}
    found = [pid for pid in _processes() if wanted <= set(_command_line(pid))]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(wanted <= set(_command_line(pid)) for pid in found):  # empty for a zombie
        time.sleep(POLL_SECONDS)
    return len(found)


def _processes() -> list[int]:
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()
    ]


def _command_line(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
