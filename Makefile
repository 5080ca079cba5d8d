# The README's two commands are `make demo` and `make test`. Each makes its own virtual environment in the
# checkout and needs nothing but make, Python 3.11 or later and, for the browser tests, apt or an installed Chromium.

.POSIX:
.PHONY: demo test test-slow coverage lint types contracts unit frontend wheel-test slow system-packages slow-packages clean
.DELETE_ON_ERROR:

DEMO = .venv-demo
TEST = .venv
SOURCES = PYTHONPATH=.:stimuli:webapp:analysis:migrations

demo: $(DEMO)/ready
	$(DEMO)/bin/mixeval demo

test: lint types contracts frontend unit

test-slow: wheel-test slow

$(DEMO)/ready: pyproject.toml constraints.txt
	.ci/environment $(DEMO) '.[models]'
	touch $@

$(TEST)/ready: pyproject.toml constraints.txt
	.ci/environment $(TEST) '.[dev]'
	touch $@

lint: $(TEST)/ready
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/ruff check .

types: $(TEST)/ready
	$(TEST)/bin/mypy

contracts: $(TEST)/ready
	$(SOURCES) $(TEST)/bin/lint-imports

unit: $(TEST)/ready system-packages
	.ci/count-skips $(TEST)/bin/pytest -n 2 -m 'not slow'

# Not part of `test`, which it makes slower.
coverage: $(TEST)/ready system-packages
	$(TEST)/bin/pytest -n 2 -m 'not slow' --cov --cov-report=term:skip-covered

frontend: system-packages
	.ci/frontend

wheel-test: $(TEST)/ready system-packages
	.ci/wheel-test $(TEST)

slow: $(TEST)/ready slow-packages
	.ci/count-skips $(TEST)/bin/pytest -m slow

system-packages:
	.ci/system-packages

# The second engine is driven by a package of Node's.
slow-packages:
	.ci/system-packages slow
	[ -d node_modules/puppeteer-core ] || ! command -v npm >/dev/null || npm ci --silent --no-audit --no-fund

clean:
	rm -rf $(DEMO) $(TEST) build dist node_modules
