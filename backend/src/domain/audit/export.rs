//! The file of an export in JSON lines: a header, the entries by number, and a line that says that
//! the file ends here. Each line is one object whose `line` says which it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Entry;

/// What the header calls the file.
pub const FORMAT: &str = "approval-app record";
/// The version of the file and of the canonical form of its entries.
pub const VERSION: u32 = 1;

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
pub enum Line {
    /// The first line.
    Header(Header),
    /// An entry.
    Entry(Entry),
    /// The last line.
    End(End),
}

/// What the file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The instance's id.
    pub instance: String,
    /// What its first entry follows.
    pub genesis: String,
    /// When the export was made, RFC 3339 UTC.
    pub exported_at: String,
    /// The filters that were given, by name.
    pub filters: BTreeMap<String, String>,
    /// Whether all entries up to `last` are in the file: no filters, and whoever exported may read all.
    pub complete: bool,
    /// The number of the record's newest entry then.
    pub last: i64,
    /// Its hash.
    pub head: String,
}

/// The end of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How many entries the file holds.
    pub entries: i64,
}

impl Line {
    /// The line as it stands in the file, with its line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Strings, numbers and maps of strings: nothing in them can fail to be written.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
