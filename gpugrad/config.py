"""Settings of the process."""

from .backend.host_memory import reuse_host_memory as reuse_host_memory
