"""The workloads, a module each (see `case`)."""
