-- People. An account without a password is invited, or signs in through a provider; accounts are
-- switched off and never deleted, so that the record keeps its names.
CREATE TABLE account (
    id                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name                TEXT COLLATE "C" NOT NULL,
    email               TEXT COLLATE "C" NOT NULL,
    email_key           TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash       TEXT COLLATE "C",
    all_projects        BOOLEAN NOT NULL,
    gitlab_user_id      BIGINT,
    active              BOOLEAN NOT NULL,
    joined_at           TEXT COLLATE "C",
    last_sign_in_at     TEXT COLLATE "C",
    created_at          TEXT COLLATE "C" NOT NULL,
    updated_at          TEXT COLLATE "C" NOT NULL
);

CREATE TABLE account_role (
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    role        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, role)
);

-- The same person at a provider: issuer and subject of OpenID Connect.
CREATE TABLE account_identity (
    issuer      TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    created_at  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_identity_account ON account_identity (account_id);

CREATE TABLE person_group (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    name        TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at  TEXT COLLATE "C" NOT NULL,
    updated_at  TEXT COLLATE "C" NOT NULL
);

CREATE TABLE group_member (
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    group_id    TEXT COLLATE "C" NOT NULL REFERENCES person_group (id),
    PRIMARY KEY (account_id, group_id)
);
CREATE INDEX group_member_group ON group_member (group_id);

CREATE TABLE group_project (
    group_id    TEXT COLLATE "C" NOT NULL REFERENCES person_group (id),
    project_id  TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    PRIMARY KEY (group_id, project_id)
);

CREATE TABLE account_project (
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    project_id  TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    PRIMARY KEY (account_id, project_id)
);

-- Secrets of sessions, tokens and links are kept only as lower-case hex of their SHA-256.
CREATE TABLE session (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    key_hash        TEXT COLLATE "C" NOT NULL UNIQUE,
    account_id      TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    created_at      TEXT COLLATE "C" NOT NULL,
    last_seen_at    TEXT COLLATE "C" NOT NULL,
    expires_at      TEXT COLLATE "C" NOT NULL,
    user_agent      TEXT COLLATE "C" NOT NULL,
    address         TEXT COLLATE "C" NOT NULL,
    provider        TEXT COLLATE "C"
);
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_end ON session (expires_at);

CREATE TABLE api_token (
    id              TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    key_hash        TEXT COLLATE "C" NOT NULL UNIQUE,
    name            TEXT COLLATE "C" NOT NULL,
    hint            TEXT COLLATE "C" NOT NULL,
    account_id      TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    scopes          TEXT COLLATE "C" NOT NULL,
    limited         BOOLEAN NOT NULL,
    created_at      TEXT COLLATE "C" NOT NULL,
    expires_at      TEXT COLLATE "C",
    last_used_at    TEXT COLLATE "C",
    revoked_at      TEXT COLLATE "C"
);
CREATE INDEX api_token_account ON api_token (account_id);

-- The projects of a token that is limited to some.
CREATE TABLE api_token_project (
    token_id    TEXT COLLATE "C" NOT NULL REFERENCES api_token (id),
    project_id  TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    PRIMARY KEY (token_id, project_id)
);

CREATE TABLE one_time_link (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    key_hash    TEXT COLLATE "C" NOT NULL UNIQUE,
    kind        TEXT COLLATE "C" NOT NULL,
    account_id  TEXT COLLATE "C" REFERENCES account (id),
    created_at  TEXT COLLATE "C" NOT NULL,
    expires_at  TEXT COLLATE "C"
);
CREATE INDEX one_time_link_account ON one_time_link (account_id) WHERE account_id IS NOT NULL;

-- Failed sign-ins by e-mail address (known or not) and by network address.
CREATE TABLE sign_in_throttle (
    subject         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    failures        BIGINT NOT NULL,
    last_at         TEXT COLLATE "C" NOT NULL,
    locked_until    TEXT COLLATE "C"
);
CREATE INDEX sign_in_throttle_last ON sign_in_throttle (last_at);

ALTER TABLE decision ADD COLUMN account_id TEXT COLLATE "C" REFERENCES account (id);
ALTER TABLE decision ADD COLUMN via TEXT COLLATE "C";
