"""One job, run on this machine on somebody's working copy: no cluster, no GitHub, no bucket.

The pod is the one that plank would make. What differs: `code` brings the code from working copies in place of
clonerefs, `pod` puts folders of this machine where the pod has volumes of the cluster's, and `running` keeps the pod
in place of an API server. Images are not run: the commands are those of this machine.
"""
