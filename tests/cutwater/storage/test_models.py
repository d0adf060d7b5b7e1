"""What botocore is told of S3, and of the services that give it credentials, beside its own loader."""

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from cutwater.storage.models import Models


@pytest.mark.parametrize("service", ["s3", "sts", "sso", "sso-oidc"])
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_the_same_as_its_own(service: str, kind: str) -> None:
    assert Models().load_service_model(service, kind) == Loader().load_service_model(service, kind)


@pytest.mark.parametrize("name", ["endpoints", "partitions", "sdk-default-configuration", "_retry"])
def test_what_is_of_no_service(name: str) -> None:
    assert Models().load_data(name) == Loader().load_data(name)


def test_an_unknown_service() -> None:
    with pytest.raises(UnknownServiceError):
        Models().load_service_model("s4", "service-2")
