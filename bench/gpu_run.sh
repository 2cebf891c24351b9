#!/usr/bin/env bash
# Everything that only a CUDA machine shows, in under nine minutes, into one folder:
#
#     bench/gpu_run.sh FOLDER [info] [tests] [bench] [memcheck] [racecheck]
#
# Needs the packages of the extras test, bench and cuda13 (or cuda12), and for the last two steps compute-sanitizer,
# from the CUDA toolkit or the package nvidia-cuda-sanitizer-api. The most telling steps come first, each gets its
# limit or what is left of the nine minutes. A step that fails is a line in summary.txt and does not stop the rest;
# the exit status is 0 if all were run and passed.
set -u
out=$(mkdir -p "${1:?where do the results go?}" && cd "$1" && pwd) || exit 2
shift
cd "$(dirname "$0")/.." || exit 2
export PYTHONPATH=$PWD:$PWD/bench${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
python=${PYTHON:-python3}
steps=" info tests bench memcheck racecheck "
wanted=" ${*:-$steps} "
for name in $wanted; do
    [[ $steps == *" $name "* ]] || { echo "no step $name; there are$steps" >&2 && exit 2; }
done
grace=10 # seconds between asking a step to end, and ending it
deadline=$((SECONDS + ${BUDGET:-535} - grace))
failed=0

note() { echo "$1" | tee -a "$out/summary.txt"; }

step() { # name, seconds, command...
    local name=$1 limit=$2 left=$((deadline - SECONDS)) start=$SECONDS status last
    shift 2
    [[ $wanted == *" $name "* ]] || return
    if ((left < 1)); then
        failed=1
        note "$name: not run, the time is used up"
        return
    fi
    # An interrupt first: pytest and gpugrad bench then report what they have.
    timeout --signal=INT --kill-after=$grace "$((limit < left ? limit : left))" "$@" >"$out/$name.log" 2>&1
    status=$?
    ((status == 0)) || failed=1
    last=$(grep '[^[:space:]]' "$out/$name.log" | tail -n 1)
    note "$name: exit $status$( ((status != 124)) || echo " (out of time)"), $((SECONDS - start)) s: $last"
}

sanitized() { # name, seconds, tests...
    local name=$1 limit=$2
    shift 2
    if [[ -z $sanitizer && $wanted == *" $name "* ]]; then
        failed=1
        note "$name: not run, there is no compute-sanitizer; run: pip install nvidia-cuda-sanitizer-api"
        return
    fi
    # Without CuPy's pool every array is an allocation of its own, and its end is known. Errors of calls are not
    # counted, some tests provoke them; a run that never got to CUDA is one.
    step "$name" "$limit" "$sanitizer" --tool "$name" --error-exitcode 9 --report-api-errors no \
        --target-processes application-only "$python" -c '
import sys
sys.path.insert(0, "tests")
import cuda_lane, cupy, pytest
cupy.cuda.set_allocator(None)
sys.exit(pytest.main(sys.argv[1:]))' -q -p no:cacheprovider -m "not slow" --maxfail=20 "$@"
}

find_sanitizer() {
    command -v compute-sanitizer && return
    local packages
    packages=$("$python" -c 'import nvidia; print(nvidia.__path__[0])' 2>/dev/null)
    find -L "${CUDA_PATH:-/usr/local/cuda}" ${packages:+"$packages"} \
        -path '*/bin/compute-sanitizer' 2>/dev/null | head -n 1
}

commit() { git describe --always --abbrev=12 --dirty --exclude='*' 2>/dev/null || echo "${GPUGRAD_COMMIT:-unknown}"; }

describe_machine() {
    echo "date: $(date -u +%FT%TZ)"
    echo "commit: $(commit)"
    echo "system: $(uname -srm)"
    echo "compute-sanitizer: ${sanitizer:-none}"
    nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap,clocks.max.sm,power.limit --format=csv
    "$python" -c '
import sys
from importlib.metadata import distributions
print("Python", sys.version)
print("\n".join(sorted({f"{d.name} {d.version}" for d in distributions()})))'
}

sanitizer=$(find_sanitizer)
: >"$out/summary.txt"
describe_machine >"$out/machine.txt" 2>&1
step info 30 "$python" -m gpugrad info
step tests 150 "$python" -m pytest -q -m "not slow" -p no:cacheprovider --maxfail=20
step bench 150 "$python" -m gpugrad bench --device cuda --quick --out "$out/bench"
# The kernels that compute addresses; the templates that are given one element do not.
sanitized memcheck 110 tests/kernels/test_{softmax,cross_entropy,sum_to,streams,updates}.py
sanitized racecheck 80 tests/kernels/test_{softmax,cross_entropy,sum_to}.py
((failed)) && verdict="something failed or was not run" || verdict="everything passed"
note "$SECONDS s in all; $verdict"
exit "$failed"
