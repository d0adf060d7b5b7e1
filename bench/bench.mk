# Figures, each beside its peer or limit. docs/measurements.md keeps them.
bench: $(READY) ## figures: the API server, latencies, cold starts, invocations, configuration, hook, calls to GitHub, a large repository, many pools, the merge queue
	$(BIN)/python -m bench.apiserver
	$(BIN)/python -m bench.latency
	$(BIN)/python -m bench.config
	$(BIN)/python -m bench.engine
	$(BIN)/python -m bench.hook
	$(BIN)/python -m bench.calls
	$(BIN)/python -m bench.repository
	$(BIN)/python -m bench.tide
	$(BIN)/python -m bench.merge_queue

.PHONY: bench
