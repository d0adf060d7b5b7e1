"""The GraphQL queries that cutwater makes. Each is valid in GitHub's published schema (tests/contract/github)."""

PULL_REQUEST = """
fragment pullRequest on PullRequest {
  number title body updatedAt
  author {login __typename}
  baseRefName headRefName headRefOid
  mergeable mergeStateStatus canBeRebased reviewDecision
  labels(first: 100) {nodes {name}}
  milestone {title}
  commits(last: 1) {nodes {commit {
    oid
    status {contexts {context state description}}
    statusCheckRollup {contexts(last: 100) {nodes {... on CheckRun {name status conclusion}}}}
  }}}
}"""
"""What tide must know of a pull request: its requirements, and what stands on its head."""

PAGE_OF_PULLS = """
fragment page on PullRequestConnection {pageInfo {hasNextPage endCursor} nodes {...pullRequest}}"""

POOL = (
    """
query pool(
  $owner: String!, $name: String!, $branch: String!, $ref: String!, $recent: Int!, $first: Int!, $labels: [String!],
  $withLabels: Boolean!, $blocking: [String!], $mayBeBlocked: Boolean!
) {
  rateLimit {cost}
  repository(owner: $owner, name: $name) {
    nameWithOwner isArchived mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
    ref(qualifiedName: $ref) {target {oid ... on Commit {tree {oid}}}}
    issues(states: [OPEN], labels: $blocking, first: 100) @include(if: $mayBeBlocked) {nodes {number title url}}
    changed: pullRequests(
      states: [OPEN], baseRefName: $branch, orderBy: {field: UPDATED_AT, direction: DESC}, first: $recent
    ) {...page}
    wanted: pullRequests(
      states: [OPEN], baseRefName: $branch, labels: $labels,
      orderBy: {field: UPDATED_AT, direction: DESC}, first: $first
    ) @include(if: $withLabels) {...page}
  }
}"""
    + PAGE_OF_PULLS
    + PULL_REQUEST
)
"""A branch: where it stands, with which tree, what its repository allows, the open issues with one of the labels
`blocking`, and two first pages of the open pull requests to it, the one that changed last first: of all, and of those
that carry one of `labels`.

It reads the repository itself, not the index of GitHub's search, which lags behind.
"""

PULLS = (
    """
query pulls(
  $owner: String!, $name: String!, $branch: String!, $labels: [String!], $first: Int!, $after: String!
) {
  rateLimit {cost}
  repository(owner: $owner, name: $name) {
    pullRequests(
      states: [OPEN], baseRefName: $branch, labels: $labels,
      orderBy: {field: UPDATED_AT, direction: DESC}, first: $first, after: $after
    ) {...page}
  }
}"""
    + PAGE_OF_PULLS
    + PULL_REQUEST
)
"""A further page of the pull requests of `POOL`; `labels` null: of all."""

FIND_POOLS = """
query findPools($search: String!, $first: Int!, $after: String) {
  rateLimit {cost}
  search(type: ISSUE, query: $search, first: $first, after: $after) {
    pageInfo {hasNextPage endCursor}
    nodes {... on PullRequest {
      number updatedAt headRefOid baseRefName baseRef {target {oid}}
      repository {name owner {login}}
      statusCheckRollup {contexts(first: 100) {nodes {
        ... on StatusContext {context state}
        ... on CheckRun {name status conclusion}
      }}}
    }}
  }
}"""
"""To which branches of which repositories the pull requests are that a search finds, and what stands on their heads."""

AVAILABILITY = """
query availability($login: String!) {
  rateLimit {cost}
  user(login: $login) {status {indicatesLimitedAvailability}}
}"""
"""Whether somebody says that they have no time."""

BLAME = """
query blame($owner: String!, $name: String!, $commit: String!, $path: String!) {
  rateLimit {cost}
  repository(owner: $owner, name: $name) {
    object(expression: $commit) {
      ... on Commit {blame(path: $path) {ranges {startingLine endingLine commit {author {date user {login}}}}}}
    }
  }
}"""
"""Who wrote which lines of a file last, as it is at a commit."""

PIN_ISSUE = "mutation pinIssue($issue: ID!) {pinIssue(input: {issueId: $issue}) {clientMutationId}}"
UNPIN_ISSUE = "mutation unpinIssue($issue: ID!) {unpinIssue(input: {issueId: $issue}) {clientMutationId}}"
TRANSFER_ISSUE = """
mutation transferIssue($issue: ID!, $repository: ID!) {
  transferIssue(input: {issueId: $issue, repositoryId: $repository}) {issue {url}}
}"""
ISSUE = "query issue($issue: ID!) {node(id: $issue) {... on Issue {isPinned url repository {id}}}}"
"""What pinning and transferring change of an issue."""

FIND_MERGEABILITY = """
query findMergeability($search: String!, $first: Int!, $after: String) {
  rateLimit {cost}
  search(type: ISSUE, query: $search, first: $first, after: $after) {
    issueCount
    pageInfo {hasNextPage endCursor}
    nodes {... on PullRequest {
      number state mergeable repository {name owner {login}} labels(first: 100) {nodes {name}}
    }}
  }
}"""
"""Which of the pull requests that a search finds can be merged, and their labels."""


def texts(count: int) -> str:
    """So many files, as $file0, $file1, … name them (`commit:path`), under the same names."""
    files = range(count)
    variables = "".join(f", $file{number}: String!" for number in files)
    fields = " ".join(f"file{number}: object(expression: $file{number}) {{...file}}" for number in files)
    return (
        f"query texts($owner: String!, $name: String!{variables}) "
        f"{{repository(owner: $owner, name: $name) {{{fields}}}}} "
        "fragment file on GitObject {... on Blob {byteSize isBinary text}}"
    )
