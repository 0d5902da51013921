//! `audit verify` and `audit export`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::beside::{self, Place};
use super::{Failure, say};
use crate::domain::audit::{Line, Proof, Prover};
use crate::service::ServiceError;
use crate::service::audit::export_all;

/// No line of an export is longer: comments have 10,000 characters at most.
const LINE_MAX: u64 = 4 * 1024 * 1024;

/// What is to be done with the record.
#[derive(Subcommand)]
pub enum Command {
    /// Prove an export in JSON lines, without the database it came from
    ///
    /// Exit code 0 if it holds together; 1 if not, with the first entry that does not fit. A file that
    /// holds together may still have been written anew as a whole: give the hash of an entry that you
    /// kept elsewhere to rule that out.
    Verify(Verify),
    /// Write the whole record to standard output, in JSON lines
    Export(Box<Place>),
}

/// What is to be verified.
#[derive(Args)]
pub struct Verify {
    /// The file in JSON lines; - for standard input
    file: PathBuf,
    /// The hash of an entry, kept elsewhere, that has to occur in the export
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    /// Fail unless the export holds the whole record
    #[arg(long)]
    complete: bool,
}

/// Proves an export.
pub fn verify(wanted: &Verify) -> Result<(), Failure> {
    if let Some(head) = &wanted.head
        && !(head.trim().len() == 64 && head.trim().bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        return Err(Failure::Usage(format!("--head is {head:?}; a hash has 64 hexadecimal digits")));
    }
    let proof = if wanted.file == Path::new("-") {
        read(std::io::stdin().lock(), wanted)
    } else {
        let file = File::open(&wanted.file)
            .map_err(|error| Failure::Runtime(format!("cannot read {}: {error}", wanted.file.display())))?;
        read(BufReader::new(file), wanted)
    }?;
    report(&proof, wanted)
}

fn read(mut from: impl BufRead, wanted: &Verify) -> Result<Proof, Failure> {
    let name = if wanted.file == Path::new("-") {
        "standard input".into()
    } else {
        wanted.file.display().to_string()
    };
    let mut prover = Prover::new(wanted.head.as_deref());
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let fault = |what: &str| Failure::Runtime(format!("{name}, line {number}: {what}"));
        let length = (&mut from).take(LINE_MAX).read_until(b'\n', &mut line);
        match length {
            Err(error) => return Err(fault(&format!("cannot be read: {error}"))),
            Ok(0) => break,
            Ok(_) => {}
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if u64::try_from(line.len()).is_ok_and(|length| length == LINE_MAX) {
            return Err(fault("it is longer than any line of an export"));
        }
        let text = std::str::from_utf8(&line).map_err(|_| fault("it is not UTF-8"))?;
        if number == 1 && text.trim_start_matches(['\u{feff}', '"']).starts_with("id") {
            return Err(fault(
                "this is the export as CSV, which is for reading; only the export in JSON lines (format=jsonl) can be verified",
            ));
        }
        prover.line(text).map_err(|what| fault(&what))?;
    }
    prover.end().map_err(|what| Failure::Runtime(format!("{name}: {what}")))
}

fn report(proof: &Proof, wanted: &Verify) -> Result<(), Failure> {
    let header = &proof.header;
    let count = if proof.entries == 1 { "1 entry".into() } else { format!("{} entries", proof.entries) };
    if header.complete {
        say(&format!("intact: {count}, head {}", header.head))?;
    } else {
        let filters: Vec<String> =
            header.filters.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let why = if filters.is_empty() { "what the exporter may read".into() } else { filters.join(" ") };
        if wanted.complete {
            return Err(Failure::Runtime(format!("the export is not complete: it holds only {why}")));
        }
        say(&format!(
            "unchanged one by one: {count} of {} in the record, whose head was {}",
            header.last, header.head
        ))?;
        say(&format!(
            "  the export is not complete (only {why}): what is missing between its entries, or before and behind them, cannot be seen"
        ))?;
    }
    say(&format!("  instance {}, exported {}", header.instance, header.exported_at))?;
    match proof.kept_at {
        Some(0) => say("  the hash that was kept is the genesis: it proves the instance, and no entry"),
        Some(id) if header.complete => {
            say(&format!("  the hash that was kept is that of entry {id}: up to there nothing was rewritten"))
        }
        Some(id) => {
            say(&format!("  the hash that was kept is that of entry {id}: it says what it said then"))
        }
        None => say(
            "  whether the whole file was written anew cannot be seen: compare with a hash that was kept elsewhere (--head)",
        ),
    }
}

/// Writes the whole record to standard output.
pub async fn export(place: Place) -> Result<(), Failure> {
    let beside = beside::open(place).await?;
    let failed = |error| beside::failure(ServiceError::Store(error));
    let now = beside.clock.now();
    let mut export = export_all(&beside.db, beside::actor(), now).await.map_err(failed)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut write = |text: &str| {
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| Failure::Runtime(format!("cannot write: {error}")))
    };
    write(&export.first_line())?;
    loop {
        let entries = export.next().await.map_err(failed)?;
        if entries.is_empty() {
            break;
        }
        let lines: String = entries.into_iter().map(|entry| Line::Entry(entry).to_text()).collect();
        write(&lines)?;
    }
    write(&export.last_line())
}
