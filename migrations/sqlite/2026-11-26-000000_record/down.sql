DROP TRIGGER event_append_only_replace;
DROP TRIGGER event_append_only_update;
ALTER TABLE event DROP COLUMN hash;
ALTER TABLE event DROP COLUMN previous_hash;
ALTER TABLE event DROP COLUMN via;
ALTER TABLE event DROP COLUMN account_id;
ALTER TABLE event DROP COLUMN project_id;
CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
ALTER TABLE event_counter DROP COLUMN head;
DROP TABLE instance;
