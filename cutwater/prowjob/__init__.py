"""The ProwJob: its types, how one is made of a job, its labels and states. Pure: no I/O, no clock, no environment."""
