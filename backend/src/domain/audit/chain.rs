//! Walks entries in order and says which is the first that does not fit.

use std::fmt;

use super::{Entry, genesis};

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its hash is not that of what it says.
    Changed,
    /// Its hash is right, but made for another entry before it.
    Unchained,
    /// It is not there; this is the number of the next one that is.
    Missing(i64),
    /// Its number was there just before.
    Twice,
    /// It stands behind a later one.
    OutOfOrder,
    /// It stands behind the end that the database knows.
    Unknown,
    /// The database's own note of the newest entry's hash is another one.
    OtherHead,
    /// It fits; but the decision that it tells of is kept otherwise, or not at all.
    OtherDecision,
}

/// The first entry that does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub id: i64,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Broken {
    /// A sentence that names the entry, and says nothing of what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        match self.fault {
            Fault::Changed => write!(f, "entry {id} was changed: its hash is not that of what it says"),
            Fault::Unchained => write!(
                f,
                "entry {id} does not follow {}: one of the two was put in place of another",
                if id == 1 { "the genesis".to_owned() } else { format!("entry {}", id - 1) }
            ),
            Fault::Missing(next) => match next - id {
                0 => write!(f, "entry {id} and whatever followed it are missing"),
                1 => write!(f, "entry {id} is missing"),
                _ => write!(f, "entries {id} to {} are missing", next - 1),
            },
            Fault::Twice => write!(f, "entry {id} is there twice"),
            Fault::OutOfOrder => write!(f, "entry {id} is not in its place: a later one stands before it"),
            Fault::Unknown => {
                write!(f, "entry {id} was not written by the service: its counter does not know it")
            }
            Fault::OtherDecision => write!(
                f,
                "the decision that entry {id} tells of was changed or removed outside of the record; the entry says what was decided"
            ),
            Fault::OtherHead => {
                write!(
                    f,
                    "entry {id} is not the newest one that the service wrote: its counter has another hash"
                )
            }
        }
    }
}

/// A walk along the chain.
#[derive(Clone, Debug)]
pub struct Chain {
    last: i64,
    hash: String,
    complete: bool,
}

impl Chain {
    /// Begins before the first entry of an instance. `complete` is whether all entries will come; if
    /// not, those left out are no fault, and only neighbours are checked against each other.
    #[must_use]
    pub fn new(instance: &str, complete: bool) -> Self {
        Self { last: 0, hash: genesis(instance), complete }
    }

    /// The number of the entry that came last; 0 before the first.
    #[must_use]
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Its hash; the genesis before the first.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`Broken`] if it does not fit. The walk cannot go on then.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Broken> {
        let broken = |id, fault| Err(Broken { id, fault });
        let next = self.last + 1;
        match entry.id.cmp(&next) {
            std::cmp::Ordering::Less if entry.id == self.last => return broken(entry.id, Fault::Twice),
            std::cmp::Ordering::Less => return broken(entry.id, Fault::OutOfOrder),
            std::cmp::Ordering::Greater if self.complete => return broken(next, Fault::Missing(entry.id)),
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {}
        }
        if entry.content().hash(&entry.previous_hash) != entry.hash {
            return broken(entry.id, Fault::Changed);
        }
        if entry.id == next && entry.previous_hash != self.hash {
            return broken(entry.id, Fault::Unchained);
        }
        self.last = entry.id;
        self.hash.clone_from(&entry.hash);
        Ok(())
    }

    /// Says that nothing more comes: the newest entry is to have this number and this hash.
    ///
    /// # Errors
    /// [`Broken`] if the walk ended elsewhere.
    pub fn end(&self, last: i64, head: &str) -> Result<(), Broken> {
        if self.last < last && self.complete {
            return Err(Broken { id: self.last + 1, fault: Fault::Missing(self.last + 1) });
        }
        if self.last > last {
            return Err(Broken { id: last + 1, fault: Fault::Unknown });
        }
        if self.last == last && self.hash != head {
            return Err(Broken { id: last, fault: Fault::OtherHead });
        }
        Ok(())
    }
}
