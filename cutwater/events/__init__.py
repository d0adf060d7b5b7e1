"""CloudEvents in and out, the ledger, and the runner of a role: look, decide, act."""
