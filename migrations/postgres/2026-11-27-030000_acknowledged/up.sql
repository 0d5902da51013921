-- Whether somebody has looked into why GitLab shows `passed` for the check though nobody here approved it.
ALTER TABLE status_check ADD COLUMN pass_acknowledged BOOLEAN NOT NULL DEFAULT FALSE;
