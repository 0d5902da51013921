//! The interface's rules without a browser: plain data in, plain data out, tested natively.

pub mod access;
pub mod age;
pub mod agent;
pub mod alarm;
pub mod bulk;
pub mod change;
pub mod decision;
pub mod diff;
pub mod filter;
pub mod history;
pub mod listing;
pub mod live;
pub mod people;
pub mod place;
pub mod route;
pub mod saved;
pub mod selection;
pub mod text;
pub mod truth;

#[cfg(test)]
pub(crate) mod samples;
