-- People. An account without a password is invited, or signs in through a provider; accounts are
-- switched off and never deleted, so that the record keeps its names.
CREATE TABLE account (
    id                  TEXT PRIMARY KEY NOT NULL,
    name                TEXT NOT NULL,
    email               TEXT NOT NULL,
    email_key           TEXT NOT NULL UNIQUE,
    password_hash       TEXT,
    all_projects        BOOLEAN NOT NULL,
    gitlab_user_id      BIGINT,
    active              BOOLEAN NOT NULL,
    joined_at           TEXT,
    last_sign_in_at     TEXT,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE account_role (
    account_id  TEXT NOT NULL REFERENCES account (id),
    role        TEXT NOT NULL,
    PRIMARY KEY (account_id, role)
) WITHOUT ROWID;

-- The same person at a provider: issuer and subject of OpenID Connect.
CREATE TABLE account_identity (
    issuer      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    account_id  TEXT NOT NULL REFERENCES account (id),
    created_at  TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX account_identity_account ON account_identity (account_id);

CREATE TABLE person_group (
    id          TEXT PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL UNIQUE,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE group_member (
    account_id  TEXT NOT NULL REFERENCES account (id),
    group_id    TEXT NOT NULL REFERENCES person_group (id),
    PRIMARY KEY (account_id, group_id)
) WITHOUT ROWID;
CREATE INDEX group_member_group ON group_member (group_id);

CREATE TABLE group_project (
    group_id    TEXT NOT NULL REFERENCES person_group (id),
    project_id  TEXT NOT NULL REFERENCES project (id),
    PRIMARY KEY (group_id, project_id)
) WITHOUT ROWID;

CREATE TABLE account_project (
    account_id  TEXT NOT NULL REFERENCES account (id),
    project_id  TEXT NOT NULL REFERENCES project (id),
    PRIMARY KEY (account_id, project_id)
) WITHOUT ROWID;

-- Secrets of sessions, tokens and links are kept only as lower-case hex of their SHA-256.
CREATE TABLE session (
    id              TEXT PRIMARY KEY NOT NULL,
    key_hash        TEXT NOT NULL UNIQUE,
    account_id      TEXT NOT NULL REFERENCES account (id),
    created_at      TEXT NOT NULL,
    last_seen_at    TEXT NOT NULL,
    expires_at      TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    address         TEXT NOT NULL,
    provider        TEXT
) WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_end ON session (expires_at);

CREATE TABLE api_token (
    id              TEXT PRIMARY KEY NOT NULL,
    key_hash        TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    hint            TEXT NOT NULL,
    account_id      TEXT NOT NULL REFERENCES account (id),
    scopes          TEXT NOT NULL,
    limited         BOOLEAN NOT NULL,
    created_at      TEXT NOT NULL,
    expires_at      TEXT,
    last_used_at    TEXT,
    revoked_at      TEXT
) WITHOUT ROWID;
CREATE INDEX api_token_account ON api_token (account_id);

-- The projects of a token that is limited to some.
CREATE TABLE api_token_project (
    token_id    TEXT NOT NULL REFERENCES api_token (id),
    project_id  TEXT NOT NULL REFERENCES project (id),
    PRIMARY KEY (token_id, project_id)
) WITHOUT ROWID;

CREATE TABLE one_time_link (
    id          TEXT PRIMARY KEY NOT NULL,
    key_hash    TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    account_id  TEXT REFERENCES account (id),
    created_at  TEXT NOT NULL,
    expires_at  TEXT
) WITHOUT ROWID;
CREATE INDEX one_time_link_account ON one_time_link (account_id) WHERE account_id IS NOT NULL;

-- Failed sign-ins by e-mail address (known or not) and by network address.
CREATE TABLE sign_in_throttle (
    subject         TEXT PRIMARY KEY NOT NULL,
    failures        BIGINT NOT NULL,
    last_at         TEXT NOT NULL,
    locked_until    TEXT
) WITHOUT ROWID;
CREATE INDEX sign_in_throttle_last ON sign_in_throttle (last_at);

ALTER TABLE decision ADD COLUMN account_id TEXT REFERENCES account (id);
ALTER TABLE decision ADD COLUMN via TEXT;
