//! Reading, exporting and verifying the record.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Asking, ServiceError};
use crate::app::App;
use crate::db::audit::{self, Filter, Scope};
use crate::db::{Conn, Db, DbError, Lane, events};
use crate::domain::Time;
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{Broken, Chain, End, Entry, FORMAT, Header, Line, VERSION, genesis};
use crate::domain::record::{Actor, EventKind, NewEvent};

/// So many entries are read at once where many are read: a bound on memory, and short transactions.
const BATCH: i64 = 500;

/// A page of what the caller may read of the record, newest first, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    caller: &Caller,
    filter: Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<Entry>, bool), DbError> {
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let scope = Scope::of(caller);
    let mut entries: Vec<Entry> =
        app.db.read(move |conn| audit::page(conn, &filter, &scope, before, wanted)).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok((entries, more))
}

/// In which form the record is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table for people.
    Csv,
    /// What `audit verify` proves.
    JsonLines,
}

impl Form {
    /// The word in the API, on the command line and in the record; also the file's ending.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::JsonLines => "jsonl",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Form::Csv, Form::JsonLines].into_iter().find(|form| form.as_str() == word)
    }
}

/// An export that has begun: it ends with the entry that says so.
pub struct Export {
    db: Db,
    filter: Filter,
    scope: Scope,
    /// What the file says of itself.
    pub header: Header,
    after: i64,
    written: i64,
}

/// What is to be exported.
pub struct Wanted {
    /// In which form.
    pub form: Form,
    /// Which entries.
    pub filter: Filter,
    /// The filters that were given, by name, as they were written.
    pub given: BTreeMap<String, String>,
}

impl Wanted {
    /// Everything, so that it can be proven.
    #[must_use]
    pub fn all() -> Self {
        Self { form: Form::JsonLines, filter: Filter::default(), given: BTreeMap::new() }
    }
}

/// Begins an export of what the caller may read.
///
/// # Errors
/// [`ServiceError::SignedOut`], [`ServiceError::Forbidden`] or the database's.
pub async fn export(app: &App, caller: &Caller, wanted: Wanted) -> Result<Export, ServiceError> {
    let asking = Asking::new(app, caller);
    let (db, now) = (app.db.clone(), asking.now);
    let begun = app.db.write(Lane::Front, move |conn| {
        let caller = asking.again(conn, Some(Permission::AuditRead))?;
        Ok::<_, ServiceError>(begin(conn, db, &caller.actor(), wanted, Scope::of(&caller), now)?)
    });
    let export = begun.await?;
    app.live.stir();
    Ok(export)
}

/// Begins an export of the whole record, for whoever may read the database.
///
/// # Errors
/// The database's.
pub async fn export_all(db: &Db, actor: Actor, now: Time) -> Result<Export, DbError> {
    let own = db.clone();
    db.write(Lane::Back, move |conn| begin(conn, own, &actor, Wanted::all(), Scope::all(), now)).await
}

/// Records that an export begins: it is what the export ends with.
fn begin(
    conn: &mut Conn,
    db: Db,
    actor: &Actor,
    wanted: Wanted,
    scope: Scope,
    now: Time,
) -> Result<Export, DbError> {
    let complete = wanted.given.is_empty() && scope.is_all();
    let form = wanted.form.as_str();
    let event = NewEvent::new(
        EventKind::AuditExported,
        actor.clone(),
        format!(
            "{} exported {} as {form}",
            actor.name,
            if complete { "the whole record" } else { "a part of the record" }
        ),
        json!({"format": form, "filters": wanted.given, "complete": complete}),
    );
    let head = events::append(conn, &event, now)?;
    let instance = events::instance_id(conn)?;
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        genesis: genesis(&instance),
        instance,
        exported_at: now.to_string(),
        filters: wanted.given,
        complete,
        last: head.id,
        head: head.hash,
    };
    Ok(Export { db, filter: wanted.filter, scope, header, after: 0, written: 0 })
}

impl Export {
    /// The next entries, oldest first; empty at the end.
    ///
    /// # Errors
    /// The database's: then the file is to be broken off, not ended.
    pub async fn next(&mut self) -> Result<Vec<Entry>, DbError> {
        let (filter, scope) = (self.filter.clone(), self.scope.clone());
        let span = (self.after, self.header.last);
        let entries: Vec<Entry> =
            self.db.read(move |conn| audit::batch(conn, &filter, &scope, span, BATCH)).await?;
        if let Some(last) = entries.last() {
            self.after = last.id;
        }
        self.written += i64::try_from(entries.len()).unwrap_or(i64::MAX);
        Ok(entries)
    }

    /// The first line of a file in JSON lines.
    #[must_use]
    pub fn first_line(&self) -> String {
        Line::Header(self.header.clone()).to_text()
    }

    /// Its last line.
    #[must_use]
    pub fn last_line(&self) -> String {
        Line::End(End { entries: self.written }).to_text()
    }
}

/// Whether the chain holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many entries there are, or how many of them fit the chain up to the first fault.
    pub entries: i64,
    /// The newest entry's hash, as the counter knows it.
    pub head: String,
    /// The first entry that does not fit.
    pub broken: Option<Broken>,
}

/// Follows the whole chain up to the entry that is the newest now.
///
/// # Errors
/// The database's; a broken chain is none.
pub async fn verify(db: &Db) -> Result<Verification, DbError> {
    let (instance, head, unknown) = db
        .read(|conn| {
            let (instance, head) = audit::head(conn)?;
            let unknown = audit::unknown(conn, head.id)?;
            Ok::<_, DbError>((instance, head, unknown))
        })
        .await?;
    let mut chain = Chain::new(&instance, true);
    loop {
        let (mut walk, last) = (chain.clone(), head.id);
        let (walk, step) = db
            .read(move |conn| {
                let step = audit::follow(conn, &mut walk, last, BATCH)?;
                Ok::<_, DbError>((walk, step))
            })
            .await?;
        chain = walk;
        let broken = match step {
            Ok(0) => chain.end(head.id, &head.hash).err().or(unknown),
            Ok(_) => continue,
            Err(broken) => Some(broken),
        };
        return Ok(Verification { entries: chain.last(), head: head.hash, broken });
    }
}
