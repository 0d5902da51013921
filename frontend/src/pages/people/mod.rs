//! People and groups, for administrators.

mod groups;
mod person;
mod state;

use crate::ui::prelude::*;
use shared::Person;

use crate::components::button;
use crate::components::icon::{CLOCK, GONE, SEARCH, WARN, YES, icon};
use crate::components::message::{empty, fault_box, skeleton};
use crate::components::time::{As, moment};
use crate::model::access::role_names;
use crate::model::people::{Standing, matches};
use crate::state::App;
use crate::texts;
use crate::ui::{El, el, words};
use state::{Open, People};

/// The people page.
#[must_use]
pub fn people_page() -> El {
    let app = App::get();
    super::name_page(app, || texts::NAV_PEOPLE.to_owned());
    super::focus_heading(app);
    let people = People::new(app);
    let q = RwSignal::new(String::new());
    let retry = Callback::new(move |()| people.load());
    let fault = move || {
        let holds = people.all.with_untracked(Option::is_some);
        people.fault.get().map(|fault| fault_box(texts::ERR_PEOPLE, &fault, holds, Some(retry)))
    };
    let list = move || {
        people.all.with(|all| {
            let Some(all) = all else {
                return people.fault.with(Option::is_none).then(|| skeleton(4));
            };
            let found: Vec<_> = q.with(|q| all.iter().filter(|person| matches(person, q)).collect());
            Some(if found.is_empty() {
                empty("people-none", words("h2", texts::PEOPLE_NO_MATCH), "", None)
            } else {
                let rows = found.into_iter().map(|person| row(people, person)).collect();
                el("ol").class("rows people").test("people").children(rows)
            })
        })
    };
    let invite =
        button(texts::INVITE, "btn solid main", "invite").on_click(move || people.open.set(Open::Invite));
    super::page(vec![
        super::heading(texts::NAV_PEOPLE),
        el("div").class("filters").child(search(q)).child(el("span").class("grow")).child(invite),
        el("div").child_fn(fault),
        el("div").child_fn(list),
        groups::groups(people),
        el("div").child_fn(move || dialog(people)),
    ])
}

fn search(q: RwSignal<String>) -> El {
    let field = el("input")
        .attr("id", "search")
        .attr("type", "search")
        .attr("autocomplete", "off")
        .attr("placeholder", texts::PEOPLE_SEARCH)
        .test("people-search");
    let typed = field.as_kind();
    el("label")
        .class("search")
        .child(icon(SEARCH))
        .child(words("span", texts::SEARCH).class("sr-only"))
        .child(field.on("input", move |_| q.set(crate::components::form::value(&typed))))
}

fn dialog(people: People) -> Option<El> {
    let open = people.open.get();
    untrack(|| match open {
        Open::Nothing => None,
        Open::Invite => Some(person::invite(people)),
        Open::Person(person) => Some(person::edit(people, &person)),
        Open::NewGroup => Some(groups::edit(people, None)),
        Open::Group(group) => Some(groups::edit(people, Some(*group))),
        Open::Ask(what) => Some(what.ask(people)),
        Open::Link(link) => Some(person::link_dialog(people, &link)),
    })
}

fn row(people: People, person: &Person) -> El {
    let edit = person.clone();
    let name = button("", "row-title plain-button", "person-edit")
        .text(&person.name)
        .on_click(move || people.open.set(Open::Person(Box::new(edit.clone()))));
    let reach = if person.all_projects {
        texts::REACH_ALL.into()
    } else {
        texts::reach(person.projects.len(), person.groups.len())
    };
    let seen = match &person.last_sign_in_at {
        Some(at) => el("span").text(texts::SEEN).text(" ").child(moment(at, As::Ago)),
        None => words("span", texts::NEVER_SEEN),
    };
    let main = el("div")
        .class("row-main")
        .child(name)
        .child(el("p").class("row-facts").child(words("span", &person.email)));
    el("li")
        .class("row")
        .test("person-row")
        .attr("data-email", &person.email)
        .child(main)
        .child(words("div", &role_names(&person.roles)).class("person-roles"))
        .child(words("div", &reach).class("person-reach fine"))
        .child(el("div").class("person-seen fine").child(seen))
        .child(el("div").class("person-state").child(standing(person)))
}

/// How the account stands, as icon and word.
fn standing(person: &Person) -> El {
    let standing = Standing::of(person);
    let (shape, state) = match standing {
        Standing::Active => (YES, "approved"),
        Standing::Invited => (CLOCK, "pending"),
        Standing::Locked => (WARN, "rejected"),
        Standing::Off => (GONE, "withdrawn"),
    };
    let badge = el("span").class("state").attr("data-state", state).child(icon(shape));
    match (&person.locked_until, standing) {
        (Some(until), Standing::Locked) => {
            badge.text(texts::standing(standing)).text(" ").child(moment(until, As::Clock))
        }
        (_, _) => badge.text(texts::standing(standing)),
    }
}
