-- Whether decisions of a rule are told in a note on the merge request.
ALTER TABLE rule ADD COLUMN note_enabled BOOLEAN NOT NULL DEFAULT TRUE;

-- Who wrote the merge request, beside the check: what waits on others than its author is found by an index.
ALTER TABLE status_check ADD COLUMN author_gitlab_id BIGINT;
UPDATE status_check SET author_gitlab_id =
    (SELECT merge_request.author_gitlab_id FROM merge_request WHERE merge_request.id = status_check.merge_request_id);
CREATE INDEX status_check_author ON status_check (author_gitlab_id, state, received_at, id);

-- The one note on a merge request that says what was decided for a rule. It is written as long as `wanted`, which
-- grows with everything that changes what it should say, is ahead of what the writer had read.
CREATE TABLE merge_request_note (
    merge_request_id    TEXT NOT NULL REFERENCES merge_request (id),
    rule_id             TEXT NOT NULL REFERENCES rule (id),
    connection_id       TEXT NOT NULL REFERENCES connection (id),
    state               TEXT NOT NULL,
    wanted              BIGINT NOT NULL,
    gitlab_note_id      BIGINT,
    written_hash        TEXT,
    written_at          TEXT,
    recreated           BOOLEAN NOT NULL,
    attempts            BIGINT NOT NULL,
    due_at              TEXT NOT NULL,
    lease_owner         TEXT,
    lease_until         TEXT,
    last_error          TEXT,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    PRIMARY KEY (merge_request_id, rule_id)
) WITHOUT ROWID;
CREATE INDEX merge_request_note_due ON merge_request_note (due_at) WHERE state = 'pending';

-- Listings that people keep under a name, in their order.
CREATE TABLE saved_filter (
    account_id  TEXT NOT NULL REFERENCES account (id),
    position    BIGINT NOT NULL,
    name        TEXT NOT NULL,
    query       TEXT NOT NULL,
    PRIMARY KEY (account_id, position)
) WITHOUT ROWID;
