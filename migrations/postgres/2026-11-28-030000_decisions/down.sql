DROP TRIGGER decision_append_only_delete ON decision;
DROP TRIGGER decision_append_only_update ON decision;
DROP FUNCTION decision_append_only();
