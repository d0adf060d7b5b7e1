"""The change that the demonstration proposes."""

BRANCH = "lighter-fins"
TITLE = "Make the fins lighter"
BODY = (
    "Balsa instead of birch.\n\n"
    "The flight test fails once for each commit, as flaky tests do: comment `/retest`. "
    "Then `/lgtm` as alice, and tide merges."
)
FILES = {"fins.txt": "material: balsa\nweight: 12 g\n"}
