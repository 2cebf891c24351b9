"""Imports go downwards only; CuPy stays in the backend; ``import gpugrad`` is light."""

import ast
import subprocess
import sys
from pathlib import Path

import gpugrad

PACKAGE = Path(gpugrad.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Each room may import from those before it; rooms of one line know nothing of each other.
ROOMS = [
    ["_version", "files"],
    ["backend"],
    ["core"],
    ["ops"],
    ["config", "cuda", "transforms", "numpy"],
    ["testing", "nn", "data", "drawing", "bridges", "optimize"],
    ["optim", "draw"],
    ["__init__"],
    ["cli"],
    ["__main__"],
]
HEIGHT = {room: height for height, rooms in enumerate(ROOMS) for room in rooms}


def room_of(parts):
    """The room of a module, given by its name's parts below ``gpugrad``."""
    return parts[0] if parts else "__init__"


def statements(tree):
    """Import statements, but for those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for other in node.orelse:
                yield from statements(other)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            yield from statements(node)


def imports(file):
    """``(module, line)`` of what a file imports: absolute names, as in ``gpugrad.core.tensor``."""
    parts = ("gpugrad", *file.relative_to(PACKAGE).with_suffix("").parts)
    package = parts[:-1]
    for node in statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        else:
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple((node.module or "").split(".")) if node.module else ()
            for alias in node.names:
                inner = (*base, alias.name)
                known = PACKAGE.joinpath(*inner[1:])
                is_module = known.is_dir() or known.with_suffix(".py").exists()
                yield ".".join(inner if base[0] == "gpugrad" and is_module else base), node.lineno


def test_every_file_is_in_a_room():
    rooms = {room_of(file.relative_to(PACKAGE).with_suffix("").parts) for file in FILES}
    assert rooms == set(HEIGHT)


def test_imports_go_downwards():
    for file in FILES:
        room = room_of(file.relative_to(PACKAGE).with_suffix("").parts)
        for module, line in imports(file):
            if module.split(".")[0] == "gpugrad":
                other = room_of(tuple(module.split(".")[1:]))
                assert other == room or HEIGHT[other] < HEIGHT[room], f"{file}:{line} imports {module}"


def test_no_import_cycle():
    graph = {}
    for file in FILES:
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        graph[".".join(("gpugrad", *parts))] = {m for m, _ in imports(file) if m.split(".")[0] == "gpugrad"}
    done = set()

    def visit(module, path):
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for other in sorted(graph.get(module, ())):
                visit(other, [*path, module])
            done.add(module)

    for module in graph:
        visit(module, [])


def test_cupy_is_imported_by_the_backend_alone():
    for file in FILES:
        if not file.is_relative_to(PACKAGE / "backend"):
            for module, line in imports(file):
                assert not module.startswith("cupy"), f"{file}:{line} imports {module}"


def loaded_by(code):
    """The modules that ``code`` loads in a process of its own, less those that NumPy loads."""
    script = f"import sys, numpy\nbefore = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)"
    command = [sys.executable, "-W", "error", "-c", script]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_nothing_is_imported_that_only_some_need():
    code = (
        "import gpugrad, gpugrad.numpy\n"
        "gpugrad.grad(lambda x: (x * x).sum())(gpugrad.tensor([1.0]))\n"
        "gpugrad.config.reuse_host_memory(False)"
    )
    packages = "cupy cupyx rich matplotlib scipy torch jax autograd safetensors ml_dtypes pytest hypothesis"
    assert not loaded_by(code) & set(packages.split())


def test_a_bare_import_is_light():
    """None of these is needed before something is called, and each takes milliseconds to load."""
    modules = """subprocess shutil tempfile urllib.request http email ssl xml json csv zipfile argparse
        logging asyncio multiprocessing concurrent.futures unittest decimal importlib.metadata
        importlib.resources numpy.random numpy.polynomial numpy.testing gpugrad.cli gpugrad.data
        gpugrad.bridges"""
    assert not loaded_by("import gpugrad") & set(modules.split())


def test_the_package_stands_on_numpy_and_optree():
    """What a file imports when it is loaded. Commands, bridges and what needs CuPy load later."""
    found = set()
    for file in FILES:
        if file.is_relative_to(PACKAGE / "cli") or file.is_relative_to(PACKAGE / "bridges"):
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            found |= {name.split(".")[0] for name in names}
    assert found - sys.stdlib_module_names - {"cupy", "cupyx", "cupy_backends"} == {"numpy", "optree"}
