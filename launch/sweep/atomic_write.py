"""Files that survive, as base/files.h writes them."""

import os
from pathlib import Path

from launch.sweep.errors import OutsideFault


def write_atomically(path: Path, text: str) -> None:
    """Replaces `path` by `text`, or leaves it as it was. Throws OutsideFault that names it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with temporary.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise OutsideFault(f"cannot write {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
