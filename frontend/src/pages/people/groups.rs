//! The card with the groups, and the dialog that makes or changes one.

use crate::ui::prelude::*;
use shared::account::{AccountFault, validate_name};
use shared::{Group, GroupChange};

use super::state::{Open, People, What};
use crate::components::button;
use crate::components::form::{Form, ticks, value};
use crate::components::message::skeleton;
use crate::components::modal::{foot, modal};
use crate::model::people::Wrong;
use crate::texts;
use crate::ui::{El, el, words};

/// The card.
pub(super) fn groups(people: People) -> El {
    let new = button(texts::NEW_GROUP, "btn", "group-new").on_click(move || people.open.set(Open::NewGroup));
    let title = words("h2", texts::GROUPS).attr("id", "groups-title");
    let list = move || {
        people.groups.with(|groups| {
            let Some(groups) = groups else {
                return people.fault.with(Option::is_none).then(|| skeleton(1));
            };
            Some(if groups.is_empty() {
                words("p", texts::GROUPS_NONE).class("fine")
            } else {
                let rows = groups.iter().map(|group| row(people, group)).collect();
                el("ul").class("plain-rows").test("groups").children(rows)
            })
        })
    };
    el("section")
        .class("card")
        .attr("aria-labelledby", "groups-title")
        .child(el("div").class("card-head").child(title).child(new))
        .child(words("p", texts::GROUPS_HINT).class("fine"))
        .child_fn(list)
}

fn row(people: People, group: &Group) -> El {
    let facts = el("p")
        .class("row-facts")
        .child(words("span", &texts::members(group.members.len())))
        .child(words("span", &texts::projects(group.projects.len())));
    let change = group.clone();
    let edit = button(texts::CHANGE, "btn", "group-edit")
        .label(texts::CHANGE, &group.name)
        .on_click(move || people.open.set(Open::Group(Box::new(change.clone()))));
    el("li")
        .test("group")
        .child(el("div").class("call-main").child(words("strong", &group.name)).child(facts))
        .child(edit)
}

/// The dialog.
pub(super) fn edit(people: People, group: Option<Group>) -> El {
    let form = Form::new("group");
    let title = group.as_ref().map_or_else(|| texts::NEW_GROUP.to_owned(), |group| group.name.clone());
    let open = people.open.get_untracked();
    let closed = move || {
        if people.open.with_untracked(|now| *now == open) {
            people.close();
        }
    };
    modal(&title, "group-dialog", closed, |dialog| {
        let projects = RwSignal::new(group.as_ref().map(|group| group.projects.clone()).unwrap_or_default());
        let members = RwSignal::new(group.as_ref().map(|group| group.members.clone()).unwrap_or_default());
        let name = form.input("name", "text", "off").attr("autofocus", "");
        let name = match &group {
            Some(group) => name.attr("value", &group.name),
            None => name,
        };
        let typed = name.as_kind();
        let remove = group.clone().map(|group| {
            button(texts::REMOVE, "btn reject", "group-remove").on_click(move || {
                people.open.set(Open::Ask(What::RemoveGroup(Box::new(group.clone()))));
            })
        });
        let (id, version) = group.map(|group| (group.id, group.version)).unzip();
        let after = dialog.clone();
        let send = move || {
            let name = value(&typed).trim().to_owned();
            let checked = validate_name(&name).map_err(|fault: AccountFault| Wrong {
                field: "name".into(),
                says: texts::account_fault(fault),
            });
            if form.checked(checked).is_none() {
                return;
            }
            let (id, dialog) = (id.clone(), after.clone());
            let change = GroupChange {
                name,
                projects: projects.get_untracked(),
                members: members.get_untracked(),
                expected_version: version.clone(),
            };
            form.busy.set(true);
            people.app.api.save_group(id.as_deref(), &change).then(move |answer| {
                form.busy.set(false);
                match answer {
                    Ok(_) => {
                        people.load();
                        dialog.close();
                    }
                    Err(fault) => form.refused(fault),
                }
            });
        };
        let (reach, people_in) = (people.project_names(), people.people_names());
        vec![
            form.element(send)
                .child(form.field("name", texts::NAME, "", name))
                .child(form.group(
                    "projects",
                    texts::PROJECTS,
                    texts::GROUP_PROJECTS,
                    ticks(&reach, projects),
                ))
                .child(form.group("members", texts::MEMBERS, "", ticks(&people_in, members)))
                .child(el("div").class("card-acts").child(remove))
                .child(form.outcome(texts::ERR_ACTION))
                .child(foot(dialog, form.send_button(texts::SAVE))),
        ]
    })
}
