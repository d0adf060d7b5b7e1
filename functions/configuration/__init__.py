"""configuration: compiles the configuration when its sources change, and puts it in force."""
