//! How many of something there are, so far as that is cheap to count.

use diesel::prelude::*;

use super::reach::{Counted, within};
use super::{Conn, DbError, batches};
use crate::domain::access::{Reach, Written};

/// Counting ends here.
const COUNTED: i64 = 1000;

/// How many of something there are, counted up to 1,000, so that counting stays cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Checks that wait for a decision.
    PendingChecks,
    /// Deliveries to be sent.
    PendingDeliveries,
    /// Deliveries that need a person.
    FailedDeliveries,
    /// Calls to be processed.
    WaitingCalls,
    /// Calls set aside.
    SetAsideCalls,
    /// Checks that GitLab lets pass though nobody here approved.
    UndecidedPasses,
}

/// Counts up to 1,000 pending checks within the reach whose merge request these people wrote.
///
/// # Errors
/// The database's.
pub fn count_pending(conn: &mut Conn, written: Written, reach: &Reach) -> Result<i64, DbError> {
    if written == Written::ByNobody {
        return Ok(0);
    }
    let within = within(reach, "status_check.project_id");
    let rows = "status_check WHERE state = 'pending'";
    Ok(diesel::select(Counted { rows, within, written }).get_result(conn)?)
}

/// Counts up to 1,000 what is within the reach. Calls belong to no project until they are processed:
/// a reach of some projects holds none of them.
///
/// # Errors
/// The database's.
pub fn count(conn: &mut Conn, what: Count, reach: &Reach) -> Result<i64, DbError> {
    const OF_CHECK: &str = "status_check.project_id";
    let (rows, column) = match what {
        Count::PendingChecks => ("status_check WHERE state = 'pending'", OF_CHECK),
        Count::PendingDeliveries => (
            "delivery JOIN status_check ON status_check.id = delivery.check_id WHERE delivery.state = 'pending'",
            OF_CHECK,
        ),
        Count::FailedDeliveries => (
            "delivery JOIN status_check ON status_check.id = delivery.check_id WHERE delivery.state = 'failed'",
            OF_CHECK,
        ),
        Count::WaitingCalls => ("received_call WHERE state = 'stored'", "NULL"),
        Count::SetAsideCalls => ("received_call WHERE state = 'set_aside'", "NULL"),
        Count::UndecidedPasses => ("status_check WHERE undecided_pass", OF_CHECK),
    };
    let counted = Counted { rows, within: within(reach, column), written: Written::ByAnybody };
    let rows: i64 = diesel::select(counted).get_result(conn)?;
    // Calls that have no row of their own yet wait, too; like all calls they are nobody's project's.
    let all = what == Count::WaitingCalls && *reach == Reach::All;
    let batched = if all { batches::waiting(conn, COUNTED)? } else { 0 };
    Ok((rows + batched).min(COUNTED))
}
