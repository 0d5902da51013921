//! The command line: people and tokens beside a running service, the first start, and what is never
//! written to a log.

mod people;
mod start;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

use crate::support::people::client_with;
use crate::support::{Asker, Database, Kind, SECRET, TOKEN};

/// The program with a database of its own.
struct Program {
    database: Database,
    folder: std::path::PathBuf,
}

impl Program {
    async fn new(kind: Kind) -> Self {
        let folder = std::env::temp_dir().join(format!("approval-app-cli-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { database: Database::create(kind).await, folder }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_approval-app"));
        command.args(args).current_dir(&self.folder).env("APPROVAL_DATABASE_URL", &self.database.url);
        command
    }

    fn run(&self, args: &[&str], input: &str) -> Output {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// What a command that must succeed prints.
    fn said(&self, args: &[&str], input: &str) -> String {
        let output = self.run(args, input);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// What a command that must fail complains of.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args, "");
        assert!(!output.status.success(), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn serve(&self, log: &str) -> Service {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .env("APPROVAL_GITLAB_URL", "http://127.0.0.1:9")
            .env("APPROVAL_GITLAB_TOKEN", TOKEN)
            .env("APPROVAL_HMAC_SECRET", SECRET)
            .env("RUST_LOG", log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = child.stderr.take().unwrap();
        let logged = std::thread::spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = said
            .by_ref()
            .find_map(|line| line.split_once("reviewers open").map(|(_, rest)| rest.trim().to_owned()));
        let base = first.expect("it says where").trim_end_matches('/').to_owned();
        Service { base, said: Box::new(said), logged: Some(logged), child }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // What is left in the folder for temporary files hurts nobody.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

struct Service {
    base: String,
    said: Box<dyn Iterator<Item = String>>,
    logged: Option<std::thread::JoinHandle<String>>,
    child: Child,
}

impl Service {
    /// The set-up link's secret, which stands on a line of its own.
    fn set_up(&mut self) -> String {
        let line = self.said.find(|line| line.contains("/welcome#")).expect("there is a set-up link");
        line.split_once('#').unwrap().1.to_owned()
    }

    fn asker(&self, http: reqwest::Client) -> Asker {
        Asker { http, base: self.base.clone(), cookie: None }
    }

    fn bearer(&self, token: &str) -> Asker {
        self.asker(client_with("authorization", &format!("Bearer {token}")))
    }

    /// Stops it and returns what it logged.
    fn stop(mut self) -> String {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        for _line in self.said.by_ref() {}
        self.child.wait().unwrap();
        self.logged.take().unwrap().join().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already gone, if all went well.
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}
