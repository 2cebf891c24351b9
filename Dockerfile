# GPU:  docker build -t gpugrad . && docker run --rm --gpus all gpugrad
# CPU:  docker build -t gpugrad --build-arg BASE=ubuntu:24.04 --build-arg EXTRAS=train . && docker run --rm gpugrad
ARG BASE=nvidia/cuda:13.0.2-base-ubuntu24.04

# Both stages start from one base, so that the virtual environment finds the same Python in each.
FROM ${BASE} AS python
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*

FROM python AS build
ARG EXTRAS=cuda13,train
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv
RUN python3 -m venv /opt/gpugrad
WORKDIR /source
COPY . .
RUN python3 -m venv /tmp/build \
    && /tmp/build/bin/pip install --no-cache-dir build \
    && /tmp/build/bin/python -m build --wheel --outdir /tmp/wheel \
    && /opt/gpugrad/bin/pip install --no-cache-dir "$(ls /tmp/wheel/*.whl)[${EXTRAS}]"

FROM python
COPY --from=build /opt/gpugrad /opt/gpugrad
RUN useradd --create-home gpugrad
USER gpugrad
WORKDIR /home/gpugrad
ENV PATH=/opt/gpugrad/bin:$PATH
CMD ["gpugrad", "bench"]
