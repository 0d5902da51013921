//! Small rules for showing foreign text.

/// How many characters of a commit SHA are shown.
pub const SHORT_SHA: usize = 8;

/// The part of a SHA that is shown in rows and buttons.
#[must_use]
pub fn short_sha(sha: &str) -> &str {
    sha.char_indices().nth(SHORT_SHA).map_or(sha, |(end, _)| &sha[..end])
}

/// The URL if it may become a link: `http` or `https` and no control characters or blanks.
/// Everything else (`javascript:`, relative text, …) is shown as text.
#[must_use]
pub fn safe_url(url: &str) -> Option<&str> {
    let scheme_ok = ["https://", "http://"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
            && url.len() > scheme.len()
    });
    let clean = !url.chars().any(|c| c.is_control() || c.is_whitespace());
    (scheme_ok && clean).then_some(url)
}

/// Percent-encodes a query value: RFC 3986's unreserved characters stay, and `/`, which a query may carry.
#[must_use]
pub fn encode(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            other => {
                out.push('%');
                out.push(char::from(HEX[usize::from(other >> 4)]));
                out.push(char::from(HEX[usize::from(other & 15)]));
            }
        }
    }
    out
}

/// The first letters of the first and the last word of a name.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .filter(|first| !first.is_ascii_punctuation());
    let first = words.next();
    first.into_iter().chain(words.next_back()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sha_is_cut_between_characters() {
        assert_eq!(short_sha("9f8e7d6c5b4a"), "9f8e7d6c");
        assert_eq!(short_sha("abc"), "abc");
        assert_eq!(short_sha("éééééééééé"), "éééééééé");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(safe_url("https://gitlab.example/a"), Some("https://gitlab.example/a"));
        assert_eq!(safe_url("HTTP://gitlab.example"), Some("HTTP://gitlab.example"));
        for bad in
            ["javascript:alert(1)", "//evil", "https://", "data:text/html,x", "http://a b", "http://a\n", ""]
        {
            assert_eq!(safe_url(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn query_values_survive_the_url() {
        assert_eq!(encode("a b&c=ü/x"), "a%20b%26c%3D%C3%BC/x");
    }

    #[test]
    fn a_name_shortens_to_its_initials() {
        assert_eq!(initials("Rita Maria Reviewer"), "RR");
        assert_eq!(initials(" Ünal "), "Ü");
        assert_eq!(initials("Rita Reviewer (sandbox)"), "RR");
        assert_eq!(initials(""), "");
    }
}
