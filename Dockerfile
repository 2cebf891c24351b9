# gpugrad's benchmarks in a container. Building, arguments and running: docs/container.md.
#
#   GPU:  docker build -t gpugrad .
#         docker run --rm --gpus all -v "$PWD/results:/results" gpugrad
#   CPU:  docker build -t gpugrad-cpu --build-arg BASE=ubuntu:24.04 --build-arg CUDA=none .

# The flavour "base" is enough: CuPy's and PyTorch's wheels bring their CUDA libraries, the base brings the check that
# the driver is new enough. 12.x: BASE=nvidia/cuda:12.9.1-base-ubuntu24.04 and CUDA=cuda12.
ARG BASE=nvidia/cuda:13.0.3-base-ubuntu24.04
# cuda13, cuda12 or none: which CuPy is installed
ARG CUDA=cuda13
# Requirements to compare with, separated by commas: "torch,jax[cuda13],autograd"
ARG PEERS=""
# An index to look for these in besides pip's own: PyTorch's builds for one version of CUDA have one
ARG PEERS_INDEX=""

# ---- A Python of at least 3.11. Both stages below start here: the virtual environment finds the same one in each. ----
FROM ${BASE} AS python
# The base fixes the release of the distribution; within it the newest packages are the mended ones.
# hadolint ignore=DL3008
RUN if ! python3 -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends python3 \
        && rm -rf /var/lib/apt/lists/*; \
    fi

# ---- The environment: first everything that gpugrad needs, then gpugrad, so that an edit costs one wheel ----
FROM python AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
# hadolint ignore=DL3008
RUN if ! python3 -c "import ensurepip" 2>/dev/null; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    fi
RUN python3 -m venv /opt/pip \
    && /opt/pip/bin/pip install pip==26.3 \
    && python3 -m venv --without-pip /opt/gpugrad
WORKDIR /source
COPY pyproject.toml bench/container/requirements.py ./
ARG CUDA
ARG PEERS
ARG PEERS_INDEX
RUN python3 requirements.py "${CUDA}" "${PEERS}" >requirements.txt \
    && /opt/pip/bin/pip --python /opt/gpugrad install --requirement requirements.txt \
        ${PEERS_INDEX:+--extra-index-url "${PEERS_INDEX}"}
COPY . .
RUN /opt/pip/bin/pip wheel --no-deps --wheel-dir /wheel . \
    && /opt/pip/bin/pip --python /opt/gpugrad install --no-deps /wheel/*.whl \
    && /opt/gpugrad/bin/gpugrad info

# ---- What runs: no pip, and a compiler only where torch.compile is to be compared with, which calls one ----
FROM python
ARG PEERS
# hadolint ignore=DL3008
RUN case "${PEERS}" in *torch*) \
        apt-get update \
        && apt-get install --yes --no-install-recommends g++ python3-dev \
        && rm -rf /var/lib/apt/lists/* ;; \
    esac
# Writable by every uid, for docker run --user; a new named volume gets these permissions.
RUN install -d -m 1777 /results
COPY --from=build /opt/gpugrad /opt/gpugrad
COPY bench/container/run.sh /usr/local/bin/gpugrad-container

# The root is read-only and the uid may be any: all that is written at run time, but the results, goes to /tmp.
# USER and LOGNAME are for Python's getpass, which asks no further where they are set.
ENV PATH=/opt/gpugrad/bin:$PATH \
    HOME=/tmp \
    USER=gpugrad \
    LOGNAME=gpugrad \
    XDG_CACHE_HOME=/tmp/cache \
    CUPY_CACHE_DIR=/tmp/cache/cupy \
    CUDA_CACHE_PATH=/tmp/cache/cuda \
    MPLCONFIGDIR=/tmp/cache/matplotlib \
    TORCHINDUCTOR_CACHE_DIR=/tmp/cache/torchinductor \
    TRITON_CACHE_DIR=/tmp/cache/triton \
    MPLBACKEND=Agg \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /tmp
USER 1000:1000
# Ctrl-C and docker stop are one: what is measured by then is written.
STOPSIGNAL SIGINT
ENTRYPOINT ["gpugrad-container"]

# Last, because it changes with every commit: --build-arg REVISION="$(git rev-parse HEAD)"
ARG REVISION=unknown
ENV GPUGRAD_COMMIT=${REVISION}
LABEL org.opencontainers.image.title="gpugrad" \
      org.opencontainers.image.description="gpugrad's benchmarks: results.json and report.md in /results" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"
