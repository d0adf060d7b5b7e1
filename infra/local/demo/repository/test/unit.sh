#!/bin/sh
# A suite that passes, slowly enough to be watched, and leaves a report behind.
set -eu
printf '\033[1mrocket: unit tests\033[0m at %s\n' "$(git rev-parse --short HEAD)"
for part in nose tank fin engine parachute; do
  sleep 0.4
  printf '\033[32mok\033[0m   %s\n' "$part"
done
mkdir -p "$ARTIFACTS"
cat >"$ARTIFACTS/junit_unit.xml" <<XML
<testsuite name="unit" tests="5" failures="0">
$(for part in nose tank fin engine parachute; do printf '  <testcase classname="rocket" name="%s" time="0.4"/>\n' "$part"; done)
</testsuite>
XML
echo "all 5 passed"
