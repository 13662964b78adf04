# `make serve` shows the site, `make test` proves it; each sets up what it needs. `make help` lists the rest.
# Needs Python 3.11, Node 20 with npm, and git.

PYTHON ?= python3
PORT   ?= 8000
ARGS   ?=
KILLS  ?=

# The tests start a thousand processes: each would compile the planner anew.
unexport PYTHONDONTWRITEBYTECODE

# What is installed carries the hash of what asked for it: another hash installs again, the same hash never.
hash  = $(shell git hash-object $(1) | cut -c 1-12)
py    = .venv/bin/python
# No version without its hash: whatever registry serves a package, it is the one that was tested.
pip   = $(py) -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes

# Debian ships Python without venv: root is given it, others are told its name.
install-venv = if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -qqy python3-venv; else \
	echo 'Python cannot make environments yet: sudo apt-get install python3-venv' >&2; exit 1; fi

# Exactly what pyproject.toml names, with the hash of every file of it for every system, and no registry.
compile = pip compile --quiet --no-config --no-deps --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url pyproject.toml

# An engine with all that it brings along, but for what uv.toml leaves out.
compile-engine = pip compile --quiet --config-file tests/engines/uv.toml --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --no-header --no-annotate --no-emit-index-url

py-build  := .venv/build-$(call hash,requirements-build.txt)
py-test   := .venv/test-$(call hash,requirements-test.txt)
py-airflow := .venv-airflow/engine-$(call hash,tests/engines/requirements-airflow.txt)
py-dbos    := .venv-dbos/engine-$(call hash,tests/engines/requirements-dbos.txt)
npm-build := node_modules/.build-$(call hash,package-lock.json)
npm-test  := node_modules/.test-$(call hash,package-lock.json)

.DEFAULT_GOAL := help
.PHONY: help serve test test-long test-engines test-airflow test-dbos test-matrix setup setup-test build wheel check bench bench-programs mutants lock clean

help:        ## this list
	@grep -hE '^[a-z-]+: .*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

serve: build ## the site at http://127.0.0.1:$(PORT)/; PORT=8080 serves it elsewhere
	$(py) -m http.server --bind 127.0.0.1 --directory dist $(PORT)

# mypy keeps one core busy; the other compiles the tests, which every worker would do for itself.
test: setup-test ## every test, cases that are many drawn; ARGS="-k words" picks some
	$(py) -m pytest --collect-only -qq >/dev/null 2>&1 & $(MAKE) --no-print-directory check
	$(py) -m pytest $(ARGS)

test-long: check ## every case of every test, also of what `make test` draws
	$(py) -m pytest --whole $(ARGS)

# Not part of `make test`: the engines themselves, from the registry, started and killed on this machine.
test-engines: test-airflow test-dbos ## the editions on the engines themselves; KILLS=50 for so many of each kind

test-airflow: $(py-test) $(py-airflow) ## on Airflow
	$(py) -m tests.engines.airflow_live .venv-airflow $(if $(KILLS),--kills $(KILLS)) $(ARGS)

# Debian's postgresql is used where it is there; without it the test of two executors is left out.
test-dbos: $(py-test) $(py-dbos) ## on DBOS, with SQLite and Postgres
	DBOS_PYTHON=.venv-dbos/bin/python KILLS=$(KILLS) $(py) -m pytest -n0 -s tests/engines/on_dbos.py

test-matrix: setup-test ## the short suite of the programs with each SDK and runtime; ARGS="--only 'python 3.13'"
	$(py) -m tests.programs.matrix $(ARGS)

setup: $(py-build) $(npm-build) ## what the build needs

setup-test: $(py-test) $(npm-test) ## what the tests need, two browsers too
	$(py) -m tests.browser.chromium
	$(py) -m tests.browser.firefox

build: setup ## the site, in dist/
	$(py) build.py

# -P: from here, `build` would be our build.py
wheel: $(py-test) ## the Python package, in wheel/
	rm -rf wheel
	$(py) -P -m build --no-isolation --outdir wheel

check: setup-test ## lint, format and types
	$(py) -m ruff check
	$(py) -m ruff format --check
	$(py) -m mypy

bench: setup-test ## how large and how fast it is, into content/measures.json; no test depends on it
	$(py) -m tests.bench

bench-programs: setup-test ## memory and speed of the two programs on a gigabyte of rows
	$(py) -m tests.bench.programs

mutants: setup-test ## which changed lines of planner/model/ its own tests would not notice
	$(py) -m tests.bench.mutants

lock:        ## requirements-*.txt anew, after a version in pyproject.toml has changed
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/python -m pip install --quiet uv==0.13.9
	build/lock/bin/uv $(compile) --group build -o requirements-build.txt
	build/lock/bin/uv $(compile) --group build --group test -o requirements-test.txt
	build/lock/bin/uv $(compile-engine) tests/engines/airflow.in -o tests/engines/requirements-airflow.txt
	build/lock/bin/uv $(compile-engine) tests/engines/dbos.in -o tests/engines/requirements-dbos.txt

clean:       ## remove everything that make made
	rm -rf .venv .venv-airflow .venv-dbos node_modules dist wheel build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find planner tests -name __pycache__ -exec rm -rf {} +

$(py-build):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 is needed: make PYTHON=python3.11")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(install-venv)
	$(PYTHON) -m venv --clear .venv
	$(pip) -r requirements-build.txt
	@touch $@

$(py-test): | $(py-build)
	$(pip) -r requirements-test.txt
	$(py) -m pip check
	@touch $@

$(py-airflow):
	$(PYTHON) -m venv --clear .venv-airflow
	.venv-airflow/$(patsubst .venv/%,%,$(pip)) -r tests/engines/requirements-airflow.txt
	@touch $@

$(py-dbos):
	$(PYTHON) -m venv --clear .venv-dbos
	.venv-dbos/$(patsubst .venv/%,%,$(pip)) -r tests/engines/requirements-dbos.txt
	@touch $@

$(npm-build):
	npm ci --omit=dev
	@touch $@

$(npm-test):
	npm ci
	@touch $@ $(npm-build)
