# The commands of this project; CONTRIBUTING.md says when to use which.
# PYTHON chooses the interpreter that .venv is made with: make test PYTHON=python3.13

PYTHON ?= $(shell ./scripts/find-python)
RUN := .venv/bin/python
JOBS ?= 2
TYPED := veeam_async codegen tests examples benchmarks scripts docs

.PHONY: help setup node demo test check lint types generated codegen bench contract docs dist fuzz soak mutate clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## make .venv with all that the other targets need
	@test -n "$(PYTHON)" && "$(PYTHON)" scripts/setup.py

node: setup
	@$(RUN) scripts/setup.py --node

demo: setup ## poll a fleet of simulated appliances of all three products
	@$(RUN) -m veeam_async.cli demo

test: setup ## run the test suite
	$(RUN) -m pytest -n $(JOBS) --dist worksteal -m "not contract and not fuzz"

check: lint types generated test ## lint, strict types, generated code up to date, tests

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: setup node
	@$(RUN) -m tests.docs.blocks
	$(RUN) -m mypy $(TYPED) build/blocks
	node_modules/.bin/pyright --threads $(JOBS)

generated: setup
	$(RUN) -m codegen check

codegen: setup ## generate veeam_async/{vbr,aws,azure} from specs/
	$(RUN) -m codegen emit

bench: setup ## benchmarks with ratios against the peers, as a table and as JSON
	$(RUN) -m benchmarks

contract: setup ## Prism, foreign clients, a real Prometheus, Python 3.14: proofs against what no one here wrote
	@$(RUN) scripts/setup.py --node tests/contract
	@$(RUN) scripts/setup.py --debian prometheus
	$(RUN) -m tests.contract.run
	$(RUN) -m pytest -q -p no:randomly -m contract tests/contract

docs: setup ## build the documentation site into site/
	$(RUN) scripts/build_docs.py

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
