"""approve: who may approve what a pull request changes."""
