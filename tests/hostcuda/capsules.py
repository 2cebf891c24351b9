"""Exchanging the C functions that CuPy's Cython modules take from each other.

A Cython module offers its C functions as capsules in ``module.__pyx_capi__``; whoever cimports it reads
them once, at import. A function swapped before that is the one that all of CuPy calls.
"""

import ctypes
import re
from types import ModuleType

PREFIX = "fk_"  # our function for CuPy's `malloc` is `fk_malloc`

_C_TYPES = {
    "void": None,
    "int": ctypes.c_int,
    "unsigned int": ctypes.c_uint,
    "size_t": ctypes.c_size_t,
    "intptr_t": ctypes.c_ssize_t,
    "float": ctypes.c_float,
    "PyObject *": ctypes.py_object,
    "CUdevice": ctypes.c_int,
}

_python = ctypes.pythonapi
_python.PyCapsule_New.restype = ctypes.py_object
_python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
_python.PyCapsule_GetName.restype = ctypes.c_void_p
_python.PyCapsule_GetName.argtypes = [ctypes.py_object]

_replaced = []  # the old capsules own the names that the new ones carry


def replace_functions(module: ModuleType, library: ctypes.CDLL) -> None:
    """Put ``library``'s functions in the place of ``module``'s; one that it lacks stays CuPy's, and fails."""
    for name, capsule in list(module.__pyx_capi__.items()):
        c_name = _python.PyCapsule_GetName(capsule)  # the C signature
        signature = re.match(r"(.*?)\s*\((.*)\)$", ctypes.string_at(c_name).decode())
        if signature is None:  # a variable
            continue
        try:
            function = library[PREFIX + name]
        except AttributeError:
            continue
        address = ctypes.cast(function, ctypes.c_void_p).value
        module.__pyx_capi__[name] = _python.PyCapsule_New(address, c_name, None)
        _replaced.append(capsule)
        wrapper = _python_function(address, *signature.groups())
        if wrapper and hasattr(module, name):
            setattr(module, name, wrapper)


def _python_function(address: int, returned: str, arguments: str):
    """The function at ``address`` for Python callers, or None if its types have no Python counterpart."""
    names = [name.strip() for name in arguments.split(",") if name.strip() != "void"]
    if returned.startswith("struct __pyx_obj_"):
        returned = "PyObject *"
    # Cython's own arguments, "skip dispatch" and a pointer to the optional ones, come last.
    types = [_C_TYPES.get(name) for name in names if "__pyx_" not in name]
    hidden = [None if "*" in name else 0 for name in names if "__pyx_" in name]
    hidden_types = [ctypes.c_void_p if value is None else ctypes.c_int for value in hidden]
    if None in types or returned not in _C_TYPES:
        return None
    function = ctypes.PYFUNCTYPE(_C_TYPES[returned], *types, *hidden_types)(address)

    def call(*given, **_optional):
        return function(*given[: len(types)], *hidden)

    return call
