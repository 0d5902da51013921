//! The live stream: one reader follows the record and hands every event to all listeners.
//!
//! Listeners that connect again name the last event they saw; what they missed is read from the
//! record. With several replicas on PostgreSQL the reader also looks by itself once a second,
//! because events are made elsewhere too.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{Notify, broadcast};

use crate::db::{Db, DbError, events};
use crate::domain::Time;
use crate::domain::record::{Actor, Event, EventKind};

/// Listeners that fall behind by more are told to start again.
const BUFFER: usize = 1024;
/// So many missed events are sent one by one; who missed more reads everything again.
pub const RESUME_MAX: i64 = 1000;

/// The hub of the live stream.
pub struct Live {
    stirred: Notify,
    sender: broadcast::Sender<Arc<Event>>,
    read_to: AtomicI64,
}

impl Default for Live {
    fn default() -> Self {
        Self { stirred: Notify::new(), sender: broadcast::channel(BUFFER).0, read_to: AtomicI64::new(0) }
    }
}

impl Live {
    /// Starts after the events that exist.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self, db: &Db) -> Result<(), DbError> {
        let newest = db.read(events::newest).await?;
        self.read_to.store(newest, Ordering::Release);
        Ok(())
    }

    /// Says that there may be new events.
    pub fn stir(&self) {
        self.stirred.notify_one();
    }

    /// Waits until there may be new events.
    pub async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// Reads new events and hands them out; returns how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn step(&self, db: &Db) -> Result<usize, DbError> {
        let after = self.read_to.load(Ordering::Acquire);
        let new: Vec<Event> = db.read(move |conn| events::after(conn, after, 500)).await?;
        let count = new.len();
        for event in new {
            self.read_to.store(event.id, Ordering::Release);
            // Without listeners nobody is told.
            let _nobody = self.sender.send(Arc::new(event));
        }
        Ok(count)
    }

    /// Tells those who listen here that a check looks different by what GitLab says of it (its pipeline, its
    /// approvals, its description, what is discussed). It is no event of the record: nobody did anything here, and a busy project would flood it. It has
    /// the number 0, nobody can resume after it, and listeners of other replicas see it when they read anew.
    pub fn mention(&self, project_id: String, check_id: String, at: Time) {
        let actor = Actor::gitlab();
        let event = Event {
            id: 0,
            at: at.to_string(),
            kind: EventKind::CheckUpdated,
            check_id: Some(check_id),
            project_id: Some(project_id),
            actor: actor.name,
            account_id: actor.account_id,
            summary: "What GitLab says of the change is another than before".into(),
        };
        let _nobody = self.sender.send(Arc::new(event));
    }

    /// The number of the newest event that was handed out.
    pub fn newest(&self) -> i64 {
        self.read_to.load(Ordering::Acquire)
    }

    /// Follows from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }
}
