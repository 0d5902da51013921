-- Times are RFC 3339 text in UTC with microseconds, so that they sort as they read
-- (COLLATE "C": byte by byte, as SQLite does).

CREATE TABLE connection (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    base_url        TEXT COLLATE "C" NOT NULL UNIQUE,
    broken_reason   TEXT COLLATE "C",
    probe_at        TEXT COLLATE "C",
    created_at      TEXT COLLATE "C" NOT NULL,
    updated_at      TEXT COLLATE "C" NOT NULL
);

CREATE TABLE project (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    connection_id   TEXT COLLATE "C" NOT NULL REFERENCES connection (id),
    gitlab_id       BIGINT NOT NULL,
    path            TEXT COLLATE "C" NOT NULL,
    web_url         TEXT COLLATE "C" NOT NULL,
    created_at      TEXT COLLATE "C" NOT NULL,
    updated_at      TEXT COLLATE "C" NOT NULL,
    UNIQUE (connection_id, gitlab_id)
);

CREATE TABLE rule (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    project_id      TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    gitlab_id       BIGINT NOT NULL,
    rule_key        TEXT COLLATE "C" NOT NULL UNIQUE,
    name            TEXT COLLATE "C" NOT NULL,
    hmac_secret     TEXT COLLATE "C",
    policy          TEXT COLLATE "C" NOT NULL,
    broken_reason   TEXT COLLATE "C",
    probe_at        TEXT COLLATE "C",
    created_at      TEXT COLLATE "C" NOT NULL,
    updated_at      TEXT COLLATE "C" NOT NULL,
    UNIQUE (project_id, gitlab_id)
);

CREATE TABLE merge_request (
    id                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    project_id          TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    iid                 BIGINT NOT NULL,
    title               TEXT COLLATE "C" NOT NULL,
    description         TEXT COLLATE "C" NOT NULL,
    author_gitlab_id    BIGINT,
    author              TEXT COLLATE "C" NOT NULL,
    url                 TEXT COLLATE "C" NOT NULL,
    source_branch       TEXT COLLATE "C" NOT NULL,
    target_branch       TEXT COLLATE "C" NOT NULL,
    state               TEXT COLLATE "C" NOT NULL,
    head_sha            TEXT COLLATE "C" NOT NULL,
    gitlab_updated_at   TEXT COLLATE "C" NOT NULL,
    facts_at            TEXT COLLATE "C" NOT NULL,
    refresh_due_at      TEXT COLLATE "C",
    refresh_attempts    BIGINT NOT NULL,
    created_at          TEXT COLLATE "C" NOT NULL,
    updated_at          TEXT COLLATE "C" NOT NULL,
    UNIQUE (project_id, iid)
);
CREATE INDEX merge_request_refresh ON merge_request (refresh_due_at) WHERE refresh_due_at IS NOT NULL;
CREATE INDEX merge_request_open ON merge_request (project_id, iid) WHERE state = 'opened';

CREATE TABLE status_check (
    id                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    state               TEXT COLLATE "C" NOT NULL,
    project_path        TEXT COLLATE "C" NOT NULL,
    merge_request_iid   BIGINT NOT NULL,
    title               TEXT COLLATE "C" NOT NULL,
    author              TEXT COLLATE "C" NOT NULL,
    rule_name           TEXT COLLATE "C" NOT NULL,
    sha                 TEXT COLLATE "C" NOT NULL,
    source_branch       TEXT COLLATE "C" NOT NULL,
    target_branch       TEXT COLLATE "C" NOT NULL,
    decided_by          TEXT COLLATE "C",
    gitlab_status       TEXT COLLATE "C",
    gitlab_status_at    TEXT COLLATE "C",
    undecided_pass      BOOLEAN NOT NULL,
    notice              TEXT COLLATE "C",
    received_at         TEXT COLLATE "C" NOT NULL,
    updated_at          TEXT COLLATE "C" NOT NULL,
    round               BIGINT NOT NULL,
    policy              TEXT COLLATE "C" NOT NULL,
    project_id          TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    merge_request_id    TEXT COLLATE "C" NOT NULL REFERENCES merge_request (id),
    rule_id             TEXT COLLATE "C" NOT NULL REFERENCES rule (id),
    delivery_id         TEXT COLLATE "C",
    search_text         TEXT COLLATE "C" NOT NULL,
    UNIQUE (merge_request_id, rule_id, sha)
);
CREATE INDEX status_check_inbox ON status_check (state, received_at, id);
CREATE INDEX status_check_project ON status_check (project_id, state, received_at, id);
CREATE INDEX status_check_rule ON status_check (rule_id, state, received_at, id);
CREATE INDEX status_check_alarm ON status_check (id) WHERE undecided_pass;

CREATE TABLE decision (
    id                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    check_id            TEXT COLLATE "C" NOT NULL REFERENCES status_check (id),
    round               BIGINT NOT NULL,
    verdict             TEXT COLLATE "C" NOT NULL,
    comment             TEXT COLLATE "C" NOT NULL,
    sha                 TEXT COLLATE "C" NOT NULL,
    target_branch       TEXT COLLATE "C" NOT NULL,
    reviewer            TEXT COLLATE "C" NOT NULL,
    reviewer_verified   BOOLEAN NOT NULL,
    reversed            BOOLEAN NOT NULL,
    decided_at          TEXT COLLATE "C" NOT NULL
);
CREATE INDEX decision_check ON decision (check_id, decided_at);

CREATE TABLE delivery (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    check_id        TEXT COLLATE "C" NOT NULL REFERENCES status_check (id),
    connection_id   TEXT COLLATE "C" NOT NULL REFERENCES connection (id),
    rule_id         TEXT COLLATE "C" NOT NULL REFERENCES rule (id),
    seq             BIGINT NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    sha             TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          TEXT COLLATE "C" NOT NULL,
    lease_owner     TEXT COLLATE "C",
    lease_until     TEXT COLLATE "C",
    http_status     BIGINT,
    last_error      TEXT COLLATE "C",
    created_at      TEXT COLLATE "C" NOT NULL,
    updated_at      TEXT COLLATE "C" NOT NULL,
    delivered_at    TEXT COLLATE "C",
    UNIQUE (check_id, seq)
);
CREATE INDEX delivery_due ON delivery (due_at, id) WHERE state = 'pending';
CREATE INDEX delivery_failed ON delivery (connection_id, rule_id) WHERE state = 'failed';

CREATE TABLE delivery_attempt (
    delivery_id     TEXT COLLATE "C" NOT NULL REFERENCES delivery (id),
    number          BIGINT NOT NULL,
    at              TEXT COLLATE "C" NOT NULL,
    duration_ms     BIGINT NOT NULL,
    http_status     BIGINT,
    error           TEXT COLLATE "C",
    PRIMARY KEY (delivery_id, number)
);

CREATE TABLE received_call (
    id              BIGSERIAL PRIMARY KEY,
    received_at     TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    signed          BOOLEAN NOT NULL,
    rule_key        TEXT COLLATE "C",
    size            BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          TEXT COLLATE "C" NOT NULL,
    lease_owner     TEXT COLLATE "C",
    lease_until     TEXT COLLATE "C",
    note            TEXT COLLATE "C",
    body            BYTEA NOT NULL
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
    id          BIGINT PRIMARY KEY NOT NULL,
    at          TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    check_id    TEXT COLLATE "C",
    actor       TEXT COLLATE "C" NOT NULL,
    summary     TEXT COLLATE "C" NOT NULL,
    data        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX event_check ON event (check_id, id) WHERE check_id IS NOT NULL;

CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_append_only();
