ALTER TABLE status_check DROP COLUMN pass_acknowledged;
