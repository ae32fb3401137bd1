# What a developer runs, and what CI runs. Environments are made when they are first needed; one that
# is there is used as it is until pyproject.toml changes. `make clean` throws them away.

PYTHON ?= python3
# Most tests wait for a server: four workers keep two cores busy, more would only compete.
WORKERS ?= 4
PYTEST_FLAGS ?= -q -n $(WORKERS) --dist worksteal
# What no S3 SDK takes part in, or only as the stores do, which tests/stores, behaviour and faults
# try with both: once is enough.
WITHOUT_SDK = $(addprefix --ignore tests/,awslambda cli converters dao export infra integrations \
    interop machine migration permissions processes servers simulation testing tool_calls \
    test_benchmarks.py test_layers.py) -k 'not (memory or local or async)'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo lambda lambda-demo test test-async test-newest test-extra bench bench-full bench-strands \
    bench-lambda check check-templates environments format clean
export PIP_DISABLE_PIP_VERSION_CHECK = 1

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lambda: .venv/ready  ## zips for Lambda, the same bytes each time: dist/lambda
	@.venv/bin/python -m infra.packaging

lambda-demo: .venv/ready  ## an agent survives Lambda: cold containers, a crash and a redelivery, two callers
	@.venv/bin/python -m tests.awslambda.story

demo: .venv-demo/ready  ## a tour of the main job: install, then `s3sessions demo`
	@.venv-demo/bin/s3sessions demo

test: test-async test-newest  ## all tests, with async S3 and with the newest boto3

test-async: .venv/ready  ## all tests, sync and async, with the boto3 that aioboto3 wants
	@.venv/bin/python -m tests.awslambda.artefacts
	.venv/bin/python -m pytest $(PYTEST_FLAGS)

test-newest: .venv-newest/ready  ## the tests that need no aioboto3, with the newest boto3
	.venv-newest/bin/python -m pytest $(PYTEST_FLAGS) $(WITHOUT_SDK)

environments: .venv/ready .venv-checkov/ready .venv-newest/ready  ## all that check and test run in

test-extra: .venv/ready  ## many processes at full size, and Ceph (apt: radosgw ceph-mon ceph-osd ceph-common)
	.venv/bin/python -m pytest -q -rP -o log_level=ERROR --durations=0 tests/extra

bench: .venv-bench/ready  ## s3sessions beside its peers, in a few minutes: tests/benchmarks/results
	@.venv-bench/bin/python -m tests.benchmarks.speed

bench-full: .venv-bench/ready  ## the same at full size, in about half an hour
	@.venv-bench/bin/python -m tests.benchmarks.speed --full

bench-strands: .venv/ready  ## our session manager for Strands beside its own: a table in Markdown
	@.venv/bin/python -m tests.benchmarks.managers

bench-lambda: .venv/ready  ## a cold container to its first answer: ours beside Strands' own manager
	@.venv/bin/python -m tests.benchmarks.cold_starts

check: .venv/ready check-templates  ## format, lint, types, import direction, documentation, templates
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy s3sessions tests infra
	.venv/bin/python -m pytest -q tests/test_layers.py tests/docs

check-templates: .venv-checkov/ready  ## the templates in infra by checkov; `make test` has their other checks
	.venv-checkov/bin/checkov --config-file infra/.checkov.yaml

format: .venv/ready  ## format the code and fix what lint can fix
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

clean:  ## remove environments, caches and built packages
	chmod -R u+w .lambda 2>/dev/null || true
	rm -rf .venv .venv-newest .venv-bench .venv-checkov .venv-demo .lambda build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find s3sessions tests -name __pycache__ -prune -exec rm -rf {} +

.venv-demo/ready: INSTALL = --editable '.[cli]'
.venv/ready: INSTALL = --editable '.[async,cli,fast]' --group dev
.venv/ready: THEN = --group templates
.venv-newest/ready: INSTALL = --editable '.[cli]' --group test
.venv-checkov/ready: INSTALL = --group checkov
.venv-bench/ready: INSTALL = --editable '.[async,fast]' --group bench

%/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    version=$$($(PYTHON) --version 2>/dev/null) || version="not there"; \
	    echo "s3sessions needs Python 3.11 or newer, and $(PYTHON) is $$version:" \
	        "run make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) has no venv: install it (on Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "making $(@D): pip install $(INSTALL)"
	@$(PYTHON) -m venv $(@D)
	@$(if $(findstring --group,$(INSTALL)),$(@D)/bin/python -m pip install --quiet 'pip>=25.1')
	@$(@D)/bin/python -m pip install --quiet $(INSTALL)
	@$(if $(THEN),$(@D)/bin/python -m pip install --quiet $(THEN))
	@touch $@
