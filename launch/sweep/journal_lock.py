"""The lock of a study's journal, freed at once when a driver is killed while it writes."""

import contextlib
import fcntl
import os
import threading
from pathlib import Path

from optuna.storages.journal import JournalFileSymlinkLock

LONGEST_MARK = 64  # bytes


class JournalLock(JournalFileSymlinkLock):
    """Optuna's own lock, so that whoever else opens the journal is kept out; and the kernel's around it.

    A killed holder of Optuna's leaves a link behind, which others take for a lock for 30 s. A holder of ours notes
    which link is its own: whoever has the kernel's lock and finds that link still there knows that its maker has died,
    and removes it.
    """

    def __init__(self, journal: str) -> None:
        super().__init__(journal)
        self.journal = Path(journal)
        self.link = Path(f"{journal}.lock")
        self.held = threading.local()  # threads of a driver are kept apart as drivers are

    def acquire(self) -> bool:
        mark = os.open(f"{self.journal}.holder", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX)
            left = os.pread(mark, LONGEST_MARK, 0)
            if left and left == self._link_mark():
                self.link.unlink(missing_ok=True)
            os.ftruncate(mark, 0)
            super().acquire()
            try:
                self._drop_half_line()
                os.pwrite(mark, self._link_mark(), 0)
            except BaseException:  # a full disk
                super().release()
                raise
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

    def _link_mark(self) -> bytes:
        """Of the link that is there; another one, made later, has another mark."""
        try:
            about = self.link.lstat()
        except FileNotFoundError:
            return b""
        return f"{about.st_ino} {about.st_mtime_ns}".encode()

    def _drop_half_line(self) -> None:
        """Of a writer that was killed, or that found the disk full: nobody has been told that it is there.

        What is written behind it would be lost, and the study could not be read any more.
        """
        with contextlib.suppress(FileNotFoundError), self.journal.open("r+b") as journal:
            size = journal.seek(0, os.SEEK_END)
            journal.seek(max(0, size - 1))
            if journal.read(1) not in (b"", b"\n"):
                journal.seek(0)
                journal.truncate(journal.read().rfind(b"\n") + 1)
