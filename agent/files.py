"""Writing a file so that after a crash it is wholly there or not at all, readable by its owner only.

The order is: a temporary file beside it, set owner-only while empty, written, flushed to the disk, renamed over the
final name, and the folder flushed. A crash leaves at most a temporary file, whose name ends in `.tmp` and which nobody
reads.
On Windows, folders cannot be flushed and modes mean nothing; the folder's own access list protects it there.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

OWNER_ONLY_FILE = 0o600
OWNER_ONLY_FOLDER = 0o700


def private_folder(folder: Path) -> Path:
    """Make a folder (and those above it) that only its owner can enter; harmless when it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(OWNER_ONLY_FOLDER)
    return folder


def write_private(path: Path, data: bytes) -> None:
    """Put a whole file in place, owner-only, durable when this returns; harmless when done twice.

    Args:
        path: final name; its folder must be there.
        data: the whole content.
    """
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)  # left by a crash; O_EXCL below must not follow a planted link
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    with contextlib.suppress(OSError):  # Windows opens no folders; some network file systems flush none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
