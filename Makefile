# Every command of the book. `make help` lists them.
#
# A step leaves a stamp file behind and is skipped until one of its inputs changes.
# Paths here are relative, so the folder's own path may hold spaces.

SHELL   := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON  ?= python3
PORT    ?=
BROWSER ?= auto
TORCH   ?=
NAME    ?=
LIST    ?=
FORCE   ?=
RESTAMP ?=
SET     ?=
JOBS    ?=
FILE    ?=

VENV    := .venv
PY      := $(VENV)/bin/python
PIP     := $(PY) -m pip --disable-pip-version-check --quiet
PYTEST  := $(PY) -m pytest --numprocesses=$(or $(JOBS),logical)
STAMPS  := $(VENV)/stamps
SITE    := _build/html

# A figure or number of a chapter may depend on any of these: also on modules beside the
# chapters, and on MNIST's files, where a reader has put them there.
COMPUTES := $(wildcard book/*.py) $(shell find book/mnist 2>/dev/null) \
              $(shell find book/collapse book/data -type f -not -name '*.pyc' 2>/dev/null)
PAGES    := $(shell find book -type f -not -path 'book/collapse/*' -not -path 'book/data/*' \
              -not -name '*.pyc' -not -path '*/.*' 2>/dev/null)
# The ledger page fails the build when a claim has no test.
CLAIMS   := $(wildcard tests/claims/*.py tests/claims/*/*.py)

export PYTHONUTF8 := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# The chapters run in this environment, whatever kernels the user has installed.
export JUPYTER_PREFER_ENV_PATH := 1
# The virtual environment is the project's own: root may write to it.
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help serve book lab data check lint types units test mutants bench \
  clean install

# Shows a command, runs it and says how long it took.
timed = @echo '$(1)'; TIMEFORMAT='%0R s'; time $(1)

help:            ## list the commands
	@echo "make COMMAND, where COMMAND is one of"
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

serve: $(SITE)/index.html  ## build the book and read it in a browser (PORT=8000, BROWSER=none)
	@$(PY) tools/serve.py $(SITE) --browser "$(BROWSER)" $(if $(PORT),--port "$(PORT)")

book: $(SITE)/index.html   ## build the book into _build/html; a warning is an error
	@echo "The book is in $(SITE)/index.html"

lab: $(STAMPS)/lab $(SITE)/index.html  ## open the chapters as notebooks of your own, in notebooks/
	@$(PY) tools/copy_notebooks.py $(SITE)/_sources notebooks
	@$(PY) -m jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/notebooks/index.ipynb \
	  $(if $(PORT),--port "$(PORT)") $(if $(filter none,$(BROWSER)),--no-browser) \
	  $(if $(filter 0,$(shell id -u)),--allow-root)

data: $(STAMPS)/book       ## make the results in book/data that are out of date (NAME=..., LIST=1, FORCE=1; RESTAMP=1 keeps those whose code computes the same; SET="..." for other parameters)
	@PYTHONPATH=book $(PY) -m collapse.experiments $(NAME) \
	  $(if $(LIST),--list) $(if $(FORCE),--force) $(if $(RESTAMP),--restamp) $(if $(JOBS),--jobs $(JOBS)) \
	  $(if $(SET),--set $(SET))

check: lint types units    ## what takes a minute: format, style, types, docstrings, quick tests

lint: $(STAMPS)/tests      ## check format and style of the Python code
	$(call timed,$(PY) -m ruff format --check .)
	$(call timed,$(PY) -m ruff check .)

types: $(STAMPS)/tests     ## check the types of the package
	$(call timed,$(PY) -m mypy)

units: $(STAMPS)/tests     ## run the quick tests of single functions
	$(call timed,$(PYTEST) -q -m "not slow" tests/unit tests/property)

test: lint types $(SITE)/index.html  ## install what the tests need, run them all (JOBS=1)
	$(call timed,$(PYTEST))

mutants: $(STAMPS)/mutants ## change FILE=book/collapse/... in one place at a time; list what no quick test notices
	@$(PY) tests/mutants $(FILE)

bench: $(STAMPS)/bench $(SITE)/index.html  ## measure the budgets: one table
	@$(PY) -m benchmarks

clean:                     ## remove what was built; your notebooks/ stay, and the environment (rm -r .venv)
	rm -rf _build build .hypothesis .mypy_cache .pytest_cache .ruff_cache

install: $(STAMPS)/book

# The environment --------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The book needs Python 3.11 or newer; '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu its parts are a package of" \
	    "their own: apt install python3-venv" >&2; exit 1; }

$(STAMPS)/book: requirements.txt | $(PY)
	@mkdir -p $(STAMPS)
ifeq ($(TORCH),cpu)
	@bash tools/install_cpu_torch.sh $(PY)
endif
	@echo "Installing requirements.txt; torch is large, so this can take some minutes."
	@$(PIP) install --requirement requirements.txt
	@touch $@

$(STAMPS)/lab: $(STAMPS)/book tools/lab_settings.py
	@# So that every notebook of this environment finds the package, in any folder.
	@$(PIP) install --no-deps --editable .
	@$(PY) tools/lab_settings.py
	@touch $@

$(STAMPS)/tests: $(STAMPS)/lab tests/requirements.txt tests/browser/find_browser.py
	@echo "Installing what the tests need."
	@$(PIP) install --requirement tests/requirements.txt
	@$(PY) tests/browser/find_browser.py --install
	@touch $@

$(STAMPS)/mutants: $(STAMPS)/tests tests/mutants/requirements.txt
	@echo "Installing what changes the modules."
	@$(PIP) install --requirement tests/mutants/requirements.txt
	@touch $@

$(STAMPS)/bench: $(STAMPS)/tests benchmarks/requirements.txt
	@echo "Installing what the benchmarks compare with."
	@$(PIP) install --requirement benchmarks/requirements.txt
	@touch $@

# The book ---------------------------------------------------------------------

# Jupyter's cache knows a chapter's cells but not the package that they import: when
# the package, its data or an installed version changes, every chapter runs again.
_build/computed: $(STAMPS)/book $(COMPUTES)
	@rm -rf _build/.jupyter_cache
	@mkdir -p _build
	@touch $@

$(SITE)/index.html: _build/computed $(PAGES) $(CLAIMS) _config.yml _toc.yml
	@# From the cached results every page is written anew, which takes seconds: a page
	@# that cites, links or counts what another one holds is never out of date.
	@rm -rf $(SITE) _build/.doctrees
	@$(VENV)/bin/jupyter-book build book --config _config.yml --toc "$(CURDIR)/_toc.yml" \
	  --path-output . --warningiserror --nitpick --keep-going --quiet
	@touch $@
