"""Tables of mistakes."""
