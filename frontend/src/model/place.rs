//! Addresses: what is behind the question mark, which links stay here, where sign-in may lead back to.

/// Where the browser is, without its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The path.
    pub path: String,
    /// What stands behind `?`, without it.
    pub query: String,
}

impl Place {
    /// A parameter of the query; `None` if it is not there.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decode(value))
        })
    }

    /// Path and query, as an address has them.
    #[must_use]
    pub fn address(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

/// Decodes a query value: percent signs, and `+` for a blank as forms write it.
fn decode(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| Some((hex(pair[0])? << 4) | hex(pair[1])?));
        rest = match (first, pair) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                &after[2..]
            }
            (b'+', _) => {
                bytes.push(b' ');
                after
            }
            (other, _) => {
                bytes.push(*other);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Whether a path on this origin is one of the application's pages.
#[must_use]
pub fn is_page(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| !rest.starts_with("api/"))
}

/// Where to go after sign-in, relative to the base path: only pages of this application are followed, and
/// an address that could lead elsewhere (`//evil.example`, `/\evil`) or be read differently is not one.
#[must_use]
pub fn return_to(asked: &str, base: &str) -> String {
    let rest = asked.strip_prefix(base).unwrap_or_default();
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '%' | ':');
    let clean = !path.starts_with('/') && !path.contains("//") && !path.contains("..") && !path.contains(odd);
    let useful = is_page(asked, base) && !["sign-in", "welcome"].contains(&path.trim_matches('/'));
    let whole = !rest.chars().any(|c| c.is_control() || c == '\\');
    if clean && useful && whole && !rest.is_empty() { format!("./{rest}") } else { "./".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "/approval-apps/";

    fn place(query: &str) -> Place {
        Place { path: BASE.into(), query: query.into() }
    }

    #[test]
    fn parameters_are_decoded() {
        let place = place("state=all&q=a+b%20%C3%BC%26&flag&bad=%zz%");
        assert_eq!(place.param("state").as_deref(), Some("all"));
        assert_eq!(place.param("q").as_deref(), Some("a b ü&"));
        assert_eq!(place.param("flag").as_deref(), Some(""));
        assert_eq!(place.param("bad").as_deref(), Some("%zz%"));
        assert_eq!(place.param("none"), None);
        assert_eq!(super::Place { path: "/x".into(), query: String::new() }.address(), "/x");
    }

    #[test]
    fn only_our_own_pages_stay_here() {
        assert!(is_page("/approval-apps/checks/1", BASE));
        assert!(!is_page("/approval-apps/api/docs/", BASE));
        assert!(!is_page("/elsewhere", BASE));
        assert!(is_page("/system", "/"));
    }

    #[test]
    fn sign_in_leads_back_only_into_the_application() {
        for (asked, to) in [
            ("/approval-apps/checks/1", "./checks/1"),
            ("/approval-apps/?state=all&q=%2F", "./?state=all&q=%2F"),
            ("/approval-apps/audit?from=2026-01-01", "./audit?from=2026-01-01"),
        ] {
            assert_eq!(return_to(asked, BASE), to);
        }
        for evil in [
            "",
            "https://evil.example/",
            "//evil.example/",
            "/approval-apps//evil.example",
            "/approval-apps/\\evil.example",
            "/approval-apps/../elsewhere",
            "/approval-apps/%2e%2e/elsewhere",
            "/approval-apps/javascript:alert(1)",
            "/approval-apps/x\n",
            "/approval-apps/api/v1/session",
            "/approval-apps/sign-in?return_to=/approval-apps/sign-in",
            "/approval-apps/welcome",
            "/elsewhere",
        ] {
            assert_eq!(return_to(evil, BASE), "./", "{evil:?}");
        }
        assert_eq!(return_to("//evil.example", "/"), "./");
        assert_eq!(return_to("/checks/1", "/"), "./checks/1");
    }
}
