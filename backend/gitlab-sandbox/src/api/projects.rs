//! Projects, their settings, members and protected branches.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::{Context, access, entity, paging};
use crate::world::{AccessLevel, Project, Visibility};

/// `GET /projects`, filtered by `membership`, `search` and `min_access_level`.
pub(super) fn list(context: &mut Context<'_>) -> Reply {
    let params = &context.params;
    let search = params.text("search").unwrap_or_default().to_lowercase();
    let least = params.number("min_access_level").unwrap_or(0);
    let members_only = params.truth("membership").unwrap_or(false) || least > 0;
    let seen = |project: &&Project| {
        let level = access::level(context, project.id);
        (level > AccessLevel::None || (!members_only && project.visibility != Visibility::Private))
            && level.number() >= least
            && project.path.to_lowercase().contains(&search)
    };
    let projects: Vec<_> = context.world.projects.values().rev().filter(seen).collect();
    paging::page(context, &projects, |project| entity::project(context.world, project))
}

/// `GET /projects/:id`, with the caller's own access level.
pub(super) fn show(context: &mut Context<'_>, project: i64) -> Reply {
    let mut body = entity::project(context.world, context.world.project(project)?);
    let level = access::level(context, project);
    let own = if level == AccessLevel::None {
        Value::Null
    } else {
        json!({ "access_level": level.number(), "notification_level": 3 })
    };
    body["permissions"] = json!({ "project_access": own, "group_access": null });
    Ok(Answer::json(200, &body))
}

/// `PUT /projects/:id`; of the many settings only those that matter here.
pub(super) fn update(context: &mut Context<'_>, project: i64) -> Reply {
    access::at_least(context, project, AccessLevel::Maintainer)?;
    let gate = context.params.truth("only_allow_merge_if_all_status_checks_passed");
    let description = context.params.text("description");
    let own = context.world.project_mut(project)?;
    if let Some(gate) = gate {
        own.status_checks_must_pass = gate;
    }
    if let Some(description) = description {
        own.description = description;
    }
    show(context, project)
}

/// `GET …/members/all`.
pub(super) fn members(context: &mut Context<'_>, project: i64) -> Reply {
    let level = |user: &i64| context.world.access(project, *user).unwrap_or(AccessLevel::None);
    let users: Vec<_> =
        context.world.users.keys().copied().filter(|user| level(user) > AccessLevel::None).collect();
    paging::page(context, &users, |user| member_entity(context, *user, level(user)))
}

/// `GET …/members/all/:user_id`.
pub(super) fn member(context: &mut Context<'_>, project: i64, user: &str) -> Reply {
    let user = user.parse().map_err(|_| Answer::error(400, "user_id is invalid"))?;
    match context.world.access(project, user)? {
        AccessLevel::None => Err(Answer::not_found()),
        level => Ok(Answer::json(200, &member_entity(context, user, level))),
    }
}

fn member_entity(context: &Context<'_>, user: i64, level: AccessLevel) -> Value {
    let mut body = entity::user(context.world, user);
    body["access_level"] = level.number().into();
    body["expires_at"] = Value::Null;
    body["membership_state"] = "active".into();
    body
}

/// `GET …/protected_branches`.
pub(super) fn protected_branches(context: &mut Context<'_>, project: i64) -> Reply {
    let own = context.world.project(project)?;
    paging::page(context, &own.protected_branches, |branch| {
        json!({
            "id": branch.id,
            "name": branch.name,
            "push_access_levels": [{ "access_level": 40, "access_level_description": "Maintainers" }],
            "merge_access_levels": [{ "access_level": 40, "access_level_description": "Maintainers" }],
            "allow_force_push": false,
            "code_owner_approval_required": false,
        })
    })
}
