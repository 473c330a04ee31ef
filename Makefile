# Every target makes the virtual environment it needs. `make help` lists them.
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
UV     := $(shell command -v uv 2>/dev/null)
.DEFAULT_GOAL := help
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
