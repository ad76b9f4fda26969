# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# make demo and make test set up everything that they need, once: Debian packages (with sudo unless
# root), a virtual environment in .venv, the built package in it. A second run costs nothing until
# a file changes that a step depends on.

SHELL := /bin/bash -o pipefail
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# The index that torch comes from; empty for pip's own. https://download.pytorch.org/whl/cpu has a
# build without CUDA, which is all that is needed and some gigabytes smaller.
TORCH_INDEX ?=
PYTEST_ARGS ?= -n auto
LIT_ARGS ?=
# Of make zoo, for example --networks 'timm/*' --no-timing.
ZOO_ARGS ?=
# Of make bench-networks and the other benchmarks, for example --networks resnet50.
BENCH_ARGS ?=
# Of make bench-vulkan, for what is compiled: --models layer --repeats 3. BENCH_ARGS are for what runs.
PACK_ARGS ?=
# Of make fuzz, for example --minutes 60 valid-ir.
FUZZ_ARGS ?=

BIN := .venv/bin
STAMPS := build/stamps
AARCH64 := build/aarch64
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# As in an activated environment: iree-compile and pattern-opt are found by name.
ACTIVE := PATH="$(CURDIR)/$(BIN):$$PATH"
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Versions are written once, in pyproject.toml.
TORCH := $(shell sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml)
IREE_RUNTIME := $(shell sed -n 's/^runtime = \["\(iree-base-runtime==[0-9.]*\)"\]/\1/p' pyproject.toml)

CXX_ROOMS := dialect analysis storage iree kernels passes tools python/bindings
CXX_SOURCES := $(wildcard $(addsuffix /*.cpp,$(CXX_ROOMS)) $(addsuffix /*.h,$(CXX_ROOMS)))
ODS_SOURCES := $(wildcard dialect/*.td passes/*.td)
BUILD_FILES := CMakeLists.txt $(wildcard cmake/* */CMakeLists.txt python/bindings/CMakeLists.txt)
PYTHON_SOURCES := $(shell find python/patternc -name '*.py' -o -name '*.pyi')

step = @printf '\033[1m==> %s\033[0m\n' '$(1)'

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

.PHONY: demo
demo: $(STAMPS)/package ## train, prune and compile a network, and compare (under ten minutes)
	$(call step,demo)
	@$(ACTIVE) python -m benchmarks.demo

.PHONY: test
test: lint lit pytest ## build, and run every check and test

.PHONY: lit
lit: $(STAMPS)/test ## FileCheck tests of the dialect and the passes
	$(call step,lit tests)
	@$(ACTIVE) lit -sv --no-progress-bar -D tools_dir=$(BIN) $(LIT_ARGS) lit_tests

.PHONY: pytest
pytest: $(STAMPS)/test $(STAMPS)/architectures $(STAMPS)/aarch64 ## Python tests, on every target
	$(call step,Python tests)
	@$(ACTIVE) python -m pytest $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(STAMPS)/test ## random inputs, valid and broken, a minute of each kind
	$(call step,fuzzers)
	@$(ACTIVE) python -m fuzz $(FUZZ_ARGS)

SANITIZE := build/sanitize
# Sanitizers that find something end the process by a signal, which no test takes for a refusal.
SANITIZED := ASAN_OPTIONS=allow_user_poisoning=0:detect_leaks=0:abort_on_error=1 \
  UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1
# Python has to load the run-time library before it loads the extension.
SANITIZED_PYTHON = $(SANITIZED) PYTHONPATH=$(SANITIZE)/python \
  LD_PRELOAD=$$(clang++-22 -print-file-name=libclang_rt.asan-x86_64.so) python

.PHONY: sanitize
sanitize: $(STAMPS)/sanitize ## lit, binding tests and fuzzers of MLIR with sanitizers and assertions
	$(call step,lit tests with sanitizers)
	@$(ACTIVE) $(SANITIZED) lit -sv --no-progress-bar -D tools_dir=$(SANITIZE)/bin \
	  -D output_dir=$(SANITIZE)/lit $(LIT_ARGS) lit_tests
	$(call step,binding tests with sanitizers)
	@$(ACTIVE) $(SANITIZED_PYTHON) -m pytest -q tests/bindings
	$(call step,fuzzers of MLIR with sanitizers)
	@$(ACTIVE) $(SANITIZED_PYTHON) -m fuzz valid-ir mutated-ir $(FUZZ_ARGS)

.PHONY: lint
lint: lint-format lint-code lint-types lint-docs ## formatting, linting, spelling, types, generated docs

.PHONY: lint-format
lint-format: $(STAMPS)/test
	$(call step,format of Python and C++)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/clang-format --dry-run --Werror $(CXX_SOURCES)

.PHONY: lint-code
lint-code: $(STAMPS)/test
	$(call step,ruff and typos)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/typos

.PHONY: lint-types
lint-types: $(STAMPS)/test
	$(call step,types)
	@$(BIN)/pyright

.PHONY: lint-docs
lint-docs: $(STAMPS)/test
	$(call step,generated docs)
	@$(BIN)/python docs/generate.py --check

.PHONY: format
format: $(STAMPS)/test ## format all sources
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(CXX_SOURCES)

.PHONY: docs
docs: $(STAMPS)/venv ## write docs/reference from the ODS files
	@$(BIN)/python docs/generate.py

.PHONY: zoo
zoo: $(STAMPS)/architectures $(STAMPS)/bench ## 160 networks of torchvision, timm, transformers: right, and how fast
	$(call step,networks of other packages)
	@$(ACTIVE) python -m benchmarks.zoo $(ZOO_ARGS)

.PHONY: bench
bench: $(STAMPS)/bench ## one pruned layer against six engines, in float32 and int8
	@$(ACTIVE) python -m benchmarks.speed.single_layer $(BENCH_ARGS)

.PHONY: bench-networks
bench-networks: $(STAMPS)/bench ## whole networks against six engines, in float32 and int8, on one thread and on two
	@$(ACTIVE) python -m benchmarks.speed.networks $(BENCH_ARGS)

.PHONY: bench-layers
bench-layers: $(STAMPS)/package ## what each pattern layer of the networks reaches of the processor's peak
	@$(ACTIVE) python -m benchmarks.speed.layers $(BENCH_ARGS)

.PHONY: bench-arm
bench-arm: $(STAMPS)/package ## inner loops for Arm against the peak of the processor, by llvm-mca
	@$(ACTIVE) python -m benchmarks.arm.inner_loops $(BENCH_ARGS)

.PHONY: bench-spirv
bench-spirv: $(STAMPS)/package ## kernels for GPUs: multiply-adds a load, memory, registers; nothing is run
	@$(ACTIVE) python -m benchmarks.spirv.inner_loops $(BENCH_ARGS)

.PHONY: bench-vulkan
bench-vulkan: $(STAMPS)/bench ## layers and networks on the first Vulkan device, kernels and calls apart
	@$(ACTIVE) python -m benchmarks.vulkan.pack build/bench-vulkan $(PACK_ARGS)
	@$(ACTIVE) python build/bench-vulkan/measure.py $(BENCH_ARGS)

.PHONY: bench-matrices
bench-matrices: $(STAMPS)/bench ## pruned linear layers of 1 to 128 rows against dense ones
	@$(ACTIVE) python -m benchmarks.speed.matrices $(BENCH_ARGS)

.PHONY: bench-ablation
bench-ablation: $(STAMPS)/package ## what each optimisation gains, on the layers of VGG-16
	@$(ACTIVE) python -m benchmarks.speed.ablation $(BENCH_ARGS)

.PHONY: bench-pruning
bench-pruning: $(STAMPS)/package ## what pruning costs in accuracy, by method and by form, over seeds
	@$(ACTIVE) python -m benchmarks.pruning.accuracy $(BENCH_ARGS)

.PHONY: bench-quantization
bench-quantization: $(STAMPS)/package ## what 8 bits cost in accuracy, dense and pruned, over seeds
	@$(ACTIVE) python -m benchmarks.pruning.quantization $(BENCH_ARGS)

.PHONY: bench-cocotune
bench-cocotune: $(STAMPS)/package ## exploring pruned networks: tuning blocks against default networks
	@$(ACTIVE) python -m benchmarks.cocotune.exploration $(BENCH_ARGS)

.PHONY: bench-sequitur
bench-sequitur: $(STAMPS)/package ## how long Sequitur takes, by the length of what it reads
	@$(ACTIVE) python -m benchmarks.cocotune.sequitur $(BENCH_ARGS)

.PHONY: clean
clean: ## remove the build and the virtual environment
	rm -rf build .venv

# Set-up. Each stamp is newer than the files it depends on once its step has succeeded.

$(STAMPS)/system $(STAMPS)/system-sanitize $(STAMPS)/system-adreno: $(STAMPS)/system%: .ci/apt-packages%.txt
	@mkdir -p $(@D)
	@missing=$$(for package in $$(cat $<); do \
	    dpkg-query -W -f '$${db:Status-Status}\n' $$package 2>/dev/null | grep -qx installed || echo $$package; \
	  done); \
	if [ -n "$$missing" ]; then \
	  printf '\033[1m==> Debian packages:\033[0m %s\n' "$$(echo $$missing)"; \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	fi
	@touch $@

$(STAMPS)/venv: $(STAMPS)/system
	$(call step,virtual environment in .venv)
	@$(PYTHON) -m venv .venv
	@touch $@

# torch first: whatever else asks for torch is content with it, and never fetches another one.
$(STAMPS)/torch: $(STAMPS)/venv pyproject.toml
	$(call step,$(TORCH)$(if $(TORCH_INDEX),, (a large download; TORCH_INDEX=... for a smaller build)))
	@$(PIP) install $(addprefix --index-url ,$(TORCH_INDEX)) $(TORCH)
	@touch $@

# Without build isolation the build folder stays valid, and only what changed is compiled.
$(STAMPS)/package: $(STAMPS)/torch $(CXX_SOURCES) $(ODS_SOURCES) $(BUILD_FILES) $(PYTHON_SOURCES) README.md
	$(call step,build and install of patternc with IREE and torch-mlir (minutes at first))
	@$(PIP) install 'scikit-build-core>=0.11' 'nanobind>=2.9,<3'
	@$(PIP) install --no-build-isolation '.[all]'
	@touch $@

$(STAMPS)/test: $(STAMPS)/package pyproject.toml
	$(call step,tools for tests)
	@$(PIP) install 'patternc[test,dev]'
	@touch $@

$(STAMPS)/bench: $(STAMPS)/package benchmarks/engines/requirements.txt
	$(call step,engines to compare with)
	@$(PIP) install -r benchmarks/engines/requirements.txt
	@touch $@

# The extension lies beside links to the Python sources.
$(STAMPS)/sanitize: $(STAMPS)/test $(STAMPS)/system-sanitize $(CXX_SOURCES) $(ODS_SOURCES) $(BUILD_FILES)
	$(call step,build with sanitizers (minutes at first))
	@cmake --preset sanitize -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python >/dev/null
	@cmake --build --preset sanitize --target pattern-opt pattern-lsp-server PatterncPython
	@ln -sfn $(CURDIR)/python/patternc/* $(SANITIZE)/python/patternc/
	@touch $@

$(STAMPS)/architectures: $(STAMPS)/package benchmarks/zoo/requirements.txt
	$(call step,networks of torchvision and timm and transformers)
	@$(PIP) install -r benchmarks/zoo/requirements.txt
	@touch $@

# IREE's runtime for aarch64, which the tests run under qemu-user.
$(STAMPS)/aarch64: $(STAMPS)/venv pyproject.toml
	$(call step,$(IREE_RUNTIME) for aarch64)
	@rm -rf $(AARCH64) && mkdir -p $(AARCH64)
	@$(PIP) download --no-deps --only-binary=:all: --platform manylinux_2_28_aarch64 \
	  --dest $(AARCH64) $(IREE_RUNTIME)
	@$(BIN)/python -m zipfile -e $(AARCH64)/*.whl $(AARCH64) && rm $(AARCH64)/*.whl
	@chmod +x $(AARCH64)/iree/_runtime_libs/iree-*
	@touch $@

# Mesa's driver of Adreno GPUs is in Debian for aarch64 only. It runs under qemu-user, with a
# stand-in for libdrm and without a GPU, to say what it compiles kernels to.
ADRENO := build/adreno
APT_ARM64 := apt-get -qq -o APT::Sandbox::User=root -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
  -o Dir::State::Lists=$(CURDIR)/$(ADRENO)/lists -o Dir::Cache=$(CURDIR)/$(ADRENO)/cache

$(STAMPS)/adreno: $(STAMPS)/system $(STAMPS)/system-adreno $(wildcard benchmarks/spirv/adreno/*)
	$(call step,the driver of Adreno GPUs for aarch64)
	@rm -rf $(ADRENO) && mkdir -p $(ADRENO)/lists/partial $(ADRENO)/cache/archives/partial $(ADRENO)/packages
	@$(APT_ARM64) update
	@cd $(ADRENO)/packages && $(APT_ARM64) download $$(cat $(CURDIR)/benchmarks/spirv/adreno/packages.txt)
	@for package in $(ADRENO)/packages/*.deb; do dpkg -x $$package $(ADRENO)/root; done
	@clang-22 --target=aarch64-linux-gnu -fuse-ld=lld -shared -nostdlib -ffreestanding -fPIC -O1 \
	  -Wl,-soname,libdrm.so.2 benchmarks/spirv/adreno/libdrm.c -o $(ADRENO)/libdrm.so.2
	@rm -rf $(ADRENO)/lists $(ADRENO)/cache $(ADRENO)/packages
	@touch $@
