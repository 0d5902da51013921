-- The decision that counts and when it was made: what was decided is listed in that order, also after the merge.
ALTER TABLE status_check ADD COLUMN decided_at TEXT COLLATE "C";
ALTER TABLE status_check ADD COLUMN verdict TEXT COLLATE "C";
UPDATE status_check SET decided_at =
    (SELECT decision.decided_at FROM decision WHERE decision.check_id = status_check.id AND NOT decision.reversed
        ORDER BY decision.decided_at DESC, decision.id DESC LIMIT 1)
    WHERE decided_by IS NOT NULL;
UPDATE status_check SET verdict =
    (SELECT decision.verdict FROM decision WHERE decision.check_id = status_check.id AND NOT decision.reversed
        ORDER BY decision.decided_at DESC, decision.id DESC LIMIT 1)
    WHERE decided_by IS NOT NULL;
CREATE INDEX status_check_decided ON status_check (state, decided_at, id) WHERE decided_at IS NOT NULL;
CREATE INDEX status_check_decided_project ON status_check (project_id, state, decided_at, id) WHERE decided_at IS NOT NULL;
CREATE INDEX status_check_decided_rule ON status_check (rule_id, state, decided_at, id) WHERE decided_at IS NOT NULL;
