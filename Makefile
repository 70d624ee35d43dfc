# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# make demo [VIDEO=file-or-folder BOX=x,y,w,h] [OUT=folder]   the node tracks a video over ROS 2
# make demo WEB=1 ...                                          ... and a browser shows it
# make test [PYTEST_ARGS=...] [JOBS=2]                         all tests that need no GPU
# make lint | docs | bench | clean
# make soak [MINUTES=10] [CYCLES=100] [SOAK_ARGS=...]          does the node stay as it is?
# make signals [RUNS=100]                                      does it end as it should?
#
# Each makes .venv or reuses it. PYTHON=python3.12 chooses the interpreter.

PYTHON ?= python3
OUT ?= out/demo
VIDEO ?=
BOX ?=
WEB ?=
PYTEST_ARGS ?=
# Tests at once: each uses one core, but for a few that wait for other processes.
JOBS ?= 2
MINUTES ?= 10
CYCLES ?= 100
SOAK_ARGS ?=
RUNS ?= 100

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CONTRIB := $(VENV)/opencv-contrib
# Those that print figures of the README and need no arguments.
BENCHMARKS := benchmarks/regression.py

# ROS 2 comes from the wheels in the virtual environment. A ROS that the shell has sourced would
# be mixed into it.
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH
unexport RMW_IMPLEMENTATION ROS_DISTRO ROS_VERSION _ROS_WHEELS_BOOTSTRAP_COMPLETE
# The wheels do not say where their share/ is.
export AMENT_PREFIX_PATH := $(CURDIR)/$(VENV)
export ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST

BUILD_INPUTS := package.xml rosidl_build.py setup.py \
  $(wildcard msg/*.msg extra_interfaces/vision_msgs/msg/*.msg)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help venv demo test lint docs bench soak signals clean

help:
	@sed -n '4,11s/^# \{0,1\}//p' Makefile

venv: $(STAMP)

$(VENV)/.dependencies: constraints.txt pyproject.toml
	@$(PYTHON) scripts/check_build_tools.py
	@echo 'Making $(VENV) (a few minutes the first time)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install -c constraints.txt -e '.[ros,train,eval,ray,export,web,dev]'
	@touch $@

# Once more without its dependencies: pip builds a package before it installs what the package
# needs, and the messages are built only where the generators of ROS 2 are.
$(STAMP): $(VENV)/.dependencies $(BUILD_INPUTS)
	@echo 'Building the ROS 2 messages'
	@$(PIP) install --no-deps -e .
	@touch $@

demo: $(STAMP)
	@echo 'Running the demo into $(OUT)'
	@$(BIN)/python -m siam_tracker_ros.node.demo --out '$(OUT)' \
	  $(if $(VIDEO),--video '$(VIDEO)') $(if $(BOX),--box='$(BOX)') \
	  $(if $(WEB),--web '$(patsubst 1,auto,$(WEB))')

test: $(STAMP)
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder \
	  $(PYTEST_ARGS)

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

docs: $(STAMP)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir out/site
	@echo 'Documentation: out/site/index.html'

# OpenCV's own trackers are in its contrib build. It is the same module as the plain one, so it
# is kept out of site-packages and seen by the benchmarks alone.
$(CONTRIB)/.installed: $(STAMP)
	@rm -rf $(CONTRIB)
	@version=$$($(BIN)/python -m pip show opencv-python-headless | sed -n 's/^Version: //p') && \
	  $(PIP) install --no-deps --target $(CONTRIB) "opencv-contrib-python-headless==$$version"
	@touch $@

bench: $(STAMP) $(CONTRIB)/.installed
	@for script in $(BENCHMARKS); do \
	  echo "== $$script"; \
	  PYTHONPATH='$(CURDIR)/$(CONTRIB)' $(BIN)/python "$$script" || exit 1; \
	done

soak: $(STAMP)
	@$(BIN)/python benchmarks/node_soak.py --minutes $(MINUTES) --cycles $(CYCLES) $(SOAK_ARGS)

signals: $(STAMP)
	@$(BIN)/python benchmarks/node_signals.py --runs $(RUNS)

clean:
	rm -rf $(VENV) build out *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf siam_tracker_ros/msg siam_tracker_ros/*.so
	rm -rf extra_interfaces/*/*/msg extra_interfaces/*/*/*.so
