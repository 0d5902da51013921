//! A PostgreSQL of a test's own, which it may take away and bring back.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Runs until it is dropped.
pub struct Cluster {
    /// An empty database of it.
    pub url: String,
    /// The file of the certificate that vouches for it.
    pub certificate: String,
    child: Child,
    wishes: Option<ChildStdin>,
    said: Lines<BufReader<ChildStdout>>,
}

impl Cluster {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/postgres");
        let mut child =
            Command::new(script).arg("own").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = said.next().expect("it says where it is").unwrap();
        let certificate = said.next().expect("and who vouches for it").unwrap();
        Self { url, certificate, wishes: child.stdin.take(), said, child }
    }

    fn ask(&mut self, wish: &str, answer: &str) {
        let wishes = self.wishes.as_mut().unwrap();
        writeln!(wishes, "{wish}").unwrap();
        wishes.flush().unwrap();
        assert_eq!(self.said.next().expect("it goes on").unwrap(), answer);
    }

    /// Ends it as a crash does.
    pub fn halt(&mut self) {
        self.ask("stop", "stopped");
    }

    /// Starts it again, with the same data at the same place.
    pub fn resume(&mut self) {
        self.ask("start", "started");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.wishes.take());
        // It removes itself when its input ends.
        let _ended = self.child.wait();
    }
}
