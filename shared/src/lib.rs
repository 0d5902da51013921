//! The REST API's types: what travels between the server, the browser and integrators.
//!
//! Plain data, no behaviour beyond validation that both sides share. Times are RFC 3339 text in
//! UTC with microseconds (`2026-01-31T09:30:00.000000Z`); the browser formats them with `Intl`.
//! OpenAPI schemas are derived only with the feature `openapi`.

pub mod access;
pub mod account;
pub mod alarm;
pub mod audit;
pub mod bulk;
pub mod call;
pub mod change;
pub mod check;
pub mod decision;
pub mod delivery;
pub mod event;
pub mod group;
pub mod problem;
pub mod rule;
pub mod system;
pub mod token;

pub use access::{Permission, ProjectItem, ProjectList, Role};
pub use account::{
    AcceptLink, Credentials, Invited, LinkInfo, LinkKind, LinkSecret, NewPassword, NewPerson, OneTimeLink,
    Person, PersonChange, PersonList, SamplePerson, Session, SessionItem, SessionList, SignInOptions,
    SignInProvider,
};
pub use alarm::{Alarm, NewAcknowledgement};
pub use audit::{AuditEntry, AuditPage, AuditVerification};
pub use bulk::{BulkDecision, BulkItem, BulkOutcome, BulkResult, SavedFilter, SavedFilters};
pub use call::{CallItem, CallPage, CallState};
pub use change::{
    Approvals, Change, ChangeCommit, ChangeSince, ChangeSummary, ChangedFile, DiffRow, Discussion,
    DiscussionNote, FileDiff, FileFold, FileKind, Job, Pipeline, RowKind, Since,
};
pub use check::{
    CheckDetail, CheckFilters, CheckItem, CheckPage, CheckState, GitLabStatus, MergeRequestRef, ProjectRef,
    Reason, ReasonKind, RuleRef,
};
pub use decision::{Decision, NewDecision, Verdict};
pub use delivery::{Delivery, DeliveryAttempt, DeliveryState, DeliverySummary};
pub use event::{Event, EventKind};
pub use group::{Group, GroupChange, GroupList};
pub use problem::{Problem, ProblemCode};
pub use rule::{NoteStage, NoteState, RuleChange, RuleItem, RuleList};
pub use system::{DoctorFinding, DoctorReport, DoctorVerdict, SystemInfo};
pub use token::{MadeToken, NewToken, TokenItem, TokenList};
