# Two commands: `make run` starts the whole platform, `make test` tests it; both set up what they need.
# Written for the make of macOS (3.81) and the tools of BSD as well as for GNU.

VENV = .venv
PY = $(VENV)/bin/python
STAMPS = $(VENV)/stamps
NODE = node_modules
PO = $(wildcard app/translations/*/LC_MESSAGES/*.po)
STATIC = $(shell find app/static app/assets.py -type f ! -path 'app/static/build/*' 2>/dev/null)

.PHONY: help run test test-long lint conformance strings bench chaos pictures setup setup-dev flask demo-reset clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

run: $(STAMPS)/run $(STAMPS)/assets $(STAMPS)/translations ## set up and start the platform at http://127.0.0.1:8000 (PORT, MAIL_PORT, MAIL_WEB_PORT, PATHWAYS_DATA)
	@exec $(PY) -m embedded

test: $(STAMPS)/dev $(STAMPS)/assets $(NODE)/.stamp-dev $(STAMPS)/translations ## set up and run all tests on servers of their own (ARGS="tests/embedded -x")
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n 3 $(ARGS)

test-long: $(STAMPS)/dev $(STAMPS)/assets $(NODE)/.stamp-dev $(STAMPS)/translations ## the random lives of sessions, 10,000 of them (half an hour)
	@HYPOTHESIS_PROFILE=long $(PY) -m pytest -n 2 tests/conformance $(ARGS)

lint: $(STAMPS)/dev ## check style, types, import contracts, templates, migrations and the list of conformance
	@$(PY) -m ruff check .
	@$(PY) -m mypy --no-error-summary
	@$(VENV)/bin/lint-imports
	@$(PY) scripts/check_templates.py
	@$(PY) scripts/lint_migrations.py
	@$(PY) scripts/conformance.py --check

conformance: $(STAMPS)/dev ## write docs/conformance.md anew from the lines and the tests that hold them
	@$(PY) scripts/conformance.py

strings: $(STAMPS)/dev ## collect the sentences to translate into app/translations
	@$(PY) -m babel.messages.frontend -q extract -F babel.cfg -k _l -k ngettext:1,2 -k lazy_ngettext:1,2 --omit-header --sort-by-file -o app/translations/messages.pot .
	@$(PY) -m babel.messages.frontend -q update -i app/translations/messages.pot -d app/translations --no-fuzzy-matching --ignore-pot-creation-date --ignore-obsolete

bench: $(STAMPS)/dev $(STAMPS)/assets $(STAMPS)/translations ## measure all figures, or some with ONLY=name (ONLY=delivery: mails, reminders, feeds, outbox)
	@$(PY) -m bench $(ONLY)

chaos: $(STAMPS)/dev $(STAMPS)/assets $(STAMPS)/translations ## break the platform on purpose and count who got how many mails, <= 15 minutes (ONLY=smtp-cut SEED=7 WRITE=1)
	@SEED=$(SEED) WRITE=$(WRITE) $(PY) -m bench.chaos $(ONLY)

pictures: $(STAMPS)/dev $(STAMPS)/assets $(STAMPS)/translations ## take the pictures of the README and the guides anew (needs Chromium)
	@$(PY) scripts/pictures.py

setup: $(STAMPS)/run $(STAMPS)/assets $(STAMPS)/translations ## only the set-up of make run

setup-dev: $(STAMPS)/dev $(NODE)/.stamp-dev $(STAMPS)/assets $(STAMPS)/translations ## only the set-up of make test

flask: $(STAMPS)/run ## a command on the running platform: make flask DO="demo advance 7d"
	@env="$$(cd "$${PATHWAYS_DATA:-var}" 2>/dev/null && pwd)/env"; [ -r "$$env" ] || { echo "pathways: the platform is not running here (or another user started it): start it first with make run" >&2; exit 1; }; \
	set -a; . "$$env" && exec $(PY) -m flask --app app $(DO)

demo-reset: $(STAMPS)/run ## forget all data of make run, so that the next start loads the demo anew
	@$(PY) scripts/demo_reset.py

clean: ## remove what the set-up installed; the data stay
	rm -rf $(VENV) $(NODE) app/static/build

$(STAMPS)/run: requirements.lock scripts/setup
	@scripts/setup python requirements.lock
	@touch $@

$(STAMPS)/dev: requirements-dev.lock requirements-tzdata.lock scripts/setup
	@scripts/setup python requirements-dev.lock
	@scripts/setup zones requirements-tzdata.lock
	@touch $@ $(STAMPS)/run

$(NODE)/.stamp: package-lock.json scripts/setup | $(STAMPS)/run
	@scripts/setup npm --omit=dev
	@touch $@

$(NODE)/.stamp-dev: package-lock.json scripts/setup | $(STAMPS)/dev
	@scripts/setup npm
	@touch $@ $(NODE)/.stamp

$(STAMPS)/assets: $(NODE)/.stamp $(STATIC)
	@scripts/setup assets
	@touch $@

$(STAMPS)/translations: $(PO) scripts/setup | $(STAMPS)/run
	@scripts/setup translations
	@touch $@
