# The tests that take a folder of rows, or long.
ORACLE ?= ../shared/oracle
CORPUS ?= ../shared/corpus

oracle: $(READY) ## how many rows that upstream's code answered are answered alike (ORACLE=DIR CORPUS=DIR KINDS="engine/plank …")
	$(BIN)/python -m tests.oracle $(ORACLE) $(CORPUS) $(KINDS)

soak: $(READY) ## the tests with large numbers
	@$(BIN)/pytest -n 2 -m soak; code=$$?; \
	if [ $$code = 5 ]; then echo "no test is marked soak yet"; else exit $$code; fi

.PHONY: oracle soak
