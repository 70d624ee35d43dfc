#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# usage: make_colcon_venv.sh FOLDER
#
# Make a virtual environment in which colcon builds ROS 2 packages against the wheels from PyPI,
# on a machine without ROS:
#   export AMENT_PREFIX_PATH=FOLDER CMAKE_PREFIX_PATH=FOLDER PATH=FOLDER/bin:$PATH
#   colcon build
# Exits with 69 where a package cannot be downloaded. PYTHON chooses the interpreter.
set -euo pipefail

venv=${1:?usage: make_colcon_venv.sh FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}

unavailable() {
  echo "make_colcon_venv.sh: $*" >&2
  exit 69
}

# ament_package is on no Python index; Debian and Ubuntu have it as a package of pure Python.
fetch_ament_package() {
  local folder
  folder=$(mktemp -d)
  command -v apt-get dpkg-deb >/dev/null || unavailable 'ament_package needs apt-get'
  (
    cd "$folder"
    # An unprivileged apt-get download may leave the sandbox user; that is a warning only.
    apt-get download -qq python3-ament-package 2>/dev/null ||
      { apt-get update -qq && apt-get download -qq python3-ament-package; } >/dev/null 2>&1 ||
      unavailable 'apt-get cannot download python3-ament-package'
    dpkg-deb --extract python3-ament-package_*.deb .
  )
  cp -r "$folder"/usr/lib/python3/dist-packages/ament_package "$site/"
  rm -rf "$folder"
}

# The wheels' CMake files name the headers of the Python and NumPy they were built with.
correct_header_paths() {
  local include numpy built=/opt/python/cp[0-9]+-cp[0-9]+
  include=$("$venv/bin/python" -c "import sysconfig; print(sysconfig.get_paths()['include'])")
  numpy=$("$venv/bin/python" -c 'import numpy; print(numpy.get_include())')
  { grep -rlE "$built" "$venv"/share/*/cmake --include='*Export.cmake' || true; } |
    xargs -r sed -i -E \
      -e "s#$built/lib/python3\.[0-9]+/site-packages/numpy/_core/include#$numpy#g" \
      -e "s#$built/include/python3\.[0-9]+#$include#g"
}

# A Python of the wheels leaves its mark for its children, which then miss their own libraries.
unset _ROS_WHEELS_BOOTSTRAP_COMPLETE LD_LIBRARY_PATH PYTHONPATH

"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  -c "$root/constraints.txt" -r "$root/scripts/colcon-requirements.txt" numpy pytest \
  'ros-rclpy[fastrtps]' ros-{diagnostic,geometry,lifecycle,sensor,std}-msgs ros-std-srvs ||
  unavailable 'pip cannot install the ROS 2 wheels'
site=$("$venv/bin/python" -c "import sysconfig; print(sysconfig.get_paths()['purelib'])")
fetch_ament_package
correct_header_paths
