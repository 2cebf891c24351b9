"""``python -m gpugrad`` is the ``gpugrad`` command."""

import sys

from .cli import main

sys.exit(main())
