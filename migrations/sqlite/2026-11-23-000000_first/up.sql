-- Times are RFC 3339 text in UTC with microseconds, so that they sort as they read.

CREATE TABLE connection (
    id              TEXT PRIMARY KEY NOT NULL,
    base_url        TEXT NOT NULL UNIQUE,
    broken_reason   TEXT,
    probe_at        TEXT,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE project (
    id              TEXT PRIMARY KEY NOT NULL,
    connection_id   TEXT NOT NULL REFERENCES connection (id),
    gitlab_id       BIGINT NOT NULL,
    path            TEXT NOT NULL,
    web_url         TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    UNIQUE (connection_id, gitlab_id)
) WITHOUT ROWID;

CREATE TABLE rule (
    id              TEXT PRIMARY KEY NOT NULL,
    project_id      TEXT NOT NULL REFERENCES project (id),
    gitlab_id       BIGINT NOT NULL,
    rule_key        TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    hmac_secret     TEXT,
    policy          TEXT NOT NULL,
    broken_reason   TEXT,
    probe_at        TEXT,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    UNIQUE (project_id, gitlab_id)
) WITHOUT ROWID;

CREATE TABLE merge_request (
    id                  TEXT PRIMARY KEY NOT NULL,
    project_id          TEXT NOT NULL REFERENCES project (id),
    iid                 BIGINT NOT NULL,
    title               TEXT NOT NULL,
    description         TEXT NOT NULL,
    author_gitlab_id    BIGINT,
    author              TEXT NOT NULL,
    url                 TEXT NOT NULL,
    source_branch       TEXT NOT NULL,
    target_branch       TEXT NOT NULL,
    state               TEXT NOT NULL,
    head_sha            TEXT NOT NULL,
    gitlab_updated_at   TEXT NOT NULL,
    facts_at            TEXT NOT NULL,
    refresh_due_at      TEXT,
    refresh_attempts    BIGINT NOT NULL,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    UNIQUE (project_id, iid)
) WITHOUT ROWID;
CREATE INDEX merge_request_refresh ON merge_request (refresh_due_at) WHERE refresh_due_at IS NOT NULL;
CREATE INDEX merge_request_open ON merge_request (project_id, iid) WHERE state = 'opened';

CREATE TABLE status_check (
    id                  TEXT PRIMARY KEY NOT NULL,
    state               TEXT NOT NULL,
    project_path        TEXT NOT NULL,
    merge_request_iid   BIGINT NOT NULL,
    title               TEXT NOT NULL,
    author              TEXT NOT NULL,
    rule_name           TEXT NOT NULL,
    sha                 TEXT NOT NULL,
    source_branch       TEXT NOT NULL,
    target_branch       TEXT NOT NULL,
    decided_by          TEXT,
    gitlab_status       TEXT,
    gitlab_status_at    TEXT,
    undecided_pass      BOOLEAN NOT NULL,
    notice              TEXT,
    received_at         TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    round               BIGINT NOT NULL,
    policy              TEXT NOT NULL,
    project_id          TEXT NOT NULL REFERENCES project (id),
    merge_request_id    TEXT NOT NULL REFERENCES merge_request (id),
    rule_id             TEXT NOT NULL REFERENCES rule (id),
    delivery_id         TEXT,
    search_text         TEXT NOT NULL,
    UNIQUE (merge_request_id, rule_id, sha)
);
CREATE INDEX status_check_inbox ON status_check (state, received_at, id);
CREATE INDEX status_check_project ON status_check (project_id, state, received_at, id);
CREATE INDEX status_check_rule ON status_check (rule_id, state, received_at, id);
CREATE INDEX status_check_alarm ON status_check (id) WHERE undecided_pass;

CREATE TABLE decision (
    id                  TEXT PRIMARY KEY NOT NULL,
    check_id            TEXT NOT NULL REFERENCES status_check (id),
    round               BIGINT NOT NULL,
    verdict             TEXT NOT NULL,
    comment             TEXT NOT NULL,
    sha                 TEXT NOT NULL,
    target_branch       TEXT NOT NULL,
    reviewer            TEXT NOT NULL,
    reviewer_verified   BOOLEAN NOT NULL,
    reversed            BOOLEAN NOT NULL,
    decided_at          TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX decision_check ON decision (check_id, decided_at);

CREATE TABLE delivery (
    id              TEXT PRIMARY KEY NOT NULL,
    check_id        TEXT NOT NULL REFERENCES status_check (id),
    connection_id   TEXT NOT NULL REFERENCES connection (id),
    rule_id         TEXT NOT NULL REFERENCES rule (id),
    seq             BIGINT NOT NULL,
    status          TEXT NOT NULL,
    sha             TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          TEXT NOT NULL,
    lease_owner     TEXT,
    lease_until     TEXT,
    http_status     BIGINT,
    last_error      TEXT,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    delivered_at    TEXT,
    UNIQUE (check_id, seq)
) WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (due_at, id) WHERE state = 'pending';
CREATE INDEX delivery_failed ON delivery (connection_id, rule_id) WHERE state = 'failed';

CREATE TABLE delivery_attempt (
    delivery_id     TEXT NOT NULL REFERENCES delivery (id),
    number          BIGINT NOT NULL,
    at              TEXT NOT NULL,
    duration_ms     BIGINT NOT NULL,
    http_status     BIGINT,
    error           TEXT,
    PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;

CREATE TABLE received_call (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    received_at     TEXT NOT NULL,
    state           TEXT NOT NULL,
    signed          BOOLEAN NOT NULL,
    rule_key        TEXT,
    size            BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          TEXT NOT NULL,
    lease_owner     TEXT,
    lease_until     TEXT,
    note            TEXT,
    body            BLOB NOT NULL
);
CREATE INDEX received_call_due ON received_call (due_at, id) WHERE state = 'stored';
CREATE INDEX received_call_set_aside ON received_call (id) WHERE state = 'set_aside';

-- The next number of the event log; one row. Taking a number locks it until commit, so that
-- numbers become visible in order and a reader that resumes after one misses none.
CREATE TABLE event_counter (
    id      BIGINT PRIMARY KEY NOT NULL,
    last    BIGINT NOT NULL
);
INSERT INTO event_counter (id, last) VALUES (1, 0);

CREATE TABLE event (
    id          INTEGER PRIMARY KEY NOT NULL,
    at          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    check_id    TEXT,
    actor       TEXT NOT NULL,
    summary     TEXT NOT NULL,
    data        TEXT NOT NULL
);
CREATE INDEX event_check ON event (check_id, id) WHERE check_id IS NOT NULL;

CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_append_only_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
