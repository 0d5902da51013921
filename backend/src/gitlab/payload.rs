//! The call GitLab makes for an external status check: the merge request webhook's body plus
//! `external_approval_rule`.
//!
//! Source: <https://docs.gitlab.com/api/status_checks/#example-payload-sent-to-external-service> and
//! the builders in GitLab's source. Unknown keys appear over time and are ignored; only what
//! identifies the merge request and the rule is required.

use serde::Deserialize;

use crate::domain::Time;
use crate::domain::facts::{Facts, MergeRequestFacts, ProjectFacts, RuleFacts, Source};
use crate::domain::ids::is_sha;

/// Why a body is not a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// Not UTF-8, not JSON, or a key twice.
    #[error("{0}")]
    Malformed(String),
    /// JSON, but not a status-check call.
    #[error("{0}")]
    WrongKind(String),
}

/// A call, as far as it is used.
#[derive(Debug, Deserialize)]
pub struct Call {
    object_kind: String,
    user: Option<User>,
    project: Project,
    object_attributes: Attributes,
    #[serde(default)]
    assignees: Option<Vec<User>>,
    #[serde(default)]
    reviewers: Option<Vec<User>>,
    external_approval_rule: Rule,
}

#[derive(Debug, Deserialize)]
struct User {
    id: Option<i64>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Project {
    id: i64,
    path_with_namespace: Option<String>,
    web_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    iid: i64,
    title: Option<String>,
    description: Option<String>,
    state: Option<String>,
    url: Option<String>,
    source_branch: Option<String>,
    target_branch: Option<String>,
    author_id: Option<i64>,
    updated_at: Option<String>,
    last_commit: Option<Commit>,
    action: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Rule {
    id: i64,
    name: Option<String>,
    external_url: Option<String>,
}

/// Only what tells a call from other JSON.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    object_kind: Option<&'a serde_json::value::RawValue>,
    external_approval_rule: Option<serde::de::IgnoredAny>,
}

impl Call {
    /// Reads a body.
    ///
    /// # Errors
    /// [`CallFault::Malformed`] for what is no JSON, [`CallFault::WrongKind`] for JSON that is no
    /// status-check call; both say where and what.
    pub fn parse(body: &[u8]) -> Result<Self, CallFault> {
        let text = std::str::from_utf8(body).map_err(|error| {
            CallFault::Malformed(format!(
                "the body is not UTF-8: a wrong byte at position {}",
                error.valid_up_to()
            ))
        })?;
        // A list would do for the reader as well.
        if text.trim_start().starts_with('[') {
            return Err(explain_list(text));
        }
        let parsed: Result<Call, _> = serde_json::from_str(text);
        match parsed {
            Ok(call) if call.object_kind == "merge_request" => Ok(call),
            Ok(call) => Err(CallFault::WrongKind(format!(
                "object_kind is {:?}; a status-check call has \"merge_request\"",
                short(&call.object_kind)
            ))),
            Err(error) => Err(explain(text, &error)),
        }
    }

    /// GitLab's id of the target project: the one the answer goes to, never the source project.
    #[must_use]
    pub const fn project(&self) -> i64 {
        self.project.id
    }

    /// The merge request's number.
    #[must_use]
    pub const fn iid(&self) -> i64 {
        self.object_attributes.iid
    }

    /// GitLab's id of the external status check.
    #[must_use]
    pub const fn rule(&self) -> i64 {
        self.external_approval_rule.id
    }

    /// Whether somebody pressed Retry: those calls have no `action`.
    #[must_use]
    pub const fn is_retry(&self) -> bool {
        self.object_attributes.action.is_none()
    }

    /// The commit that the call is about, if it names one.
    #[must_use]
    pub fn head(&self) -> Option<&str> {
        self.object_attributes.last_commit.as_ref().map(|commit| commit.id.as_str())
    }

    /// What the call says, for one that is signed; `None` if it lacks what a fact needs (a commit,
    /// a state, branches, the project's path), so that GitLab has to be asked.
    #[must_use]
    pub fn facts(&self, received_at: Time) -> Option<Facts> {
        let attributes = &self.object_attributes;
        let head =
            attributes.last_commit.as_ref().map(|commit| commit.id.clone()).filter(|sha| is_sha(sha))?;
        let name = self.author_name();
        Some(Facts {
            source: Source::SignedCall,
            known_at: received_at,
            project: ProjectFacts {
                gitlab_id: self.project.id,
                path: plain(self.project.path_with_namespace.as_deref()?),
                web_url: or_nothing(self.project.web_url.as_deref()),
            },
            merge_request: MergeRequestFacts {
                iid: attributes.iid,
                title: or_nothing(attributes.title.as_deref()),
                description: or_nothing(attributes.description.as_deref()),
                author_gitlab_id: attributes.author_id,
                author: name,
                url: or_nothing(attributes.url.as_deref()),
                source_branch: plain(attributes.source_branch.as_deref()?),
                target_branch: plain(attributes.target_branch.as_deref()?),
                state: plain(attributes.state.as_deref()?),
                head_sha: Some(head),
                updated_at: attributes.updated_at.as_deref().and_then(Time::parse),
            },
            rules: vec![RuleFacts {
                gitlab_id: self.external_approval_rule.id,
                name: plain(self.external_approval_rule.name.as_deref()?),
                shows: None,
                external_url: self
                    .external_approval_rule
                    .external_url
                    .as_deref()
                    .map(|url| plain(url.split(['?', '#']).next().unwrap_or(""))),
            }],
        })
    }

    /// The author's display name, if one of the people in the call is the author. The call names
    /// the author only by id; `user` is whoever caused the call.
    fn author_name(&self) -> Option<String> {
        let author = self.object_attributes.author_id?;
        self.user
            .iter()
            .chain(self.assignees.iter().flatten())
            .chain(self.reviewers.iter().flatten())
            .find(|user| user.id == Some(author))
            .and_then(|user| user.name.as_deref())
            .map(plain)
    }
}

/// No text has more characters in GitLab: that is its limit of a description.
const TEXT_MAX: usize = 1_048_576;

/// A text as every database takes it: PostgreSQL, and so GitLab, has no NUL.
fn plain(text: &str) -> String {
    let end = text.char_indices().nth(TEXT_MAX).map_or(text.len(), |(end, _)| end);
    text[..end].replace('\0', "\u{fffd}")
}

fn or_nothing(text: Option<&str>) -> String {
    text.map(plain).unwrap_or_default()
}

fn explain_list(text: &str) -> CallFault {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => CallFault::WrongKind("a status-check call is a JSON object".into()),
        Err(error) => CallFault::Malformed(error.to_string()),
    }
}

fn explain(text: &str, error: &serde_json::Error) -> CallFault {
    let said = error.to_string();
    if !error.is_data() || said.starts_with("duplicate field") {
        return CallFault::Malformed(said);
    }
    // JSON, but not of the right form: say first whether it is a status-check call at all.
    match serde_json::from_str::<Kind<'_>>(text) {
        Ok(Kind { object_kind: Some(kind), .. }) if kind.get() != "\"merge_request\"" => {
            CallFault::WrongKind(format!(
                "object_kind is {}; a status-check call has \"merge_request\"",
                short(kind.get())
            ))
        }
        Ok(Kind { external_approval_rule: None, object_kind: Some(_) }) => CallFault::WrongKind(
            "external_approval_rule is missing: this is an ordinary webhook; add this URL under Settings > \
             Merge requests > Status checks instead"
                .into(),
        ),
        Ok(_) => {
            let mut reader = serde_json::Deserializer::from_str(text);
            match serde_path_to_error::deserialize::<_, Call>(&mut reader) {
                Err(error) if error.path().iter().next().is_none() => {
                    CallFault::WrongKind(error.inner().to_string())
                }
                Err(error) => CallFault::WrongKind(format!("in {}: {}", error.path(), error.inner())),
                Ok(_) => CallFault::WrongKind(said),
            }
        }
        Err(error) if error.is_data() && !error.to_string().starts_with("duplicate field") => {
            CallFault::WrongKind("a status-check call is a JSON object".into())
        }
        Err(error) => CallFault::Malformed(error.to_string()),
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> CallFault {
        Call::parse(body.as_bytes()).expect_err("is no call")
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["", "{", "[1,", "nul", "{\"a\":1}{", "\u{1}"] {
            assert!(matches!(fault(body), CallFault::Malformed(_)), "{body:?}");
        }
        assert!(matches!(Call::parse(b"{\"a\":\"\xff\"}"), Err(CallFault::Malformed(_))));
        let twice = r#"{"object_kind":"merge_request","object_kind":"merge_request"}"#;
        assert!(matches!(fault(twice), CallFault::Malformed(text) if text.contains("duplicate")));
    }

    #[test]
    fn other_json_is_of_the_wrong_kind_and_the_fault_says_why() {
        for (body, part) in [
            ("[]", "JSON object"),
            (r#" ["merge_request",null,[1,"demo/shop",null],[1],null,null,[11,null,null]]"#, "JSON object"),
            (
                r#"{"object_kind":"merge_request","project":{"id":1},"external_approval_rule":{"id":1}}"#,
                "missing field `object_attributes`",
            ),
            ("1", "JSON object"),
            (r#"{"object_kind":"push"}"#, "push"),
            (r#"{"object_kind":"merge_request","project":{"id":1}}"#, "ordinary webhook"),
            (r#"{"object_kind":7,"external_approval_rule":{}}"#, "7"),
            (
                r#"{"object_kind":"merge_request","project":{"id":1},"object_attributes":{"iid":1e99},"external_approval_rule":{"id":1}}"#,
                "object_attributes.iid",
            ),
            (
                r#"{"object_kind":"merge_request","project":{"id":1},"object_attributes":{"iid":99999999999999999999},"external_approval_rule":{"id":1}}"#,
                "object_attributes.iid",
            ),
        ] {
            match fault(body) {
                CallFault::WrongKind(text) => assert!(text.contains(part), "{body}: {text}"),
                CallFault::Malformed(text) => panic!("{body}: {text}"),
            }
        }
    }

    #[test]
    fn deep_nesting_in_what_is_ignored_is_harmless() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        let body = format!(
            r#"{{"object_kind":"merge_request","x":{deep},"project":{{"id":1}},"object_attributes":{{"iid":1}},"external_approval_rule":{{"id":1}}}}"#
        );
        let call = Call::parse(body.as_bytes()).expect("is a call");
        assert!(call.is_retry());
        assert!(call.facts(Time::parse("2026-01-01T00:00:00Z").expect("reads")).is_none());
    }
}
