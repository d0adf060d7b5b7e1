"""The plugins: what people type and what GitHub reports, one subject a file. `kit` is what a plugin is written with."""
