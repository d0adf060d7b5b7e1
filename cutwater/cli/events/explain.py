"""`cutwater events explain`: what arrived, who wanted it and why not, what was decided and why, and what came of it."""

import argparse
import asyncio
from collections.abc import Iterator

from cutwater.cli.events import reached
from cutwater.cli.events.list import when_of
from cutwater.cli.events.wanting import unwanted
from cutwater.cli.failing import Failed, explained
from cutwater.config.configuration import Configuration
from cutwater.events import account, records
from cutwater.events.edges import Edges
from cutwater.events.history import MOST, Case, Wish, given_up, newest, parts_of

EXAMPLES = """examples:
  cutwater events explain 72d3162e              a webhook, by the beginning of its GUID
  cutwater events explain 72d3162e lgtm         what one plugin made of it
  cutwater events explain acme/rocket#7         all that happened on a pull request, in order
"""


def add(parser: argparse.ArgumentParser) -> None:
    reached.add_flags(parser)
    parser.epilog = EXAMPLES + reached.HELP
    parser.add_argument("what", metavar="GUID|ORG/REPO#NUMBER", help="a webhook, or a pull request or an issue")
    parser.add_argument("plugin", nargs="?", default="", metavar="PLUGIN", help="what this plugin made of it")
    parser.add_argument("--since", type=when_of, metavar="WHEN", help="a pull request's story from then on (2d)")
    parser.add_argument("--all", action="store_true", help="also what roles do only for each other")
    reached.add_configuration_flags(parser)
    parser.set_defaults(run=run)


@explained("events explain")
def run(chosen: argparse.Namespace) -> int:
    edges = reached.edges_of(chosen)
    print("\n".join(asyncio.run(_told(edges, chosen))))
    return 0


async def _told(edges: Edges, chosen: argparse.Namespace) -> list[str]:
    if "#" not in chosen.what:
        return await of_webhook(edges, chosen.what, chosen.plugin, await reached.configuration_of(chosen, edges))
    org, repo, number = parts_of(chosen.what)
    if not (org and repo and number):
        raise Failed(f"{chosen.what} is no ORG/REPO#NUMBER")
    wish = Wish(org=org, repo=repo, number=number, plugin=chosen.plugin, since=chosen.since)
    return await timeline(edges, wish, is_whole=chosen.all)


async def of_webhook(edges: Edges, guid: str, plugin: str, config: Configuration | None) -> list[str]:
    """The story of a webhook. Raises Failed, Later and Refused."""
    lines: list[str] = []
    for case in await reached.cases_of(edges.state, guid):
        letters = await given_up(edges.state, case)
        lines += ["", *account.explain(case, letters, edges.clock(), plugin)]
        lines += _unwanted(case, plugin, config)
    return lines[1:]


def _unwanted(case: Case, plugin: str, config: Configuration | None) -> Iterator[str]:
    if case.webhook is None:
        return
    wanted_it = {answer.plugin for answer in case.answers}
    if config is None and plugin not in wanted_it:
        yield ""
        yield "(who did not want it, and why, is told where the configuration is at hand: say --config-path …)"
    if config is None:
        return
    others = unwanted(case.webhook, config, [plugin] if plugin else ())
    told = [f"{name} did not want it: {why}" for name, why in others if name not in wanted_it]
    yield from ["", *told] if told else []


async def timeline(edges: Edges, wish: Wish, *, is_whole: bool = False) -> list[str]:
    """What happened on a pull request, in order; `is_whole`: also unseen. Raises Failed, Later and Refused."""
    page = await newest(edges.state, wish, limit=MOST)
    if not page.cases:
        raise Failed(f"nothing is kept about {wish.org}/{wish.repo}#{wish.number}")
    org, repo, number = parts_of(page.cases[0].subject)
    as_github_has_it = Wish(org=org, repo=repo, number=number)
    done = [] if wish.plugin else await records.done_about(edges.state, page.cases, as_github_has_it)
    told = [(case.received, list(_happened(case, wish.plugin))) for case in page.cases]
    told += [(one.time, list(account.done(one, is_whole=is_whole))) for one in done]
    lines = [line for _, lines in sorted(told, key=lambda one: one[0]) for line in lines]
    return [*(["(what came before is left out: --since says where to begin)"] if page.before else []), *lines]


def _happened(case: Case, plugin: str) -> Iterator[str]:
    yield f"{account.moment(case.received)}  {account.arrived(case)}  [{case.guid[:8]}]"
    for answer in case.answers:
        has_acted = answer.receipt is not None and (answer.receipt.plan or answer.receipt.error)
        if plugin not in {"", answer.plugin} or (answer.state == "nothing" and not plugin):
            continue
        yield f"  {answer.plugin}: {account.standing(answer)}"
        if has_acted and answer.receipt:
            yield from (f"    {effect.told}" for effect in account.effects(answer.receipt))
            if answer.receipt.error:
                yield f"    {account.short(answer.receipt.error.splitlines()[-1], 200)}"
