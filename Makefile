# Every target makes the virtual environment it needs. `make help` lists them.
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
UV     := $(shell command -v uv 2>/dev/null)
.DEFAULT_GOAL := help
# The tests start dozens of Pythons: each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run demo test test-fast check format bench migrate requirements asyncapi docs kafka chaos clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | column -t -s "$$(printf '\t')"

$(STAMP): pyproject.toml uv.lock
	@echo "redress: installing the locked dependencies into $(VENV)"
ifdef UV
	@uv sync --frozen --quiet
else
	@test -x $(BIN)/python || python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv sync --frozen --quiet --inexact
endif
	@touch $@

run: $(STAMP)  ## start everything: private PostgreSQL, five services, one port
	@$(BIN)/redress up

demo: $(STAMP)  ## start everything, post real complaints, play everybody, account for all of it
	@$(BIN)/redress demo

test: $(STAMP)  ## all tests, on real PostgreSQL and real Kafka
	@$(BIN)/pytest -n auto --dist loadgroup

test-fast: $(STAMP)  ## the tests that need neither Kafka nor long rounds
	@$(BIN)/pytest -n auto --dist loadgroup -m "not kafka and not slow"

check: $(STAMP)  ## ruff, format, mypy --strict, import rules, generated documents up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m dev.documents --check

format: $(STAMP)  ## mend what can be mended by itself
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

bench: $(STAMP)  ## measure, side by side, and print the machine's figures
	@$(BIN)/python -m bench

migrate: $(STAMP)  ## make or upgrade the schemas of REDRESS_DATABASE_URL
	@$(BIN)/redress migrate

requirements: $(STAMP)  ## run the tests and print which requirement each proves
	@$(BIN)/python -m dev.requirements

docs asyncapi: $(STAMP)  ## write the generated documents: AsyncAPI, OpenAPI, configuration, event schemas
	@$(BIN)/python -m dev.documents

kafka: $(STAMP)  ## start a local Apache Kafka from Maven jars
	@$(BIN)/python -m dev.kafka

chaos: $(STAMP)  ## many seeded rounds of kill -9 at every named point
	@$(BIN)/python -m dev.chaos

clean:  ## remove what the targets made here
	@rm -rf $(VENV) .redress .pytest_cache .mypy_cache .ruff_cache .hypothesis dev/kafka/target dev/asyncapi/node_modules
