-- Requests that carried an Idempotency-Key and were done; kept for a day.
CREATE TABLE idempotency_key (
    -- Who chose the key: `account:ID` of a person in a browser, `token:ID` of a program.
    sender TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    -- Empty for the whole request, which has the answer; else the check that was decided on.
    part TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of method, address and body, in hexadecimal digits.
    fingerprint TEXT COLLATE "C" NOT NULL,
    done_at TEXT COLLATE "C" NOT NULL,
    -- What was answered; NULL until it was, and where the answer held a secret that is shown once.
    status BIGINT,
    content_type TEXT COLLATE "C",
    body TEXT COLLATE "C",
    PRIMARY KEY (sender, key, part)
);
CREATE INDEX idempotency_key_done_at ON idempotency_key (done_at);
