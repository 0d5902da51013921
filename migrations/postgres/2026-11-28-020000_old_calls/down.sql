DROP INDEX received_call_old;
