-- Calls as they arrived, many in a row: one row for each commit that acknowledged them. They are taken from here into
-- received_call before they are processed. (Some databases got both with the first migration.)
CREATE TABLE IF NOT EXISTS call_batch (
    id              INTEGER PRIMARY KEY NOT NULL,
    received_at     TEXT NOT NULL,
    calls           BIGINT NOT NULL,
    packed          BLOB NOT NULL
);

-- A page of the checks in all states.
CREATE INDEX IF NOT EXISTS status_check_all ON status_check (received_at, id);
