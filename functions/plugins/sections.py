"""The sections of plugins.yaml that plugins here type themselves, by their keys."""

from collections.abc import Mapping
from typing import Any

from functions.plugins.approve.section import ApproveSettings
from functions.plugins.lgtm import LgtmSettings
from functions.plugins.trust import TriggerSettings

SECTIONS: Mapping[str, Any] = {
    "approve": tuple[ApproveSettings, ...],
    "lgtm": tuple[LgtmSettings, ...],
    "triggers": tuple[TriggerSettings, ...],
}
