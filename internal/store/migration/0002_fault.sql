-- What failure injection leaves on orders and events. Its rules and its log are
-- kept elsewhere.

ALTER TABLE orders ADD COLUMN fault TEXT NOT NULL DEFAULT ''; -- what the order brought along
ALTER TABLE orders ADD COLUMN fault_injected BIGINT NOT NULL DEFAULT 0 CHECK (fault_injected IN (0, 1));
ALTER TABLE events ADD COLUMN fault TEXT NOT NULL DEFAULT ''; -- of order.placed: the order's
ALTER TABLE events ADD COLUMN fault_injected BIGINT NOT NULL DEFAULT 0 CHECK (fault_injected IN (0, 1));
