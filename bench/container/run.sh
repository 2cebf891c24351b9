#!/bin/sh
# The container's entry point: gpugrad bench, on the GPU if the container sees one, into the volume /results.
# What stands after the image's name goes on to gpugrad bench.
set -eu
out=${RESULTS:-/results}

say() { echo "gpugrad container: $1" >&2; }

fail() {
    say "$1"
    exit 2
}

writable() { probe=$(mktemp "$1/.probe.XXXXXX" 2>/dev/null) && rm -f "$probe"; }

mount_of() { grep -F " $1 " /proc/self/mountinfo; }

me="uid $(id -u)"
volume="-v \"\$PWD/results:/results\""
writable /tmp || fail "$me cannot write to /tmp, where compiled kernels go; with --read-only say --tmpfs /tmp:exec"
user="--user \"\$(id -u):\$(id -g)\""
mount_of /results >/dev/null || say "no volume at /results, the report ends with the container; say $volume"
mkdir -p "$out" 2>/dev/null || true
writable "$out" || fail "$me cannot write to $out; create the folder on the host and say $user $volume"
if mount_of /tmp | grep -q noexec && python -c "import importlib.util as u; exit(not u.find_spec('torch'))"; then
    say "/tmp is mounted noexec, so torch.compile cannot load what it compiles; say --tmpfs /tmp:exec"
fi

missing=$(python -c '
from gpugrad.backend import cuda
if not cuda.is_available():
    name, _, advice = cuda.status()[-1]
    print(f"{name}: {advice}")')
[ -z "$missing" ] || say "no GPU, so these are the CPU workloads ($missing)"
exec gpugrad bench --out "$out" "$@"
