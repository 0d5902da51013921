//! How providers are reached: our HTTP client behind the crate's questions.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};

/// The most bytes an answer may have: key sets and tokens are a few thousand.
const ANSWER_MAX: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The connection failed.
    #[error("no answer")]
    Http(#[from] reqwest::Error),
    /// The answer cannot be passed on.
    #[error("an answer that cannot be read")]
    Answer(#[from] openidconnect::http::Error),
    /// More than [`ANSWER_MAX`].
    #[error("the answer is longer than {ANSWER_MAX} bytes")]
    TooLong,
}

/// An HTTP client for providers.
#[derive(Clone)]
pub struct Transport(reqwest::Client);

impl Transport {
    /// A client that follows no redirects: a provider must not send the service elsewhere.
    pub fn new() -> Result<Self, reqwest::Error> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .build()
            .map(Self)
    }

    /// Sends a question.
    pub fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let mut answer = client.execute(request.try_into()?).await?;
            let mut copy = openidconnect::http::Response::builder().status(answer.status());
            if let Some(headers) = copy.headers_mut() {
                *headers = answer.headers().clone();
            }
            let mut body = Vec::new();
            while let Some(part) = answer.chunk().await? {
                if body.len() + part.len() > ANSWER_MAX {
                    return Err(TransportError::TooLong);
                }
                body.extend_from_slice(&part);
            }
            Ok(copy.body(body)?)
        })
    }
}
