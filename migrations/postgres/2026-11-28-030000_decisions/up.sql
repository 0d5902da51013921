-- What was decided is never changed, only that it no longer counts.
CREATE FUNCTION decision_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions are append-only';
END $$;
CREATE TRIGGER decision_append_only_update BEFORE UPDATE OF id, check_id, round, verdict, comment, sha, target_branch, reviewer, reviewer_verified, decided_at,
    account_id, via ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only();
CREATE TRIGGER decision_append_only_delete BEFORE DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION decision_append_only();
