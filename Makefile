# The commands of this project. `make feeds` publishes the sample archive, `make test` checks everything.

PYTHON ?= python3
ARTICLES ?= 10000
ROUNDS ?= 3
EXAMPLES ?= 500
POINTS ?= 200
FILES ?= 100000
NAMES ?= 2000
FLOODS ?= 300
LARGEST ?= 500000
RESPONSES ?= 12500
SECONDS ?= 60
W3C_PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ORACLES := article address html
SOAKED := system/test_incremental system/test_faults integration/catalog/test_sqlite system/test_power integration/test_paths integration/pipeline/test_path_collisions system/test_flood system/serving/test_server system/test_hostile_archive

.DEFAULT_GOAL := help
.PHONY: help feeds test test-lowest quick quick-types quick-tests soak fuzz check format bench bench-cluster bodies growth compare-w3c screenshots diagrams clean

help:  ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

feeds: $(BIN)/feeds  ## Publish the sample archive into output/
	$(BIN)/feeds regenerate

test: check $(VENV)/.dev  ## Check the code and run every test
	$(BIN)/pytest --numprocesses auto --dist worksteal -m "not cluster"
	$(BIN)/pytest -m cluster

LOWEST := unit integration/images integration/serving/test_wsgi.py integration/websub/test_client.py system/serving/test_server.py

test-lowest:  ## Run the tests that use the packages with the lowest versions of them that pyproject.toml allows
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet --constraint tests/constraints-lowest.txt . pytest pytest-timeout hypothesis \
	  jsonschema feedparser psutil trustme
	cd tests && HYPOTHESIS_PROFILE=dev ../.venv-lowest/bin/python -P -m pytest --quiet -p no:cacheprovider $(LOWEST) --ignore unit/storage --ignore unit/content/test_discovery.py

quick: $(VENV)/.dev  ## Check the code and run the unit tests with fewer examples, in less than a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 quick-types quick-tests

quick-types:
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

quick-tests:
	HYPOTHESIS_PROFILE=dev $(BIN)/pytest --quiet --numprocesses auto --dist worksteal tests/unit

soak: $(VENV)/.dev  ## Try many more edits and faults than the tests do (EXAMPLES=500 POINTS=200 FILES=100000 NAMES=2000 FLOODS=300 LARGEST=500000)
	EXAMPLES=$(EXAMPLES) POINTS=$(POINTS) FILES=$(FILES) NAMES=$(NAMES) FLOODS=$(FLOODS) LARGEST=$(LARGEST) RESPONSES=$(RESPONSES) $(BIN)/pytest --numprocesses auto --timeout 3600 $(SOAKED:%=tests/%.py)

fuzz: $(ORACLES:%=fuzz-%)  ## Look for input that breaks something, led by coverage (SECONDS=60 for each of three)

fuzz-%: $(VENV)/.fuzz
	@mkdir -p .fuzz/$*
	$(BIN)/python -m fuzz $* -dict=fuzz/$*.dict -timeout=10 -max_len=4096 -max_total_time=$(SECONDS) -artifact_prefix=.fuzz/ .fuzz/$* tests/corpus/$*

check: $(VENV)/.dev  ## Check the code: ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

format: $(VENV)/.dev  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench  ## Compare with Hugo (ARTICLES="10000 100000" ROUNDS=3 BENCH=FOLDER)
	$(BIN)/python -m benchmarks.compare $(ARTICLES:%=--articles %) --rounds $(ROUNDS) $(if $(BENCH),--folder "$(BENCH)")

bench-cluster: $(VENV)/.dev  ## Measure a cluster of one worker and of two (ARTICLES="10000" BENCH=FOLDER; Java)
	@test -n "$(BENCH)" || { echo "BENCH=FOLDER says where the archive and all else is put"; exit 1; }
	$(BIN)/python -m benchmarks.cluster $(ARTICLES:%=--articles %) --folder "$(BENCH)" --with-local

bodies: $(VENV)/.dev  ## Measure what bodies of 1 MB take, of one construct each, and look for others (SECONDS=60)
	$(BIN)/python -m benchmarks.bodies
	$(BIN)/python -m benchmarks.bodies --search $(SECONDS)

growth: $(VENV)/.dev  ## Measure whether texts of one thing again and again take longer than their length
	$(BIN)/python -m benchmarks.growth

compare-w3c: $(VENV)/.dev  ## Compare `feeds check` with the W3C feed validator (W3C=FOLDER W3C_PYTHON=python3)
	@test -n "$(W3C)" || { echo "W3C=FOLDER names a copy of https://github.com/w3c/feedvalidator"; exit 1; }
	$(BIN)/python -m tests.tools.compare_with_w3c "$(W3C)" "$(W3C_PYTHON)"

screenshots: $(VENV)/.dev  ## Make the pictures of README.md anew, in Chromium
	$(BIN)/python docs/screenshots.py

diagrams: docs/images/data-flow.svg  ## Render the diagrams of the documentation (Graphviz)

docs/images/%.svg: docs/images/%.dot
	dot -Tsvg $< -o $@

clean:  ## Remove what the other commands made
	rm -rf $(VENV) .fuzz .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(BIN)/feeds: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/feeds
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.fuzz: $(BIN)/feeds
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group fuzz
	@touch $@

$(VENV)/.bench: $(BIN)/feeds
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group bench
	@touch $@
