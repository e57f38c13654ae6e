# The doors of this repository. Each sets up what it needs: a fresh machine needs python3 (3.11 or newer), make and git.
#
#   PYTHON=python3.12 make test      another interpreter
#   make check                       what has to be green before a change is offered

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
# Most tests wait for a process of their own: one worker a core, and each takes over what another has not begun.
SPREAD := -n auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help set-up demo test check fix docs words bench calibrate replay fuzz test-model test-browser check-vscode vsix test-vscode pictures clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

set-up: $(STAMP) ## a virtual environment with everything, in .venv

$(STAMP): pyproject.toml
	@command -v $(firstword $(PYTHON)) >/dev/null \
	  || { echo "There is no $(firstword $(PYTHON)). Install Python 3.11 or newer, or try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "zai-ls needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) \
	  || { echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 \
	  || { echo "The virtual environment $(VENV) has no pip. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## see it work, without a key
	$(BIN)/zai-ls demo $(DEMO)

test: $(STAMP) ## all tests but those with a real model or browser; needs no network once set up
	$(BIN)/python -m pytest -q -m "not model and not browser" $(if $(TESTS),,$(SPREAD)) $(TESTS)

check: $(STAMP) ## format, lint, types, import floors, tests with branch coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -m "not model and not browser" $(SPREAD)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

fix: $(STAMP) ## format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## write the generated documentation anew, and what the VS Code extension has from it
	$(BIN)/python -m scripts.docs
	$(BIN)/python -m scripts.vscode

words: $(STAMP) ## bring the catalogues of sentences in step with the code, and compile them
	$(BIN)/python -m scripts.words

bench: $(STAMP) ## the benchmark table
	$(BIN)/python -m bench

calibrate: $(STAMP) ## how the score is distributed over real code, and how it stands to other tools' counts
	$(BIN)/python -m scripts.calibrate $(CALIBRATE)

replay: $(STAMP) ## what completions cost and save while code is typed, in virtual time
	$(BIN)/python -m bench.replay $(REPLAY)

fuzz: $(STAMP) ## fuzz what reads foreign bytes, for SECONDS each; needs a Python that atheris has a wheel for
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	for target in frames messages replies refusals texts; do \
	  $(BIN)/python -m tests.fuzz $$target $(or $(SECONDS),60) || exit 1; done

test-model: $(STAMP) ## the tests with a real local model; needs node and npm
	$(BIN)/python -m pytest -q -m model $(TESTS)

test-browser: $(STAMP) ## the tests of the quota page in a real Chromium; its pictures are in build/pictures
	$(BIN)/python -m pytest -q -m browser $(TESTS)

# -- the VS Code client: needs node and npm, which nothing above does ----------------------------------------

CLIENT  := clients/vscode
MODULES := $(CLIENT)/node_modules/.set-up
VSIX    := build/zai-ls.vsix
VSCODE  := build/vscode-test
# One file of tests after the other: each has a VS Code of its own, which is enough for two cores.
REAL    ?= $(wildcard $(CLIENT)/test/real/*.test.mjs)

$(MODULES): $(CLIENT)/package-lock.json
	@command -v npm >/dev/null || { echo "The VS Code client needs Node 20 and npm. On Debian and Ubuntu: apt install nodejs npm" >&2; exit 1; }
	cd $(CLIENT) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

check-vscode: $(MODULES) ## the VS Code client: format, lint, types, unit tests
	cd $(CLIENT) && npm run --silent check && npm run --silent test

vsix: $(STAMP) $(MODULES) ## the VS Code extension, with the server's wheel in it
	rm -rf $(CLIENT)/server
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(CLIENT)/server .
	cp LICENSE $(CLIENT)/LICENSE
	@mkdir -p build
	cd $(CLIENT) && npm run --silent build && npm exec --yes --package=@vscode/vsce@3.9.2 -- \
	  vsce package --no-dependencies --allow-missing-repository --out ../../$(VSIX)

$(VSCODE)/installed: $(CLIENT)/test/real/install.sh
	$(CLIENT)/test/real/install.sh $(VSCODE)
	@touch $@

test-vscode: check-vscode vsix $(VSCODE)/installed ## the client in a real VS Code; its pictures are in build/pictures
	node --test --test-concurrency=1 --test-reporter=spec $(NODE_FLAGS) $(REAL)

pictures: vsix $(VSCODE)/installed ## the screenshots of the documentation, taken anew
	ZAI_LS_PICTURES=docs/pictures node --test --test-reporter=spec $(CLIENT)/test/real/pictures.mjs

clean: ## remove all that was built here
	rm -rf $(VENV) build dist $(CLIENT)/node_modules $(CLIENT)/dist $(CLIENT)/build $(CLIENT)/server .coverage .coverage.* .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find zai_ls tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
