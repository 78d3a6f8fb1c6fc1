# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_SERVE ?= 1
GATE_TESTS := $(addprefix tests/unit/test_,gate.py gate_chosen.py gate_counts.py gate_items.py gate_lies.py \
  gate_readings.py gate_staff.py gate_words.py gate_zh.py gate_zh_aspects.py gate_zh_lies.py gate_zh_rules.py names.py \
  phrasing.py phrasing_heard.py phrasing_ratings.py phrasing_templates.py domains.py fusion.py standing.py writer.py)
WORKERS ?= 2
# Several processes that each take all cores for a product wait for each other longer than they compute.
ONE_THREAD := OMP_NUM_THREADS=1
# Everything that is loaded at run time came with the packages; nothing may ask a hub for it.
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start many processes: where compiled code may not be kept, each of them compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgres lint types imports deployment unit gate bench bench-all browser fuzz lock wheel clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

$(VENV)/run: requirements/lock.txt requirements/assets.txt requirements/peers.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.x")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements/lock.txt
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements/assets.txt
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements/peers.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --requirement requirements/dev.txt
	touch $@

demo: $(VENV)/run ## Ingest, fit, explain, print a table, serve (DEMO_SERVE=0 ends after the table)
	$(BIN)/explainer demo $(if $(filter 0,$(DEMO_SERVE)),--no-serve,--serve)

test: lint types imports gate unit ## Everything that must hold

lint: $(VENV)/dev ## Style and mistakes (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev ## Types (mypy strict)
	$(BIN)/mypy

imports: $(VENV)/dev ## Who may import whom (import-linter)
	$(BIN)/lint-imports

deployment: $(VENV)/dev ## What `explainer deployment` writes, held against its linters and against the service
	$(BIN)/python -m pytest tests/integration/deployment

# In the order of their names: files with the fewest tests, which would come last otherwise, are those that take longest.
BY_FILE := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

unit: $(VENV)/dev browser ## The other tests, in as many processes as there are WORKERS
	$(ONE_THREAD) $(BIN)/python -m pytest $(addprefix --ignore=,$(GATE_TESTS)) $(BY_FILE)

# What the service does, file by file, on a PostgreSQL: that of EXPLAINER_TEST_DATABASE, by default one from a package.
EXPLAINER_TEST_DATABASE ?= postgresql
test-postgres: $(VENV)/dev ## The service's tests on a PostgreSQL instead of SQLite
	EXPLAINER_TEST_DATABASE=$(EXPLAINER_TEST_DATABASE) $(ONE_THREAD) $(BIN)/python -m pytest tests/integration tests/contract $(BY_FILE)

gate: $(VENV)/dev ## The gate's tests: every branch of it is run
	$(BIN)/python -m pytest $(GATE_TESTS) --cov=explainer.writing.gate --cov-branch --cov-fail-under=100 --hypothesis-seed=1 --cov-report=term-missing:skip-covered

# Without a Chromium its tests are skipped; EXPLAINER_TEST_BROWSER=required makes that a failure.
browser: # The page is tested in a real Chromium; where there is none and we may, install Debian's.
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { command -v apt-get >/dev/null && test "$$(id -u)" = 0 && \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core fonts-wqy-microhei; } >/dev/null; } || \
	  if test "$(EXPLAINER_TEST_BROWSER)" = required; then \
	    echo "No Chromium here, and browser tests are required: install chromium or google-chrome." >&2; exit 1; \
	  else echo "No Chromium here: browser tests will be skipped."; fi

bench: $(VENV)/run ## Speed and size, also as JSON in .explainer/bench.json (ONLY="encoding search": those)
	$(BIN)/python -m tests.benchmarks --json .explainer/bench.json $(if $(ONLY),--only $(ONLY))

# The folder of datasets that some parts need, where there is one beside this checkout.
DATASETS ?= $(wildcard ../shared/data)
bench-all: $(VENV)/run ## Every bar in one HTML report, .explainer/bench/bars.html; goes on where it was (MINUTES=30 ONLY="scale audit")
	$(BIN)/explainer bench all --out .explainer/bench $(if $(DATASETS),--data $(DATASETS)) \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(addprefix --only ,$(ONLY)) $(addprefix --with ,$(WITH))

# Of these targets each gets its share of the minutes; what they learn, and what breaks them, stays in .explainer/fuzz.
FUZZ_MINUTES ?= 10
FUZZ_TARGETS ?= folder row alone export key proof note checkpoint path
fuzz: $(VENV)/run ## Feed rubbish to all readers of the log's files, FUZZ_MINUTES=10 in all (atheris, coverage-guided)
	test -x .explainer/atheris/bin/python || $(BIN)/python -m venv .explainer/atheris
	@.explainer/atheris/bin/python -c 'import atheris' 2>/dev/null || \
	  .explainer/atheris/bin/python -m pip install --quiet 'atheris>=3,<4' || \
	  { echo "Skipped: the fuzzer atheris cannot be installed here (it needs Linux and CPython 3.11 to 3.13)."; exit 0; }; \
	! .explainer/atheris/bin/python -c 'import atheris' 2>/dev/null || for target in $(FUZZ_TARGETS); do \
	  PYTHONPATH=$(CURDIR):$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') $(ONE_THREAD) \
	    .explainer/atheris/bin/python -m tests.fuzz $$target .explainer/fuzz -print_final_stats=1 \
	    -max_total_time=$$(( $(FUZZ_MINUTES) * 60 / $(words $(FUZZ_TARGETS)) )) || exit 1; done

wheel: $(VENV)/dev ## Build the wheel into dist/
	$(BIN)/hatchling build -t wheel

lock: ## Write requirements/*.txt anew from pyproject.toml and requirements/dev.in
	$(PYTHON) requirements/lock.py

clean: ## Remove environment, database, models and caches
	rm -rf $(VENV) .explainer dist
