"""`cutwater config …`: what the configuration says, whether it is right, and which one is in force."""

SUBCOMMANDS = {
    "check": "what is wrong or odd, each with its file and line",
    "render": "the configuration with all defaults and presets written out",
    "explain": "which jobs would run for a change, and why each does or does not",
    "diff": "which jobs change between two configurations, and how their pods change",
    "compile": "write the configuration as one file that functions load in milliseconds",
    "use": "put a compiled configuration in force, a former one to go back",
}
