"""What a request that satisfies the OpenAPI document may still be refused for.

Schemathesis loads this beside schemathesis.toml. Each exception names one rule
that a JSON schema of one request cannot state, and why.
"""

import re

import schemathesis
from schemathesis.specs.openapi.checks import is_unexpected_http_status_case

# Problems that depend on what happened before, not on the request's form.
STATEFUL = {
    "key_reused": "the Idempotency-Key came before with another body; the run reuses keys",
    "changed": "If-Match names a state in which the order is not",
}

# Fields that a rule across fields, or across requests, refuses.
BEYOND_SCHEMA = {
    r"query\.cursor": "a cursor is valid if a page gave it: opaque, and bound to its filters",
    r"body\.(ids|filter)": "replay takes ids or filter, one of the two",
    r"body\.actor": "replay needs an actor unless dry_run",
    r"body\.receipt": "a decision needs a receipt if it is done_outside",
    r"body\.decision_id": "a decision has one ID: decision_id, or the Idempotency-Key",
    r"header\.Idempotency-Key": "the same rule, seen from the header",
}

ACCEPTED = {404, 409}  # the request is understood; what it is about is not there, or not so


@schemathesis.check
def well_formed_requests_are_accepted(ctx, response, case):
    """A request that the document allows is carried out, or refused for a rule above."""
    if case.meta is None or not case.meta.generation.mode.is_positive or is_unexpected_http_status_case(case):
        return None
    status = response.status_code
    if status < 400 or status >= 500 or status in ACCEPTED:  # 5xx is not_a_server_error's
        return None
    problem = response.json()
    if problem["code"] in STATEFUL:
        return None
    fields = [violation["field"] for violation in problem.get("errors", [])]
    unexplained = [field for field in fields if not any(re.fullmatch(rule, field) for rule in BEYOND_SCHEMA)]
    if fields and not unexplained:
        return None
    raise AssertionError(f"the document allows this request, and {status} {problem['code']} refuses {unexplained}")
