"""Every GraphQL document that is sent to Linear. A test validates each against Linear's own schema.

Page sizes keep a query far below Linear's 10,000 points (an object is 1, a property 0.1, a connection times `first`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["DOCUMENTS"]

VIEWER: Final = "query Viewer { viewer { id name email admin owner organization { id name urlKey } } }"

TEAMS: Final = """
query Teams($after: String) {
  teams(first: 25, after: $after) {
    nodes { id key name states(first: 50) { nodes { id name type position } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

PROJECTS: Final = """
query Projects($after: String) {
  projects(first: 50, after: $after) {
    nodes { id name teams(first: 50) { nodes { id } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

USERS: Final = """
query Users($after: String) {
  users(first: 50, after: $after, filter: { active: { eq: true } }) {
    nodes { id name displayName email app }
    pageInfo { hasNextPage endCursor }
  }
}
"""

_ISSUE_FIELDS: Final = """
fragment IssueFields on Issue {
  id identifier url title dueDate completedAt updatedAt archivedAt trashed
  state { id name type } assignee { id name }
}
"""

ISSUE: Final = "query Issue($id: String!) { issue(id: $id) { ...IssueFields } }" + _ISSUE_FIELDS

CHANGED_ISSUES: Final = (
    """
query ChangedIssues($ids: [ID!], $since: DateTimeOrDuration, $after: String) {
  issues(
    first: 50, after: $after, includeArchived: true, orderBy: updatedAt
    filter: { id: { in: $ids }, updatedAt: { gte: $since } }
  ) {
    nodes { ...IssueFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ISSUE_FIELDS
)

CREATE_ISSUE: Final = (
    """
mutation CreateIssue($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { ...IssueFields } }
}
"""
    + _ISSUE_FIELDS
)

LINK: Final = """
mutation Link($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { success attachment { id url } }
}
"""

WEBHOOKS: Final = """
query Webhooks($after: String) {
  webhooks(first: 50, after: $after) { nodes { id url } pageInfo { hasNextPage endCursor } }
}
"""

CREATE_WEBHOOK: Final = """
mutation CreateWebhook($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { success webhook { id } }
}
"""

DELETE_WEBHOOK: Final = "mutation DeleteWebhook($id: String!) { webhookDelete(id: $id) { success } }"

DOCUMENTS: Final = (
    VIEWER, TEAMS, PROJECTS, USERS, ISSUE, CHANGED_ISSUES, CREATE_ISSUE, LINK, WEBHOOKS, CREATE_WEBHOOK,
    DELETE_WEBHOOK,
)  # fmt: skip
