//! The external status checks of a project (`ee/lib/api/status_checks.rb`, `ExternalStatusChecks::*Service`).

use super::answer::{Answer, Reply};
use super::{Context, access, entity, paging};
use crate::world::{AccessLevel, RuleChange};

/// `GET …/external_status_checks`. Below Maintainer GitLab says 401 here, not 403.
pub(super) fn list(context: &mut Context<'_>, project: i64) -> Reply {
    access::licensed(context, project)?;
    if access::level(context, project) < AccessLevel::Maintainer {
        return Err(Answer::unauthorized());
    }
    let own = context.world.project(project)?;
    let rules: Vec<_> = own.rules.values().collect();
    paging::page(context, &rules, |rule| entity::rule(own, rule))
}

/// `POST …/external_status_checks`.
pub(super) fn create(context: &mut Context<'_>, project: i64) -> Reply {
    access::licensed(context, project)?;
    let missing: Vec<_> =
        ["name", "external_url"].into_iter().filter(|name| !context.params.has(name)).collect();
    if !missing.is_empty() {
        let faults: Vec<_> = missing.iter().map(|name| format!("{name} is missing")).collect();
        return Err(Answer::error(400, &faults.join(", ")));
    }
    access::at_least(context, project, AccessLevel::Maintainer)?;
    let rule = context.world.create_rule(project, change(context)?)?;
    shown(context, project, rule, 201)
}

/// `PUT …/external_status_checks/:check_id`.
pub(super) fn update(context: &mut Context<'_>, project: i64, rule: &str) -> Reply {
    access::licensed(context, project)?;
    let rule = check_id(rule)?;
    access::at_least(context, project, AccessLevel::Maintainer)?;
    context.world.change_rule(project, rule, change(context)?)?;
    shown(context, project, rule, 200)
}

/// `DELETE …/external_status_checks/:check_id`.
pub(super) fn delete(context: &mut Context<'_>, project: i64, rule: &str) -> Reply {
    access::licensed(context, project)?;
    let rule = check_id(rule)?;
    access::at_least(context, project, AccessLevel::Maintainer)?;
    context.world.delete_rule(project, rule)?;
    Ok(Answer::no_content())
}

fn check_id(text: &str) -> Result<i64, Answer> {
    text.parse().map_err(|_| Answer::error(400, "check_id is invalid"))
}

fn change(context: &Context<'_>) -> Result<RuleChange, Answer> {
    Ok(RuleChange {
        name: context.params.text("name"),
        external_url: context.params.text("external_url"),
        shared_secret: context.params.text("shared_secret"),
        protected_branch_ids: context.params.numbers("protected_branch_ids")?,
    })
}

fn shown(context: &Context<'_>, project: i64, rule: i64, status: u16) -> Reply {
    let own = context.world.project(project)?;
    Ok(Answer::json(status, &entity::rule(own, own.rule(rule)?)))
}
