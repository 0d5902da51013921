-- What a row of the inbox shows of a change, when it is to be read again, and how much of it is kept. One row for each
-- commit of a merge request that there is a check for. Without `files` it was never read.
CREATE TABLE change_summary (
    merge_request_id    TEXT COLLATE "C" NOT NULL REFERENCES merge_request (id),
    sha                 TEXT COLLATE "C" NOT NULL,
    pipeline            TEXT COLLATE "C",
    approvals_given     BIGINT,
    approvals_required  BIGINT,
    additions           BIGINT,
    deletions           BIGINT,
    files               BIGINT,
    -- Bytes in change_part.
    size                BIGINT NOT NULL,
    last_used_at        TEXT COLLATE "C" NOT NULL,
    due_at              TEXT COLLATE "C",
    attempts            BIGINT NOT NULL,
    PRIMARY KEY (merge_request_id, sha)
);
-- What was never read goes first.
CREATE INDEX change_summary_unread ON change_summary (due_at) WHERE due_at IS NOT NULL AND files IS NULL;
CREATE INDEX change_summary_due ON change_summary (due_at) WHERE due_at IS NOT NULL AND files IS NOT NULL;
CREATE INDEX change_summary_used ON change_summary (last_used_at, size) WHERE size > 0;

-- What was read of a change, packed with LZ4: `content` (commits and files), `around` (what stands around them in
-- GitLab), `lines/N` (diffs of some files), `since/SHA` and `since/SHA/N` (the same against an earlier commit). All of it
-- can be read again.
CREATE TABLE change_part (
    merge_request_id    TEXT COLLATE "C" NOT NULL REFERENCES merge_request (id),
    sha                 TEXT COLLATE "C" NOT NULL,
    part                TEXT COLLATE "C" NOT NULL,
    packed              BYTEA NOT NULL,
    size                BIGINT NOT NULL,
    read_at             TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (merge_request_id, sha, part)
);

INSERT INTO change_summary (merge_request_id, sha, size, last_used_at, due_at, attempts)
SELECT merge_request_id, sha, 0, max(received_at), max(received_at), 0
FROM status_check WHERE state = 'pending' GROUP BY merge_request_id, sha;
