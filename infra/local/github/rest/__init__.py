"""The REST API: a module a subject, each with its routes at the end; `api` puts them together."""
