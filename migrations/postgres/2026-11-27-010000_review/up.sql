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
    merge_request_id    TEXT COLLATE "C" NOT NULL REFERENCES merge_request (id),
    rule_id             TEXT COLLATE "C" NOT NULL REFERENCES rule (id),
    connection_id       TEXT COLLATE "C" NOT NULL REFERENCES connection (id),
    state               TEXT COLLATE "C" NOT NULL,
    wanted              BIGINT NOT NULL,
    gitlab_note_id      BIGINT,
    written_hash        TEXT COLLATE "C",
    written_at          TEXT COLLATE "C",
    recreated           BOOLEAN NOT NULL,
    attempts            BIGINT NOT NULL,
    due_at              TEXT COLLATE "C" NOT NULL,
    lease_owner         TEXT COLLATE "C",
    lease_until         TEXT COLLATE "C",
    last_error          TEXT COLLATE "C",
    created_at          TEXT COLLATE "C" NOT NULL,
    updated_at          TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (merge_request_id, rule_id)
);
CREATE INDEX merge_request_note_due ON merge_request_note (due_at) WHERE state = 'pending';

-- Listings that people keep under a name, in their order.
CREATE TABLE saved_filter (
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    position    BIGINT NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    query       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, position)
);
