# Everything a person or a build server runs. Needs Python 3.11 or newer and, the first time,
# a package registry that pip can reach; nothing else, and nothing outside this folder changes.
#
#   make run     the default study, in .venv        (make run CORES=4 ARGS="--dry-run")
#   make test    the tests, two at a time           (make test ARGS="-n 0 tests/unit")
#   make check   style, types and workflow lint     (make format mends what can be mended)
#   make readme  a finished default study's result into README.md
#   make env     only the environment               (make env PYTHON=/path/to/python3.12)
#   make clean   removes .venv and the tools' caches, never results: they may have cost GPU-days

CORES ?= all
ARGS ?=
PYTHON ?=

VENV := .venv
BIN := $(VENV)/bin
# The stamp carries the lock's checksum: a changed lock is a missing stamp, whatever the clocks say.
STAMP := $(VENV)/.installed-$(firstword $(shell cksum < requirements.lock))
LAUNCHER := $(BIN)/xstilts
# Shell rules find the pinned tools first, too.
WITH_VENV := PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: run test check format readme env lock envs clean
.DEFAULT_GOAL := run

run: env
	$(WITH_VENV) $(BIN)/snakemake --cores $(CORES) $(ARGS)

test: env
	$(WITH_VENV) $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

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

env: $(STAMP) $(LAUNCHER)

# ---- the environment ---------------------------------------------------------------------------

# Shell text that sets $python to the first interpreter that is new enough and can make a venv. A
# name on the PATH proves little: pyenv has shims for versions it lacks, Debian splits venv off.
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

# Made anew for every lock, so that nothing of an older lock stays behind. The old one goes first:
# in an activated .venv, "python3.11" would otherwise be the interpreter that is being removed.
$(STAMP): | requirements.lock
	@rm -rf $(VENV)
	@$(FIND_PYTHON); echo "Making $(VENV) with $$("$$python" --version) ..."; \
	    "$$python" -m venv $(VENV)
	@echo "Installing requirements.lock (a few minutes, once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

# The package itself is never installed: an installed copy or a .pth file would shadow the code of
# any other checkout that uses this environment. The launcher points at the checkout it lies in.
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

# The newest versions that pyproject.toml allows, from an environment of their own.
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
