"""Which packages are installed, and what installs the rest."""

import platform
from importlib.metadata import PackageNotFoundError, version

from .._version import __version__
from .arguments import UserError

CUPY = ("cupy", "cupy-cuda12x", "cupy-cuda13x")
NEEDS = {"train": ("rich", "matplotlib", "safetensors"), "bench": ("rich", "matplotlib")}


def installed(package: str) -> str | None:
    """The package's version, None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def cupy() -> str:
    """CuPy's package and version, under whichever name it is installed."""
    found = [f"{name} {number}" for name in CUPY if (number := installed(name))]
    return ", ".join(found) or "not installed"


def summary() -> str:
    """The versions that a result depends on, in one line."""
    return (
        f"gpugrad {__version__}, Python {platform.python_version()}, NumPy {version('numpy')}, CuPy {cupy()}"
    )


def require(command: str) -> None:
    """Raise unless what that command needs is installed; the extra has the command's name."""
    missing = [name for name in NEEDS[command] if installed(name) is None]
    if missing:
        raise UserError(f"gpugrad {command} needs {', '.join(missing)}; run: {install(command)}")


def install(extra: str) -> str:
    """What installs the packages of an extra."""
    return f'pip install "gpugrad[{extra}]"'
