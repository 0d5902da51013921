DROP INDEX status_check_decided_rule;
DROP INDEX status_check_decided_project;
DROP INDEX status_check_decided;
ALTER TABLE status_check DROP COLUMN verdict;
ALTER TABLE status_check DROP COLUMN decided_at;
