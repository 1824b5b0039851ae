# The two commands: `make demo` runs the quickstart and builds its report; `make test` passes the tests.
# `make chapter` runs every system of the chapter beside its floor. All make .venv first, pinned by infra/constraints.txt.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SPEC ?= experiments/quickstart.yaml
WORKERS ?= logical

# The environment is installed without bytecode, and Python writes it as modules are first imported. Container images often
# forbid that, and then every process of a Ray, some eight, compiles what it imports: 46 seconds of CPU a run, not 15.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo chapter test test-slow bench lint clean

demo: $(VENV)/.demo
	$(BIN)/probeline run $(SPEC)
	$(BIN)/probeline report $(SPEC)
	@echo "The runs in MLflow:  $(BIN)/probeline ui"

# The whole textbook chapter at smoke scale; Ctrl-C stops it, the same command resumes. A failure does not cost the page.
CHAPTER := experiments/chapter.yaml --scale smoke
chapter: $(VENV)/.demo
	-$(BIN)/probeline run $(CHAPTER)
	$(BIN)/probeline report $(CHAPTER)

# One thread, as trials have: the tests' tensors are tiny, and threads that wait for each other took most of the time.
# One process per core and at most four: each takes a gigabyte, and two more while it runs a Ray. Stealing keeps the
# tests of a file together, and with them what they set up once, and lets no process wait for a file with long tests.
test: export OMP_NUM_THREADS := 1
test: $(VENV)/.test lint
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal

test-slow: export OMP_NUM_THREADS := 1
test-slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=platform:dashboards $(BIN)/lint-imports --config infra/importlinter.ini
	$(BIN)/mypy -p probeline -p probeline_dashboard

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks $(ONLY)

# One stamp for each set of extras; a newer pyproject or constraints file installs again.
$(VENV)/.demo: EXTRAS :=
$(VENV)/.test: EXTRAS := [test]
$(VENV)/.bench: EXTRAS := [test,bench]
$(VENV)/.%: pyproject.toml infra/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Probeline needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): PyTorch with CUDA is about 6 GB, so this takes minutes the first time."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c infra/constraints.txt -e '.$(EXTRAS)'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
