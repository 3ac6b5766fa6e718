# make table   print the impossibility table, every label computed from checks that just ran
# make test    the tests, against the installed wheel, with the extras and without
# make test-lowest   the core's tests, with the oldest packages that pyproject.toml admits
# make check   format, lint, types, tests: what a change has to pass
# make selfcheck   every small change of a formula, a sentence or a file must be noticed (minutes)
# make site    the site into build/site: documentation, reference, the atlas of theorems, the experiments
# make dist    sdist and wheel into dist/, compared, installed and run: what a release has to pass (minutes; docs/publishing.md)
# make bench   measure: cold table, import time, evaluation, bounds, pairs
# make rocq    rebuild and audit the kernel-checked proofs (needs Coq 8.16)
# make clean   remove environments and build products

PYTHON ?= python3
CORE   := .venv-core
FULL   := .venv
LOWEST := .venv-lowest
PIP    := -m pip install --quiet --disable-pip-version-check
SOURCES := pyproject.toml constraints.txt constraints-lowest.txt README.md LICENSE MANIFEST.in \
  $(shell find trompe theory constructions proofs empirical -type f \
    \( -name '*.py' -o -name '*.json' -o -name '*.npz' -o -name 'py.typed' -o -path '*/digits/*' \) ! -name build-log.json 2>/dev/null)
EXTRAS := plot,empirical,imagenet,test,site,dev

.PHONY: table test test-lowest selfcheck check format lint types site dist bench rocq clean

table: $(CORE)/installed
	$(CORE)/bin/trompe table

test: $(FULL)/installed $(CORE)/installed
	$(CORE)/bin/python -P tests/without_extras.py
	$(FULL)/bin/python -P -m pytest -n 2 $(ARGS)

# Without PyTorch, whose oldest release is not tried: its tests are skipped. So is what no version of a package changes (once).
test-lowest: $(LOWEST)/installed
	$(LOWEST)/bin/python -P -m pytest -n 2 -m "not once" $(ARGS)

# Every small change of a formula, a sentence or a file must be noticed: some minutes.
selfcheck: $(FULL)/installed
	$(FULL)/bin/trompe selfcheck

check: lint types test

lint: $(FULL)/installed
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/ruff check .

format: $(FULL)/installed
	$(FULL)/bin/ruff format .
	$(FULL)/bin/ruff check --fix .

types: $(FULL)/installed
	cd $(FULL) && bin/mypy --config-file ../pyproject.toml -p trompe  # from there: the wheel, not the folder
	cd $(FULL) && bin/mypy --config-file ../pyproject.toml ../website/*.py

site: $(FULL)/installed
	$(FULL)/bin/python website/building.py

dist: $(FULL)/installed
	$(FULL)/bin/python -P tests/dist.py $(ARGS)

bench: $(FULL)/installed
	$(FULL)/bin/python -P benchmarks/run.py
	$(FULL)/bin/python -P benchmarks/bench_bound.py
	$(FULL)/bin/python -P benchmarks/bench_pairs.py

rocq:
	@if ! command -v coqc >/dev/null || ! command -v coqchk >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Coq is missing: installing the package coq with apt-get (as root)"; \
	    apt-get update -qq && apt-get install -y --no-install-recommends coq; \
	  else \
	    echo "Coq is missing. As root: apt-get install coq make    then: make rocq"; exit 2; \
	  fi; \
	fi
	$(MAKE) --no-print-directory -C proofs/rocq log
	@if [ -x $(FULL)/bin/python ]; then $(FULL)/bin/python -P -m trompe.proofs.kernel; fi

# One environment with the core alone, one with every extra, one with the oldest packages; all hold the wheel, not the folder.
$(CORE)/installed: $(SOURCES)
	rm -rf build/lib build/bdist.*  # what was moved or deleted would stay in the wheel; build/site stays
	test -x $(CORE)/bin/python || $(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python $(PIP) -c constraints.txt .
	$(CORE)/bin/python $(PIP) --force-reinstall --no-deps .
	touch $@

$(FULL)/installed: $(SOURCES)
	rm -rf build/lib build/bdist.*
	test -x $(FULL)/bin/python || $(PYTHON) -m venv $(FULL)
	$(FULL)/bin/python $(PIP) -c constraints.txt '.[$(EXTRAS)]'
	$(FULL)/bin/python $(PIP) --force-reinstall --no-deps .
	touch $@

$(LOWEST)/installed: $(SOURCES)
	rm -rf build/lib build/bdist.*
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python $(PIP) -c constraints-lowest.txt '.[plot,test]'
	$(LOWEST)/bin/python $(PIP) --force-reinstall --no-deps .
	touch $@

clean:
	rm -rf $(CORE) $(FULL) $(LOWEST) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
