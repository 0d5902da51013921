//! Reads single settings; whatever is wrong with one is added to the faults.

use std::path::PathBuf;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

use super::{GitLabConfig, TracesConfig};
use crate::crypto::keys::{KEY_MIN, KeySource};
use crate::db::DatabaseUrl;

/// Where the key is: given, in a file that is given, or in a file of the app's own beside the database.
pub fn key_source(
    key: Option<String>,
    file: Option<PathBuf>,
    database: Option<&DatabaseUrl>,
    faults: &mut Vec<String>,
) -> KeySource {
    let key = key.filter(|key| !key.is_empty());
    let (name, text) = match (key, file) {
        (Some(_), Some(_)) => {
            faults
                .push("APPROVAL_SECRET_KEY and APPROVAL_SECRET_KEY_FILE are both set: one is enough".into());
            return KeySource::Given(Vec::new());
        }
        (Some(key), None) => ("APPROVAL_SECRET_KEY", key),
        (None, Some(path)) => match std::fs::read_to_string(&path) {
            Ok(text) => ("APPROVAL_SECRET_KEY_FILE", text),
            Err(error) => {
                faults.push(format!("APPROVAL_SECRET_KEY_FILE: cannot read {}: {error}", path.display()));
                return KeySource::Given(Vec::new());
            }
        },
        (None, None) => {
            let folder = match database {
                Some(DatabaseUrl::Sqlite(path)) => path.parent().map(PathBuf::from).unwrap_or_default(),
                Some(DatabaseUrl::Postgres(_)) | None => PathBuf::from("instance"),
            };
            return KeySource::File(folder.join("secret.key"));
        }
    };
    let keys: Vec<&str> = text.split([',', '\n']).map(str::trim).filter(|one| !one.is_empty()).collect();
    if keys.is_empty() || keys.iter().any(|one| one.len() < KEY_MIN) {
        faults.push(format!(
            "{name} holds a key of fewer than {KEY_MIN} characters; make one with: openssl rand -hex 32"
        ));
    }
    KeySource::Given(keys.into_iter().map(SecretString::from).collect())
}

/// Reads addresses and networks with commas between.
pub fn networks(text: Option<&str>, faults: &mut Vec<String>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for word in text.unwrap_or("").split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse::<IpNet>().or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => faults.push(format!(
                "APPROVAL_TRUSTED_PROXIES holds {word:?}; write addresses or networks such as 10.0.0.0/8, with commas between"
            )),
        }
    }
    networks
}

/// Reads the GitLab instance: URL and token belong together.
pub fn gitlab(
    url: Option<String>,
    moved_from: Option<String>,
    token: Option<String>,
    ca_file: Option<PathBuf>,
    faults: &mut Vec<String>,
) -> Option<GitLabConfig> {
    let given = |url: Option<String>| url.map(|url| normal_url(&url)).filter(|url| !url.is_empty());
    let (url, moved_from) = (given(url), given(moved_from));
    let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
    let ca_pem = ca_file.and_then(|path| match std::fs::read(&path) {
        Ok(pem) if reqwest::Certificate::from_pem_bundle(&pem).is_ok_and(|found| !found.is_empty()) => {
            Some(pem)
        }
        Ok(_) => {
            faults.push(format!(
                "APPROVAL_GITLAB_CA_FILE: {} holds no certificate; it must have lines such as -----BEGIN CERTIFICATE-----",
                path.display()
            ));
            None
        }
        Err(error) => {
            faults.push(format!("APPROVAL_GITLAB_CA_FILE: cannot read {}: {error}", path.display()));
            None
        }
    });
    if token.as_deref().is_some_and(|token| HeaderValue::from_str(token).is_err()) {
        faults.push(
            "APPROVAL_GITLAB_TOKEN has a line end or another character in it that no token has; copy it again"
                .into(),
        );
    }
    if let Some(url) = &url {
        if let Err(why) = http_url(url) {
            faults.push(format!("APPROVAL_GITLAB_URL is {:?}: {why}", without_user(url)));
        } else if url.ends_with("/api/v4") {
            faults.push(format!("APPROVAL_GITLAB_URL is {:?}; write it without /api/v4", without_user(url)));
        }
    }
    if let Some(Err(why)) = moved_from.as_deref().map(http_url) {
        faults.push(format!(
            "APPROVAL_GITLAB_MOVED_FROM is {:?}: {why}",
            without_user(moved_from.as_deref().unwrap_or_default())
        ));
    }
    match (url, token) {
        (None, None) => {
            if moved_from.is_some() {
                faults.push("APPROVAL_GITLAB_MOVED_FROM is set, but APPROVAL_GITLAB_URL is not: say where it has moved to".into());
            }
            None
        }
        (Some(_), None) => {
            faults.push("APPROVAL_GITLAB_URL is set, but APPROVAL_GITLAB_TOKEN is not: both are needed to answer GitLab".into());
            None
        }
        (None, Some(_)) => {
            faults.push(
                "APPROVAL_GITLAB_TOKEN is set, but APPROVAL_GITLAB_URL is not: say where the token belongs"
                    .into(),
            );
            None
        }
        (Some(url), Some(token)) => {
            Some(GitLabConfig { url, moved_from, token: SecretString::from(token), ca_pem })
        }
    }
}

/// Reads where spans go, and the headers for it: `name=value` with commas between, percent-encoded
/// (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables>).
pub fn traces(
    endpoint: Option<&str>,
    headers: Option<&str>,
    faults: &mut Vec<String>,
) -> Option<TracesConfig> {
    let endpoint = endpoint.map(str::trim).filter(|url| !url.is_empty());
    let mut map = HeaderMap::new();
    let given = headers.unwrap_or("").split(',').map(str::trim).filter(|one| !one.is_empty());
    for (place, one) in given.enumerate() {
        let named = one.split_once('=').and_then(|(name, value)| {
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            Some((HeaderName::try_from(name.trim()).ok()?, HeaderValue::try_from(value.as_ref()).ok()?))
        });
        match named {
            Some((name, mut value)) => {
                value.set_sensitive(true);
                map.insert(name, value);
            }
            None => faults.push(format!(
                "APPROVAL_OTLP_HEADERS: number {} is no header; write NAME=VALUE with commas between",
                place + 1
            )),
        }
    }
    let Some(endpoint) = endpoint else {
        if !map.is_empty() {
            faults.push(
                "APPROVAL_OTLP_HEADERS is set, but APPROVAL_OTLP_TRACES_ENDPOINT is not: say where they belong"
                    .into(),
            );
        }
        return None;
    };
    if let Err(why) = http_url(endpoint) {
        faults.push(format!("APPROVAL_OTLP_TRACES_ENDPOINT is {:?}: {why}", without_user(endpoint)));
    }
    Some(TracesConfig { endpoint: endpoint.to_owned(), headers: map })
}

/// A text that should be a URL, to be shown: without what may be a user and a password in it.
#[must_use]
pub fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((before, place)) => {
            let scheme =
                before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
            format!("{scheme}…@{place}")
        }
        None => text.to_owned(),
    }
}

/// Checks a URL that is the beginning of others.
pub fn http_url(text: &str) -> Result<(), String> {
    let url = reqwest::Url::parse(text)
        .map_err(|error| format!("{error}; it has to begin with https:// or http://"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("it has to begin with https:// or http://".into());
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("write it without user, query and fragment".into());
    }
    Ok(())
}

/// A URL as it is compared: scheme and host in small letters, without the usual port and without a slash at its end.
#[must_use]
pub fn normal_url(text: &str) -> String {
    let text = text.trim();
    let normal = reqwest::Url::parse(text).map_or_else(|_| text.to_owned(), String::from);
    normal.trim_end_matches('/').to_owned()
}

/// Checks a URL to which only the base path is added.
pub fn origin(text: &str) -> Result<(), String> {
    http_url(text)?;
    match reqwest::Url::parse(text) {
        Ok(url) if url.path() != "/" => {
            Err("write it without a path; what comes behind it is APPROVAL_BASE_PATH".into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads true or false.
pub fn flag(name: &str, text: Option<&str>, default: bool, faults: &mut Vec<String>) -> bool {
    match text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None | Some("") => default,
        Some("true" | "yes" | "on" | "1") => true,
        Some("false" | "no" | "off" | "0") => false,
        Some(other) => {
            faults.push(format!("{name} is {other:?}; write true or false"));
            default
        }
    }
}

/// Reads a whole number, at least `least`.
pub fn number(name: &str, text: Option<&str>, default: u64, least: u64, faults: &mut Vec<String>) -> u64 {
    match text.map(|text| text.trim().parse::<u64>()) {
        None => default,
        Some(Ok(number)) if number >= least => number,
        Some(_) => {
            faults
                .push(format!("{name} is {:?}; write a whole number, at least {least}", text.unwrap_or("")));
            default
        }
    }
}
