"""Files that are complete or not there at all."""

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write under another name and rename, so that whoever looks finds the old file or the new one.

    Raises OSError, which names ``path``.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)
