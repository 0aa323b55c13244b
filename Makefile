# make help lists the targets. Everything but help and clean runs setup first; a second setup takes a second.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
COMMAND ?= go to the kitchen, pick up the red cup and bring it to me
SEED ?= 7
ARGS ?=
ACTIVE := source scripts/env.sh &&

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench lint format lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: ## system packages, .venv, pinned wheels, ROS messages
	@$(PYTHON) scripts/setup.py

demo: setup ## one command through the whole robot: make demo COMMAND="…" SEED=7
	@$(ACTIVE) vla demo --command $(call quoted,$(COMMAND)) --seed $(SEED) $(ARGS)

test: setup ## all tests: make test ARGS="-k safety"
	@$(ACTIVE) python -m pytest $(ARGS)

bench: setup ## latency and the home's scenarios, one JSON line each
	@$(ACTIVE) python -m benchmarks.latency && python -m benchmarks.home $(ARGS)

lint: setup ## ruff format, ruff check, mypy
	@$(ACTIVE) ruff format --check . && ruff check . && mypy vla_ros

format: setup ## ruff format and the fixes that ruff knows
	@$(ACTIVE) ruff format . && ruff check --fix .

lock: setup ## pins in requirements.txt what is now in .venv
	@$(ACTIVE) python scripts/lock.py

clean: ## removes what was built (not .venv)
	rm -rf build install log

# The shell's single quotes around a value, its own escaped.
quoted = '$(subst ','\'',$(1))'
