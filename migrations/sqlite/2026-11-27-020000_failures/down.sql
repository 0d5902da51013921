ALTER TABLE received_call DROP COLUMN failures;
