"""blunderbuss: owners of what a pull request changes, picked at random, are asked to review it.

Source: sigs.k8s.io/prow pkg/plugins/blunderbuss.
"""

from cutwater.github.effects import RequestReview
from functions.plugins.kit import Plugin
from functions.plugins.review_requests import AUTO_CC, ask_for_reviews, at_random

plugin = Plugin(
    "blunderbuss",
    about="Asks owners of the changed files for reviews, picked at random, the nearest owners first.",
    commands=[AUTO_CC],
    effects=[RequestReview],
)
ask_for_reviews(plugin, at_random)
