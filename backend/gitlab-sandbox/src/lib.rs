//! A stand-in for GitLab (Ultimate) with external status checks, for tests, demonstrations and benchmarks.
//!
//! It answers the part of GitLab's REST API that concerns merge requests and status checks, calls the configured
//! checks as GitLab does, shows a page where one can push, retry, close and merge, and can be told to misbehave.
//! It is no GitLab: there is no Git, and only the endpoints that such an application needs are there.
//!
//! [`Sandbox`] starts it and steers it, [`payload`] builds the bodies of its calls, and the control API of its page is
//! described in `src/page/mod.rs`. Where GitLab's behaviour is known from its source, the code names the file.
//!
//! ```no_run
//! # async fn example() -> Result<(), gitlab_sandbox::SandboxError> {
//! use gitlab_sandbox::{NewMergeRequest, Sandbox, SandboxConfig};
//!
//! let gitlab = Sandbox::start(SandboxConfig { cron: false, ..SandboxConfig::default() }).await?;
//! let project = gitlab.create_project("demo/storefront");
//! let rule = gitlab.create_rule(project, "Change approval", "http://127.0.0.1:8080/hook", Some("secret"));
//! let iid = gitlab.create_merge_request(project, NewMergeRequest::default());
//! gitlab.settle().await; // the call has been answered
//! println!("{:?}", gitlab.status(project, iid, rule));
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"] // the macro `json!` counts the fields of a merge request

mod api;
mod clock;
mod config;
mod inspect;
mod log;
mod outgoing;
mod page;
pub mod payload;
mod samples;
mod sandbox;
mod server;
mod signature;
mod state_file;
mod steer;
mod steer_change;
mod sync;
mod synthetic;
mod world;

pub use self::clock::{ManualClock, SandboxClock, SystemClock};
pub use self::config::{Fault, SandboxConfig, SandboxError};
pub use self::log::{ApiRequest, RefusedRequest};
pub use self::outgoing::{CallAnswer, HeldCall, SentCall};
pub use self::sandbox::Sandbox;
pub use self::signature::sign;
pub use self::world::{
    AccessLevel, Commit, Discussion, DiscussionNote, FileChange, Job, MergeRequest, MergeRequestState,
    Missing, NewDiscussion, NewMergeRequest, Note, Refusal, Source, Status, StatusResponse, TIMEOUT, Version,
    Visibility,
};
