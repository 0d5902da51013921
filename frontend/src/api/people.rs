//! The operations about people: sign-in, accounts, groups, tokens and the record.

use gloo_net::http::Method;
use shared::{
    AcceptLink, AuditPage, AuditVerification, Credentials, Group, GroupChange, GroupList, Invited, LinkInfo,
    LinkSecret, MadeToken, NewPassword, NewPerson, NewToken, OneTimeLink, Person, PersonChange, PersonList,
    ProjectList, Session, SessionList, SignInOptions, TokenList,
};

use super::{Api, Asked, Nothing};
use crate::model::text::encode;

/// Where a browser signs in through a provider, and comes back to a page of the app.
#[must_use]
pub fn sign_in_address(provider: &str, return_to: &str) -> String {
    format!("api/v1/sign-in/{}?return_to={}", encode(provider), encode(return_to))
}

/// Where a browser signs out at a provider.
#[must_use]
pub fn sign_out_address(provider: &str) -> String {
    format!("api/v1/sign-in/{}/sign-out", encode(provider))
}

impl Api {
    /// Who is signed in.
    pub fn read_session(self) -> Asked<Session> {
        self.get_openly("session".into())
    }

    /// What the sign-in page offers.
    pub fn read_sign_in(self) -> Asked<SignInOptions> {
        self.get_openly("sign-in".into())
    }

    /// Signs in with a password.
    pub fn sign_in(self, credentials: &Credentials) -> Asked<Session> {
        self.ask_openly("session".into(), credentials)
    }

    /// Signs out.
    pub fn sign_out(self) -> Asked<()> {
        self.remove("session".into())
    }

    /// What a one-time link is good for.
    pub fn inspect_link(self, token: &str) -> Asked<LinkInfo> {
        self.ask_openly("links/inspect".into(), &LinkSecret { token: token.to_owned() })
    }

    /// Uses a one-time link.
    pub fn accept_link(self, accept: &AcceptLink) -> Asked<Session> {
        self.ask_openly("links/accept".into(), accept)
    }

    /// Changes the password.
    pub fn change_password(self, change: &NewPassword) -> Asked<()> {
        self.ask(Method::PUT, "account/password".into(), change)
    }

    /// The sessions of the person signed in, or of another one.
    pub fn list_sessions(self, person: Option<&str>) -> Asked<SessionList> {
        match person {
            None => self.get("account/sessions".into()),
            Some(id) => self.get(format!("people/{}/sessions", encode(id))),
        }
    }

    /// Ends one of one's own sessions.
    pub fn end_session(self, id: &str) -> Asked<()> {
        self.remove(format!("account/sessions/{}", encode(id)))
    }

    /// Ends all sessions of a person.
    pub fn end_sessions_of(self, person: &str) -> Asked<()> {
        self.remove(format!("people/{}/sessions", encode(person)))
    }

    /// All projects within reach.
    pub fn list_projects(self) -> Asked<ProjectList> {
        self.get("projects".into())
    }

    /// All people.
    pub fn list_people(self) -> Asked<PersonList> {
        self.get("people".into())
    }

    /// Invites somebody.
    pub fn invite(self, person: &NewPerson) -> Asked<Invited> {
        self.ask(Method::POST, "people".into(), person)
    }

    /// Changes a person.
    pub fn change_person(self, id: &str, change: &PersonChange) -> Asked<Person> {
        self.ask(Method::PUT, format!("people/{}", encode(id)), change)
    }

    /// Makes a link with which a person sets a password.
    pub fn make_link(self, person: &str) -> Asked<OneTimeLink> {
        self.ask(Method::POST, format!("people/{}/link", encode(person)), &Nothing {})
    }

    /// All groups.
    pub fn list_groups(self) -> Asked<GroupList> {
        self.get("groups".into())
    }

    /// Makes a group, or changes the one with this id.
    pub fn save_group(self, id: Option<&str>, change: &GroupChange) -> Asked<Group> {
        match id {
            None => self.ask(Method::POST, "groups".into(), change),
            Some(id) => self.ask(Method::PUT, format!("groups/{}", encode(id)), change),
        }
    }

    /// Removes a group.
    pub fn remove_group(self, id: &str) -> Asked<()> {
        self.remove(format!("groups/{}", encode(id)))
    }

    /// API tokens.
    pub fn list_tokens(self) -> Asked<TokenList> {
        self.get("tokens".into())
    }

    /// Makes an API token.
    pub fn make_token(self, token: &NewToken) -> Asked<MadeToken> {
        self.ask(Method::POST, "tokens".into(), token)
    }

    /// Revokes an API token.
    pub fn revoke_token(self, id: &str) -> Asked<()> {
        self.remove(format!("tokens/{}", encode(id)))
    }

    /// One page of the record; `query` is the filter's.
    pub fn list_record(self, query: &str) -> Asked<AuditPage> {
        self.get(format!("audit?{query}"))
    }

    /// Whether the record's chain holds.
    pub fn verify_record(self) -> Asked<AuditVerification> {
        self.get("audit/verification".into())
    }
}
