//! Proves an export line by line, without the database it came from.

use super::{Broken, Chain, Entry, FORMAT, Fault, Header, Line, VERSION, genesis};

/// What an export that holds together says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The first line.
    pub header: Header,
    /// How many entries there are.
    pub entries: i64,
    /// The number of the last one; 0 if there is none.
    pub last: i64,
    /// The entry that has the hash that was kept elsewhere, if one was given; 0 is the genesis.
    pub kept_at: Option<i64>,
}

/// Reads an export line by line.
#[derive(Debug)]
pub struct Prover {
    /// The hash that was kept elsewhere.
    kept: Option<String>,
    kept_at: Option<i64>,
    header: Option<(Header, Chain)>,
    entries: i64,
    ended: bool,
    /// A number that was passed over. Whether it is missing or only misplaced is seen later.
    gap: Option<Broken>,
}

impl Prover {
    /// Begins. `kept` is a head hash that was kept elsewhere and has to occur.
    #[must_use]
    pub fn new(kept: Option<&str>) -> Self {
        let kept = kept.map(|hash| hash.trim().to_ascii_lowercase());
        Self { kept, kept_at: None, header: None, entries: 0, ended: false, gap: None }
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence without a full stop.
    pub fn line(&mut self, text: &str) -> Result<(), String> {
        let line: Line = serde_json::from_str(text).map_err(|error| match self.header {
            Some(_) => format!("it is no line of such an export: {error}"),
            None => format!("the file does not begin as an export in JSON lines does: {error}"),
        })?;
        if self.ended {
            return Err("something was added behind the line that ends the export".into());
        }
        match line {
            Line::Header(header) => self.begin(header),
            Line::Entry(entry) => self.entry(&entry),
            Line::End(end) => {
                if self.gap.is_none() && end.entries != self.entries {
                    return Err(format!("the export had {} entries, here are {}", end.entries, self.entries));
                }
                self.ended = true;
                Ok(())
            }
        }
    }

    fn begin(&mut self, header: Header) -> Result<(), String> {
        if self.header.is_some() {
            return Err("a second export begins in the same file".into());
        }
        if header.format != FORMAT || header.version != VERSION {
            return Err(format!(
                "it is {:?}, version {}; this program reads {FORMAT:?}, version {VERSION}",
                header.format, header.version
            ));
        }
        if header.genesis != genesis(&header.instance) {
            return Err("the header's genesis is not that of its instance".into());
        }
        if self.kept.as_ref() == Some(&header.genesis) {
            self.kept_at = Some(0);
        }
        let chain = Chain::new(&header.instance, header.complete);
        self.header = Some((header, chain));
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        let Some((_, chain)) = &mut self.header else {
            return Err("the file does not begin with the header of an export".into());
        };
        if let Some(gap) = &self.gap {
            return if entry.id == gap.id {
                Err(Broken { id: gap.id, fault: Fault::OutOfOrder }.to_string())
            } else {
                Ok(())
            };
        }
        match chain.follow(entry) {
            Ok(()) => {}
            Err(broken @ Broken { fault: Fault::Missing(_), .. }) => {
                self.gap = Some(broken);
                return Ok(());
            }
            Err(broken) => return Err(broken.to_string()),
        }
        self.entries += 1;
        if self.kept.as_ref() == Some(&entry.hash) {
            self.kept_at = Some(entry.id);
        }
        Ok(())
    }

    /// Says that the file ends.
    ///
    /// # Errors
    /// What is wrong with the whole, as a sentence without a full stop.
    pub fn end(self) -> Result<Proof, String> {
        if let Some(gap) = self.gap {
            return Err(gap.to_string());
        }
        let Some((header, chain)) = self.header else {
            return Err("the file is empty".into());
        };
        if !self.ended {
            return Err(format!(
                "the file was cut off behind entry {}: its last line is missing",
                chain.last()
            ));
        }
        chain.end(header.last, &header.head).map_err(|broken| match broken.fault {
            Fault::Missing(_) => broken.to_string(),
            Fault::Changed
            | Fault::Unchained
            | Fault::Twice
            | Fault::OutOfOrder
            | Fault::Unknown
            | Fault::OtherHead
            | Fault::OtherDecision => {
                format!("the header says that the record ended with entry {} and another hash", header.last)
            }
        })?;
        if self.kept.is_some() && self.kept_at.is_none() {
            return Err(if header.complete {
                "no entry has the hash that was kept: the record was cut off or rewritten, or is of another instance"
                    .into()
            } else {
                "no entry has the hash that was kept; as this export is not complete, that entry may have been left out"
                    .into()
            });
        }
        Ok(Proof { entries: self.entries, last: chain.last(), kept_at: self.kept_at, header })
    }
}
