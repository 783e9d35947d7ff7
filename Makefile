.DEFAULT_GOAL := help
.PHONY: help install build demo test test-servers compose-check compose-test faults bench check audit pipeline-once pipeline-continuous \
  pipeline-elasticsearch-up pipeline-elasticsearch-down pipeline-setup pipeline-check pipeline-verify \
  pipeline-stats pipeline-report pipeline-alerts pipeline-export pipeline-import pipeline-clear-indexes

RUN := node dist/src/cli.js

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 32

install: node_modules/.installed ## Install what package-lock.json names
node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build: dist/.built ## Compile TypeScript into dist/
SOURCES := $(shell find src plugins test bench demo -name '*.ts' -o -name '*.json')
dist/.built: node_modules/.installed tsconfig.json $(SOURCES)
	@npm run --silent build
	@touch $@

demo: build ## A day of sample logs to four NDJSON files and a report in ./data, without any server
	@$(RUN) run --source file --path samples/day.log --sink directory --out ./data
	@$(RUN) report --sink directory --out ./data --output ./data/report.html
	@printf '%s\n' '' 'Look at them:   open data/report.html in a browser, or: head -n 1 data/ml-api-message.ndjson' \
	  'Run it again:   make demo   (nothing is doubled)' \
	  'Your own logs:  npx ml-log-sidecar run --source file --path YOUR.log --sink directory --out ./data' \
	  'From Redis:     REDIS_HOST=localhost npx ml-log-sidecar run --sink directory --out ./data' \
	  'Into Elasticsearch: make pipeline-elasticsearch-up && make pipeline-once' \
	  'A plugin of your own: npx ml-log-sidecar plugins new ml-api-errors'

check: build ## Lint, format and types
	npm run --silent check

test: check audit ## Install and start real servers, run every test
	bash test/services/install.sh
	npm test --silent -- --coverage

test-servers: build ## The same commands against older servers too: Elasticsearch 7.17 and 8.14, OpenSearch 2.19
	bash test/services/install.sh --all
	TEST_SERVERS=all node dist/test/services/run.js test/elasticsearch/servers.test.ts

compose-check: build ## What can be known of docker-compose.yml and Dockerfile without an engine
	node dist/test/services/run.js test/compose.test.ts

compose-test: build ## docker-compose.yml on a Docker engine: commands, kills and counts, about 10 minutes
	COMPOSE_TEST=1 node --test dist/test/compose-engine.test.js

faults: build ## The fault suite in its long form, about 20 minutes (FAULT_SEED repeats a run)
	bash test/services/install.sh
	FAULTS_LONG=1 node dist/test/services/run.js test/faults/*.test.ts test/sources/redis-list.model.test.ts

bench: build ## Measure speed and cost, and record them in bench/results, about 15 minutes
	bash test/services/install.sh
	npm run --silent bench

audit: install ## Known weaknesses in what ships (where the registry can tell)
	@report=$$(npm audit --omit=dev --audit-level=high 2>&1) && echo 'audit: nothing known' || \
	  case "$$report" in *'audit endpoint returned an error'*) echo 'audit: this registry does not answer audits';; \
	  *) echo "$$report"; exit 1;; esac

pipeline-once: build ## Logs of the configured source into Elasticsearch, once
	@$(RUN) run --once

pipeline-continuous: build ## The same, until stopped
	@$(RUN) run --continuous

pipeline-elasticsearch-up: ## Start Redis, Elasticsearch and Kibana (docker compose)
	docker compose up --detach --wait redis elasticsearch kibana

pipeline-elasticsearch-down: ## Stop them; their data stays
	docker compose --profile demo down

pipeline-check: build ## Is everything there that a run needs, and as it should be?
	@$(RUN) check

pipeline-setup: build ## Create index templates and indices, and with KIBANA_URL the dashboards
	@$(RUN) setup

pipeline-verify: build ## Is each log that the source holds stored once?
	@$(RUN) verify

pipeline-stats: build ## What the indices hold: counts, rates, latency, errors, predictions
	@$(RUN) stats

pipeline-report: build ## The dashboards as one HTML file
	@$(RUN) report

pipeline-alerts: build ## Are the thresholds of configs/alerts.yaml exceeded?
	@$(RUN) alerts check

pipeline-export: build ## Back the indices up into ./backup
	@$(RUN) export

pipeline-import: build ## Restore a backup: make pipeline-import INPUT=backup/backup_20261124_192639
	@$(RUN) import --input $(INPUT)

pipeline-clear-indexes: build ## Empty the four indices (asks first; YES=1 does not)
	@$(RUN) clear-indexes $(if $(YES),--yes)
