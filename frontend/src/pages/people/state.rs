//! What the people page knows, and which of its dialogs is open.

use crate::ui::prelude::*;
use shared::{EventKind, Group, OneTimeLink, Person, ProjectItem};

use crate::api::Fault;
use crate::components::modal::{Question, question};
use crate::state::{App, dom};
use crate::texts;
use crate::ui::El;

/// Which dialog is open.
#[derive(Clone, PartialEq)]
pub(super) enum Open {
    /// None.
    Nothing,
    /// The one that invites.
    Invite,
    /// A person.
    Person(Box<Person>),
    /// A group to be made.
    NewGroup,
    /// A group.
    Group(Box<Group>),
    /// A question.
    Ask(What),
    /// A link to hand on.
    Link(OneTimeLink),
}

/// What is asked before it is done.
#[derive(Clone, PartialEq)]
pub(super) enum What {
    /// Ends all sessions of a person.
    EndSessions(Box<Person>),
    /// Removes a group.
    RemoveGroup(Box<Group>),
}

impl What {
    /// The question.
    pub(super) fn ask(self, people: People) -> El {
        let api = people.app.api;
        let ask = match self {
            What::EndSessions(person) => Question {
                title: texts::end_sessions(&person.name),
                says: texts::END_SESSIONS_HINT.into(),
                verb: texts::END_SESSIONS,
                act: Box::new(move || api.end_sessions_of(&person.id)),
            },
            What::RemoveGroup(group) => Question {
                title: texts::remove_group(&group.name),
                says: texts::REMOVE_GROUP_HINT.into(),
                verb: texts::REMOVE,
                act: Box::new(move || api.remove_group(&group.id)),
            },
        };
        question(ask, move || people.load(), move || people.close())
    }
}

/// Whether something changed that the page shows.
const fn about_people(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::PersonInvited
            | EventKind::PersonChanged
            | EventKind::PersonJoined
            | EventKind::GroupChanged
            | EventKind::SignedIn
            | EventKind::SignInFailed
            | EventKind::RuleEnrolled
    )
}

/// People, groups and projects. Copies are handles to the same signals.
#[derive(Clone, Copy)]
pub(super) struct People {
    pub(super) app: App,
    pub(super) all: RwSignal<Option<Vec<Person>>>,
    pub(super) groups: RwSignal<Option<Vec<Group>>>,
    pub(super) projects: RwSignal<Vec<ProjectItem>>,
    pub(super) fault: RwSignal<Option<Fault>>,
    pub(super) open: RwSignal<Open>,
}

impl People {
    /// All, being read.
    pub(super) fn new(app: App) -> Self {
        let people = Self {
            app,
            all: RwSignal::new(None),
            groups: RwSignal::new(None),
            projects: RwSignal::new(Vec::new()),
            fault: RwSignal::new(None),
            open: RwSignal::new(Open::Nothing),
        };
        people.load();
        app.keep_fresh(about_people, move || people.load());
        people
    }

    /// Reads all of it again.
    pub(super) fn load(self) {
        let api = self.app.api;
        let failed = move |fault| self.fault.set(Some(fault));
        self.fault.set(None);
        api.list_projects().then(move |answer| match answer {
            Ok(list) => self.projects.set(list.items),
            Err(fault) => failed(fault),
        });
        api.list_groups().then(move |answer| match answer {
            Ok(list) => self.groups.set(Some(list.items)),
            Err(fault) => failed(fault),
        });
        api.list_people().then(move |answer| match answer {
            Ok(list) => self.all.set(Some(list.items)),
            Err(fault) => failed(fault),
        });
    }

    /// Closes the dialog, unless another one was opened from it.
    pub(super) fn close(self) {
        self.open.set(Open::Nothing);
        // The browser gives the focus back to where it was, which may be a dialog that is gone.
        dom::rescue_focus("h1".into());
    }

    /// The projects as ids and names.
    pub(super) fn project_names(self) -> Vec<(String, String)> {
        self.projects.with_untracked(|all| all.iter().map(|one| (one.id.clone(), one.path.clone())).collect())
    }

    /// The groups as ids and names.
    pub(super) fn group_names(self) -> Vec<(String, String)> {
        self.groups.with_untracked(|all| {
            all.iter().flatten().map(|one| (one.id.clone(), one.name.clone())).collect()
        })
    }

    /// The people as ids and names.
    pub(super) fn people_names(self) -> Vec<(String, String)> {
        self.all.with_untracked(|all| {
            all.iter()
                .flatten()
                .map(|one| (one.id.clone(), format!("{} ({})", one.name, one.email)))
                .collect()
        })
    }
}
