-- What was decided is never changed, only that it no longer counts.
CREATE TRIGGER decision_append_only_update BEFORE UPDATE OF id, check_id, round, verdict, comment, sha, target_branch, reviewer, reviewer_verified, decided_at,
    account_id, via ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decision_append_only_delete BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decision_append_only_replace BEFORE INSERT ON decision
WHEN EXISTS (SELECT 1 FROM decision WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
