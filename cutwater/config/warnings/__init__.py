"""What is odd in a whole configuration that loads: one function for each of upstream's warnings.

Source: sigs.k8s.io/prow cmd/checkconfig.
"""
