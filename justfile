# `just` lists the recipes. `setup` puts `just` itself into .venv/bin.

default:
    @just --list

# make .venv with everything that development needs
setup:
    python3 -m venv .venv
    .venv/bin/python -m pip install -q --upgrade pip
    .venv/bin/python -m pip install -q -e . --group dev

# the tests; `just test -k solver` and the like pass options on
test *options:
    .venv/bin/python -m pytest -n 2 {{ options }}

# style, form, types, layers
lint:
    .venv/bin/ruff check
    .venv/bin/ruff format --check
    .venv/bin/pyright
    .venv/bin/lint-imports

# links, cases and keys in the documentation
docs:
    .venv/bin/python -m pytest tests/test_docs.py tests/test_architecture.py

# how long things take, as ratios to a reference in the same run
bench:
    .venv/bin/python benchmarks/solver.py --quick
    .venv/bin/python benchmarks/study.py

# mutated cases, random queries and killed runs; `just campaign --cases 5000 --queries 5000 --kills 10` is shorter
campaign *options:
    PYTHONPATH=tests .venv/bin/python -m campaign {{ options }}

# the study of a case; `just run my-case --seed 2`
run case="turkey-2016" *options="--out out":
    .venv/bin/raison run {{ case }} {{ options }}
