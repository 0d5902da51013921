//! Which rules an observation takes in: new ones, and new names of known ones.

use serde_json::json;

use super::observe::Observation;
use crate::db::projects::{self, ProjectRow, RuleRow};
use crate::db::{Conn, DbError, events};
use crate::domain::facts::{RuleFacts, Source};
use crate::domain::record::{Actor, EventKind, NewEvent};

/// The rule to be enrolled by this observation, if there is one.
pub(super) fn newcomer<'a>(seen: &Observation<'a>, known: &[RuleRow]) -> Option<&'a RuleFacts> {
    let named = seen.named_rule?;
    if !seen.enrol || known.iter().any(|rule| rule.gitlab_id == named) {
        return None;
    }
    let facts = seen.facts.rules.iter().find(|rule| rule.gitlab_id == named)?;
    match seen.facts.source {
        Source::SignedCall => Some(facts),
        // An unsigned call may name any check of the project; take only one whose URL leads here.
        Source::ReadBack => {
            facts.external_url.as_deref().is_none_or(|url| url.contains("/status_check")).then_some(facts)
        }
    }
}

/// Renames rules that GitLab, when it was asked, calls otherwise, and enrols the newcomer; returns all rules of the project.
pub(super) fn take_rules(
    conn: &mut Conn,
    seen: &Observation<'_>,
    project: &ProjectRow,
    mut rules: Vec<RuleRow>,
    newcomer: Option<&RuleFacts>,
) -> Result<Vec<RuleRow>, DbError> {
    for rule in &mut rules {
        let told = seen.facts.rules.iter().find(|facts| facts.gitlab_id == rule.gitlab_id);
        let read = seen.facts.source == Source::ReadBack;
        if let Some(told) = told.filter(|told| read && told.name != rule.name) {
            projects::rename_rule(conn, &rule.id, &told.name, seen.now)?;
            rule.name.clone_from(&told.name);
        }
    }
    if let Some(facts) = newcomer {
        let (rule, new) = projects::enrol_rule(conn, &project.id, facts, seen.now)?;
        if new {
            let event = NewEvent::new(
                EventKind::RuleEnrolled,
                Actor::app(),
                format!("{:?} of {} was enrolled by its first call", rule.name, project.path),
                json!({"project": seen.facts.project.gitlab_id, "rule": rule.gitlab_id}),
            )
            .of_project(project.id.as_str());
            events::append(conn, &event, seen.now)?;
        }
        rules.push(rule);
    }
    Ok(rules)
}
