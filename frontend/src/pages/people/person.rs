//! The dialogs about one person: inviting, changing, and the link that lets them in.

use crate::ui::prelude::*;
use shared::{OneTimeLink, Person, Role};
use web_sys::{HtmlDialogElement, HtmlElement};

use super::state::{Open, People, What};
use crate::components::button;
use crate::components::form::{Form, radio, tick, ticks, value};
use crate::components::modal::{foot, modal, secret};
use crate::components::time::{As, moment};
use crate::model::people::Entry;
use crate::texts;
use crate::ui::{El, el, words};

/// The parts of the form that are read when it is sent.
#[derive(Clone)]
struct Fields {
    name: HtmlElement,
    email: HtmlElement,
    gitlab: HtmlElement,
    roles: RwSignal<Vec<Role>>,
    all_projects: RwSignal<bool>,
    projects: RwSignal<Vec<String>>,
    groups: RwSignal<Vec<String>>,
    active: RwSignal<bool>,
}

impl Fields {
    fn entry(&self) -> Entry {
        Entry {
            name: value(&self.name),
            email: value(&self.email),
            roles: self.roles.get_untracked(),
            all_projects: self.all_projects.get_untracked(),
            projects: self.projects.get_untracked(),
            groups: self.groups.get_untracked(),
            gitlab: value(&self.gitlab),
            active: self.active.get_untracked(),
        }
    }
}

/// The fields that both dialogs share.
fn fields(people: People, form: Form, entry: &Entry, known: bool) -> (Fields, Vec<El>) {
    let name = form.input("name", "text", "off").attr("value", &entry.name).attr("autofocus", "");
    let email = form.input("email", "email", "off").attr("value", &entry.email);
    let gitlab = form.input("gitlab_user_id", "text", "off").attr("inputmode", "numeric");
    let gitlab = gitlab.attr("value", &entry.gitlab);
    let fields = Fields {
        name: name.as_kind(),
        email: email.as_kind(),
        gitlab: gitlab.as_kind(),
        roles: RwSignal::new(entry.roles.clone()),
        all_projects: RwSignal::new(entry.all_projects),
        projects: RwSignal::new(entry.projects.clone()),
        groups: RwSignal::new(entry.groups.clone()),
        active: RwSignal::new(entry.active),
    };
    let (roles, all) = (fields.roles, fields.all_projects);
    let role = |role: Role| {
        let on = roles.with_untracked(|roles| roles.contains(&role));
        let testid = format!("role-{}", role.as_str());
        tick(texts::role(role), texts::role_hint(role), &testid, on, move |on| {
            roles.update(|roles| {
                roles.retain(|known| *known != role);
                if on {
                    roles.push(role);
                }
            });
        })
    };
    let reach = vec![
        radio("reach", texts::REACH_ALL, "reach-all", entry.all_projects, move |_| all.set(true)),
        radio("reach", texts::REACH_SOME, "reach-some", !entry.all_projects, move |_| all.set(false)),
    ];
    let (projects, groups) = (people.project_names(), people.group_names());
    let (granted, joined) = (fields.projects, fields.groups);
    let granted = move || {
        (!all.get() && !projects.is_empty())
            .then(|| untrack(|| form.group("projects", texts::PROJECTS, "", ticks(&projects, granted))))
    };
    let joined = (!groups.is_empty())
        .then(|| form.group("groups", texts::GROUPS, texts::GROUPS_HINT, ticks(&groups, joined)));
    let mail = if known { email.attr("readonly", "") } else { email };
    let drawn = vec![
        form.field("name", texts::NAME, "", name),
        form.field("email", texts::EMAIL, "", mail),
        form.group("roles", texts::ROLES, "", Role::ALL.map(role).into()),
        form.group("reach", texts::REACH, "", reach),
        el("div").child_fn(granted),
        el("div").child(joined),
        form.field("gitlab_user_id", texts::GITLAB_ID, texts::GITLAB_ID_HINT, gitlab),
    ];
    (fields, drawn)
}

/// The dialog that invites somebody, and then shows the link.
pub(super) fn invite(people: People) -> El {
    let form = Form::new("invite");
    let entry = Entry { roles: vec![Role::Reviewer], all_projects: true, active: true, ..Entry::default() };
    modal(
        texts::INVITE,
        "invite-dialog",
        move || closed(people, &Open::Invite),
        |dialog| {
            let (fields, drawn) = fields(people, form, &entry, false);
            let send = move || {
                let Some(person) = form.checked(fields.entry().invitation()) else { return };
                form.busy.set(true);
                people.app.api.invite(&person).then(move |answer| {
                    form.busy.set(false);
                    match answer {
                        Ok(invited) => {
                            people.load();
                            people.open.set(Open::Link(invited.link));
                        }
                        Err(fault) => form.refused(fault),
                    }
                });
            };
            vec![
                form.element(send)
                    .children(drawn)
                    .child(form.outcome(texts::ERR_ACTION))
                    .child(foot(dialog, form.send_button(texts::INVITE_VERB))),
            ]
        },
    )
}

/// The dialog that changes a person.
pub(super) fn edit(people: People, person: &Person) -> El {
    let form = Form::new("person");
    let entry = Entry::of(person);
    let open = Open::Person(Box::new(person.clone()));
    modal(
        &person.name,
        "person-dialog",
        move || closed(people, &open),
        |dialog| {
            let (fields, mut drawn) = fields(people, form, &entry, true);
            let active = fields.active;
            let own = people.app.who.with_untracked(|who| who.account() == person.id);
            let switch = tick(texts::ACTIVE, texts::ACTIVE_HINT, "person-active", entry.active, move |on| {
                active.set(on);
            });
            drawn.push(form.group("active", texts::SIGN_IN, "", vec![switch]));
            let (id, version) = (person.id.clone(), person.version.clone());
            let after = dialog.clone();
            let send = move || {
                let Some(mut change) = form.checked(fields.entry().change()) else { return };
                // What another administrator changed since is not undone.
                change.expected_version = Some(version.clone());
                let (id, dialog) = (id.clone(), after.clone());
                form.busy.set(true);
                people.app.api.change_person(&id, &change).then(move |answer| {
                    form.busy.set(false);
                    match answer {
                        Ok(_) => {
                            people.load();
                            if own {
                                people.app.read_session();
                            }
                            dialog.close();
                        }
                        Err(fault) => form.refused(fault),
                    }
                });
            };
            vec![
                form.element(send)
                    .children(drawn)
                    .child(access(people, form, person))
                    .child(form.outcome(texts::ERR_ACTION))
                    .child(foot(dialog, form.send_button(texts::SAVE))),
            ]
        },
    )
}

/// What can be done at once: a new link, the end of all sessions.
fn access(people: People, form: Form, person: &Person) -> El {
    let id = person.id.clone();
    let label = if person.accepted { texts::RESET_LINK } else { texts::INVITE_AGAIN };
    let link = button(label, "btn", "person-link").on_click(move || {
        let id = id.clone();
        people.app.api.make_link(&id).then(move |answer| match answer {
            Ok(link) => {
                people.open.set(Open::Link(link));
            }
            Err(fault) => form.refused(fault),
        });
    });
    let whom = person.clone();
    let end = button(texts::END_SESSIONS, "btn", "person-end-sessions").on_click(move || {
        people.open.set(Open::Ask(What::EndSessions(Box::new(whom.clone()))));
    });
    el("div").class("card-acts").child(link).child(end)
}

/// The link, to be handed on.
pub(super) fn link_dialog(people: People, link: &OneTimeLink) -> El {
    let open = Open::Link(link.clone());
    let say = Callback::new(move |words| people.app.say(words));
    modal(
        texts::LINK_TITLE,
        "link-dialog",
        move || closed(people, &open),
        |dialog| {
            vec![
                el("div")
                    .class("form")
                    .child(words("p", texts::LINK_HINT))
                    .child(secret(texts::LINK_TITLE, &link.url, "link-url", say))
                    .child(
                        words("p", texts::LINK_ENDS)
                            .class("fine")
                            .text(" ")
                            .child(moment(&link.expires_at, As::Clock))
                            .text("."),
                    )
                    .child(done(dialog)),
            ]
        },
    )
}

fn done(dialog: HtmlDialogElement) -> El {
    el("div")
        .class("dialog-foot")
        .child(el("span").class("grow"))
        .child(button(texts::DONE, "btn", "link-done").on_click(move || dialog.close()))
}

/// A dialog was closed: nothing is open, unless another one has taken its place.
fn closed(people: People, which: &Open) {
    if people.open.with_untracked(|open| open == which) {
        people.close();
    }
}
