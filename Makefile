# Two commands matter: `make demo` and `make test`. Both install into .venv at first and work offline from then on.
# Paths are relative, so that a folder with a space in its name is no trouble; GNU make 3.81 (macOS) is enough.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test bench schemas lock clean install install-dev
MAKEFLAGS += --no-print-directory

help: ## what can be made
	@echo "make demo      the pilot's July 2025, told as it happens, then audited (ARGS=\"--families 500 --seed 2\")"
	@echo "make test      ruff, mypy and all tests, on real PostgreSQL (ARGS=\"-k R21\")"
	@echo "make bench     a national month, measured (ARGS=\"--help\")"
	@echo "make schemas   docs/schemas and docs/asyncapi.json anew from the events; refuses what readers would trip over"
	@echo "make lock      resolve the dependencies of pyproject.toml anew into the two lock files"
	@echo "make clean     remove .venv and what the tools left; .azyq, with its database and keys, stays"

install:
	@set -euo pipefail; python="$$(bash bin/find-python)"; "$$python" bin/install.py

install-dev:
	@set -euo pipefail; python="$$(bash bin/find-python)"; "$$python" bin/install.py --dev

demo: install
	@.venv/bin/azyq demo $(ARGS)

# Three processes for two cores: about half of their time they wait, for PostgreSQL, Kafka, Chromium.
test: install-dev
	@set -euo pipefail; \
	.venv/bin/ruff check .; \
	.venv/bin/ruff format --check .; \
	.venv/bin/mypy; \
	.venv/bin/mypy bin/install.py; \
	.venv/bin/python -m tests.broker fetch; \
	.venv/bin/python -m tests.browser fetch; \
	.venv/bin/python -m pytest -n 3 --dist worksteal $(ARGS)

bench: install-dev
	@.venv/bin/python -m benchmarks $(ARGS)

schemas: install
	@.venv/bin/python -m infra.api.published.renewal

lock:
	@set -euo pipefail; python="$$(bash bin/find-python)"; "$$python" bin/lock.py

clean:
	@rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
