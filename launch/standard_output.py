"""A program has ended well when its output is written; how it ends when the output cannot be written."""

import os
import sys


def finish_output() -> None:
    """Has what was printed written. Throws OSError without a file's name."""
    if sys.stdout is not None:  # closed from the start
        sys.stdout.flush()


def cannot_write(error: OSError) -> str:
    """What to say of a write that failed.

    Standard output has no name in Python's errors. Its rest is dropped, because Python would fail on it again at its
    end and exit with a code of its own.
    """
    if error.filename is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return f"cannot write {error.filename or 'standard output'}: {error.strerror}"
