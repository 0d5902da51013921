-- How many tries of a call failed, since it was queued last, for a reason that may lie in the call. Outages of GitLab,
-- which say nothing of the call, count as attempts only.
ALTER TABLE received_call ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
