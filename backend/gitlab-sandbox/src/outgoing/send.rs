//! One call, from signature to answer, with the retries that GitLab makes
//! (`ExternalStatusChecks::DispatchService`, `gems/gitlab-http`).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::{CallAnswer, QueuedCall, SentCall};
use crate::sandbox::Inner;
use crate::signature::sign;

/// A client with GitLab's time-outs: connect 10 s, read 20 s, 30 s in total; no proxy and no reused connections.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(20))
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::limited(5))
        .build()
}

/// Sends a call, and again after transport errors as long as delays are left. Any answer ends it.
pub(super) async fn deliver(inner: &Arc<Inner>, call: QueuedCall) {
    let outgoing = &inner.outgoing;
    let mut delays = inner.retry_delays.iter();
    for attempt in 1.. {
        let sent = attempt_once(inner, &call, attempt).await;
        let delay = match &sent {
            Some(SentCall { answer: CallAnswer::Transport(_), .. }) => delays.next(),
            Some(_) | None => None,
        };
        if let Some(sent) = sent {
            outgoing.record(sent);
        }
        let Some(delay) = delay else { break };
        outgoing.load.send_modify(|load| {
            load.active -= 1;
            load.resting += 1;
        });
        tokio::time::sleep(*delay).await;
        outgoing.load.send_modify(|load| {
            load.active += 1;
            load.resting -= 1;
        });
    }
    outgoing.load.send_modify(|load| load.active -= 1);
}

/// One attempt; `None` if the rule is gone, in which case GitLab's job does nothing.
async fn attempt_once(inner: &Arc<Inner>, call: &QueuedCall, attempt: usize) -> Option<SentCall> {
    let slot = inner.outgoing.slots.acquire().await;
    let (url, secret) = inner.read(|world| {
        let rule =
            world.project(call.event.project).and_then(|project| project.rule(call.event.rule)).ok()?;
        Some((rule.external_url.clone(), rule.shared_secret.clone()))
    })?;
    let headers = headers(&call.body, secret.as_deref());
    let shown = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut sent = SentCall {
        id: call.id,
        project: call.event.project,
        iid: call.event.iid,
        rule: call.event.rule,
        action: call.event.action.clone(),
        attempt,
        url: url.clone(),
        headers: headers.iter().map(shown).collect(),
        body: call.body.clone(),
        at: inner.now(),
        answer: CallAnswer::Transport(String::new()),
    };
    sent.answer = match inner.client.post(url).headers(headers).body(call.body.clone()).send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            // GitLab reads the body and does nothing with it.
            match answer.bytes().await {
                Ok(_) => CallAnswer::Status(status),
                Err(error) => CallAnswer::Transport(chain(&error)),
            }
        }
        Err(error) => CallAnswer::Transport(chain(&error)),
    };
    drop(slot);
    Some(sent)
}

/// The headers of HTTParty over Net::HTTP, and the signature if there is a secret. Nothing else: external status
/// checks do not go through GitLab's webhook machinery.
fn headers(body: &Bytes, secret: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::CONTENT_TYPE, "application/json"),
        (header::USER_AGENT, "Ruby"),
        (header::ACCEPT, "*/*"),
        (header::ACCEPT_ENCODING, "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"),
        (header::CONNECTION, "close"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(signature) = secret.and_then(|secret| HeaderValue::try_from(sign(secret, body)).ok()) {
        headers.insert(HeaderName::from_static("x-gitlab-signature"), signature);
    }
    headers
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
