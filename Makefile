# Two commands on a fresh machine: `make run` and `make test`. Both build .venv first.
# Without make (Windows): see "Without make" in README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= corpus
OUT ?= outputs

.PHONY: run test bench notebooks clean

run: $(VENV)/installed
	$(BIN)/notesmine run $(CORPUS) -o $(OUT)

test: $(VENV)/installed
	$(BIN)/python -m pytest

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

bench: $(VENV)/installed
	$(BIN)/python -m bench

# The rendered copies in docs/notebooks, after a change that alters what the sample corpus gives.
notebooks: $(VENV)/installed
	$(BIN)/python notebooks/render.py

clean:
	rm -rf $(VENV) $(OUT)/report.* .notesmine
