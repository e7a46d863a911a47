# Every target does its own set-up: the virtual environment follows the lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
IAC    := .venv-iac
TLS    := .venv-tls
OSCAL  := .venv-trestle
STAMP  := $(VENV)/.installed
# Outside of the lock: which build of it fits depends on the machine's processor and driver.
TORCH  ?= torch==2.13.0 nvidia-ml-py
# Measured beside us in `make bench`; what is missing there is said, not guessed.
PEERS  ?= mlcommons-loadgen scrubadub==2.0.1 datafog==4.9.0

# Each program that a test starts would compile all of Clinigate anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test acceptance grade lint types docs bench bench-phi campaign coverage selfcheck sbom lock clean

demo: $(STAMP)
	$(BIN)/clinigate demo

# Much of a test is waiting for processes of its own: three share two cores.
test: $(STAMP)
	$(BIN)/python -m pytest tests -n 3 --dist worksteal -m "not acceptance"

# Whole evaluations, every command of the README, a sample project: what takes minutes each.
acceptance: $(STAMP)
	$(BIN)/python -m pytest tests -n 2 --dist load -m acceptance

# Our own suites in full, as a user runs them; beside other tests they ask a sample.
grade: $(STAMP)
	$(BIN)/python -m pytest tests/clinical tests/therapeutic --clinical-grade

lint: $(STAMP)
	$(BIN)/ruff check src benchmarks tests docs/*.py $(HOMES)
	$(BIN)/ruff format --check src benchmarks tests docs/*.py $(HOMES)
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

# Help texts in the documentation come from the programs themselves.
docs: $(STAMP)
	$(BIN)/python docs/regenerate.py

bench: $(STAMP)
	-$(BIN)/python -m pip install --quiet $(PEERS)
	$(BIN)/python benchmarks/run_all.py

# The search for identifiers beside its peers, on the same text in the same run.
bench-phi: $(STAMP)
	-$(BIN)/python -m pip install --quiet $(PEERS)
	$(BIN)/python benchmarks/phi_bench.py
	$(BIN)/python benchmarks/phi_recall.py
	$(BIN)/python benchmarks/phi_canaries.py
	$(BIN)/python benchmarks/phi_guard_overhead.py

# Long fault campaigns; the tests run a small sample of each.
campaign: $(STAMP)
	$(BIN)/python benchmarks/run_all.py --campaigns

# The tests once more, each branch counted, in the processes that they start too. Counting slows
# them, and some of them time a service: whether they pass is said by `make test`.
coverage: $(STAMP)
	rm -f .coverage .coverage.* coverage.xml
	-$(BIN)/python -m coverage run -m pytest tests -n 3 --dist worksteal -m "not acceptance"
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage xml -q

# What we sell, asked of ourselves: weaknesses, manifests, identifiers, branches. One run, one gate.
selfcheck: coverage
	$(BIN)/clinigate run --config selfcheck.toml --keep-going

# What whoever installs the wheel gets with it, in an environment that holds nothing else.
sbom: $(STAMP)
	rm -rf build/sbom
	$(BIN)/python -m build --quiet --wheel --no-isolation --outdir dist .
	$(PYTHON) -m venv --without-pip build/sbom
	$(BIN)/python -m pip --python build/sbom/bin/python install --quiet dist/clinigate-*.whl
	$(BIN)/cyclonedx-py environment build/sbom/bin/python --pyproject pyproject.toml \
	  --mc-type library --output-reproducible --validate --of JSON -o dist/clinigate.cdx.json

# The lock is made for every supported Python at once; it names no index.
lock:
	uv pip compile pyproject.toml --extra chaos --extra db --extra demo --extra hipaa --extra kms \
	  --extra load --extra mlflow --extra oscal --extra pdf --extra phi --extra phi-files \
	  --extra portal --extra security --extra stats --extra store --extra tsa \
	  --group test --group lint \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  -o requirements.lock
	echo 'checkov>=3.3,<4' | uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate -o requirements-iac.lock
	echo 'sslyze>=6.3,<7' | uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate -o requirements-tls.lock
	echo 'compliance-trestle>=5.2,<6' | uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate -o requirements-trestle.lock

clean:
	rm -rf $(VENV) $(IAC) $(TLS) $(OSCAL) build dist .clinigate

HOMES := chaos gpu_bench load pytest_plugins reports scenarios

# checkov's releases fit beside nothing else: it has an environment, and a lock, of its own.
$(IAC)/bin/checkov: requirements-iac.lock
	$(PYTHON) -m venv $(IAC)
	$(IAC)/bin/python -m pip install --quiet --require-hashes -r requirements-iac.lock
	touch $@

# So does sslyze: it pins an older cryptography than ours.
$(TLS)/bin/sslyze: requirements-tls.lock
	$(PYTHON) -m venv $(TLS)
	$(TLS)/bin/python -m pip install --quiet --require-hashes -r requirements-tls.lock
	touch $@

# So does compliance-trestle, which reads our OSCAL as an outsider would: it pins exact releases.
$(OSCAL)/bin/trestle: requirements-trestle.lock
	$(PYTHON) -m venv $(OSCAL)
	$(OSCAL)/bin/python -m pip install --quiet --require-hashes -r requirements-trestle.lock
	touch $@

$(STAMP): requirements.lock pyproject.toml $(IAC)/bin/checkov $(TLS)/bin/sslyze $(OSCAL)/bin/trestle
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	ln -sf ../../$(TLS)/bin/sslyze $(BIN)/sslyze
	ln -sf ../../$(OSCAL)/bin/trestle $(BIN)/trestle
	touch $@
