//! The interface's rules without a browser: plain data in, plain data out, tested natively.

pub mod age;
pub mod alarm;
pub mod decision;
pub mod filter;
pub mod listing;
pub mod live;
pub mod route;
pub mod text;
pub mod truth;

#[cfg(test)]
pub(crate) mod samples;
