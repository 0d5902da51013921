//! How a sandbox is set up, and the faults it can be told to have.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{SandboxClock, SystemClock};

/// How a sandbox is set up.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one API token that works from the start: a Maintainer's, with scope `api`.
    pub token: String,
    /// What tells the time.
    pub clock: Arc<dyn SandboxClock>,
    /// Where the world is kept between runs.
    pub state_file: Option<PathBuf>,
    /// Whether to begin with the sample projects and merge requests, without rules, so that nobody is called. Leave
    /// it off and use [`Sandbox::seed_samples`](crate::Sandbox::seed_samples) if there is an application to call.
    pub sample_data: bool,
    /// Whether the one-minute job runs by itself, each real minute.
    pub cron: bool,
    /// How this GitLab is reached from outside; the default is the address it listens on.
    pub public_url: Option<String>,
    /// How long a call waits after each transport error before it is tried again (Sidekiq's back-off).
    pub retry_delays: Vec<Duration>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: "glpat-sandbox-token".into(),
            clock: Arc::new(SystemClock),
            state_file: None,
            sample_data: false,
            cron: true,
            public_url: None,
            retry_delays: [15, 30, 60].map(Duration::from_secs).into(),
        }
    }
}

impl std::fmt::Debug for SandboxConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SandboxConfig")
            .field("listen", &self.listen)
            .field("state_file", &self.state_file)
            .field("sample_data", &self.sample_data)
            .field("cron", &self.cron)
            .field("public_url", &self.public_url)
            .field("retry_delays", &self.retry_delays)
            .finish_non_exhaustive()
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is taken or not ours.
    #[error("the sandbox cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state file cannot be read or written, or is not one.
    #[error("the sandbox cannot use its state file {path}")]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The server did not come up.
    #[error("the sandbox's server did not start: {0}")]
    Server(String),
}

/// A way for the whole GitLab to misbehave. The page and the control API stay well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nobody is there: connections are closed at once, and requests are not even logged.
    Down,
    /// Each answer takes this much longer.
    Slow(Duration),
    /// 429 with the plain text `Retry later` and `Retry-After`.
    RateLimited {
        /// The header's value.
        retry_after_seconds: u64,
    },
    /// 500 without doing anything.
    ServerError,
    /// The request is read, nothing is done, the connection is closed.
    DropConnection,
    /// Writes are done, and then the connection is closed without an answer. Reads are answered.
    DropAfterWork,
    /// 401 from the status-check endpoints: the project is not on Ultimate.
    Unlicensed,
    /// 401 everywhere.
    TokenRevoked,
    /// 403 everywhere.
    Forbidden,
    /// This status with a page of HTML everywhere: what stands in front of GitLab answers in its place.
    NotGitLab(u16),
    /// Somebody pushes just before the next `status_check_responses`, which therefore finds its SHA stale. Once.
    HeadMoves,
}

impl Fault {
    /// The fault's name in the control API and on the page.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Slow(_) => "slow",
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError => "server_error",
            Self::DropConnection => "drop_connection",
            Self::DropAfterWork => "drop_after_work",
            Self::Unlicensed => "unlicensed",
            Self::TokenRevoked => "token_revoked",
            Self::Forbidden => "forbidden",
            Self::NotGitLab(_) => "no_route",
            Self::HeadMoves => "head_moves",
        }
    }

    /// Whether the fault strikes a request with this method and path (without its query).
    pub(crate) fn strikes(&self, method: &str, path: &str) -> bool {
        let posts_answer = path.trim_end_matches('/').ends_with("/status_check_responses");
        match self {
            Self::Down
            | Self::Slow(_)
            | Self::RateLimited { .. }
            | Self::ServerError
            | Self::DropConnection
            | Self::TokenRevoked
            | Self::Forbidden
            | Self::NotGitLab(_) => true,
            Self::DropAfterWork => !matches!(method, "GET" | "HEAD"),
            Self::Unlicensed => {
                posts_answer || path.contains("/status_checks") || path.contains("/external_status_checks")
            }
            Self::HeadMoves => method == "POST" && posts_answer,
        }
    }
}

/// The fault in force and for how long.
#[derive(Debug, Default)]
pub(crate) struct FaultSwitch {
    fault: Option<Fault>,
    remaining: Option<u64>,
    /// Only requests for these paths or below them; empty: all.
    below: Vec<String>,
}

impl FaultSwitch {
    pub(crate) fn set(&mut self, fault: Option<Fault>, requests: Option<u64>) {
        self.remaining = if fault == Some(Fault::HeadMoves) { Some(requests.unwrap_or(1)) } else { requests };
        self.fault = fault.filter(|_| self.remaining != Some(0));
        self.below.clear();
    }

    pub(crate) fn set_below(&mut self, path: &str, fault: Fault) {
        if self.below.is_empty() || self.fault.as_ref() != Some(&fault) {
            self.set(Some(fault), None);
        }
        self.below.push(path.to_owned());
    }

    pub(crate) fn current(&self) -> Option<Fault> {
        self.fault.clone()
    }

    /// The fault that strikes this request, counted down.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Option<Fault> {
        let is_below = |all: &String| {
            path.strip_prefix(all.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let below = self.below.is_empty() || self.below.iter().any(is_below);
        let concerns = |fault: &Fault| below && fault.strikes(method, path);
        let fault = self.fault.clone().filter(concerns)?;
        if let Some(remaining) = &mut self.remaining {
            *remaining -= 1;
            if *remaining == 0 {
                *self = Self::default();
            }
        }
        Some(fault)
    }
}
