//! The rules of the product, as pure code: no database, no network, no framework, no system clock.

pub mod access;
pub mod audit;
pub mod backoff;
pub mod change;
pub mod check;
pub mod clock;
pub mod delivery;
pub mod facts;
pub mod gate;
pub mod ids;
pub mod note;
pub mod once;
pub mod person;
pub mod record;
pub mod throttle;
pub mod waiting;

pub use check::{Check, CheckEvent, CheckState, Effect, Position, Refused, Step, Verdict};
pub use clock::{Clock, ManualClock, SystemClock, Time};
pub use delivery::{Answer, DeliveryState, GitLabStatus};
pub use facts::Facts;
