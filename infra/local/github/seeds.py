"""A world in JSON: accounts, repositories, pull requests with their commits and statuses, as one file states them.

A *described* repository has no git behind it: its SHAs are names ("abcdef"), and whether a pull request merges is what
the file says. In a real one the files of each branch are committed, and SHAs and pull requests come from pushes.
Unknown keys are errors, so that a misspelt one is noticed.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from infra.local.github import pushes
from infra.local.github import records as r
from infra.local.github import seed as shape
from infra.local.github.world import Repository, World


def load_file(world: World, file: Path) -> None:
    """Load a JSON file; a mistake in it is told with its place."""
    try:
        seed = msgspec.json.decode(file.read_bytes(), type=shape.Seed)
    except msgspec.MsgspecError as error:
        raise SystemExit(f"{file}: {error}") from error
    load(world, seed)


def load(world: World, seed: shape.Seed) -> list[Repository]:
    """Put all of it into the world, without any webhook; gives the repositories in their order."""
    hub = world.github.hub
    with hub.store.transaction():
        for user in seed.users:
            world.user(user.login, name=user.name, email=user.email, is_busy=user.is_busy)
        for one in seed.organisations:
            world.organisation(one.login, members=one.members, admins=one.admins, base_permission=one.base_permission)
        for team in seed.teams:
            world.team(
                team.organisation,
                team.slug,
                id_=team.id,
                name=team.name,
                members=team.members,
                repositories=team.repositories,
                joins=False,
            )
        repositories = [_Loader(world, one).load() for one in seed.repositories]
        for app in seed.apps:
            hook = (app.hook_url, app.hook_secret) if app.hook_url else None
            world.app(app.slug, installed_in=app.installed_in, hook=hook)
        for one_repository, repository in zip(seed.repositories, repositories, strict=True):
            for hook_seed in one_repository.hooks:
                world.hook(repository.name, hook_seed.url, hook_seed.secret, hook_seed.events)
        return repositories


class _Loader:
    """Loads one repository."""

    def __init__(self, world: World, seed: shape.Repository) -> None:
        self._world = world
        self._hub = world.github.hub
        self._seed = seed

    def load(self) -> Repository:
        seed = self._seed
        first = seed.branches.get(seed.default_branch)
        files = first.files if first and not seed.is_described else None
        repository = self._world.repository(
            seed.name,
            files=files,
            labels=seed.labels,
            collaborators=seed.collaborators,
            is_private=seed.is_private,
            is_described=seed.is_described,
            default_branch=seed.default_branch,
        )
        parent = self._hub.repository(seed.parent) if seed.parent else None
        self._here = self._hub.repositories.put(
            msgspec.structs.replace(
                repository.record,
                is_archived=seed.is_archived,
                allow_merge_commit="merge" in seed.merge_methods,
                allow_squash_merge="squash" in seed.merge_methods,
                allow_rebase_merge="rebase" in seed.merge_methods,
                parent=parent.id if parent else None,
                network=(parent.network or parent.id) if parent else None,
            )
        )
        for milestone in seed.milestones:
            self._world.milestone(seed.name, milestone.title, milestone.state, number=milestone.number)
        for commit in seed.commits:
            self._put_commit(commit, ())
        for name, branch in seed.branches.items():
            self._branch(name, branch)
        for issue in seed.issues:
            self._issue(issue)
        return repository

    def _branch(self, name: str, branch: shape.Branch) -> None:
        if branch.is_protected:
            self._world.protect(self._seed.name, name, contexts=branch.required_contexts)
        ref = f"refs/heads/{name}"
        if not self._seed.is_described:
            if name != self._seed.default_branch:
                by, message = self._world.account(self._here.owner), "First commit"
                sha = pushes.commit_files(self._hub, self._here, name, branch.files, base=None, by=by, message=message)
                pushes.moved(self._hub, self._here, ref, sha, by)
            return
        sha = branch.sha or f"sha-of-{name}"
        self._hub.refs.put(r.Ref(id=self._hub.refs.next_id(), repository=self._here.id, name=ref, sha=sha))
        self._put_tree(sha, branch.files)
        if self._hub.described_commit.one((self._here.id, sha)) is None:
            self._put_commit(shape.Commit(sha=sha, message=f"The tip of {name}", parents=()), ())

    def _issue(self, seed: shape.Issue) -> None:
        if seed.pull_request is not None and not self._seed.is_described:
            raise SystemExit(f"{self._seed.name}#{seed.number}: only a described repository states its pull requests")
        hub, now = self._hub, self._hub.now()
        by = self._world.account(seed.author)
        ids = []
        for name in seed.labels:
            # A world may spell an issue's label otherwise than the repository's: both are kept as they are.
            held = (label for label in hub.labels_of.all(self._here.id) if label.name == name)
            label = next(held, None) or r.Label(id=hub.labels.next_id(), repository=self._here.id, name=name)
            ids.append(hub.labels.put(label).id)
        milestone = next((row for row in hub.milestones_of.all(self._here.id) if row.title == seed.milestone), None)
        issue = hub.issues.put(
            r.Issue(
                id=hub.issues.next_id(),
                repository=self._here.id,
                number=seed.number,
                title=seed.title,
                body=seed.body,
                author=by.login,
                association=seed.author_association,
                state=seed.state,
                state_reason=seed.state_reason,
                labels=tuple(ids),
                assignees=tuple(self._world.account(login).login for login in seed.assignees),
                milestone=milestone.number if milestone else None,
                is_locked=seed.is_locked,
                created_at=seed.created_at or now,
                updated_at=seed.updated_at or seed.created_at or now,
                closed_at=(seed.updated_at or now) if seed.state == "closed" else None,
                pull=self._pull(seed) if seed.pull_request else None,
            )
        )
        self._conversation(issue, seed, now)
        if seed.pull_request is not None:
            self._around_pull(issue, seed.pull_request, now)

    def _conversation(self, issue: r.Issue, seed: shape.Issue, now: datetime) -> None:
        hub = self._hub
        for comment in seed.comments:
            when = comment.created_at or now
            hub.comments.put(
                r.Comment(
                    id=comment.id or hub.comments.next_id(),
                    issue=issue.id,
                    author=self._world.account(comment.author).login,
                    body=comment.body,
                    created_at=when,
                    updated_at=comment.updated_at or when,
                )
            )
        for event in seed.events:
            hub.events.put(
                r.Event(
                    id=hub.events.next_id(),
                    issue=issue.id,
                    actor=self._world.account(event.actor).login,
                    kind=event.event,
                    label=event.label,
                    color="ededed" if event.label else None,
                    created_at=event.created_at or now,
                )
            )

    def _pull(self, seed: shape.Issue) -> r.Pull:
        wanted = seed.pull_request
        assert wanted is not None
        hub = self._hub
        tip = hub.branch(self._here, wanted.base_ref)
        base_sha = wanted.base_sha or (tip.sha if tip else "")
        owner = wanted.head_owner or seed.author
        home = self._head_repository(wanted, owner)
        commits = wanted.commits or (shape.Commit(sha=wanted.head_sha, author=seed.author),)
        teams = [team for slug in wanted.requested_teams if (team := hub.team(self._here.owner, slug)) is not None]
        self._put_head(wanted, base_sha)
        return r.Pull(
            base_ref=wanted.base_ref,
            base_sha=base_sha,
            head_ref=wanted.head_ref,
            head_sha=wanted.head_sha,
            head_owner=owner,
            head_repository=home.id,
            is_draft=wanted.draft,
            requested_reviewers=tuple(self._world.account(login).login for login in wanted.requested_reviewers),
            requested_teams=tuple(team.id for team in teams),
            merged_at=hub.now() if wanted.merged else None,
            merged_by=seed.author if wanted.merged else None,
            merge_sha=wanted.merge_commit_sha,
            stated=r.Stated(
                commits=tuple(self._commit(one, (base_sha,)) for one in commits),
                files=tuple(_changed(file) for file in wanted.files),
                mergeable=wanted.mergeable,
                can_be_rebased=wanted.can_be_rebased,
                merge_state=wanted.merge_state_status,
                review_decision=wanted.review_decision,
            ),
        )

    def _head_repository(self, wanted: shape.Pull, owner: str) -> r.Repository:
        """The repository that the head branch is in, made if it is a fork not yet known."""
        name = f"{owner}/{wanted.head_repo or self._here.name}"
        known = self._hub.repository(name)
        if known is None:
            self._world.account(owner)
            made = self._world.repository(name, is_described=True, default_branch=self._here.default_branch)
            known = self._hub.repositories.put(
                msgspec.structs.replace(made.record, parent=self._here.id, network=self._here.network or self._here.id)
            )
        ref = f"refs/heads/{wanted.head_ref}"
        if self._hub.ref(known, ref) is None:
            refs = self._hub.refs
            refs.put(r.Ref(id=refs.next_id(), repository=known.id, name=ref, sha=wanted.head_sha))
        return known

    def _put_head(self, wanted: shape.Pull, base_sha: str) -> None:
        """What the repository holds at the head: the base with the pull request's files."""
        base = self._hub.described_tree.one((self._here.id, base_sha))
        files = dict(base.files) if base else {}
        for file in wanted.files:
            if file.previous_filename:
                files.pop(file.previous_filename, None)
            if file.status == "removed":
                files.pop(file.filename, None)
            else:
                text = file.head_content
                files[file.filename] = f"changed {file.filename}\n" if text is None else text
        self._put_tree(wanted.head_sha, files)

    def _around_pull(self, issue: r.Issue, wanted: shape.Pull, now: datetime) -> None:
        hub = self._hub
        for review in wanted.reviews:
            hub.reviews.put(
                r.Review(
                    id=review.id or hub.reviews.next_id(),
                    issue=issue.id,
                    author=self._world.account(review.author).login,
                    body=review.body,
                    state=review.state,
                    commit=review.commit or wanted.head_sha,
                    submitted_at=review.submitted_at or now,
                )
            )
        for remark in wanted.review_comments:
            when = remark.created_at or now
            hub.review_comments.put(
                r.ReviewComment(
                    id=remark.id or hub.review_comments.next_id(),
                    issue=issue.id,
                    review=next((row.id for row in hub.reviews_of.all(issue.id)), 0),
                    author=self._world.account(remark.author).login,
                    body=remark.body,
                    path=remark.path,
                    commit=wanted.head_sha,
                    created_at=when,
                    updated_at=when,
                )
            )
        for status in wanted.statuses:
            self._status(status, wanted.head_sha, now)
        for run in wanted.check_runs:
            self._check_run(run, wanted.head_sha, now)
        for workflow in wanted.workflow_runs:
            self._world.workflow_run(
                self._seed.name,
                workflow.name,
                sha=wanted.head_sha,
                branch=wanted.head_ref,
                event=workflow.event,
                status=workflow.status,
                conclusion=workflow.conclusion,
                id_=workflow.id,
            )

    def _status(self, seed: shape.Status, sha: str, now: datetime) -> None:
        when = seed.created_at or now
        self._hub.statuses.put(
            r.Status(
                id=self._hub.statuses.next_id(),
                repository=self._here.id,
                sha=sha,
                context=seed.context,
                state=msgspec.convert(seed.state.lower(), r.StatusState),
                description=seed.description,
                target_url=seed.target_url,
                creator=self._world.account(seed.creator or self._here.owner).login,
                created_at=when,
                updated_at=when,
            )
        )

    def _check_run(self, seed: shape.CheckRun, sha: str, now: datetime) -> None:
        app = next((row.id for row in self._hub.apps if row.slug == seed.app_slug), None)
        self._hub.check_runs.put(
            r.CheckRun(
                id=seed.id or self._hub.check_runs.next_id(),
                repository=self._here.id,
                sha=sha,
                name=seed.name,
                status=seed.status.lower(),
                conclusion=seed.conclusion.lower() if seed.conclusion else None,
                app=app,
                details_url=seed.details_url,
                started_at=seed.completed_at or now,
                completed_at=seed.completed_at,
            )
        )

    def _put_tree(self, sha: str, files: dict[str, str]) -> None:
        trees = self._hub.described_trees
        known = self._hub.described_tree.one((self._here.id, sha))
        id_ = known.id if known else trees.next_id()
        trees.put(r.DescribedTree(id=id_, repository=self._here.id, sha=sha, files=files))

    def _put_commit(self, seed: shape.Commit, parents: tuple[str, ...]) -> None:
        commits = self._hub.described_commits
        commits.put(
            r.DescribedCommit(id=commits.next_id(), repository=self._here.id, commit=self._commit(seed, parents))
        )

    def _commit(self, seed: shape.Commit, parents: tuple[str, ...]) -> r.Commit:
        login = seed.author or ""
        name = seed.author_name or login or self._here.owner
        person = r.Person(name, seed.author_email or f"{name}@example.com", seed.date or self._hub.now())
        return r.Commit(
            sha=seed.sha,
            tree=seed.tree_sha or seed.sha,
            parents=parents if seed.parents is None else seed.parents,
            author=person,
            committer=person,
            message=seed.message,
            author_login=login,
            committer_login=login,
        )


def _changed(file: shape.File) -> r.ChangedFile:
    return msgspec.convert(
        {
            "filename": file.filename,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "patch": file.patch,
            "previous_filename": file.previous_filename,
        },
        r.ChangedFile,
    )
