//! The only place that wires things together: what every use case and handler gets.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use secrecy::SecretString;
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, OidcConfig};
use crate::crypto::keys::{KeyError, Keys};
use crate::crypto::password::Passwords;
use crate::db::{Db, DbError, Lane, calls, rule_secrets, sending, trouble};
use crate::domain::Clock;
use crate::domain::gate::Gate;
use crate::domain::ids::ConnectionId;
use crate::gitlab::client::ClientError;
use crate::gitlab::{Client, NoteError};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::oidc::{OidcError, Provider};
use crate::service::batcher::Arrivals;
use crate::service::change::Hub;
use crate::service::connection;
use crate::service::links;
use crate::service::seals::{self, SealError};
use crate::traces::{Traces, TracesError};

/// So many comparisons with what GitLab shows at once.
const COMPARISONS: usize = 4;

/// The application; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] holds.
pub struct Inner {
    /// The database.
    pub db: Db,
    /// The clock everything asks.
    pub clock: Arc<dyn Clock>,
    /// The settings.
    pub config: Config,
    /// Where passwords are hashed.
    pub passwords: Passwords,
    /// The name under which this process takes work.
    pub owner: String,
    /// How loops are told that there is work.
    pub wake: Wake,
    /// The live stream.
    pub live: Live,
    /// Calls that wait to be stored.
    pub arrivals: Arrivals,
    /// What is remembered between readings of changes.
    pub changes: Arc<Hub>,
    /// Where people can sign in besides here.
    pub providers: Vec<Provider>,
    /// Held by who compares a check with what GitLab shows: GitLab's patience is for deliveries.
    pub comparing: tokio::sync::Semaphore,
    /// Held by who has the service looked at.
    pub examining: tokio::sync::Mutex<()>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where spans go.
    pub traces: Traces,
    /// Cancelled when the process is to stop.
    pub stopping: CancellationToken,
    connected: Option<Connected>,
    secrets: RwLock<Arc<Secrets>>,
    keys: RwLock<Arc<Keys>>,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// The GitLab instance that is configured; cheap to clone.
#[derive(Clone)]
pub struct Connected {
    /// The connection's id.
    pub id: ConnectionId,
    /// Its API.
    pub client: Client,
    gate: Arc<Mutex<Gate>>,
    own_user: Arc<OnceCell<i64>>,
}

impl Connected {
    /// The gate in front of it.
    pub fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// GitLab's id of the user whose token is used; asked once, since a token never changes hands.
    ///
    /// # Errors
    /// See [`NoteError`].
    pub async fn own_user(&self) -> Result<i64, NoteError> {
        self.own_user.get_or_try_init(|| self.client.own_user()).await.copied()
    }
}

/// Wakes the worker loops.
#[derive(Default)]
pub struct Wake {
    /// A call was stored.
    pub calls: Notify,
    /// GitLab is to be asked about a call, or one is to be tried again.
    pub asking: Notify,
    /// A delivery was queued.
    pub deliveries: Notify,
    /// A note may have something new to say.
    pub notes: Notify,
    /// A merge request is to be read back.
    pub refresh: Notify,
    /// A change is to be read.
    pub changes: Notify,
    /// Somebody wants to reconcile now.
    pub reconcile: Notify,
}

/// What the door knows of rules, by GitLab's ids and by key.
#[derive(Default)]
pub struct Secrets {
    rules: HashMap<(i64, i64), KnownRule>,
    keys: HashMap<String, (i64, i64)>,
}

/// A rule the door knows.
pub struct KnownRule {
    /// Its own secret, if it has one.
    pub secret: Option<SecretString>,
}

impl Secrets {
    /// The rule with these ids of GitLab: project and external status check.
    #[must_use]
    pub fn rule(&self, project: i64, rule: i64) -> Option<&KnownRule> {
        self.rules.get(&(project, rule))
    }

    /// Whose key this is.
    #[must_use]
    pub fn owner_of(&self, key: &str) -> Option<(i64, i64)> {
        self.keys.get(key).copied()
    }
}

/// The application could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The database is not to be had.
    #[error("the database cannot be used: {0}")]
    Db(#[from] DbError),
    /// The GitLab client cannot be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A provider of OpenID Connect cannot be set up.
    #[error(transparent)]
    Provider(#[from] OidcError),
    /// Spans cannot be sent to where the settings say.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// There is no key for secrets, or not the one they were sealed with.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<SealError> for SetupError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Key(error) => Self::Key(error),
            SealError::Store(error) => Self::Db(error),
        }
    }
}

impl App {
    /// Opens everything. Does not talk to GitLab: that may be down.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let url = config.database_url.clone();
        let db =
            tokio::task::spawn_blocking(move || Db::open(url)).await.unwrap_or(Err(DbError::Abandoned))?;
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), db.kind()));
        let owner = uuid::Uuid::now_v7().to_string();
        let traces = config.traces.as_ref().map(|traces| Traces::start(traces, &owner)).transpose()?;
        let traces = traces.unwrap_or_default();
        let keys = Keys::load(&config.key_source)?;
        let now = clock.now();
        let sealing = keys.clone();
        db.write(Lane::Front, move |conn| seals::seal_all(conn, &sealing, now)).await?;
        let connected = match &config.gitlab {
            None => None,
            Some(gitlab) => {
                let client = Client::new(&gitlab.url, &gitlab.token, gitlab.ca_pem.as_deref())?
                    .counted(Arc::clone(&metrics))
                    .traced(traces.clone());
                let (known, sandbox) = (gitlab.clone(), config.sandbox);
                let id = db
                    .write(Lane::Front, move |conn| {
                        trouble::probe_now(conn, now)?;
                        connection::establish(conn, &known, sandbox, now)
                    })
                    .await?;
                let gate = Arc::new(Mutex::new(Gate::new(now)));
                Some(Connected { id, client, gate, own_user: Arc::default() })
            }
        };
        if !db.is_shared() {
            // Nobody else uses the file, so whoever held these leases is gone.
            db.write(Lane::Front, |conn| {
                calls::release_all(conn)?;
                sending::release(conn, None)
            })
            .await?;
        }
        let root = format!("{}{}", config.public_url.as_deref().unwrap_or_default(), config.base_path);
        let provider = |one: &OidcConfig| {
            Provider::new(one.clone(), format!("{root}/api/v1/sign-in/{}/callback", one.id))
        };
        let providers = config.oidc.iter().map(provider).collect::<Result<_, _>>()?;
        let app = Self(Arc::new(Inner {
            metrics,
            traces,
            db,
            clock,
            passwords: Passwords::new(config.password_cost),
            config,
            owner,
            wake: Wake::default(),
            live: Live::default(),
            arrivals: Arrivals::default(),
            changes: Arc::new(Hub::new(now)),
            providers,
            comparing: tokio::sync::Semaphore::new(COMPARISONS),
            examining: tokio::sync::Mutex::default(),
            stopping: CancellationToken::new(),
            connected,
            secrets: RwLock::default(),
            keys: RwLock::new(Arc::new(keys)),
        }));
        app.load_secrets().await?;
        app.live.begin(&app.db).await?;
        Ok(app)
    }

    /// The configured GitLab instance.
    #[must_use]
    pub fn connected(&self) -> Option<Connected> {
        self.connected.clone()
    }

    /// What the door knows of rules.
    #[must_use]
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys of this instance.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads anew what the door knows of rules. A secret that was sealed with a newer key makes the
    /// keys be read anew; one that does not open at all leaves its rule without calls, not the others.
    ///
    /// # Errors
    /// The database's.
    pub async fn load_secrets(&self) -> Result<(), DbError> {
        let Some(connected) = self.connected() else { return Ok(()) };
        let rows: Vec<rule_secrets::RuleSecret> =
            self.db.read(move |conn| rule_secrets::of_connection(conn, &connected.id)).await?;
        let mut secrets = Secrets::default();
        for row in rows {
            let secret = row.secret.map(|sealed| self.unseal(&row.rule_id, &sealed));
            secrets.rules.insert((row.project, row.rule), KnownRule { secret });
            secrets.keys.insert(row.rule_key, (row.project, row.rule));
        }
        *self.secrets.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(secrets);
        Ok(())
    }

    fn unseal(&self, rule: &str, sealed: &str) -> SecretString {
        let mut opened = self.keys().open(rule, sealed);
        if let Err(KeyError::UnknownKey) = opened
            && let Ok(keys) = Keys::load(&self.config.key_source)
        {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            opened = self.keys().open(rule, sealed);
        }
        opened.unwrap_or_else(|error| {
            tracing::error!(rule, %error, "a rule's secret does not open; its calls are refused");
            // A secret that nobody signs with.
            crate::crypto::secret::random()
        })
    }

    /// Where the first administrator is made, as long as there is none: what follows the base path in
    /// an address, with the one-time secret in its fragment.
    ///
    /// # Errors
    /// The database's.
    pub async fn setup_link(&self) -> Result<Option<SecretString>, DbError> {
        let (keys, now) = (self.keys(), self.clock.now());
        self.db.write(Lane::Front, move |conn| links::setup(conn, &keys, now)).await
    }

    /// Notes that GitLab answered a delivery, whatever it said.
    pub fn gitlab_answered(&self, connected: &Connected) {
        connected.gate().succeeded();
    }

    /// Says that something changed in the store: loops look for work, browsers for news.
    pub fn changed(&self) {
        self.wake.deliveries.notify_one();
        self.wake.refresh.notify_one();
        self.wake.changes.notify_one();
        self.wake.notes.notify_one();
        self.live.stir();
    }
}
