//! The measured programs: start, look at, hold, and stop their processes.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::{Result, calls};

/// The release binary that cargo built for this run.
const PROGRAM: &str = env!("CARGO_BIN_EXE_approval-app");
/// Whoever takes longer to start or to stop is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; killed when dropped.
pub struct Served {
    child: Child,
    /// Kept open: a program that cannot print may give up.
    _stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
    /// When it was started.
    pub started: Instant,
}

impl Served {
    /// Starts `approval-app serve` on the SQLite file `database`, with the environment given here and
    /// nothing else. Its log goes to a file beside the database.
    ///
    /// # Errors
    /// If it does not say where it listens.
    pub fn app(database: &Path, gitlab: Option<(&str, &str)>) -> Result<Self> {
        let mut command = Command::new(PROGRAM);
        command
            .arg("serve")
            .env_clear()
            .env("APPROVAL_LISTEN", "127.0.0.1:0")
            .env("APPROVAL_DATABASE_URL", format!("sqlite:{}", database.display()))
            .env("APPROVAL_HMAC_SECRET", calls::SECRET)
            .env("APPROVAL_RECONCILE_SECONDS", "86400")
            .stderr(fs::File::create(database.with_extension("log"))?);
        if let Some((url, token)) = gitlab {
            command.env("APPROVAL_GITLAB_URL", url).env("APPROVAL_GITLAB_TOKEN", token);
        }
        Self::start(command)
    }

    /// Starts a program that prints its address as the first `http://…` on standard output.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(mut command: Command) -> Result<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut served = Self {
            child,
            _stdout: BufReader::new(stdout),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            started,
        };
        let mut line = String::new();
        while started.elapsed() < PATIENCE {
            line.clear();
            if served._stdout.read_line(&mut line)? == 0 {
                return Err(format!("{command:?} ended before it listened").into());
            }
            if let Some((_, rest)) = line.split_once("http://") {
                let address = rest.split(['/', '\n']).next().unwrap_or_default();
                served.address = address.parse()?;
                return Ok(served);
            }
        }
        Err(format!("{command:?} does not say where it listens").into())
    }

    /// Waits until `/readyz` answers 200; returns how long after the start that was.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn ready(&self) -> Result<Duration> {
        while self.started.elapsed() < PATIENCE {
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.get("/readyz").await?.status == 200
            {
                return Ok(self.started.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("the service does not become ready".into())
    }

    /// Sends a signal by its name.
    fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status()?;
        if sent.success() { Ok(()) } else { Err(format!("SIG{name} could not be sent").into()) }
    }

    /// Holds the process, so that its background work costs nobody else anything.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn hold(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Stops it as a supervisor would, with SIGTERM, and waits.
    ///
    /// # Errors
    /// If it ends badly or not at all.
    pub async fn stop(mut self) -> Result<()> {
        self.signal("TERM")?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the service ended with {status}").into()),
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        Err("the service does not stop".into())
    }

    /// A value of `/proc/PID/status` in MiB, for example `VmRSS`.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn mebibytes(&self, field: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let kib: f64 = line
            .and_then(|rest| rest.trim().strip_suffix("kB"))
            .ok_or_else(|| format!("the system does not tell {field}"))?
            .trim()
            .parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time used so far, by all its threads.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.child.id().to_string())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be gone already, which is what is wanted.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// An API token that may read and decide, made on the command line for a person who is made first if
/// the database does not have them yet.
///
/// # Errors
/// If it cannot be made.
pub fn token(database: &Path) -> Result<String> {
    let run = |args: &[&str]| -> Result<(bool, String)> {
        let mut child = Command::new(PROGRAM)
            .args(args)
            .env_clear()
            .env("APPROVAL_DATABASE_URL", format!("sqlite:{}", database.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child.stdin.take().ok_or("no standard input")?.write_all(b"a password of the benchmark")?;
        let output = child.wait_with_output()?;
        let said = if output.status.success() { output.stdout } else { output.stderr };
        Ok((output.status.success(), String::from_utf8(said)?.trim().to_owned()))
    };
    const EMAIL: &str = "rita@bench.example";
    // Fails if she is there already, which is as good.
    let _made = run(&[
        "user",
        "create",
        "--name",
        "Rita Reviewer",
        "--email",
        EMAIL,
        "--role",
        "reviewer",
        "--password-stdin",
    ])?;
    let scopes = ["--scope", "checks:read", "--scope", "checks:decide"];
    let made = run(&[&["token", "create", "--name", "bench", "--for", EMAIL], &scopes[..]].concat())?;
    match made {
        (true, token) => Ok(token),
        (false, why) => Err(format!("no token can be made: {why}").into()),
    }
}

/// Processor time of a process, with that of threads that have ended: user and system time of `proc(5)`'s
/// `stat`, which counts in hundredths of a second.
fn processor_time(id: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, in brackets, may hold anything; the state comes behind it.
    let (_, fields) = stat.rsplit_once(')').ok_or("the system does not tell the processor time")?;
    let ticks: Vec<u64> =
        fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
}
