//! Settings: from flags, the environment and defaults, checked all at once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::header::HeaderMap;
use secrecy::SecretString;

use crate::crypto::keys::KeySource;
use crate::crypto::password::Cost;
use crate::db::DatabaseUrl;

mod oidc;
mod read;
pub mod sources;

pub use oidc::OidcConfig;
use read::{flag, gitlab, key_source, networks, number, origin, traces};
pub use read::{normal_url, without_user};

/// Where the database is if nothing else is said.
pub const DEFAULT_DATABASE: &str = "instance/gitlab_status_checks.db";
/// Where the service listens if nothing else is said: this machine only.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// Under which path everything lives if nothing else is said.
pub const DEFAULT_BASE_PATH: &str = "/approval-apps";
/// The most bytes a call may have: GitLab sends up to 25 MiB.
pub const CALL_MAX: usize = 26 * 1024 * 1024;

/// The settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Where metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Begins with a slash and does not end with one; empty for the root.
    pub base_path: String,
    /// The URL that browsers use, without the base path; `None` if it is not known.
    pub public_url: Option<String>,
    /// The database.
    pub database_url: DatabaseUrl,
    /// The GitLab instance of the default connection.
    pub gitlab: Option<GitLabConfig>,
    /// The HMAC secret of rules that have none of their own.
    pub hmac_secret: Option<SecretString>,
    /// Whether unsigned calls are refused.
    pub require_signature: bool,
    /// Whether a call for a project or rule not seen before enrols it.
    pub enrol: bool,
    /// How often GitLab is reconciled with.
    pub reconcile_every: Duration,
    /// How long processed calls are kept.
    pub keep_calls: Duration,
    /// How many bytes of changes (commits, files, discussions) are kept at most.
    pub change_cache: usize,
    /// Whether the changes of pending checks are read before somebody looks at them.
    pub read_ahead: bool,
    /// How many bytes of calls may be in memory at once.
    pub call_budget: usize,
    /// Whether the GitLab is the bundled sandbox.
    pub sandbox: bool,
    /// Where the key is that seals secrets at rest.
    pub key_source: KeySource,
    /// Proxies whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// A session ends when it was not used for so long …
    pub session_idle: Duration,
    /// … and after so long in any case.
    pub session_life: Duration,
    /// What hashing a password costs.
    pub password_cost: Cost,
    /// Providers that people can sign in with.
    pub oidc: Vec<OidcConfig>,
    /// Where spans are sent, if anywhere.
    pub traces: Option<TracesConfig>,
}

impl Config {
    /// Whether browsers reach the app over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Where browsers find the app, with the base path; `address` is where it listens, which counts
    /// where no public URL is set.
    #[must_use]
    pub fn address(&self, address: &SocketAddr) -> String {
        let root = self.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        format!("{root}{}", self.base_path)
    }
}

/// A collector that takes spans by OTLP over HTTP, as protobuf.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// The whole URL, for example `http://collector:4318/v1/traces`.
    pub endpoint: String,
    /// Headers that are sent along; all are sensitive, since they may hold a token.
    pub headers: HeaderMap,
}

/// A GitLab instance.
#[derive(Clone, Debug)]
pub struct GitLabConfig {
    /// Base URL in its normal form, without a trailing slash. The token is sent there and nowhere else.
    pub url: String,
    /// The URL under which the same instance was known before.
    pub moved_from: Option<String>,
    /// The access token, scope `api`.
    pub token: SecretString,
    /// Certificates to trust besides the system's, PEM.
    pub ca_pem: Option<Vec<u8>>,
}

/// Settings as they were given, before they are checked.
#[derive(Clone, Default, clap::Args)]
pub struct Given {
    /// Address and port to listen on; other machines reach it only if you say so here, for example
    /// 0.0.0.0:8080 [default: 127.0.0.1:8080]
    #[arg(long, env = "APPROVAL_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Path under which everything lives [default: /approval-apps]
    #[arg(long, env = "APPROVAL_BASE_PATH", value_name = "PATH")]
    pub base_path: Option<String>,
    /// Address and port of a listener of its own that serves metrics for Prometheus at /metrics; it asks
    /// nobody who they are, so keep it from the internet
    #[arg(long, env = "APPROVAL_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// URL that browsers use, for example `https://approvals.example.com`
    #[arg(long, env = "APPROVAL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:instance/gitlab_status_checks.db]
    #[arg(long, env = "APPROVAL_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Base URL of the GitLab instance, for example `https://gitlab.example.com`
    #[arg(long, env = "APPROVAL_GITLAB_URL", value_name = "URL")]
    pub gitlab_url: Option<String>,
    /// Access token for that instance: scope api, role Developer or higher on its projects
    #[arg(long, env = "APPROVAL_GITLAB_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub gitlab_token: Option<String>,
    /// URL under which the same GitLab was known here before: its projects, checks and decisions go along
    #[arg(long, env = "APPROVAL_GITLAB_MOVED_FROM", value_name = "URL")]
    pub gitlab_moved_from: Option<String>,
    /// PEM file with certificates to trust besides the system's
    #[arg(long, env = "APPROVAL_GITLAB_CA_FILE", value_name = "FILE")]
    pub gitlab_ca_file: Option<String>,
    /// Shared secret of the status checks; with it set, calls must be signed
    #[arg(long, env = "APPROVAL_HMAC_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub hmac_secret: Option<String>,
    /// Refuse every call that cannot be verified [default: false]
    #[arg(long, env = "APPROVAL_REQUIRE_SIGNATURE", value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub require_signature: Option<String>,
    /// Whether a call for a project or rule not seen before enrols it [default: true]
    #[arg(long, env = "APPROVAL_ENROL", value_name = "true|false")]
    pub enrol: Option<String>,
    /// All open merge requests are reconciled with GitLab every so many seconds, at least 10 [default: 300]
    #[arg(long, env = "APPROVAL_RECONCILE_SECONDS", value_name = "SECONDS")]
    pub reconcile_seconds: Option<String>,
    /// Days that processed calls are kept, at least 1 [default: 30]
    #[arg(long, env = "APPROVAL_KEEP_CALLS_DAYS", value_name = "DAYS")]
    pub keep_calls_days: Option<String>,
    /// MiB of merge requests' changes that are kept, so that they are there when GitLab is not [default: 256]
    #[arg(long, env = "APPROVAL_CHANGE_CACHE_MIB", value_name = "MIB")]
    pub change_cache_mib: Option<String>,
    /// Whether the changes of pending checks are read before somebody looks at them [default: true]
    #[arg(long, env = "APPROVAL_READ_AHEAD", value_name = "true|false")]
    pub read_ahead: Option<String>,
    /// Addresses or networks of proxies, with commas between; only what they say in X-Forwarded-For
    /// counts as a client's address, for example 10.0.0.0/8
    #[arg(long, env = "APPROVAL_TRUSTED_PROXIES", value_name = "CIDR,…")]
    pub trusted_proxies: Option<String>,
    /// Minutes without use after which a session ends [default: 480]
    #[arg(long, env = "APPROVAL_SESSION_IDLE_MINUTES", value_name = "MINUTES")]
    pub session_idle_minutes: Option<String>,
    /// Hours after which a session ends in any case [default: 168]
    #[arg(long, env = "APPROVAL_SESSION_HOURS", value_name = "HOURS")]
    pub session_hours: Option<String>,
    /// Key that seals secrets in the database, at least 32 characters; older keys may follow after
    /// commas. Without one, the app makes a file secret.key beside its database
    #[arg(long, env = "APPROVAL_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    pub secret_key: Option<String>,
    /// File that holds that key, older ones in further lines
    #[arg(long, env = "APPROVAL_SECRET_KEY_FILE", value_name = "FILE")]
    pub secret_key_file: Option<String>,
    /// TOML file with OpenID Connect providers that people can sign in with; see the README
    #[arg(long, env = "APPROVAL_OIDC_FILE", value_name = "FILE")]
    pub oidc_file: Option<String>,
    /// URL that takes traces by OTLP over HTTP, for example `http://collector:4318/v1/traces`; without it there
    /// are none
    #[arg(long, env = "APPROVAL_OTLP_TRACES_ENDPOINT", value_name = "URL")]
    pub otlp_traces_endpoint: Option<String>,
    /// Headers to send there, NAME=VALUE with commas between
    #[arg(long, env = "APPROVAL_OTLP_HEADERS", value_name = "NAME=VALUE,…", hide_env_values = true)]
    pub otlp_headers: Option<String>,
}

impl Given {
    /// Checks everything.
    ///
    /// # Errors
    /// All faults at once, one line each, saying what to do.
    pub fn check(self) -> Result<Config, Vec<String>> {
        let mut faults = Vec::new();
        let file = |name: Option<String>| name.map(PathBuf::from);
        let listen_text = self.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let listen = listen_text.parse::<SocketAddr>();
        if listen.is_err() {
            faults.push(format!(
                "APPROVAL_LISTEN is {listen_text:?}; write an address and a port, for example 0.0.0.0:8080"
            ));
        }
        let metrics_listen = self.metrics_listen.as_deref().filter(|text| !text.is_empty()).and_then(|text| {
            let address = text.parse::<SocketAddr>().ok();
            if address.is_none() {
                faults.push(format!(
                    "APPROVAL_METRICS_LISTEN is {text:?}; write an address and a port, for example 0.0.0.0:9464"
                ));
            }
            address
        });
        if let (Ok(listen), Some(metrics)) = (&listen, &metrics_listen)
            && listen.port() == metrics.port()
            && listen.port() != 0
            && (covers(listen, metrics) || covers(metrics, listen))
        {
            faults.push(format!(
                "APPROVAL_METRICS_LISTEN is {metrics}, where APPROVAL_LISTEN listens already; choose another port"
            ));
        }
        let base_path =
            self.base_path.as_deref().unwrap_or(DEFAULT_BASE_PATH).trim_end_matches('/').to_owned();
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        if !(base_path.is_empty() || base_path.starts_with('/'))
            || !base_path.chars().all(fine)
            || base_path.contains("//")
            || base_path.split('/').any(|part| matches!(part, "." | ".."))
        {
            faults.push(format!("APPROVAL_BASE_PATH is {base_path:?}; write a path such as /approval-apps"));
        }
        let public_url = self.public_url.map(|url| normal_url(&url));
        if let Some(url) = &public_url
            && let Err(why) = origin(url)
        {
            faults.push(format!("APPROVAL_PUBLIC_URL is {:?}: {why}", without_user(url)));
        }
        let database_url = DatabaseUrl::parse(self.database_url.as_deref().unwrap_or(DEFAULT_DATABASE))
            .map_err(|error| faults.push(format!("APPROVAL_DATABASE_URL: {error}")))
            .ok();
        let gitlab = gitlab(
            self.gitlab_url,
            self.gitlab_moved_from,
            self.gitlab_token,
            file(self.gitlab_ca_file),
            &mut faults,
        );
        // A line end is none of the secret's: whoever writes it with `echo` has one.
        let hmac_secret = self.hmac_secret.map(|secret| secret.trim_end_matches(['\r', '\n']).to_owned());
        let hmac_secret = hmac_secret.filter(|secret| !secret.is_empty()).map(SecretString::from);
        let require_signature =
            flag("APPROVAL_REQUIRE_SIGNATURE", self.require_signature.as_deref(), false, &mut faults);
        if require_signature && hmac_secret.is_none() {
            faults.push(
                "APPROVAL_REQUIRE_SIGNATURE is true, but APPROVAL_HMAC_SECRET is not set: every call would be refused; set the secret as well"
                    .into(),
            );
        }
        let enrol = flag("APPROVAL_ENROL", self.enrol.as_deref(), true, &mut faults);
        let reconcile =
            number("APPROVAL_RECONCILE_SECONDS", self.reconcile_seconds.as_deref(), 300, 10, &mut faults);
        let keep = number("APPROVAL_KEEP_CALLS_DAYS", self.keep_calls_days.as_deref(), 30, 1, &mut faults);
        let cache =
            number("APPROVAL_CHANGE_CACHE_MIB", self.change_cache_mib.as_deref(), 256, 1, &mut faults);
        let read_ahead = flag("APPROVAL_READ_AHEAD", self.read_ahead.as_deref(), true, &mut faults);
        let trusted_proxies = networks(self.trusted_proxies.as_deref(), &mut faults);
        let idle = number(
            "APPROVAL_SESSION_IDLE_MINUTES",
            self.session_idle_minutes.as_deref(),
            8 * 60,
            1,
            &mut faults,
        );
        let life = number("APPROVAL_SESSION_HOURS", self.session_hours.as_deref(), 7 * 24, 1, &mut faults);
        let oidc = oidc::providers(file(self.oidc_file).as_deref(), &mut faults);
        if !oidc.is_empty() && public_url.is_none() {
            faults.push(
                "APPROVAL_OIDC_FILE is set, but APPROVAL_PUBLIC_URL is not: providers send people back there"
                    .into(),
            );
        }
        let traces = traces(self.otlp_traces_endpoint.as_deref(), self.otlp_headers.as_deref(), &mut faults);
        let key_source =
            key_source(self.secret_key, file(self.secret_key_file), database_url.as_ref(), &mut faults);
        match (listen, database_url) {
            (Ok(listen), Some(database_url)) if faults.is_empty() => Ok(Config {
                listen,
                metrics_listen,
                base_path,
                public_url,
                database_url,
                gitlab,
                hmac_secret,
                require_signature,
                enrol,
                reconcile_every: Duration::from_secs(reconcile),
                keep_calls: Duration::from_secs(keep.saturating_mul(86_400)),
                change_cache: usize::try_from(cache).unwrap_or(usize::MAX).saturating_mul(1024 * 1024),
                read_ahead,
                call_budget: 4 * CALL_MAX,
                sandbox: false,
                key_source,
                trusted_proxies,
                session_idle: Duration::from_secs(idle.saturating_mul(60)),
                session_life: Duration::from_secs(life.saturating_mul(3600)),
                password_cost: Cost::default(),
                oidc,
                traces,
            }),
            _ => Err(faults),
        }
    }
}

/// Whether who listens on one address hears what comes to the other. The one for all of IPv6 is one for all of IPv4 too.
fn covers(one: &SocketAddr, other: &SocketAddr) -> bool {
    one.ip() == other.ip() || one.ip().is_unspecified() && (one.is_ipv6() || other.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_is_enough() {
        let config = Given::default().check().expect("fine");
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.base_path, "/approval-apps");
        assert_eq!(config.database_url.to_string(), "SQLite at instance/gitlab_status_checks.db");
        assert!(config.gitlab.is_none());
        assert!(config.enrol);
        assert!(!config.is_https());
        assert!(matches!(config.key_source, KeySource::File(path) if path.ends_with("instance/secret.key")));
    }

    #[test]
    fn keys_and_proxies_are_read_and_checked() {
        let (new, old) = ("n".repeat(32), "o".repeat(40));
        let given = Given {
            secret_key: Some(format!("{new},{old}")),
            trusted_proxies: Some("10.0.0.0/8, ::1".into()),
            ..Given::default()
        };
        let config = given.check().expect("fine");
        assert!(matches!(config.key_source, KeySource::Given(keys) if keys.len() == 2));
        assert_eq!(config.trusted_proxies.len(), 2);
        let given = Given {
            secret_key: Some("hunter2".into()),
            trusted_proxies: Some("proxy.example.com".into()),
            session_hours: Some("0".into()),
            ..Given::default()
        };
        let faults = given.check().expect_err("faults");
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(!faults.join(" ").contains("hunter2"));
    }

    #[test]
    fn what_could_not_work_is_a_fault() {
        let folder =
            std::env::temp_dir().join(format!("approval-app-config-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).expect("makes a folder");
        let no_certificate = folder.join("ca.pem");
        std::fs::write(&no_certificate, "no PEM").expect("writes");
        let gitlab = || Given {
            gitlab_url: Some("https://gitlab.example.com/".into()),
            gitlab_token: Some("glpat-x".into()),
            ..Given::default()
        };
        assert!(gitlab().check().is_ok());
        let apart = Given {
            listen: Some("0.0.0.0:8080".into()),
            metrics_listen: Some("[::1]:8080".into()),
            ..Given::default()
        };
        assert!(apart.check().is_ok());
        let some = |text: &str| Some(text.to_owned());
        for (given, words) in [
            (Given { require_signature: some("true"), ..Given::default() }, "set the secret as well"),
            (Given { metrics_listen: some("0.0.0.0:8080"), ..Given::default() }, "choose another port"),
            (Given { base_path: some("/a/../b"), ..Given::default() }, "write a path such as"),
            (
                Given { gitlab_moved_from: some("https://old.example.com"), ..Given::default() },
                "APPROVAL_GITLAB_URL is not",
            ),
            (Given { gitlab_token: some("glpat-\u{7}x"), ..gitlab() }, "copy it again"),
            (Given { gitlab_url: some("https://gitlab.example.com/api/v4"), ..gitlab() }, "without /api/v4"),
            (Given { gitlab_url: some("gitlab.example.com"), ..gitlab() }, "begin with https://"),
            (
                Given { gitlab_ca_file: some(&no_certificate.to_string_lossy()), ..gitlab() },
                "holds no certificate",
            ),
        ] {
            let faults = given.check().expect_err(words);
            assert!(faults.len() == 1 && faults.iter().all(|fault| fault.contains(words)), "{faults:?}");
        }
        std::fs::remove_dir_all(&folder).expect("goes");
    }

    #[test]
    fn all_faults_are_told_at_once_and_no_secret_is() {
        let given = Given {
            listen: Some("8080".into()),
            base_path: Some("no slash".into()),
            gitlab_token: Some("glpat-very-secret".into()),
            require_signature: Some("perhaps".into()),
            database_url: Some("mysql://x".into()),
            ..Given::default()
        };
        let faults = given.check().expect_err("faults");
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert!(!faults.join(" ").contains("very-secret"));
    }
}
