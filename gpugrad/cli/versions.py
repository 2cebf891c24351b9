"""Which packages are installed, and what installs the rest."""

import platform
from importlib.metadata import PackageNotFoundError, version

from .._version import __version__
from .arguments import UserError

CUPY = ("cupy", "cupy-cuda12x", "cupy-cuda13x")
TRAIN = ("rich", "matplotlib", "safetensors")
INSTALL_TRAIN = 'pip install "gpugrad[train]"'


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


def require_train() -> None:
    """Raise unless what ``gpugrad train`` needs is installed."""
    missing = [name for name in TRAIN if installed(name) is None]
    if missing:
        raise UserError(f"gpugrad train needs {', '.join(missing)}; run: {INSTALL_TRAIN}")
