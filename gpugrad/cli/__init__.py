"""The ``gpugrad`` command."""

import os
import sys
from collections.abc import Sequence

from .._version import __version__
from ..backend import CudaUnavailable
from ..data import DataError
from . import bench, info, train
from .arguments import Parser, UserError

COMMANDS = {"train": train, "bench": bench, "info": info}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. What the user can mend is one line on stderr and exit code 2."""
    parser = Parser(prog="gpugrad", description="Automatic differentiation for NumPy and CuPy arrays.")
    parser.add_argument("--version", action="version", version=f"gpugrad {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.HELP, description=command.HELP)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    try:
        args = parser.parse_args(argv)
        if "run" not in args:
            parser.print_help()
            return 2
        return args.run(args)
    except BrokenPipeError:
        # The reader has gone, as in `gpugrad info | head -1`; Python must not flush into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"gpugrad: {_told(error)}", file=sys.stderr)
        return 2
    except (UserError, DataError, CudaUnavailable, MemoryError) as error:
        print(f"gpugrad: {str(error) or 'out of memory'}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"gpugrad: interrupted; {stop}" if stop.args else "gpugrad: interrupted", file=sys.stderr)
        return 130


def _told(error: OSError) -> str:
    """Which file, and what the operating system says about it, in words."""
    if error.filename is None:
        return str(error)
    return f"{error.filename}: {error.strerror}"
