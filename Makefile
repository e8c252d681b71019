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
SAMPLE  ?=
SEEDS   ?= 20
CLAIM   ?=
RUNS    ?= 3
SEED    ?=
FOLDER  ?= assignments/private
HANDINS ?=
PAPER   ?= a4
INDEX   ?=
RELEASE ?=
TAG     ?=

VENV    := .venv
PY      := $(VENV)/bin/python
PYTEST  := $(PY) -m pytest --numprocesses=$(or $(JOBS),logical)
STAMPS  := $(VENV)/stamps
INSTALL := $(PY) tools/install.py
HANDOUT := PYTHONPATH=book:book/_ext:tools $(PY) -m handouts

export PYTHONUTF8 := 1
# What is built is a release: `book/_ext/site_address.py`.
export RELEASE
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# The chapters run in this environment, whatever kernels the user has installed.
export JUPYTER_PREFER_ENV_PATH := 1
# The virtual environment is the project's own: root may write to it.
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help serve book pdf epub zip newest notebooks lab data assignments grade check lint types \
  units test rehearse places luck power measured mutants bench lock publishable clean install

# Shows a command, runs it and says how long it took.
timed = @echo '$(1)'; TIMEFORMAT='%0R s'; time $(1)

help:            ## list the commands
	@echo "make COMMAND, where COMMAND is one of"
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

serve: $(STAMPS)/book      ## build the book and read it in a browser (PORT=8000, BROWSER=none)
	@$(PY) tools/build_book.py --serve --browser "$(BROWSER)" $(if $(PORT),--port "$(PORT)")

book: $(STAMPS)/book       ## build the book into _build/html; a warning is an error (RELEASE=v0.1.0: as that release)
	@$(PY) tools/build_book.py

pdf: $(STAMPS)/handouts book   ## print the book: build/model-collapse-a4.pdf (PAPER=letter)
	@$(HANDOUT) pdf --paper "$(PAPER)"

epub: $(STAMPS)/handouts book  ## make an e-book of it, and check that it is one: build/model-collapse.epub
	@$(HANDOUT) epub

zip: book                  ## make a copy of the site that opens from disk: build/model-collapse.zip
	@$(HANDOUT) zip

newest: book               ## build the same pages with the newest Sphinx and theme, without Jupyter Book
	@$(PY) tools/newest.py

notebooks: $(STAMPS)/lab book  ## write the chapters as notebooks of your own into notebooks/, for any editor
	@$(PY) tools/copy_notebooks.py _build/html/_notebooks notebooks

lab: notebooks             ## open them in JupyterLab
	@$(PY) -m jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/notebooks/index.ipynb \
	  $(if $(PORT),--port "$(PORT)") $(if $(filter none,$(BROWSER)),--no-browser) \
	  $(if $(filter 0,$(shell id -u)),--allow-root)

data: $(STAMPS)/book       ## make the results in book/data that are out of date (NAME=..., LIST=1, FORCE=1; RESTAMP=1 keeps those whose code computes the same; SET="..." for other parameters, of the cell that RESTAMP computes, too)
	@PYTHONPATH=book $(PY) -m collapse.experiments $(NAME) \
	  $(if $(LIST),--list) $(if $(FORCE),--force) $(if $(RESTAMP),--restamp) $(if $(JOBS),--jobs $(JOBS)) \
	  $(if $(SET),--set $(SET))

assignments: $(STAMPS)/courses $(if $(NAME),$(if $(filter chapters/%,$(NAME)),book),book)  ## make a course's problem sets, and chapters to hand in, in build/assignments/ (NAME="gaussian chapters/gaussian"; SEED=...: other numbers; FOLDER=...: masters of your own)
	@PYTHONPATH=book:book/_ext $(PY) tools/course.py $(NAME) --private "$(FOLDER)" \
	  $(if $(SEED),--seed "$(SEED)")

grade: $(STAMPS)/courses   ## grade what students handed in (HANDINS=folder, NAME=one set, JOBS=2)
	@PYTHONPATH=book:book/_ext $(PY) tools/grade.py "$(HANDINS)" $(if $(NAME),--name "$(NAME)") \
	  $(if $(JOBS),--jobs $(JOBS))

check: lint types units    ## what takes a minute: format, style, types, docstrings, quick tests

lint: $(STAMPS)/tests      ## check format and style of the Python code
	$(call timed,$(PY) -m ruff format --check .)
	$(call timed,$(PY) -m ruff check .)

types: $(STAMPS)/tests     ## check the types of the package
	$(call timed,$(PY) -m mypy)

units: $(STAMPS)/tests     ## run the quick tests of single functions
	$(call timed,$(PYTEST) -q -m "not slow" tests/unit tests/property)

test: $(STAMPS)/tests      ## install what the tests need, run them all (JOBS=1)
	@# The first test that reads a page would build the book, with no word of progress.
	@$(MAKE) --no-print-directory -j3 lint types book
	$(call timed,$(PYTEST) --durations=25)

rehearse: $(STAMPS)/tests  ## the long rest: claims of trained networks, every stop of every slider; Binder from nothing, a bare laptop, Colab; print and EPUB; all notebooks in JupyterLab; shipped results computed again
	$(call timed,$(PYTEST) --rehearse -m rehearsal)

places: $(STAMPS)/tests    ## run all notebooks on a bare laptop, with Colab's and with a JupyterHub's packages
	$(call timed,$(PYTEST) --everywhere tests/chapters/test_notebooks_anywhere.py)

luck: $(STAMPS)/tests      ## run tests with other random numbers; list what fails (SEEDS=20, FILE=tests/unit)
	@for luck in $$(seq $(SEEDS)); do echo "Luck $$luck of $(SEEDS)"; \
	  $(PYTEST) -q --luck=$$luck $(FILE) | { grep -E '^(FAILED|ERROR)' || true; }; done

power: $(STAMPS)/tests     ## measure how often claims' tests fail although they are true (CLAIM=..., RUNS=3)
	@PYTHONPATH=book:book/_ext:tests $(PY) tests/claims/power.py $(CLAIM) --runs $(RUNS)

measured: $(STAMPS)/tests  ## write what claims' tests measure into the ledger (CLAIM=...)
	@PYTHONPATH=book:book/_ext:tests $(PY) tests/claims/measured.py $(CLAIM)

mutants: $(STAMPS)/mutants ## change FILE=book/collapse/... in one place at a time; list what no quick test notices (SAMPLE=60: so many, at random)
	@$(PY) tests/mutants $(FILE) $(if $(SAMPLE),--sample $(SAMPLE))

bench: $(STAMPS)/bench book  ## measure the budgets: one table
	@$(PY) -m benchmarks

lock: $(STAMPS)/release    ## write what a reader's kernel and the build need, with hashes, for this system and Python: build/requirements.lock (TORCH=cpu; INDEX=pypi: the torch that PyPI has, on Linux with CUDA)
	@mkdir -p build
	@$(PY) -m uv pip compile --quiet --generate-hashes --no-header --no-annotate \
	  $(if $(filter pypi,$(INDEX)),,--torch-backend $(or $(TORCH),cpu)) \
	  --output-file build/requirements.lock requirements.txt assignments/requirements.txt || { \
	  echo "This asks PyPI, and https://download.pytorch.org for torch's CPU build. Where" \
	    "the second cannot be reached: make lock INDEX=pypi" >&2; exit 1; }
	@echo "The environment is in build/requirements.lock"

publishable: $(STAMPS)/book ## say what only the owner knows and has not said, and which files disagree (TAG=v0.1.0: and whether this is the version's)
	@$(PY) tools/publishable.py $(if $(TAG),--tag "$(TAG)")

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
	@$(INSTALL) requirements.txt $(if $(TORCH),--torch "$(TORCH)")
	@touch $@

$(STAMPS)/lab: $(STAMPS)/book tools/lab_settings.py
	@# So that every notebook of this environment finds the package, in any folder.
	@$(PY) -m pip --disable-pip-version-check --quiet install --no-deps --editable .
	@$(PY) tools/lab_settings.py
	@touch $@

$(STAMPS)/courses: $(STAMPS)/lab assignments/requirements.txt
	@$(INSTALL) assignments/requirements.txt
	@touch $@

$(STAMPS)/handouts: $(STAMPS)/book tools/handouts/requirements.txt tools/find_browser.py
	@$(INSTALL) tools/handouts/requirements.txt
	@$(PY) tools/find_browser.py --install
	@touch $@

$(STAMPS)/tests: $(STAMPS)/courses $(STAMPS)/handouts tests/requirements.txt
	@$(INSTALL) tests/requirements.txt
	@touch $@

$(STAMPS)/mutants: $(STAMPS)/tests tests/mutants/requirements.txt
	@$(INSTALL) tests/mutants/requirements.txt
	@touch $@

$(STAMPS)/release: $(STAMPS)/book tools/release.txt
	@$(INSTALL) tools/release.txt
	@touch $@

$(STAMPS)/bench: $(STAMPS)/tests benchmarks/requirements.txt
	@$(INSTALL) benchmarks/requirements.txt
	@touch $@
