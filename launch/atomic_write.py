"""Files that survive, as base/files.h writes them."""

import os
from pathlib import Path

MOST_LINKS = 40  # the kernel's limit


def write_atomically(path: Path, text: str) -> None:
    """A reader finds the old file or the whole new one, never a part. Throws OSError that names `path`.

    A symlink is followed. What is no file, such as a device, a FIFO or /dev/stdout, is written into.
    """
    try:
        end = _follow_links(path)
        if end.is_symlink() or (end.exists() and not end.is_file()):
            _write_into(end, text)
        else:
            _replace(end, text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write_into(path: Path, text: str) -> None:
    """What is open already is written on from where it stands, behind what others have written."""
    own = Path("/proc/self/fd")
    is_own = path.is_symlink() and path.parent.samefile(own) and path.name.isdecimal()
    opened = os.dup(int(path.name)) if is_own else os.open(path, os.O_WRONLY | os.O_APPEND)
    with open(opened, "w", encoding="utf-8") as file:
        file.write(text)


def _follow_links(path: Path) -> Path:
    """What a chain of symlinks names. A link only where it stands, in /proc, for what is open, or in a circle."""
    for _ in range(MOST_LINKS):
        if not path.is_symlink() or path.parent.resolve().is_relative_to("/proc"):
            break
        path = path.parent / path.readlink()
    return path


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
