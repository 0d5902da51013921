-- This instance; one row with a random id, with which its record begins.
CREATE TABLE instance (
    id      TEXT COLLATE "C" PRIMARY KEY NOT NULL
);
INSERT INTO instance (id) VALUES (replace(gen_random_uuid()::text, '-', ''));

-- The hash of the newest entry stands beside its number, so that each entry is chained to the one before. Empty: the
-- record is empty.
ALTER TABLE event_counter ADD COLUMN head TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Whom and what an entry is about, and its place in the chain. Entries from before have no hash until the program has
-- chained them, which it does right behind this migration, and say honestly that nobody noted the way.
DROP TRIGGER event_append_only ON event;
ALTER TABLE event ADD COLUMN project_id TEXT COLLATE "C";
ALTER TABLE event ADD COLUMN account_id TEXT COLLATE "C";
ALTER TABLE event ADD COLUMN via TEXT COLLATE "C" NOT NULL DEFAULT 'not noted';
ALTER TABLE event ADD COLUMN previous_hash TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN hash TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE event SET project_id = (SELECT project_id FROM status_check WHERE status_check.id = event.check_id)
WHERE check_id IS NOT NULL;

CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event
    FOR EACH ROW WHEN (OLD.hash <> '') EXECUTE FUNCTION event_append_only();
CREATE TRIGGER event_append_only BEFORE DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_append_only();
