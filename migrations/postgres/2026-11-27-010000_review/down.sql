DROP TABLE saved_filter;
DROP TABLE merge_request_note;
DROP INDEX status_check_author;
ALTER TABLE status_check DROP COLUMN author_gitlab_id;
ALTER TABLE rule DROP COLUMN note_enabled;
