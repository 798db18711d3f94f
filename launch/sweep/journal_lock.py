"""The lock of a study's journal, freed at once when a driver is killed while it writes."""

import contextlib
import fcntl
import os
import threading
from pathlib import Path

from optuna.storages.journal import JournalFileSymlinkLock

HELD = b"held"


class JournalLock(JournalFileSymlinkLock):
    """Optuna's own lock, so that whoever else opens the journal is kept out; and the kernel's around it.

    A killed holder of Optuna's leaves a link behind, which others take for a lock for 30 s. Whoever has the kernel's
    lock and finds the mark of an earlier holder knows that this one has died, and cleans up after it.
    """

    def __init__(self, journal: str) -> None:
        super().__init__(journal)
        self.journal = Path(journal)
        self.held = threading.local()  # threads of a driver are kept apart as drivers are

    def acquire(self) -> bool:
        mark = os.open(f"{self.journal}.holder", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX)
            if os.pread(mark, len(HELD), 0):
                self._clean_up()
            os.pwrite(mark, HELD, 0)
            super().acquire()
        except BaseException:
            os.close(mark)
            raise
        self.held.mark = mark
        return True

    def release(self) -> None:
        try:
            super().release()
            os.ftruncate(self.held.mark, 0)
        finally:
            os.close(self.held.mark)

    def _clean_up(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.journal}.lock")
        with contextlib.suppress(FileNotFoundError), self.journal.open("r+b") as journal:
            # The line that it was writing: nobody has been told that it is there.
            whole = journal.read().rfind(b"\n") + 1
            journal.truncate(whole)
