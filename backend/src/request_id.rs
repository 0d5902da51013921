//! The id under which something is done: from the edge, or made where work begins, into the log and on to GitLab.

use std::future::Future;

use tracing::Instrument as _;

/// The header that carries it, in requests, in answers and to GitLab.
pub const HEADER: &str = "x-request-id";

tokio::task_local! {
    static CURRENT: String;
}

/// Does work under this id: it is in each line of the log, and in each request to GitLab.
pub async fn within<T>(id: String, work: impl Future<Output = T>) -> T {
    let span = tracing::info_span!("request", request_id = %id);
    CURRENT.scope(id, work.instrument(span)).await
}

/// The id under which this is done; `None` outside of all work that has one.
#[must_use]
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// A new one.
#[must_use]
pub fn fresh() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
