//! Approval App: human decisions for GitLab's external status checks.
//!
//! The rooms and who may know whom are described in `docs/ARCHITECTURE.md`.

pub mod app;
pub mod causes;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod db;
pub mod domain;
pub mod gitlab;
pub mod http;
pub mod leaving;
pub mod live;
pub mod memory;
pub mod metrics;
pub mod oidc;
pub mod render;
pub mod request_id;
pub mod server;
pub mod service;
pub mod traces;
pub mod worker;
