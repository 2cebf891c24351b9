"""gg.config.reuse_host_memory: fewer page faults, and memory given back; each test in its own process."""

import json
import os
import platform
import shutil
import subprocess
import sys

import pytest

import gpugrad as gg
from gpugrad.backend import host_memory

LIBRARY, VERSION = platform.libc_ver()
GLIBC_VERSION = tuple(map(int, VERSION.split("."))) if LIBRARY == "glibc" else ()
needs_glibc = pytest.mark.skipif(not GLIBC_VERSION, reason="there is no glibc here, whose malloc this steers")
newer = pytest.mark.skipif(GLIBC_VERSION < (2, 36), reason="glibc 2.36 is known to keep arrays of this size")

TOOLS = """
import json, resource
import numpy as np
import gpugrad as gg

def faults(mib):
    "Page faults of ten evaluations of an expression with large temporaries, once it has run a few times."
    x = np.full(mib << 18, 0.5, 'f4')
    def work():
        return np.maximum(x * x + x, 0) * x
    for _ in range(3):
        work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    "MiB in memory."
    return int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize() >> 20

"""


def run(script, **environment):
    """The JSON that ``script`` prints, run in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", TOOLS + script]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_glibc
@pytest.mark.parametrize("mib", [2, 24, pytest.param(64, marks=newer)])
def test_temporaries_cost_no_page_faults(mib):
    off, took, on = run(
        f"print(json.dumps([faults({mib}), gg.config.reuse_host_memory(True), faults({mib})]))"
    )
    assert took is True
    assert off > 10
    assert on < off / 10


@needs_glibc
@pytest.mark.parametrize("mib", [24, pytest.param(60, marks=newer)])
def test_nor_in_another_thread(mib):
    """Whose arrays lie in several heaps of 64 MiB, two of the smaller ones in each."""
    found = run(
        "from threading import Thread\n"
        "gg.config.reuse_host_memory(True)\n"
        "found = []\n"
        f"thread = Thread(target=lambda: found.append(faults({mib})))\n"
        "thread.start(); thread.join()\n"
        "print(json.dumps(found))"
    )
    assert found[0] < 100


@needs_glibc
def test_off_gives_back_what_is_free():
    """Also from below an array that is still alive, where shrinking the heap does not reach."""
    before, kept, after = run(
        "gg.config.reuse_host_memory(True)\n"
        "arrays = [np.ones(4 << 20, 'u1') for _ in range(50)]\n"
        "last = arrays[-1]\n"
        "figures = [resident()]\n"
        "del arrays\n"
        "figures.append(resident())\n"
        "assert gg.config.reuse_host_memory(False) is False\n"
        "print(json.dumps([*figures, resident()]))"
    )
    assert kept > before - 20
    assert after < before - 180


@needs_glibc
def test_off_leaves_what_glibc_keeps_by_itself():
    """In a program that has met an array of 24 MiB; at first each of its temporaries would cause faults."""
    off, after = run(
        "np.ones(6 << 20, 'f4')\n"
        "off = faults(2)\n"
        "gg.config.reuse_host_memory(True)\n"
        "gg.config.reuse_host_memory(False)\n"
        "print(json.dumps([off, faults(2)]))"
    )
    assert after <= off + 100


@needs_glibc
def test_freed_memory_is_returned_again_once_it_is_off():
    before, after = run(
        "gg.config.reuse_host_memory(True)\n"
        "gg.config.reuse_host_memory(False)\n"
        "resident()\n"  # what its first call leaves would lie above the arrays, and hold them in the heap
        "arrays = [np.ones(4 << 20, 'u1') for _ in range(50)]\n"
        "before = resident()\n"
        "del arrays\n"
        "print(json.dumps([before, resident()]))"
    )
    assert after < before - 180


FOREIGN = """
#include <errno.h>
#include <stddef.h>
#include <string.h>
static _Alignas(64) char pool[1 << 30];
static size_t used;
void *malloc(size_t n) {
    size_t at = __atomic_fetch_add(&used, (n + 127) & ~(size_t)63, __ATOMIC_SEQ_CST);
    if (at + n + 64 > sizeof pool) return NULL;
    *(size_t *)(pool + at) = n;
    return pool + at + 64;
}
void free(void *p) {}
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t n) {
    void *q = malloc(n);
    if (p && q) { size_t old = *(size_t *)((char *)p - 64); memcpy(q, p, old < n ? old : n); }
    return q;
}
void *memalign(size_t a, size_t n) { return a <= 64 ? malloc(n) : NULL; }
void *aligned_alloc(size_t a, size_t n) { return memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { *p = memalign(a, n); return *p ? 0 : ENOMEM; }
"""


@needs_glibc
@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc to make another allocator with")
def test_another_allocator_in_front_of_glibc_is_noticed(tmp_path):
    source, library = tmp_path / "foreign.c", tmp_path / "foreign.so"
    source.write_text(FOREIGN)
    subprocess.run(["gcc", "-O1", "-fno-builtin", "-shared", "-fPIC", source, "-o", library], check=True)
    assert run("print(json.dumps(gg.config.reuse_host_memory(True)))", LD_PRELOAD=str(library)) is False


def test_where_there_is_no_glibc_the_answer_is_false(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(host_memory.ctypes, "CDLL", missing)
    host_memory._glibc.cache_clear()
    assert gg.config.reuse_host_memory(True) is False
    assert gg.config.reuse_host_memory(False) is False
    host_memory._glibc.cache_clear()


@pytest.mark.parametrize("given", [None, 1, "on"])
def test_it_takes_true_or_false(given):
    with pytest.raises(TypeError, match=f"takes True or False, got {given!r}"):
        gg.config.reuse_host_memory(given)
