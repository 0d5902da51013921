//! The operations about people: sign-in, accounts, groups, tokens and the record.

use shared::{
    AcceptLink, AuditPage, AuditVerification, Credentials, Group, GroupChange, GroupList, Invited, LinkInfo,
    LinkSecret, MadeToken, NewPassword, NewPerson, NewToken, OneTimeLink, Person, PersonChange, PersonList,
    ProjectList, Session, SessionList, SignInOptions, TokenList,
};

use super::json::{Read, Write, to_text};
use super::shapes::Nothing;
use super::{Api, Fault, parse};
use crate::model::text::encode;

impl Api {
    /// Who is signed in.
    pub async fn read_session(self) -> Result<Session, Fault> {
        parse(&self.send_openly("GET", "session", None).await?)
    }

    /// What the sign-in page offers.
    pub async fn read_sign_in(self) -> Result<SignInOptions, Fault> {
        parse(&self.send_openly("GET", "sign-in", None).await?)
    }

    /// Signs in with a password.
    pub async fn sign_in(self, credentials: &Credentials) -> Result<Session, Fault> {
        self.ask_openly("session", credentials).await
    }

    /// Signs out.
    pub async fn sign_out(self) -> Result<(), Fault> {
        self.remove("session").await
    }

    /// What a one-time link is good for.
    pub async fn inspect_link(self, token: &str) -> Result<LinkInfo, Fault> {
        self.ask_openly("links/inspect", &LinkSecret { token: token.to_owned() }).await
    }

    /// Uses a one-time link.
    pub async fn accept_link(self, accept: &AcceptLink) -> Result<Session, Fault> {
        self.ask_openly("links/accept", accept).await
    }

    /// Changes the password.
    pub async fn change_password(self, change: &NewPassword) -> Result<(), Fault> {
        self.tell("PUT", "account/password", change).await
    }

    /// The sessions of the person signed in, or of another one.
    pub async fn list_sessions(self, person: Option<&str>) -> Result<SessionList, Fault> {
        match person {
            None => self.get("account/sessions").await,
            Some(id) => self.get(&format!("people/{}/sessions", encode(id))).await,
        }
    }

    /// Ends one of one's own sessions.
    pub async fn end_session(self, id: &str) -> Result<(), Fault> {
        self.remove(&format!("account/sessions/{}", encode(id))).await
    }

    /// Ends all sessions of a person.
    pub async fn end_sessions_of(self, person: &str) -> Result<(), Fault> {
        self.remove(&format!("people/{}/sessions", encode(person))).await
    }

    /// All projects within reach.
    pub async fn list_projects(self) -> Result<ProjectList, Fault> {
        self.get("projects").await
    }

    /// All people.
    pub async fn list_people(self) -> Result<PersonList, Fault> {
        self.get("people").await
    }

    /// Invites somebody.
    pub async fn invite(self, person: &NewPerson) -> Result<Invited, Fault> {
        self.ask("POST", "people", person).await
    }

    /// Changes a person.
    pub async fn change_person(self, id: &str, change: &PersonChange) -> Result<Person, Fault> {
        self.ask("PUT", &format!("people/{}", encode(id)), change).await
    }

    /// Makes a link with which a person sets a password.
    pub async fn make_link(self, person: &str) -> Result<OneTimeLink, Fault> {
        self.ask("POST", &format!("people/{}/link", encode(person)), &Nothing).await
    }

    /// All groups.
    pub async fn list_groups(self) -> Result<GroupList, Fault> {
        self.get("groups").await
    }

    /// Makes a group, or changes the one with this id.
    pub async fn save_group(self, id: Option<&str>, change: &GroupChange) -> Result<Group, Fault> {
        match id {
            None => self.ask("POST", "groups", change).await,
            Some(id) => self.ask("PUT", &format!("groups/{}", encode(id)), change).await,
        }
    }

    /// Removes a group.
    pub async fn remove_group(self, id: &str) -> Result<(), Fault> {
        self.remove(&format!("groups/{}", encode(id))).await
    }

    /// API tokens.
    pub async fn list_tokens(self) -> Result<TokenList, Fault> {
        self.get("tokens").await
    }

    /// Makes an API token.
    pub async fn make_token(self, token: &NewToken) -> Result<MadeToken, Fault> {
        self.ask("POST", "tokens", token).await
    }

    /// Revokes an API token.
    pub async fn revoke_token(self, id: &str) -> Result<(), Fault> {
        self.remove(&format!("tokens/{}", encode(id))).await
    }

    /// One page of the record; `query` is the filter's.
    pub async fn list_record(self, query: &str) -> Result<AuditPage, Fault> {
        self.get(&format!("audit?{query}")).await
    }

    /// Whether the record's chain holds.
    pub async fn verify_record(self) -> Result<AuditVerification, Fault> {
        self.get("audit/verification").await
    }

    async fn remove(self, path: &str) -> Result<(), Fault> {
        self.send("DELETE", path, None).await.map(drop)
    }

    async fn ask_openly<T: Read>(self, path: &str, body: &impl Write) -> Result<T, Fault> {
        parse(&self.send_openly("POST", path, Some(to_text(body))).await?)
    }
}
