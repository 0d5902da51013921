-- This instance; one row with a random id, with which its record begins.
CREATE TABLE instance (
    id      TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
INSERT INTO instance (id) VALUES (lower(hex(randomblob(16))));

-- The hash of the newest entry stands beside its number, so that each entry is chained to the one before. Empty: the
-- record is empty.
ALTER TABLE event_counter ADD COLUMN head TEXT NOT NULL DEFAULT '';

-- Whom and what an entry is about, and its place in the chain. Entries from before have no hash until the program has
-- chained them, which it does right behind this migration, and say honestly that nobody noted the way.
DROP TRIGGER event_append_only_update;
ALTER TABLE event ADD COLUMN project_id TEXT;
ALTER TABLE event ADD COLUMN account_id TEXT;
ALTER TABLE event ADD COLUMN via TEXT NOT NULL DEFAULT 'not noted';
ALTER TABLE event ADD COLUMN previous_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN hash TEXT NOT NULL DEFAULT '';
UPDATE event SET project_id = (SELECT project_id FROM status_check WHERE status_check.id = event.check_id)
WHERE check_id IS NOT NULL;

CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event WHEN OLD.hash <> ''
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
-- INSERT OR REPLACE deletes without a delete trigger.
CREATE TRIGGER event_append_only_replace BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
