#!/usr/bin/env bash
# Everything that only a CUDA machine shows, in under nine minutes, into one folder:
#
#     bench/gpu_run.sh FOLDER
#
# Needs the packages of ".[test]" and CuPy; compute-sanitizer and PyTorch are used where they are. A step that fails
# is a line in summary.txt and does not stop the rest.
set -u
out=$(mkdir -p "${1:?where do the results go?}" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
python=${PYTHON:-python3}

step() { # name, seconds, command...
    local name=$1 limit=$2 start=$SECONDS
    shift 2
    timeout "$limit" "$@" >"$out/$name.log" 2>&1
    echo "$name: exit $?, $((SECONDS - start)) s" | tee -a "$out/summary.txt"
}

: >"$out/summary.txt"
{ date -u +%FT%TZ; git rev-parse HEAD 2>/dev/null; nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv; } \
    >"$out/machine.txt" 2>&1
step info 60 "$python" -m gpugrad info
step kernels 150 "$python" bench/kernels.py --out "$out/kernels.json"
step tests 200 "$python" -m pytest -q -m "not slow" -p no:cacheprovider --maxfail=20
if command -v compute-sanitizer >/dev/null; then
    few="softmax or sum_to or cross_entropy"
    step memcheck 60 compute-sanitizer --tool memcheck --error-exitcode 9 "$python" -m pytest -q -p no:cacheprovider tests/kernels -k "$few"
    step racecheck 60 compute-sanitizer --tool racecheck --error-exitcode 9 "$python" -m pytest -q -p no:cacheprovider tests/kernels/test_softmax.py
fi
cat "$out/summary.txt"
