//! A small HTTP/1.1 client that costs little: prepared bytes out, as much reading as needed in.

use std::io::IoSlice;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Result;

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The header line that lets it in; empty for a stranger.
    authorization: String,
}

/// An answer; the body is as it was sent, perhaps compressed.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header lines, without the status line.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer, if it has this status.
    ///
    /// # Errors
    /// If it has another.
    pub fn expect(self, status: u16) -> Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(format!("the service answered {} instead of {status}: {body}", self.status).into())
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The system's.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 * 1024], authorization: String::new() })
    }

    /// Connects as a program with this API token.
    ///
    /// # Errors
    /// The system's.
    pub async fn open_with(address: SocketAddr, token: &str) -> Result<Self> {
        let authorization = format!("Authorization: Bearer {token}\r\n");
        Ok(Self { authorization, ..Self::open(address).await? })
    }

    /// Sends a request that is already written down, in two parts.
    ///
    /// # Errors
    /// The system's.
    pub async fn send(&mut self, line: &[u8], rest: &[u8]) -> Result<()> {
        let sent = self.stream.write_vectored(&[IoSlice::new(line), IoSlice::new(rest)]).await?;
        if sent < line.len() {
            self.stream.write_all(&line[sent..]).await?;
        }
        self.stream.write_all(rest.get(sent.saturating_sub(line.len())..).unwrap_or_default()).await?;
        Ok(())
    }

    /// Reads an answer that has no body; cheap, for load.
    ///
    /// # Errors
    /// If it is another than `expected` (such as `HTTP/1.1 202 `), or has a body.
    pub async fn expect_bodiless(&mut self, expected: &[u8]) -> Result<()> {
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            filled += read;
            let answer = &self.buffer[..filled];
            if read == 0 || (filled >= expected.len() && !answer.starts_with(expected)) {
                return Err(format!("an unexpected answer: {:?}", String::from_utf8_lossy(answer)).into());
            }
            if answer.ends_with(b"\r\n\r\n") {
                return Ok(());
            }
            if filled == self.buffer.len() || answer.windows(4).any(|end| end == b"\r\n\r\n") {
                return Err("an answer with a body, where none was expected".into());
            }
        }
    }

    /// Reads any answer that tells its length.
    ///
    /// # Errors
    /// If it does not.
    pub async fn answer(&mut self) -> Result<Answer> {
        let mut read = Vec::with_capacity(64 * 1024);
        let end = loop {
            if let Some(end) = read.windows(4).position(|end| end == b"\r\n\r\n") {
                break end;
            }
            if self.stream.read_buf(&mut read).await? == 0 {
                return Err("the connection was closed instead of an answer".into());
            }
        };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let (first, head) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = first.split(' ').nth(1).unwrap_or_default().parse()?;
        let length: usize = match header(head, "content-length") {
            Some(length) => length.parse()?,
            None => return Err("an answer that does not tell its length".into()),
        };
        let mut body = read.split_off(end + 4);
        while body.len() < length {
            if self.stream.read_buf(&mut body).await? == 0 {
                return Err("the connection was closed within an answer".into());
            }
        }
        if body.len() > length {
            return Err("more than one answer".into());
        }
        Ok(Answer { status, head: head.to_owned(), body })
    }

    /// GET, for an answer as it is.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.get_with(path, "").await
    }

    /// GET, with more header lines.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub async fn get_with(&mut self, path: &str, headers: &str) -> Result<Answer> {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: approvals.example.com\r\n{}{headers}\r\n",
            self.authorization
        );
        self.send(head.as_bytes(), b"").await?;
        self.answer().await
    }

    /// POST of a JSON body.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: approvals.example.com\r\nContent-Type: application/json\r\n{}{headers}\
             Content-Length: {}\r\n\r\n",
            self.authorization,
            body.len()
        );
        self.send(head.as_bytes(), body).await?;
        self.answer().await
    }
}

/// The value of a header, whose name is given in lower case.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
