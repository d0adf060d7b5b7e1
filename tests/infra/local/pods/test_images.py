"""What an image may be called."""

import pytest

from infra.local.pods.images import is_reference


@pytest.mark.parametrize(
    "image, is_one",
    [
        ("golang", True),
        ("rocket/build:latest", True),
        ("gcr.io/k8s-prow/clonerefs:v20240101-abc", True),
        ("localhost:5000/a/b", True),
        (f"registry.example.com/a@sha256:{'0' * 64}", True),
        (f"registry.example.com/a:v1@sha256:{'0' * 64}", True),
        ("", False),
        ("A/B", False),
        ("a//b", False),
        ("a:", False),
        ("a:no such tag", False),
        ("a@sha256:0", False),
        ("https://example.com/a", False),
    ],
)
def test_reference(image: str, is_one: bool) -> None:
    assert is_reference(image) == is_one
