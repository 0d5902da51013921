//! The chain of the record: each entry carries a hash over itself and the hash before it, so that
//! whoever changes, removes, moves or slips in an entry has to rewrite all that follow.
//!
//! **Canonical form, version 1.** The bytes that are hashed (SHA-256, written as lower-case hex)
//! are the line `approval-app record 1` with its line feed, followed by these eleven fields in this
//! order: previous hash, number, time, kind, check, project, actor, account, way, summary, data. A
//! field is a [netstring](https://cr.yp.to/proto/netstrings.txt), its length in bytes, a colon, its
//! bytes in UTF-8 and a comma, or `-,` where there is none. A length says where each field ends, so
//! no two different entries have the same bytes. Numbers are decimal; `data` is the stored text, so
//! that nobody has to agree on how JSON is written.
//!
//! **Genesis.** What the first entry follows is the SHA-256 of the line `approval-app genesis 1`
//! with its line feed and the instance's id as a netstring: entries of one instance fit no other.

mod chain;
mod export;
mod proof;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::record::EventKind;

pub use chain::{Broken, Chain, Fault};
pub use export::{End, FORMAT, Header, Line, VERSION};
pub use proof::{Proof, Prover};

/// An entry without its own hash: what is hashed besides the hash before it.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// Its number; the first is 1, and there are no gaps.
    pub id: i64,
    /// When, RFC 3339 as stored.
    pub at: &'a str,
    /// What happened, the word.
    pub kind: &'a str,
    /// The check it is about.
    pub check_id: Option<&'a str>,
    /// The project it is about.
    pub project_id: Option<&'a str>,
    /// Who did it.
    pub actor: &'a str,
    /// Their account.
    pub account_id: Option<&'a str>,
    /// Through what.
    pub via: &'a str,
    /// One sentence.
    pub summary: &'a str,
    /// Facts for machines, as stored.
    pub data: &'a str,
}

impl Content<'_> {
    /// The entry's hash, given the hash before it.
    #[must_use]
    pub fn hash(&self, previous: &str) -> String {
        let mut bytes = b"approval-app record 1\n".to_vec();
        let id = self.id.to_string();
        for field in [
            Some(previous),
            Some(&id),
            Some(self.at),
            Some(self.kind),
            self.check_id,
            self.project_id,
            Some(self.actor),
            self.account_id,
            Some(self.via),
            Some(self.summary),
            Some(self.data),
        ] {
            netstring(&mut bytes, field);
        }
        hex::encode(Sha256::digest(&bytes))
    }
}

/// An entry as it is stored, read and exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When, RFC 3339 as stored.
    pub at: String,
    /// What happened: a word, perhaps of a newer version than this one.
    pub kind: String,
    /// The check it is about.
    pub check_id: Option<String>,
    /// The project it is about: our id.
    pub project_id: Option<String>,
    /// Who did it.
    pub actor: String,
    /// Their account.
    pub account_id: Option<String>,
    /// Through what.
    pub via: String,
    /// One sentence.
    pub summary: String,
    /// Facts for machines: JSON as stored.
    pub data: String,
    /// The hash of the entry before it, or the genesis.
    pub previous_hash: String,
    /// Its own hash.
    pub hash: String,
}

/// A decision as an entry of the record tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldDecision {
    /// Its id.
    pub id: String,
    /// The check.
    pub check_id: String,
    /// Who decided: the display name.
    pub reviewer: String,
    /// Their account.
    pub account_id: Option<String>,
    /// What they decided.
    pub verdict: String,
    /// Why.
    pub comment: String,
    /// On which commit.
    pub sha: String,
    /// For which target branch.
    pub target_branch: String,
    /// In which round of the check.
    pub round: i64,
    /// Through what.
    pub via: String,
}

impl Entry {
    /// The decision that it tells of; `None` if it tells of none, or was written before entries named theirs.
    #[must_use]
    pub fn decision(&self) -> Option<ToldDecision> {
        if self.kind != EventKind::CheckDecided.as_str() {
            return None;
        }
        let data: serde_json::Value = serde_json::from_str(&self.data).ok()?;
        let text = |name: &str| data[name].as_str().map(str::to_owned);
        Some(ToldDecision {
            id: text("decision")?,
            check_id: self.check_id.clone()?,
            reviewer: self.actor.clone(),
            account_id: self.account_id.clone(),
            verdict: text("verdict")?,
            comment: text("comment")?,
            sha: text("sha")?,
            target_branch: text("target_branch")?,
            round: data["round"].as_i64()?,
            via: self.via.clone(),
        })
    }

    /// What its hash is made of, besides the hash before it.
    #[must_use]
    pub fn content(&self) -> Content<'_> {
        Content {
            id: self.id,
            at: &self.at,
            kind: &self.kind,
            check_id: self.check_id.as_deref(),
            project_id: self.project_id.as_deref(),
            actor: &self.actor,
            account_id: self.account_id.as_deref(),
            via: &self.via,
            summary: &self.summary,
            data: &self.data,
        }
    }
}

/// What the first entry of an instance follows.
#[must_use]
pub fn genesis(instance: &str) -> String {
    let mut bytes = b"approval-app genesis 1\n".to_vec();
    netstring(&mut bytes, Some(instance));
    hex::encode(Sha256::digest(&bytes))
}

fn netstring(bytes: &mut Vec<u8>, field: Option<&str>) {
    if let Some(text) = field {
        bytes.extend_from_slice(text.len().to_string().as_bytes());
        bytes.push(b':');
        bytes.extend_from_slice(text.as_bytes());
    } else {
        bytes.push(b'-');
    }
    bytes.push(b',');
}

#[cfg(test)]
mod tests;
