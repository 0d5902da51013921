//! `demo`: the app and the GitLab sandbox in one process, with sample merge requests.

use std::net::SocketAddr;
use std::path::PathBuf;

use gitlab_sandbox::{Sandbox, SandboxConfig};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Failure, say};
use crate::cli::serve;
use crate::config::{GitLabConfig, Given};
use crate::server;
use crate::service::samples;

/// The sandbox's token: it opens nothing but the sandbox.
const SANDBOX_TOKEN: &str = "sandbox-token";
/// The sandbox's shared secret.
const SANDBOX_SECRET: &str = "sandbox-secret";

/// Somebody who wrote sample merge requests.
const SAMPLE_AUTHOR: &str = "sam-sample";

#[derive(clap::Args)]
pub struct Args {
    /// Address and port of the app
    #[arg(long, env = "APPROVAL_LISTEN", default_value = crate::config::DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Address and port of the sandbox
    #[arg(long, default_value = "127.0.0.1:8081")]
    sandbox_listen: SocketAddr,
    /// Folder for the demo's own database and the sandbox's state; delete it to begin anew
    #[arg(long, default_value = "instance/demo")]
    folder: PathBuf,
    /// Seconds between two reconciliations
    #[arg(long, default_value = "60", hide = true)]
    reconcile_seconds: String,
}

/// Runs the demo until it is told to stop.
pub async fn demo(args: Args) -> Result<(), Failure> {
    let told = server::Told::listen().map_err(|error| Failure::Runtime(error.to_string()))?;
    let database = args.folder.join("gitlab_status_checks.db");
    let given = Given {
        listen: Some(args.listen.to_string()),
        database_url: Some(format!("sqlite:{}", database.display())),
        hmac_secret: Some(SANDBOX_SECRET.into()),
        reconcile_seconds: Some(args.reconcile_seconds),
        ..Given::default()
    };
    let mut config = given.check().map_err(Failure::Config)?;
    std::fs::create_dir_all(&args.folder)
        .map_err(|error| Failure::Runtime(format!("cannot create {}: {error}", args.folder.display())))?;
    let listener = serve::listen(&config)?;
    let address = listener.local_addr().map_err(|error| Failure::Runtime(error.to_string()))?;
    let state_file = args.folder.join("sandbox.json");
    let sandbox = Sandbox::start(SandboxConfig {
        listen: args.sandbox_listen,
        token: SANDBOX_TOKEN.into(),
        state_file: Some(state_file),
        ..SandboxConfig::default()
    })
    .await
    .map_err(|error| {
        Failure::Runtime(format!(
            "the sandbox cannot start: {error}; choose another address with --sandbox-listen"
        ))
    })?;
    config.gitlab = Some(GitLabConfig {
        url: sandbox.url(),
        moved_from: None,
        token: SecretString::from(SANDBOX_TOKEN),
        ca_pem: None,
    });
    config.sandbox = true;
    let app = serve::open(config).await?;
    let author = sandbox.user(SAMPLE_AUTHOR);
    let ready = async {
        samples::ensure(&app, author).await?;
        samples::token(&app).await
    };
    let token = ready.await.map_err(super::beside::failure)?;
    let running = server::start(&app, listener, true).map_err(|error| Failure::Runtime(error.to_string()))?;
    // Known samples stay as they are; only the addresses that are called follow this run's.
    sandbox.seed_samples(&format!("http://{address}"), Some(SANDBOX_SECRET));
    say(&format!("Approval App {}, demo: nothing leaves this machine", env!("CARGO_PKG_VERSION")))?;
    say(&format!("  1. the reviewer's page   http://{address}{}/", app.config.base_path))?;
    say(&format!("  2. the GitLab sandbox    {}/", sandbox.url()))?;
    say("  Approve or reject a check on the first page and watch its merge request on the second.")?;
    say(&format!(
        "  Sign in as one of these people; they exist only in this sandbox. Password: {}",
        samples::PASSWORD
    ))?;
    for sample in samples::SAMPLES {
        let roles: Vec<&str> = sample.roles.iter().map(|role| role.as_str()).collect();
        say(&format!("    {:24} {} ({})", sample.email, sample.name, roles.join(", ")))?;
    }
    say(&format!(
        "  For programs: curl -H 'Authorization: Bearer {}' http://{address}{}/api/v1/checks",
        token.expose_secret(),
        app.config.base_path
    ))?;
    say("  Ctrl+C stops; what you did is kept in the demo's folder.")?;
    let ended = running.until_told_to_stop(told).await.map_err(|error| Failure::Runtime(error.to_string()));
    sandbox.stop().await;
    ended
}
