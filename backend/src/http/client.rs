//! Who is at the other end: the network address behind trusted proxies, and the session's cookie.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, USER_AGENT};
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};

use crate::app::App;
use crate::crypto::secret;
use crate::service::providers::PATIENCE;
use crate::service::sign_in::Origin;

/// The cookie's name where browsers come over https. Browsers accept the prefix only with `Secure`,
/// without `Domain` and for all paths, so that no other host can plant one (RFC 6265bis, 4.1.3.2).
const SECURE_COOKIE: &str = "__Host-approval-session";
/// Its name over plain http.
const PLAIN_COOKIE: &str = "approval-session";
/// The same for a sign-in that is on its way to a provider and back.
const SECURE_PENDING: &str = "__Host-approval-sign-in";
const PLAIN_PENDING: &str = "approval-sign-in";
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The cookie's name.
#[must_use]
pub fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// The secret in the session's cookie.
#[must_use]
pub fn session_cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    read(headers, cookie_name(app))
}

/// The sign-in that this browser has begun at a provider, sealed.
#[must_use]
pub fn pending_cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    read(headers, pending_name(app))
}

fn pending_name(app: &App) -> &'static str {
    if app.config.is_https() { SECURE_PENDING } else { PLAIN_PENDING }
}

fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// The value of `Set-Cookie` that gives a browser its session. `SameSite=Lax`: links in mails lead
/// here from other sites.
#[must_use]
pub fn set_cookie(app: &App, secret: &SecretString, life: Duration) -> String {
    cookie(app, cookie_name(app), secret.expose_secret(), life.as_secs())
}

/// The value of `Set-Cookie` for a sign-in that goes to a provider. `SameSite=Lax`: the provider's site
/// leads back here.
#[must_use]
pub fn set_pending_cookie(app: &App, pending: &SecretString) -> String {
    cookie(app, pending_name(app), pending.expose_secret(), PATIENCE.as_secs())
}

/// The value of `Set-Cookie` that deletes the cookie of a sign-in that went to a provider.
#[must_use]
pub fn clear_pending_cookie(app: &App) -> String {
    cookie(app, pending_name(app), "", 0)
}

/// The value of `Set-Cookie` that deletes the session's cookie.
#[must_use]
pub fn clear_cookie(app: &App) -> String {
    cookie(app, cookie_name(app), "", 0)
}

fn cookie(app: &App, name: &str, value: &str, seconds: u64) -> String {
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// Where a request that begins a session comes from.
#[must_use]
pub fn origin(app: &App, request: &HttpRequest) -> Origin {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let forwarded: Vec<&str> = request
        .headers()
        .get_all(FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let address = request
        .peer_addr()
        .map(|peer| address(peer.ip(), &forwarded, &app.config.trusted_proxies).to_string());
    Origin {
        address: address.unwrap_or_default(),
        user_agent: text(USER_AGENT).unwrap_or_default().to_owned(),
        previous: session_cookie(app, request.headers()).map(|cookie| secret::hash(&cookie)),
    }
}

/// The client's address: the peer's, unless that is a trusted proxy. Then it is the right-most address
/// in `X-Forwarded-For` that is none: whatever stands to the left of it the client may have written.
fn address(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> IpAddr {
    let mut known = peer.to_canonical();
    for word in forwarded.iter().rev() {
        if !trusted.iter().any(|network| network.contains(&known)) {
            break;
        }
        let word = word.trim();
        // Some proxies add a port.
        let next = word.parse::<IpAddr>().or_else(|_| word.parse::<SocketAddr>().map(|at| at.ip()));
        let Ok(next) = next else { break };
        known = next.to_canonical();
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "::1/128"].map(|text| text.parse().expect("network")).into();
        let at = |peer: &str, forwarded: &[&str]| {
            address(peer.parse().expect("address"), forwarded, &trusted).to_string()
        };
        assert_eq!(at("192.0.2.7", &["198.51.100.1"]), "192.0.2.7", "not a proxy");
        assert_eq!(at("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(at("10.0.0.1", &["203.0.113.9", " 198.51.100.1", "10.0.0.2"]), "198.51.100.1");
        assert_eq!(at("10.0.0.1", &["nonsense", "198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(at("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(at("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(at("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1", "IPv4 within IPv6");
    }
}
