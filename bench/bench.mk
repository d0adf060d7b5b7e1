# Figures, each beside its peer or limit. docs/measurements.md keeps them.
bench: $(READY) ## figures: the API server, latencies, cold starts, invocations, configuration
	$(BIN)/python -m bench.apiserver
	$(BIN)/python -m bench.latency
	$(BIN)/python -m bench.config
	$(BIN)/python -m bench.engine

.PHONY: bench
