"""A flaky test: its first run for a commit fails, and any later one passes. It asks GitHub whether it failed before."""

import json
import os
import sys
import time
import urllib.request

env = os.environ
address = f"{env['GITHUB_API']}/repos/{env['REPO_OWNER']}/{env['REPO_NAME']}/commits/{env['PULL_PULL_SHA']}/statuses"
print(
    f"\033[1mrocket: test flight\033[0m of pull request {env['PULL_NUMBER']} at {env['PULL_PULL_SHA'][:7]}", flush=True
)
with urllib.request.urlopen(address, timeout=10) as answer:
    statuses = json.load(answer)
for second in (3, 2, 1):
    print(second, flush=True)
    time.sleep(0.3)
if any(one["context"] == env["JOB_NAME"] and one["state"] == "failure" for one in statuses):
    print("\033[32mok\033[0m   lift-off")
else:
    print("\033[31mFAIL\033[0m lift-off: a gust of wind (it fails once for each commit; try /retest)")
    sys.exit(1)
