"""Configuration: bytes in, values out. Reading, defaulting, validating, matching. No I/O, no clock.

`load.load` reads what users write; `configuration.Configuration` is what the roles get. Modules that read YAML or
match patterns import libyaml and RE2 where they are first needed: a function that opens a compiled configuration
pays for neither.
"""
