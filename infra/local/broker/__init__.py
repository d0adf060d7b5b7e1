"""Knative's eventing and serving on one machine: reads triggers/ and does what Knative does with it.

`resources` reads the files, `broker` takes events in and delivers them by Trigger, `ping` and `apiserver_source` make
events, `functions` and `processes` are where they arrive, `front` lets browsers and webhooks in.
"""
