# Commands for users and CI. Needs only Python 3.11 or newer and, the first time, a package index
# that pip can reach; changes nothing outside this folder.
#
#   make run     the default study, in .venv        (make run CORES=4 ARGS="--dry-run")
#   make test    the tests, in two processes        (make test ARGS="-n 0 tests/unit"; the
#                quick ones in under three minutes: make test ARGS="-m 'not slow'")
#   make test-full   only the long tests, marked 'full', which make test leaves out
#   make check   style, types and workflow lint     (make format fixes what can be fixed)
#   make readme  update README.md with the results of a finished default study
#   make results STUDY=first_real   keep the tables of a study, finished or not, in docs/results/
#   make rulegraph  update the graph of the rules in docs/architecture.md
#   make env     only the environment               (make env PYTHON=/path/to/python3.12)
#   make clean   remove .venv and the tools' caches, but not results

CORES ?= all
ARGS ?=
STUDY ?=
PYTHON ?=

VENV := .venv
BIN := $(VENV)/bin
# The stamp's name has the lock's checksum, so that a changed lock rebuilds independent of clocks.
STAMP := $(VENV)/.installed-$(firstword $(shell cksum < requirements.lock))
LAUNCHER := $(BIN)/xstilts
# Shell commands find the pinned tools first.
WITH_VENV := PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: run test test-full check format readme results rulegraph env lock envs clean
.DEFAULT_GOAL := run

run: env
	$(WITH_VENV) $(BIN)/snakemake --cores $(CORES) $(ARGS)

# Longest files first (tests/conftest.py), so that both processes finish at about the same time.
PYTEST := $(WITH_VENV) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: env
	$(PYTEST) $(ARGS)

test-full: env
	$(PYTEST) --full $(ARGS)

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/python workflow_scripts/environments.py check
	$(WITH_VENV) $(BIN)/snakemake --lint

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile rules

readme: env
	PYTHONPATH=workflow_scripts $(BIN)/python workflow_scripts/readme.py results/quickstart

results: env
	PYTHONPATH=workflow_scripts $(BIN)/python workflow_scripts/keep_results.py results/$(STUDY)

rulegraph: env
	PYTHONPATH=workflow_scripts $(BIN)/python workflow_scripts/rulegraph.py

env: $(STAMP) $(LAUNCHER)

# ---- the environment ---------------------------------------------------------------------------

# Shell code that sets $python to the first interpreter that is new enough and can create a venv. A
# name on the PATH is not enough: pyenv has shims for missing versions, Debian splits off venv.
define FIND_PYTHON
python=; \
for name in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
    if "$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
        > /dev/null 2>&1; then python="$$name"; break; fi; \
done; \
if [ -z "$$python" ]; then \
    echo "make: no Python 3.11 or newer with venv found (tried:" \
        "$(or $(PYTHON),python3.11 python3.12 python3.13 python3))." >&2; \
    echo "Install one (Debian, Ubuntu: apt install python3.11-venv; conda: conda create -n py311" \
        "python=3.11), or name it: make env PYTHON=/path/to/python3.11" >&2; \
    exit 1; \
fi
endef

# Rebuilt for every lock, so that nothing of an older lock remains. The old one is removed first: in
# an activated .venv, "python3.11" would otherwise be the interpreter that is being removed.
$(STAMP): | requirements.lock
	@rm -rf $(VENV)
	@$(FIND_PYTHON); echo "Making $(VENV) with $$("$$python" --version) ..."; \
	    "$$python" -m venv $(VENV)
	@echo "Installing requirements.lock (a few minutes, once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

# The package itself is never installed: an installed copy or a .pth file would shadow the code of
# other checkouts that use this environment. The launcher uses the checkout that contains it.
define LAUNCHER_TEXT
#!/bin/sh
here=$$(CDPATH= cd -- "$$(dirname -- "$$0")" && pwd)
PYTHONPATH="$$here/../../workflow_scripts$${PYTHONPATH:+:$$PYTHONPATH}" \
    exec "$$here/python" -m xstilts "$$@"
endef
export LAUNCHER_TEXT

$(LAUNCHER): Makefile | $(STAMP)
	@printf '%s\n' "$$LAUNCHER_TEXT" > $@ && chmod +x $@

# ---- versions ----------------------------------------------------------------------------------

# The newest versions that pyproject.toml allows, from a separate environment.
lock:
	@rm -rf .venv-lock
	@$(FIND_PYTHON); "$$python" -m venv .venv-lock
	.venv-lock/bin/python workflow_scripts/environments.py requirements > .venv-lock/requirements.txt
	.venv-lock/bin/python -m pip install --quiet -r .venv-lock/requirements.txt
	.venv-lock/bin/python workflow_scripts/environments.py lock
	.venv-lock/bin/python workflow_scripts/environments.py envs
	@rm -rf .venv-lock

envs: env
	$(BIN)/python workflow_scripts/environments.py envs

clean:
	rm -rf $(VENV) .venv-lock .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find workflow_scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
