-- Times are microseconds since 1970, UTC, from the database's clock. Amounts
-- are minor units. The CHECK constraints repeat the promises: a bug that would
-- break one becomes a failed transaction instead.
--
-- Two things are only about SQLite's speed. For IN with more than two values it
-- builds an index each time a row is checked, so longer lists are written with
-- OR. And a table of short rows that are found by their key needs no second tree
-- for it: {{key is the row}} says so, and nothing to Postgres.

-- One row per order, never deleted: it is the lock of everything that happens
-- to the order, and what intake asks before it starts a saga again.
CREATE TABLE orders (
    id               TEXT   PRIMARY KEY,
    status           TEXT   NOT NULL CHECK (status = 'accepted' OR status = 'processing' OR status = 'compensating'
                                            OR status = 'needs_attention' OR status = 'confirmed' OR status = 'rejected'
                                            OR status = 'failed' OR status = 'cancelled'),
    cause_kind       TEXT   CHECK (cause_kind = 'refused' OR cause_kind = 'exhausted' OR cause_kind = 'cancelled'),
    cause_step       TEXT   NOT NULL DEFAULT '',
    cause_code       TEXT   NOT NULL DEFAULT '',
    cause_message    TEXT   NOT NULL DEFAULT '',
    cancel_requested BIGINT NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    customer_id      TEXT   NOT NULL,
    currency         TEXT   NOT NULL,
    total            BIGINT NOT NULL CHECK (total >= 0),
    payment_token    TEXT   NOT NULL,
    ship_to          TEXT   NOT NULL,
    content_hash     TEXT   NOT NULL,
    trace_parent     TEXT   NOT NULL,
    last_sequence    BIGINT NOT NULL CHECK (last_sequence >= 0),
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    -- An order has a cause from the moment it compensates, and only then.
    CHECK ((status = 'accepted' OR status = 'processing' OR status = 'confirmed') = (cause_kind IS NULL)),
    -- A cancel that was accepted binds.
    CHECK (cancel_requested = 0 OR status <> 'confirmed')
);
CREATE INDEX orders_newest ON orders (created_at, id);
CREATE INDEX orders_by_status ON orders (status, created_at, id);
CREATE INDEX orders_by_customer ON orders (customer_id, created_at, id);

CREATE TABLE order_items (
    order_id   TEXT   NOT NULL REFERENCES orders (id),
    line       BIGINT NOT NULL,
    sku        TEXT   NOT NULL,
    quantity   BIGINT NOT NULL CHECK (quantity > 0),
    unit_price BIGINT NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (order_id, line)
) {{key is the row}};

CREATE TABLE idempotency_keys (
    scope      TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    body_hash  TEXT   NOT NULL,
    order_id   TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
) {{key is the row}};
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- The outbox and the timeline: position is the relay's order, sequence is the
-- order's. subject is an order's ID, or the SKU of stock.received.
CREATE TABLE events (
    position     {{identity}},
    id           TEXT   NOT NULL UNIQUE,
    subject      TEXT   NOT NULL,
    sequence     BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    topics       TEXT   NOT NULL,
    causation_id TEXT   NOT NULL,
    trace_parent TEXT   NOT NULL,
    data         TEXT   NOT NULL,
    occurred_at  BIGINT NOT NULL,
    published_at BIGINT,
    publication  BIGINT, -- 1, 2, 3, … without gaps, in the order in which events became published
    CHECK ((published_at IS NULL) = (publication IS NULL))
);
CREATE UNIQUE INDEX events_timeline ON events (subject, sequence) WHERE sequence > 0;
CREATE INDEX events_unpublished ON events (position) WHERE published_at IS NULL;
CREATE UNIQUE INDEX events_published ON events (publication) WHERE publication IS NOT NULL;

-- The last publication. One row, whose lock lets one transaction at a time
-- publish, so that a reader who has seen a number has seen all before it.
CREATE TABLE publications (
    name TEXT   PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO publications (name, last) VALUES ('events', 0);

-- The recorded outcome of every do and undo. An undo with outcome 'nothing' is
-- a barrier: a do that comes after it is refused.
CREATE TABLE effects (
    order_id    TEXT   NOT NULL REFERENCES orders (id),
    step        TEXT   NOT NULL CHECK (step = 'reserve_stock' OR step = 'charge_payment' OR step = 'schedule_shipping'
                                       OR step = 'confirm_order'),
    side        TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    reference   TEXT   NOT NULL DEFAULT '',
    code        TEXT   NOT NULL DEFAULT '',
    message     TEXT   NOT NULL DEFAULT '',
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, step, side),
    CHECK ((side = 'do' AND outcome IN ('ok', 'refused'))
        OR (side = 'undo' AND (outcome = 'undone' OR outcome = 'nothing' OR outcome = 'skipped' OR outcome = 'done_outside')))
) {{key is the row}};

CREATE TABLE stock (
    sku      TEXT   PRIMARY KEY,
    on_hand  BIGINT NOT NULL CHECK (on_hand >= 0),
    reserved BIGINT NOT NULL CHECK (reserved >= 0),
    shipped  BIGINT NOT NULL CHECK (shipped >= 0),
    received BIGINT NOT NULL,
    CHECK (on_hand + reserved + shipped = received)
);

CREATE TABLE reservations (
    order_id TEXT   NOT NULL REFERENCES orders (id),
    sku      TEXT   NOT NULL REFERENCES stock (sku),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    state    TEXT   NOT NULL CHECK (state = 'reserved' OR state = 'released' OR state = 'shipped'),
    PRIMARY KEY (order_id, sku)
) {{key is the row}};
CREATE INDEX reservations_open ON reservations (sku) WHERE state = 'reserved';

-- Every change of stock: +received, and the three moves of a reservation.
CREATE TABLE stock_movements (
    sku       TEXT   NOT NULL REFERENCES stock (sku),
    kind      TEXT   NOT NULL CHECK (kind = 'received' OR kind = 'reserved' OR kind = 'released' OR kind = 'shipped'),
    reference TEXT   NOT NULL, -- the receipt's ID, or the order's
    quantity  BIGINT NOT NULL CHECK (quantity > 0),
    moved_at  BIGINT NOT NULL,
    PRIMARY KEY (sku, kind, reference)
) {{key is the row}};

-- What was about to be asked of the payment provider, and what it said. The
-- key belongs to the order and step for ever.
CREATE TABLE payments (
    order_id  TEXT   PRIMARY KEY REFERENCES orders (id),
    key       TEXT   NOT NULL UNIQUE,
    not_after BIGINT NOT NULL,
    result    TEXT   NOT NULL DEFAULT '' CHECK (result = '' OR result = 'ok' OR result = 'refused' OR result = 'late'),
    reference TEXT   NOT NULL DEFAULT ''
) {{key is the row}};

-- The same for the carrier.
CREATE TABLE shipments (
    order_id  TEXT   PRIMARY KEY REFERENCES orders (id),
    key       TEXT   NOT NULL UNIQUE,
    not_after BIGINT NOT NULL,
    result    TEXT   NOT NULL DEFAULT '' CHECK (result = '' OR result = 'ok' OR result = 'refused' OR result = 'late'),
    reference TEXT   NOT NULL DEFAULT ''
) {{key is the row}};

-- An undo that was refused for good. action is the latest decision; open says
-- that one is waited for.
CREATE TABLE incidents (
    order_id    TEXT   NOT NULL REFERENCES orders (id),
    undo        TEXT   NOT NULL CHECK (undo = 'release_stock' OR undo = 'refund_payment' OR undo = 'cancel_shipping'),
    code        TEXT   NOT NULL,
    message     TEXT   NOT NULL,
    refusals    BIGINT NOT NULL CHECK (refusals > 0),
    open        BIGINT NOT NULL CHECK (open IN (0, 1)),
    action      TEXT   NOT NULL DEFAULT '' CHECK (action = '' OR action = 'retry' OR action = 'skip' OR action = 'done_outside'),
    decision_id TEXT   NOT NULL DEFAULT '',
    opened_at   BIGINT NOT NULL,
    PRIMARY KEY (order_id, undo)
);

CREATE INDEX incidents_oldest ON incidents (opened_at, order_id, undo);

CREATE TABLE decisions (
    id         TEXT   PRIMARY KEY,
    order_id   TEXT   NOT NULL,
    undo       TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    receipt    TEXT   NOT NULL,
    decided_at BIGINT NOT NULL,
    FOREIGN KEY (order_id, undo) REFERENCES incidents (order_id, undo)
);

-- Who publishes. One row.
CREATE TABLE relay_lease (
    name       TEXT   PRIMARY KEY,
    holder     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
