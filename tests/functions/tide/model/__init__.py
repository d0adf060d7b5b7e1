"""The model check of tide: its real functions over a small GitHub and a cluster in memory, in thousands of schedules.

`schedules` says what people do and what goes wrong, `stage` has it played, `observer` watches without knowing anything
of tide's code. The GitHub is `hub` (what there is), `answers` (what it says) and `code` (commits); `twins` compares it
with the local GitHub. `weather` has the faults, `cluster` runs the tests.
"""
