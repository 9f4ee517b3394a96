-- Times are microseconds since 1970, UTC, from the database's clock.

CREATE TABLE fault_rules (
    position   {{identity}}, -- the order in which rules are asked
    name       TEXT   NOT NULL UNIQUE,
    rule       TEXT   NOT NULL, -- as JSON
    fired      BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- How often a rule with a limit has fired. An order's own rules are counted
-- under its ID.
CREATE TABLE fault_counts (
    name       TEXT   PRIMARY KEY,
    taken      BIGINT NOT NULL CHECK (taken > 0),
    touched_at BIGINT NOT NULL
);

CREATE TABLE fault_fires (
    position   {{identity}},
    rule       TEXT   NOT NULL,
    point      TEXT   NOT NULL,
    phase      TEXT   NOT NULL,
    order_id   TEXT   NOT NULL,
    attempt    BIGINT NOT NULL,
    within     TEXT   NOT NULL,
    fault      TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    carried    BIGINT NOT NULL CHECK (carried IN (0, 1)),
    fired_at   BIGINT NOT NULL,
    process    TEXT   NOT NULL
);
CREATE INDEX fault_fires_of_order ON fault_fires (order_id, position);

-- One row.
CREATE TABLE fault_switch (
    name   TEXT   PRIMARY KEY,
    halted BIGINT NOT NULL CHECK (halted IN (0, 1))
);
INSERT INTO fault_switch (name, halted) VALUES ('all', 0);
