//! What the API was asked and what it refused.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

/// How many requests and refusals are remembered.
const LENGTH: usize = 10_000;

/// One request to the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiRequest {
    /// When it came.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status of the answer; `None` if the connection was closed instead.
    pub status: Option<u16>,
    /// What the header `X-Request-Id` said.
    pub request_id: Option<String>,
    /// What the header `traceparent` said.
    pub traceparent: Option<String>,
}

/// One request that was not answered with 2xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRequest {
    /// When it came.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status of the answer.
    pub code: u16,
    /// The body that was sent to the API.
    pub sent: String,
    /// The body of the answer.
    pub answer: String,
}

/// The bounded logs of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct ApiLog {
    total: u64,
    requests: VecDeque<ApiRequest>,
    refused: VecDeque<RefusedRequest>,
}

impl ApiLog {
    pub(crate) fn request(&mut self, request: ApiRequest) {
        self.total += 1;
        push_bounded(&mut self.requests, request);
    }

    pub(crate) fn refusal(&mut self, refused: RefusedRequest) {
        push_bounded(&mut self.refused, refused);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn requests(&self) -> Vec<ApiRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn newest(&self, count: usize) -> Vec<ApiRequest> {
        self.requests.iter().rev().take(count).cloned().collect()
    }

    pub(crate) fn refused(&self) -> Vec<RefusedRequest> {
        self.refused.iter().cloned().collect()
    }
}

fn push_bounded<T>(log: &mut VecDeque<T>, item: T) {
    if log.len() == LENGTH {
        log.pop_front();
    }
    log.push_back(item);
}
