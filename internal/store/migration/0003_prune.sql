-- What stays of final orders whose details were removed to make room.

ALTER TABLE orders ADD COLUMN digest TEXT; -- JSON of skald.Digest; NULL while the details are there

-- The highest publication that was removed: a reader behind a lower place has
-- missed something, one at this place or a higher one has not.
INSERT INTO publications (name, last) VALUES ('pruned', 0);

-- Provider keys of such orders that the sandbox has still to forget.
CREATE TABLE pruned_keys (
    key TEXT PRIMARY KEY
);

-- stock_movements with the reference '' carry the movements of all such orders
-- forward: one row for each SKU and kind.
