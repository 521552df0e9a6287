# The whole of ocipick in a few words. `make help` lists them.

# Releases to measure side by side, such as "bookworm trixie". Without it, what this machine has,
# completed by its own release.
CHANNELS ?=
# Archive metadata past its date is accepted, since unstable releases often have no other;
# signatures are verified all the same, and the results say so. `make matrix EXPIRED=` refuses.
EXPIRED ?= --allow-expired
# How often cells are tried on which runtimes split, or which are no pick: some tools answer some
# indexes by a race, and what was seen once is not yet known. All other cells are tried once.
REPEAT ?= 3
# Where results and reports go.
OUT ?= target/ocipick
# What `make publish` publishes: results files, or directories that hold one.
RESULTS ?= $(OUT)
# More options for `ocipick run`.
ARGS ?=

CARGO ?= cargo
OCIPICK = target/debug/ocipick

.DEFAULT_GOAL := help
.PHONY: help build matrix publish generate test test-all hostile fuzz mutants lint deny bench docs clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## build the binary
	$(CARGO) build --locked --package ocipick

# What was measured in part (code 5) is worth a report, too.
define measure
	@OCIPICK_NEXT=none $(OCIPICK) run $(1) --repeat-splits $(REPEAT) --out $(OUT) $(ARGS); code=$$?; \
	case $$code in 0|5) ;; *) exit $$code ;; esac; \
	$(OCIPICK) report $(OUT) --format html --out $(OUT)/matrix.html && \
	$(OCIPICK) report $(OUT) --html $(OUT)/site && \
	$(OCIPICK) report $(OUT) --format markdown --out $(OUT)/matrix.md && \
	echo "Next: open $(OUT)/site/index.html, or see what changed since another run: $(OCIPICK) diff OLD $(OUT)" && \
	exit $$code
endef

matrix: build ## provision what is missing, measure, print the matrix, write the reports
ifeq ($(strip $(CHANNELS)),)
	$(OCIPICK) channel install --missing $(EXPIRED)
	$(call measure,--channel auto)
else
	$(OCIPICK) channel install $(CHANNELS) $(EXPIRED)
	$(call measure,$(CHANNELS:%=--channel %))
endif

# RESULTS is what was measured; what is for private disclosure first, commands and paths are left out.
publish: build ## make reports/published and the excerpt of the README from results (RESULTS)
	$(OCIPICK) publish $(RESULTS) --into reports/published --readme README.md

# What is published is made anew of the committed results, and of no others, in the order of their numbers.
PUBLISHED = $(shell ls reports/published/*.jsonl.gz | awk '{ print length, $$0 }' | sort -n | cut -d' ' -f2)

generate: build ## write the files that are made of code and corpus: schemas, digests, coverage, reports/published
	$(CARGO) run --locked --quiet --package ocipick --example generate
	$(OCIPICK) publish $(PUBLISHED) --into reports/published --readme README.md

test: ## all tests: unit, property, snapshot, fake tools, and the real tools that are found
	$(CARGO) test --locked --workspace --no-fail-fast

test-all: test hostile ## everything: `make test`, with the seeds of the fuzz targets, and `make hostile`

hostile: ## the long tests of foreign layouts and hostile inputs, which `make test` leaves out
	OCIPICK_LONG=1 $(CARGO) test --locked --package ocipick --test foreign --test hostile

# Which targets of fuzz/ are run, and for how many seconds each.
FUZZ ?= layout archive results recipe lint request
FUZZ_TIME ?= 60
COVERAGE = --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1

fuzz: ## fuzz the readers of layouts, layers, results, recipes and requests (FUZZ, FUZZ_TIME); takes a C++ compiler
	cd fuzz && host=$$(rustc -vV | sed -n 's/^host: //p') && for target in $(FUZZ); do \
		mkdir -p corpus/$$target artifacts/$$target && \
		RUSTFLAGS="$$RUSTFLAGS $(COVERAGE)" $(CARGO) run --locked --release --target $$host --bin $$target -- \
			-max_total_time=$(FUZZ_TIME) -timeout=20 -rss_limit_mb=4096 \
			-artifact_prefix=artifacts/$$target/ corpus/$$target seeds/$$target || exit 1; \
	done

# Which mutants, by their names as `cargo mutants --list` has them: `make mutants MUTANTS="--re classifier.rs"`.
MUTANTS ?=
# Where it says what became of each.
MUTANTS_OUT ?= target/mutants
mutants = INSTA_UPDATE=no $(CARGO) mutants --package $(1) --output $(MUTANTS_OUT)/$(1) --cargo-arg=--locked $(MUTANTS)

# The tests that are run on each are those of its part, but for one that reads all that was published: unit tests
# first, and on what those leave, `verdicts` of `it`.
mutants: ## every small mistake in what decides, which its tests must notice; takes cargo-mutants, and an hour (MUTANTS)
	@if ! $(CARGO) mutants --version >/dev/null 2>&1; then \
	  echo "error: cargo mutants is not installed (hint: cargo install cargo-mutants --locked)"; exit 1; \
	fi
	mkdir -p $(MUTANTS_OUT)/ocipick-reports $(MUTANTS_OUT)/ocipick
	-$(call mutants,ocipick-reports) --cargo-arg=--lib -- -- analysis::conformance:: baseline:: check::
	$(call mutants,ocipick-reports) --iterate --cargo-arg=--test=it -- -- verdicts::; reports=$$?; \
	$(call mutants,ocipick) --cargo-arg=--lib -- -- classify:: run::controls run::repeat --skip few_published && exit $$reports

lint: ## formatting, clippy, and documentation, with warnings denied; dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	cd fuzz && $(CARGO) metadata --locked --format-version 1 >/dev/null
	@$(MAKE) --no-print-directory deny

deny: ## licences, bans, sources and advisories of the dependencies, where cargo-deny is installed
	@if ! $(CARGO) deny --version >/dev/null 2>&1; then \
	  echo "skipped: cargo deny is not installed (hint: cargo install cargo-deny --locked)"; exit 0; \
	fi; \
	$(CARGO) deny --locked --log-level error check --hide-inclusion-graph --allow duplicate licenses bans sources || exit 1; \
	if $(CARGO) deny --locked --log-level off fetch db >/dev/null 2>&1; then \
	  $(CARGO) deny --locked check --disable-fetch advisories; \
	else \
	  echo "skipped: advisories, whose database cannot be fetched"; \
	fi

bench: ## how fast the corpus is generated, and reports are made
	$(CARGO) bench --locked --package ocipick-corpus
	$(CARGO) bench --locked --package ocipick-reports --bench render

docs: ## the documentation of the crates
	$(CARGO) doc --locked --workspace --no-deps

clean: ## remove what was built; provisioned channels stay (ocipick channel remove)
	$(CARGO) clean
