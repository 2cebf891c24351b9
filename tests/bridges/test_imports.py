"""No other package is imported before its bridge is, and one that is missing is named."""

import subprocess
import sys

CODE = """
import sys
import gpugrad, gpugrad.bridges, gpugrad.optimize
assert not {"scipy", "torch", "jax"} & set(sys.modules), "imported too early"
for name, package in (("torch", "PyTorch"), ("jax", "JAX")):
    sys.modules[name] = None
    try:
        __import__(f"gpugrad.bridges.{name}")
    except ImportError as error:
        assert f"gpugrad.bridges.{name} needs {package}, which is not installed" in str(error), error
    else:
        raise AssertionError(name)
"""


def test_bridges_are_lazy():
    subprocess.run([sys.executable, "-c", CODE], check=True)
