//! A request to the API and its parameters, which may come in the query, as JSON or as a form.

use actix_web::HttpRequest;
use actix_web::http::header;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::Answer;

/// A request to `/api/v4/…`.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path as it was sent, without its query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: Bytes,
    /// The decoded parts of the path after `/api/v4`.
    pub(super) segments: Vec<String>,
    pub(super) token: Option<String>,
    content_type: String,
    pub(crate) id: Option<String>,
    pub(crate) traceparent: Option<String>,
}

impl Request {
    pub(crate) fn of(http: &HttpRequest, body: Bytes) -> Self {
        let header = |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok());
        let bearer = || {
            header(header::AUTHORIZATION.as_str()).and_then(|value| {
                let (scheme, token) = value.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then_some(token)
            })
        };
        let path = http.uri().path().to_owned();
        let below = path.strip_prefix("/api/v4/").unwrap_or_default().trim_end_matches('/');
        Self {
            method: http.method().as_str().into(),
            query: http.uri().query().unwrap_or_default().into(),
            segments: below.split('/').map(decoded).collect(),
            token: header("private-token").or_else(bearer).map(Into::into),
            content_type: header(header::CONTENT_TYPE.as_str()).unwrap_or_default().into(),
            id: header("x-request-id").map(Into::into),
            traceparent: header("traceparent").map(Into::into),
            path,
            body,
        }
    }

    /// The path and the query, as they were sent (an empty query is not shown).
    pub(crate) fn path_and_query(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// The parameters of a request, wherever they were; the body wins over the query.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Map<String, Value>);

impl Params {
    pub(super) fn of(request: &Request) -> Result<Self, Answer> {
        let mut params = Self::default();
        params.read_form(&request.query);
        if request.content_type.starts_with("application/json") {
            if !request.body.is_empty() {
                match serde_json::from_slice(&request.body) {
                    Ok(Value::Object(body)) => params.0.extend(body),
                    Ok(_) | Err(_) => {
                        return Err(Answer::error(400, "message body does not match declared format"));
                    }
                }
            }
        } else {
            params.read_form(&String::from_utf8_lossy(&request.body));
        }
        Ok(params)
    }

    /// Reads `a=b&c[]=d&c[]=e`.
    fn read_form(&mut self, form: &str) {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")));
            match name.split_once('[').map(|(name, _)| name.to_owned()) {
                None => {
                    self.0.insert(name, value.into());
                }
                Some(name) => {
                    let list = self.0.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(items) = list {
                        items.push(value.into());
                    }
                }
            }
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        match self.text(name)?.as_str() {
            "true" | "1" | "t" | "on" => Some(true),
            "false" | "0" | "f" | "off" => Some(false),
            _ => None,
        }
    }

    /// A list, as an array or separated by commas.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        match self.0.get(name)? {
            Value::Array(items) => {
                let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), Into::into);
                Some(items.iter().map(text).filter(|item| !item.is_empty()).collect())
            }
            _ => {
                let text = self.text(name)?;
                Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Into::into).collect())
            }
        }
    }

    /// A list of numbers; 400 if one of them is none: left out, a check for one branch would be one for all.
    pub(super) fn numbers(&self, name: &str) -> Result<Option<Vec<i64>>, Answer> {
        let Some(items) = self.list(name) else { return Ok(None) };
        let numbers: Result<Vec<i64>, _> = items.iter().map(|item| item.parse()).collect();
        numbers.map(Some).map_err(|_| Answer::error(400, &format!("{name} is invalid")))
    }
}
