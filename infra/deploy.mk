# Onto a cluster: docs/deploy.md goes through it step by step.
REPO ?=
OVERLAY ?= infra/knative/base
WITH ?= func
CONTAINER ?= $(shell command -v podman || command -v docker)

image: ## build and push the image and print its digest: REPO=registry.example.com/cutwater
	@infra/image/build.sh "$(REPO)" "$(CONTAINER)"

image-lock: $(READY) ## resolve infra/image/requirements.lock again, to the versions of requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
	  --extra ff --no-emit-index-url --constraints requirements.lock --output-file infra/image/requirements.lock pyproject.toml

deploy: ## deploy to the cluster: REPO=registry.example.com/cutwater@sha256:… [OVERLAY=…] [WITH=func|services]
	@OVERLAY="$(OVERLAY)" WITH="$(WITH)" FUNC="$(FUNC)" infra/knative/deploy.sh "$(REPO)"

manifests: $(READY) ## write infra/knative/services, and check every manifest without a cluster
	$(BIN)/python -m infra.knative.services
	$(BIN)/pytest tests/contract/manifests

.PHONY: image image-lock deploy manifests
