# make compare   install what is needed into .venv, measure everything, and write the report
# make test      install what is needed into .venv, lint, and run the tests
# make test-all  the same with every graph compiled, and longer lists of programs
# make peers     fetch autograd's own tests, which `make pytest` then runs against diffkit, too
# make lint      ruff (format and lint) and pyright
# make clean     remove .venv and caches

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= results
ARGS   ?=
# One thread for each BLAS: tests run in parallel, and timings compare single threads.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export PIP_CONSTRAINT = $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: compare test test-all lint pytest peers clean

compare: $(VENV)/compare.done
	$(BIN)/python -m comparisons all --out $(OUT) $(ARGS)

test: lint pytest

test-all: lint peers
	$(BIN)/python -m pytest -n 2 --dist worksteal --compiled -m "" $(ARGS)

lint: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

pytest: $(VENV)/dev.done
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

peers: $(VENV)/peers.done

$(VENV)/compare.done: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[peers]'
	touch $@

$(VENV)/dev.done: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[peers,dev]'
	touch $@ $(VENV)/compare.done

$(VENV)/peers.done: constraints.txt | $(BIN)/python
	$(BIN)/python -m pip download --quiet --no-deps --no-binary autograd \
	  --dest $(VENV)/peers autograd
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is $$($(PYTHON) --version 2>&1); diffkit needs Python 3.11 or newer;" \
	       "say make PYTHON=python3.12, or install one." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "make: '$(PYTHON) -m venv' failed; it needs the venv module;" \
	       "on Debian: apt install python3-venv." >&2; exit 1; }

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
