# The commands of this project; CONTRIBUTING.md says when to use which.
# PYTHON chooses the interpreter that .venv is made with: make test PYTHON=python3.13

export PYTHON
# The suite starts hundreds of interpreters: each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
RUN := .venv/bin/python
JOBS ?= 3
TYPED := veeam_async codegen tests examples benchmarks scripts

.PHONY: help setup node demo pins test check lint types generated codegen bench contract docs matrix floors newest dist fuzz soak mutate clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## make .venv with all that the other targets need
	@scripts/setup python .venv

node:
	@scripts/setup node .

demo: ## poll a fleet of simulated appliances of all products
	@scripts/setup python .venv-demo cli,testing
	@.venv-demo/bin/python -m veeam_async.cli demo

pins: ## write requirements.txt anew from pyproject.toml; versions that still fit stay
	$$(scripts/uv) pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11.5 \
		--no-annotate --no-header $(if $(UPGRADE),--upgrade) --output-file requirements.txt

test: setup ## run the test suite
	$(RUN) -m pytest -n $(JOBS) --dist worksteal -m "not contract and not fuzz"

check: lint types test ## lint, strict types, tests, one of which is that the generated code is up to date

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: setup node
	@$(RUN) -m tests.docs.blocks
	@echo mypy and pyright, side by side
	@node_modules/.bin/pyright --threads $(JOBS) & status=0; \
	$(RUN) -m mypy $(TYPED) build/blocks || status=1; \
	wait $$! || status=1; exit $$status

generated: setup
	$(RUN) -m codegen check

codegen: setup ## generate veeam_async/{vbr,aws,azure,m365,spc,one} from specs/
	$(RUN) -m codegen emit

bench: setup ## benchmarks with ratios against the peers, as a table and as JSON
	$(RUN) -m benchmarks

contract: setup ## Prism, foreign clients, a real Prometheus and PostgreSQL, Python 3.14: proofs against what no one here wrote
	@scripts/setup node tests/contract
	@scripts/setup debian prometheus postgresql
	$(RUN) -m tests.contract.run
	$(RUN) -m pytest -q -p no:randomly -m contract tests/contract tests/examples

docs: setup ## build the documentation site into site/
	$(RUN) -m scripts.build_docs

matrix: ## the suite on every Python from 3.11 to 3.13 that is here
	@for version in 3.11 3.12 3.13; do \
		if ! python=$$(scripts/python $$version); then echo "matrix: no Python $$version here"; continue; fi; \
		PYTHON=$$python scripts/setup python .venv-$$version || exit 1; \
		echo "matrix: Python $$version"; \
		.venv-$$version/bin/python -m pytest -q -n $(JOBS) --dist worksteal -m "not contract and not fuzz" || exit 1; \
	done

# What speaks to an appliance, a fleet and a person; the rest of the suite is about tools that have pins.
REPRESENTATIVE := tests/test_client.py tests/faults tests/fleet tests/cli/test_commands.py

floors: ## a representative part of the suite with the lowest versions that pyproject.toml allows
	@scripts/setup floors .venv-floors
	.venv-floors/bin/python -m pytest -q -n $(JOBS) --dist worksteal $(REPRESENTATIVE)

newest: ## the same with the newest of everything
	@scripts/setup newest .venv-newest
	.venv-newest/bin/python -m pytest -q -n $(JOBS) --dist worksteal $(REPRESENTATIVE)

dist: setup ## sdist and wheel, reproducible, and the suite against the installed wheel
	$(RUN) scripts/build_dist.py

fuzz: setup ## long-running: mutated answers against the session layer, hostile documents against the generator
	$(RUN) -m pytest -m fuzz -p no:randomly --timeout 3600

soak: setup ## long-running: a fleet for 15 minutes, while all around it fails
	$(RUN) -m tests.soak

mutate: setup ## long-running: mutation testing of the session modules
	$(RUN) scripts/mutate.py

clean:
	rm -rf build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
