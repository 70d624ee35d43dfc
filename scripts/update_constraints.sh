#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Write constraints.txt anew with the newest versions that work together, for every Python that
# the package supports. Needs uv (pip install uv). torch stays at the version given here: the
# scores in the model cards were measured with it.
set -euo pipefail
cd "$(dirname "$0")/.."
torch=${1:-2.13.0}

pins=$(echo "torch==$torch" | uv pip compile --universal --upgrade --python-version 3.10 \
  --all-extras --no-annotate --no-header --quiet --constraints - \
  pyproject.toml scripts/colcon-requirements.txt)
{
  cat <<'HEADER'
# What CI, `make demo` and `make test` install. Written by scripts/update_constraints.sh.
#
# On Linux, PyPI's torch brings the CUDA libraries along. On a machine without an NVIDIA GPU, let
# pip see the CPU builds as well, which it then prefers:
#   export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
# CI adds .ci/constraints-cpu.txt, so that a CUDA build is refused there before it is downloaded.
HEADER
  # torch pins its own CUDA libraries; nothing here runs on Windows.
  grep -vE "^(nvidia-|cuda-|triton=)|sys_platform == 'win32'" <<< "$pins"
} > constraints.txt
