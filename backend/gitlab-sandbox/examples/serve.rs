//! Runs a sandbox until it is interrupted, and prints its URL on the first line.
//!
//! `cargo run -p gitlab-sandbox --example serve -- [--port N] [--token T] [--state FILE] [--app URL] [--secret S]`

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use gitlab_sandbox::{Sandbox, SandboxConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = SandboxConfig::default();
    let (mut app, mut secret) = (None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--port" => config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, value.parse()?)),
            "--token" => config.token = value,
            "--state" => config.state_file = Some(value.into()),
            "--app" => app = Some(value),
            "--secret" => secret = Some(value),
            _ => return Err(format!("unknown argument {name}").into()),
        }
    }
    config.sample_data = app.is_none();
    let sandbox = Sandbox::start(config).await?;
    if let Some(app) = app {
        sandbox.seed_samples(&app, secret.as_deref());
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.url())?;
    out.flush()?;
    interrupted().await?;
    sandbox.stop().await;
    Ok(())
}

/// Waits for Ctrl+C or, on Unix, for the polite kill.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut kill = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = kill.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
