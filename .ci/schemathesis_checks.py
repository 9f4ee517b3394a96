"""What a request that satisfies the OpenAPI document may still be refused for.

.ci/schemathesis loads this beside schemathesis.toml. Each exception is one rule
that a schema of one request cannot state; what is refused for anything else is a
failure.
"""

import re

import schemathesis
from schemathesis.specs.openapi.checks import is_unexpected_http_status_case

# Problems that depend on what happened before, not on the request.
STATEFUL = {
    "key_reused": "the Idempotency-Key came before with another body: the run reuses keys",
    "changed": "If-Match names a state in which the order is not",
    "bad_last_event_id": "Last-Event-ID is an ID that the stream never gave: opaque",
}

# Fields that only a rule across fields, or across requests, can judge.
ACROSS_FIELDS = {
    r"header\.X-Skald-Fault(\..*)?|body\.(line|rule|name|match|fault|ttl|times|percentage|seed)(\..*)?":
        "a fault rule has a grammar, is a line or fields, and may do what its point allows",
    r"query\.cursor": "valid if a page gave it: opaque, and bound to the page's filters",
    r"query\.until|body\.(filter\.)?until": "must be after since",
    r"query\.created_before": "must be after created_after",
    r"body\.(ids|filter)": "replay takes ids or filter, one of the two",
    r"body\.actor": "replay needs an actor unless dry_run",
    r"body\.receipt": "a decision needs a receipt if, and only if, it is done_outside",
    r"body\.decision_id|header\.Idempotency-Key": "a decision has one ID: decision_id, or the Idempotency-Key",
    r"body\.currency": "ISO 4217 has fewer than [A-Z]{3}, and its list changes without skald",
    r"body\.items\[\d+\]\.unit_price": "its decimals depend on the currency, its size on the quantities: the sum has a limit",
    r"body\.items": "the same limit, about the sum",
}

# JSON Schema takes 2.0 for an integer. skald does not: a reader that keeps
# numbers as floats would change large ones.
INTEGER_AS_FRACTION = "must not be written like this"

# No string may hold it, in any body: Postgres stores no such text. The document
# says so where a string has a pattern, and not again for each that has none.
NUL = "must not contain U+0000"

UNDERSTOOD = {404, 409}  # what the request is about is not there, or not in that state


@schemathesis.check
def well_formed_requests_are_accepted(ctx, response, case):
    """A request that the document allows is carried out, or refused by a rule above."""
    if case.meta is None or not case.meta.generation.mode.is_positive or is_unexpected_http_status_case(case):
        return None
    status = response.status_code
    if not 400 <= status < 500 or status in UNDERSTOOD:  # 5xx is for not_a_server_error
        return None
    problem = response.json()
    violations = problem.get("errors", [])
    if problem["code"] in STATEFUL or any(rule in each["message"] for rule in (INTEGER_AS_FRACTION, NUL) for each in violations):
        return None
    fields = [each["field"] for each in violations]
    unexplained = [field for field in fields if not any(re.fullmatch(rule, field) for rule in ACROSS_FIELDS)]
    if fields and not unexplained:
        return None
    raise AssertionError(f"the document allows this request; {status} {problem['code']} refuses {unexplained}")
