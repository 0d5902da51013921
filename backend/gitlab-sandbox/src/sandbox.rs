//! The handle on a running sandbox: start, stop, and the state that its parts share.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use crate::clock::SandboxClock;
use crate::config::{FaultSwitch, SandboxConfig, SandboxError};
use crate::log::ApiLog;
use crate::outgoing::{self, Outgoing};
use crate::sync::lock;
use crate::world::{AccessLevel, World};
use crate::{server, state_file};

/// What the server's threads and the handles share.
pub(crate) struct Inner {
    pub(crate) url: String,
    pub(crate) clock: Arc<dyn SandboxClock>,
    pub(crate) retry_delays: Vec<Duration>,
    pub(crate) client: reqwest::Client,
    pub(crate) faults: Mutex<FaultSwitch>,
    pub(crate) log: Mutex<ApiLog>,
    pub(crate) outgoing: Outgoing,
    pub(crate) state_file: Option<PathBuf>,
    pub(crate) dirty: Notify,
    pub(crate) cron: bool,
    pub(crate) runtime: OnceLock<Handle>,
    world: Mutex<World>,
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn runtime(&self) -> Option<&Handle> {
        self.runtime.get()
    }

    /// Looks at the world.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&lock(&self.world))
    }

    /// Acts on the world without announcing or keeping anything.
    pub(crate) fn visit<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        act(&mut lock(&self.world), self.now())
    }

    /// Changes the world, sends what it announces and lets the state file follow.
    pub(crate) fn change<T>(self: &Arc<Self>, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let (result, events) = self.visit(|world, now| {
            let result = act(world, now);
            (result, std::mem::take(&mut world.outbox))
        });
        for event in events {
            self.outgoing.submit(self, &event);
        }
        self.dirty.notify_one();
        result
    }
}

/// Stops the server when the last handle is gone.
#[derive(Debug)]
struct Guard {
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// A running stand-in GitLab. Clones are handles on the same one; it stops when the last is dropped.
///
/// # Panics
///
/// Methods that name a project, merge request, rule or commit which does not exist panic and say which: in a test
/// that is a mistake of the test. The HTTP interfaces answer 404 instead.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
    guard: Arc<Guard>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Sandbox").field("url", &self.inner.url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts a sandbox on threads and a runtime of its own, so it can be called from any async runtime.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on or the state file cannot be used.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let kept = config.state_file.as_deref().map(state_file::load).transpose()?.flatten();
        let fresh = kept.is_none();
        let mut world = kept.unwrap_or_default();
        world.base_url = url.trim_end_matches('/').into();
        world.put_token(&config.token, "approval-bot", AccessLevel::Maintainer, &["api"], config.clock.now());
        let client = outgoing::client().map_err(|error| SandboxError::Server(error.to_string()))?;
        let inner = Arc::new(Inner {
            url: world.base_url.clone(),
            clock: config.clock,
            retry_delays: config.retry_delays,
            client,
            faults: Mutex::default(),
            log: Mutex::default(),
            outgoing: Outgoing::new(),
            state_file: config.state_file,
            dirty: Notify::new(),
            cron: config.cron,
            runtime: OnceLock::new(),
            world: Mutex::new(world),
        });
        let (stop, stopping) = watch::channel(false);
        let stopped = server::spawn(Arc::clone(&inner), listener, stopping).await?;
        let sandbox = Self { inner, guard: Arc::new(Guard { stop, stopped }) };
        if config.sample_data && fresh {
            sandbox.seed_projects();
            sandbox.seed_merge_requests();
        }
        Ok(sandbox)
    }

    /// Where this GitLab is: `http://127.0.0.1:PORT`, or the public URL it was given.
    pub fn url(&self) -> String {
        self.inner.url.clone()
    }

    /// Stops serving, ends all background work and writes the state file. Further handles see a GitLab that is gone.
    pub async fn stop(&self) {
        self.guard.stop.send_replace(true);
        self.stopped().await;
    }

    /// Waits until the sandbox has stopped; the future holds no handle, so dropping the last one ends it.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopped = self.guard.stopped.clone();
        async move {
            // An error means that the server's thread is gone, which is what was waited for.
            drop(stopped.wait_for(|stopped| *stopped).await);
        }
    }
}
