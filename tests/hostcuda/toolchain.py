"""Running g++, and the cache of what it built.

Names in the cache are digests of everything that went in, and files appear there by an atomic
rename: several processes or threads may build the same thing at once, and none sees half of it.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from threading import Lock
from uuid import uuid4

HERE = Path(__file__).parent
NATIVE = HERE / "native"
CACHE = Path(os.environ.get("HOSTCUDA_CACHE") or Path.home() / ".cache" / "hostcuda")
CXX = os.environ.get("FK_CXX", "g++")
KERNEL_FLAGS = os.environ.get("FK_CXXFLAGS", "-O1 -g0 -std=c++17 -w -fpermissive").split()
_building = Lock()  # threads mostly want the same file: the second finds it built
LIBRARY_FLAGS = ["-O2", "-g", "-w", "-std=c++17", "-shared", "-fPIC"]


class CompilerError(RuntimeError):
    """g++ refused; the text is what it said."""


def digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


@cache
def compiler_version() -> str:
    """The first line of ``g++ --version``: what another compiler built is not reused."""
    try:
        version = subprocess.check_output([CXX, "--version"], text=True)
    except OSError as error:
        raise CompilerError(f"hostcuda needs g++: {error}; install it or set FK_CXX") from error
    return version.partition("\n")[0]


@cache
def native_sources() -> str:
    """A digest of our C++: whatever was built from it is stale when it changes."""
    files = sorted(path for folder in (NATIVE, HERE / "shim") for path in folder.rglob("*") if path.is_file())
    return digest(*((path.name, path.read_text()) for path in files))


def write(path: Path, text: str) -> Path:
    """Write ``text`` to ``path`` unless that exists, atomically."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _part_of(path)
        part.write_text(text)
        part.replace(path)
    return path


def compile_to(target: Path, arguments: Iterable[object]) -> Path:
    """Run g++ with ``arguments`` and ``-o target`` unless that exists; a refusal is a CompilerError."""
    with _building:
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            part = _part_of(target)
            command = [CXX, *map(str, arguments), "-o", str(part)]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode:
                part.unlink(missing_ok=True)
                raise CompilerError(f"{result.stderr}\nin: {' '.join(command)}")
            part.replace(target)
    return target


def shared_library(soname: str, sources: Iterable[Path], *flags: str) -> Path:
    """Build a shared library that the loader knows as ``soname``, and return its path."""
    sources = list(sources)
    key = digest(soname, native_sources(), [path.name for path in sources], flags, compiler_version())
    arguments = [*LIBRARY_FLAGS, f"-I{NATIVE}", f"-Wl,-soname,{soname}", *sources, *flags]
    return compile_to(CACHE / key / soname, arguments)


def _part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.{uuid4().hex}.part")
