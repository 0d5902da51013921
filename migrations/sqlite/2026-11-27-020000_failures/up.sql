-- How many tries of a call failed, since it was queued last, for a reason that may lie in the call. Outages of GitLab,
-- which say nothing of the call, count as attempts only.
ALTER TABLE received_call ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;

-- The alarm was also raised for what was approved here and merged since.
UPDATE status_check SET undecided_pass = FALSE
    WHERE undecided_pass AND 'approve' =
    (SELECT verdict FROM decision WHERE decision.check_id = status_check.id AND NOT decision.reversed
        ORDER BY decision.decided_at DESC, decision.id DESC LIMIT 1);
