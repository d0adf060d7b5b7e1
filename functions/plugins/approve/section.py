"""What plugins.yaml says of approvals under `approve`.

Source: sigs.k8s.io/prow pkg/plugins (config.go, Approve and ApproveFor).
"""

from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.configuration import Configuration

COMMANDS = "https://go.k8s.io/bot-commands"
PROCESS = "https://git.k8s.io/community/contributors/guide/owners.md#the-code-review-process"


class ApproveSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry. `require_self_approval` None: authors approve; `ignore_review_state` None: reviews count."""

    repos: tuple[str, ...] = ()
    issue_required: bool = False
    require_self_approval: bool | None = None
    lgtm_acts_as_approve: bool = False
    ignore_review_state: bool | None = None
    commandHelpLink: str = ""  # noqa: N815, the key in plugins.yaml
    pr_process_link: str = ""

    @property
    def authors_approve(self) -> bool:
        """Whether a pull request has its author's approval without a word."""
        return not self.require_self_approval

    @property
    def reviews_count(self) -> bool:
        """Whether GitHub's own reviews approve."""
        return not self.ignore_review_state


def settings_for(config: Configuration, org: str, repo: str) -> ApproveSettings:
    """The first entry that names the repository, else the first that names its organisation, with its links."""
    entries = config.plugins.section("approve", tuple[ApproveSettings, ...]) or ()
    named = [entry for name in (f"{org}/{repo}", org) for entry in entries if name in entry.repos]
    found = named[0] if named else ApproveSettings()
    return replace(
        found,
        commandHelpLink=found.commandHelpLink or COMMANDS,
        pr_process_link=found.pr_process_link or PROCESS,
    )
