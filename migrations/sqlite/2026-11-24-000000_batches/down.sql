DROP INDEX IF EXISTS status_check_all;
DROP TABLE IF EXISTS call_batch;
