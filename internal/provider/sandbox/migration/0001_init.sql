-- One row per key that a service has seen, by a charge, a booking or a void.
-- Times are microseconds since 1970, UTC. Why a list is written with OR, and what
-- {{key is the row}} says, is told in the first migration of internal/store.
CREATE TABLE sandbox_keys (
    service        TEXT   NOT NULL CHECK (service IN ('payment', 'carrier')),
    call_key       TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state = 'unknown' OR state = 'done' OR state = 'refused' OR state = 'voided'
                                          OR state = 'undone'),
    order_id       TEXT   NOT NULL DEFAULT '',
    request_hash   TEXT   NOT NULL DEFAULT '',
    amount         BIGINT NOT NULL DEFAULT 0 CHECK (amount >= 0),
    currency       TEXT   NOT NULL DEFAULT '',
    reference      TEXT   NOT NULL DEFAULT '',
    undo_reference TEXT   NOT NULL DEFAULT '',
    undo_refused   BIGINT NOT NULL DEFAULT 0 CHECK (undo_refused IN (0, 1)),
    refusal_code   TEXT   NOT NULL DEFAULT '',
    refusal_text   TEXT   NOT NULL DEFAULT '',
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (service, call_key),
    CHECK ((state IN ('done', 'undone')) = (reference <> '')),
    CHECK ((state = 'undone') = (undo_reference <> ''))
) {{key is the row}};

CREATE INDEX sandbox_keys_by_order ON sandbox_keys (service, order_id, call_key);
