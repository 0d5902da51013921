DROP TRIGGER event_append_only_update ON event;
DROP TRIGGER event_append_only ON event;
ALTER TABLE event DROP COLUMN hash;
ALTER TABLE event DROP COLUMN previous_hash;
ALTER TABLE event DROP COLUMN via;
ALTER TABLE event DROP COLUMN account_id;
ALTER TABLE event DROP COLUMN project_id;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_append_only();
ALTER TABLE event_counter DROP COLUMN head;
DROP TABLE instance;
