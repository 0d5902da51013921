//! Who is here, what they may see, and why a button is off.

use shared::{Permission, Role, Session};

use super::route::Route;
use crate::texts;

/// Who sits in front of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// The service has not been asked yet.
    #[default]
    Unknown,
    /// Nobody is signed in.
    Nobody,
    /// This person.
    Person(Box<Session>),
    /// This person's session has ended while the page was open.
    Gone(Box<Session>),
}

impl Who {
    /// The session of somebody signed in.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Who::Person(session) => Some(session),
            Who::Unknown | Who::Nobody | Who::Gone(_) => None,
        }
    }

    /// The account whose words and pages are on the screen, also after its session has ended.
    #[must_use]
    pub fn account(&self) -> &str {
        match self {
            Who::Person(session) | Who::Gone(session) => &session.account_id,
            Who::Unknown | Who::Nobody => "",
        }
    }

    /// Whether somebody is signed in who may do this.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.session().is_some_and(|session| session.permissions.contains(&permission))
    }
}

/// What stands in the place of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It is not known yet who is there.
    Waiting,
    /// The page.
    Show(Route),
    /// The page is not for this person; it needs this.
    Barred(Permission),
    /// Sign-in comes first.
    SignIn,
}

/// Whether the page is shown. While `busy`, when somebody has a dialog open with words in it, a session that
/// ended takes nothing away.
#[must_use]
pub fn gate(route: &Route, who: &Who, busy: bool) -> Gate {
    if route.is_open() {
        return Gate::Show(route.clone());
    }
    match who {
        Who::Unknown => Gate::Waiting,
        Who::Gone(_) if busy => Gate::Show(route.clone()),
        Who::Nobody | Who::Gone(_) => Gate::SignIn,
        Who::Person(_) => match route.needs() {
            Some(needed) if !who.may(needed) => Gate::Barred(needed),
            Some(_) | None => Gate::Show(route.clone()),
        },
    }
}

/// Why nothing can be decided at all now; `None` if it can.
#[must_use]
pub fn hindrance(who: &Who, reachable: bool) -> Option<&'static str> {
    if !reachable {
        return Some(texts::DECIDING_OFF);
    }
    match who {
        Who::Unknown | Who::Nobody | Who::Gone(_) => Some(texts::SESSION_ENDED),
        Who::Person(_) if who.may(Permission::ChecksDecide) => None,
        Who::Person(_) => Some(texts::NOT_A_REVIEWER),
    }
}

/// The roles in the order of what they permit, each once.
#[must_use]
pub fn role_names(roles: &[Role]) -> String {
    let names: Vec<_> = Role::ALL.into_iter().filter(|role| roles.contains(role)).map(texts::role).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::session;

    fn person(role: Role) -> Who {
        Who::Person(Box::new(session(&[role])))
    }

    #[test]
    fn pages_open_for_those_who_may() {
        let reviewer = person(Role::Reviewer);
        assert_eq!(gate(&Route::Inbox, &reviewer, false), Gate::Show(Route::Inbox));
        assert_eq!(gate(&Route::History, &reviewer, false), Gate::Barred(Permission::AuditRead));
        assert_eq!(gate(&Route::People, &reviewer, false), Gate::Barred(Permission::Admin));
        assert_eq!(gate(&Route::Account, &reviewer, false), Gate::Show(Route::Account));
        assert_eq!(gate(&Route::Missing, &reviewer, false), Gate::Show(Route::Missing));
        assert_eq!(gate(&Route::History, &person(Role::Auditor), false), Gate::Show(Route::History));
        assert_eq!(gate(&Route::People, &person(Role::Administrator), false), Gate::Show(Route::People));
    }

    #[test]
    fn nobody_is_sent_to_sign_in_unless_there_already() {
        for route in [Route::Inbox, Route::Account, Route::Missing, Route::Check("1".into())] {
            assert_eq!(gate(&route, &Who::Nobody, false), Gate::SignIn);
            assert_eq!(gate(&route, &Who::Unknown, false), Gate::Waiting);
        }
        assert_eq!(gate(&Route::SignIn, &Who::Nobody, false), Gate::Show(Route::SignIn));
        assert_eq!(gate(&Route::Welcome, &Who::Unknown, false), Gate::Show(Route::Welcome));
    }

    #[test]
    fn a_session_that_ends_takes_away_no_open_dialog() {
        let gone = Who::Gone(Box::new(session(&[Role::Reviewer])));
        assert_eq!(gate(&Route::Inbox, &gone, true), Gate::Show(Route::Inbox));
        assert_eq!(gate(&Route::Inbox, &gone, false), Gate::SignIn);
        assert!(!gone.may(Permission::ChecksRead));
        assert_eq!(gone.account(), "a1");
    }

    #[test]
    fn what_keeps_one_from_deciding_is_said() {
        assert_eq!(hindrance(&person(Role::Reviewer), true), None);
        assert_eq!(hindrance(&person(Role::Reviewer), false), Some(texts::DECIDING_OFF));
        assert_eq!(hindrance(&person(Role::Viewer), true), Some(texts::NOT_A_REVIEWER));
        assert_eq!(hindrance(&person(Role::Administrator), true), Some(texts::NOT_A_REVIEWER));
        assert_eq!(
            hindrance(&Who::Gone(Box::new(session(&[Role::Reviewer]))), true),
            Some(texts::SESSION_ENDED)
        );
    }

    #[test]
    fn roles_are_named_in_their_order() {
        assert_eq!(role_names(&[Role::Auditor, Role::Reviewer]), "Reviewer, Auditor");
    }
}
