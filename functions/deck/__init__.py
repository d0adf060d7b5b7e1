"""deck: what people see. The list of runs, one run with its log and files, the log while it grows."""
