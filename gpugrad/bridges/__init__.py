"""Bridges to PyTorch and JAX, each imported by name: ``gpugrad.bridges.torch``, ``gpugrad.bridges.jax``."""
