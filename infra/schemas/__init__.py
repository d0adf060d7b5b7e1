"""What is cut out of Kubernetes' published schemas, structure without prose: made by `python -m infra.schemas.cut`."""
