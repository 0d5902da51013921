//! The service as its users meet it: over HTTP, with the GitLab sandbox on the other side, on SQLite
//! and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

mod access;
mod alarm;
mod api;
mod architecture;
mod attacks;
mod audit;
mod backup;
mod batches;
mod bodies;
mod broken;
mod bulk;
mod change;
mod change_ahead;
mod change_since;
mod cli;
mod config;
mod decide;
mod deliver;
mod disk;
mod doctor;
mod identity;
mod intake;
mod kill;
mod life;
mod listing;
mod live;
mod metrics;
mod moved;
mod notes;
mod once;
mod payloads;
mod reconcile;
mod replicas;
mod resume;
mod scope;
mod shown;
mod spa;
mod store;
mod traces;
mod transfer;
