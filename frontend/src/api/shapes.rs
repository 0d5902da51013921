//! How each type that travels is read and written.

use js_sys::Object;
use shared::{
    AcceptLink, AuditEntry, AuditPage, AuditVerification, CallItem, CallPage, CallState, CheckDetail,
    CheckItem, CheckPage, CheckState, Credentials, Decision, Delivery, DeliveryAttempt, DeliveryState,
    DeliverySummary, Event, EventKind, GitLabStatus, Group, GroupChange, GroupList, Invited, LinkInfo,
    LinkKind, LinkSecret, MadeToken, MergeRequestRef, NewDecision, NewPassword, NewPerson, NewToken,
    OneTimeLink, Permission, Person, PersonChange, PersonList, Problem, ProblemCode, ProjectItem,
    ProjectList, ProjectRef, Role, RuleRef, SamplePerson, Session, SessionItem, SessionList, SignInOptions,
    SignInProvider, SystemInfo, TokenItem, TokenList, Verdict,
};
use wasm_bindgen::JsValue;

use super::GitLabReading;
use super::json::{Read, Write, field, read, read_words, set, write, write_words};

read_words!(CallState, CheckState, DeliveryState, EventKind, GitLabStatus, Permission, Role, Verdict);

impl Read for LinkKind {
    fn read(value: &JsValue) -> Option<Self> {
        let word = value.as_string()?;
        [LinkKind::Setup, LinkKind::Invitation, LinkKind::Reset]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

impl Read for ProblemCode {
    fn read(value: &JsValue) -> Option<Self> {
        let word = value.as_string()?;
        let known = ProblemCode::ALL.iter().find(|code| code.as_str() == word);
        Some(known.copied().unwrap_or(ProblemCode::Unknown))
    }
}

impl Read for Problem {
    fn read(value: &JsValue) -> Option<Self> {
        Some(Problem {
            kind: field(value, "type")?,
            title: field(value, "title")?,
            status: field(value, "status")?,
            code: field(value, "code")?,
            detail: field(value, "detail")?,
            field: field(value, "field")?,
            request_id: field(value, "request_id")?,
            check: field(value, "check")?,
        })
    }
}

impl Read for CheckDetail {
    fn read(value: &JsValue) -> Option<Self> {
        Some(CheckDetail {
            // Its fields stand beside the others.
            item: CheckItem::read(value)?,
            description: field(value, "description")?,
            head_sha: field(value, "head_sha")?,
            successor_id: field(value, "successor_id")?,
            notice: field(value, "notice")?,
            gitlab_status: field(value, "gitlab_status")?,
            gitlab_status_at: field(value, "gitlab_status_at")?,
            barred: field(value, "barred")?,
            decisions: field(value, "decisions")?,
            deliveries: field(value, "deliveries")?,
            timeline: field(value, "timeline")?,
        })
    }
}

read! {
    ProjectRef { id, path, web_url }
    MergeRequestRef { iid, title, author, url }
    RuleRef { id, name }
    CheckItem {
        id, state, sha, received_at, updated_at, source_branch, target_branch, project, merge_request, rule,
        decided_by, delivery,
    }
    CheckPage { items, next_cursor }
    Decision {
        id, verdict, comment, sha, target_branch, reviewer, account_id, reviewer_verified, via, counts,
        decided_at,
    }
    DeliverySummary { state, attempts, last_error, delivered_at }
    Delivery {
        id, check_id, status, sha, state, attempts, due_at, last_error, created_at, delivered_at, log,
    }
    DeliveryAttempt { number, at, duration_ms, http_status, error }
    Event { id, at, kind, check_id, actor, summary }
    GitLabReading { status, read_at }
    CallItem { id, received_at, state, signed, size, note, attempts }
    CallPage { items, next_cursor }
    SystemInfo {
        version, database, gitlab_url, sandbox, gitlab_trouble, pending_checks, pending_deliveries,
        failed_deliveries, waiting_calls, set_aside_calls, undecided_passes,
    }
    Session { account_id, name, email, roles, permissions, all_projects, has_password, expires_at }
    SignInProvider { id, name }
    SamplePerson { name, email, password, roles }
    SignInOptions { providers, setup_needed, samples }
    LinkInfo { kind, name, email, expires_at }
    SessionItem { id, created_at, last_seen_at, expires_at, user_agent, address, current }
    SessionList { items }
    Person {
        id, name, email, roles, all_projects, projects, groups, gitlab_user_id, active, accepted, created_at,
        last_sign_in_at, locked_until,
    }
    PersonList { items }
    OneTimeLink { url, expires_at }
    Invited { person, link }
    Group { id, name, projects, members }
    GroupList { items }
    ProjectItem { id, gitlab_id, path, web_url }
    ProjectList { items }
    TokenItem {
        id, name, hint, scopes, projects, account_id, account_name, created_at, expires_at, last_used_at,
    }
    TokenList { items }
    MadeToken { secret, token }
    AuditEntry {
        id, at, kind, check_id, project_id, actor, account_id, via, summary, data, hash,
    }
    AuditPage { items, next_cursor }
    AuditVerification { intact, entries, head, broken_at, reason }
}

write_words!(CheckState, Permission, Role, Verdict);

write! {
    NewDecision { verdict, comment, expected_sha, expected_state }
    Credentials { email, password }
    LinkSecret { token }
    AcceptLink { token, name, email, password }
    NewPassword { current, new }
    NewPerson { name, email, roles, all_projects, projects, groups, gitlab_user_id }
    PersonChange { name, roles, all_projects, projects, groups, gitlab_user_id, active }
    GroupChange { name, projects, members }
    NewToken { name, scopes, projects, expires_in_days }
}
