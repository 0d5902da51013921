//! What people type into a search: words in any order, and addresses of merge requests.

/// A search has at most so many terms: each is a condition of its own, and databases take only so many.
pub const MOST: usize = 32;

/// What a search asks for. All of it has to be found.
#[derive(Debug, PartialEq, Eq)]
pub enum Term {
    /// This text, anywhere; as a pattern for LIKE with `\` as its escape.
    Text(String),
    /// A merge request by its number, and by its project's path or the end of one; that as a pattern for LIKE of a text
    /// that has the reference before its first space, once for the whole path and once for the end.
    Reference {
        /// The number.
        iid: i64,
        /// The patterns.
        path: Option<[String; 2]>,
    },
    /// The merge request with this address, and the pattern of its reference, should the address be another one by now.
    Address {
        /// The address.
        url: String,
        /// The pattern.
        reference: String,
    },
}

/// The terms of a search. What stands between double quotes is one; a word that is no address is searched for as it is.
#[must_use]
pub fn terms(typed: &str) -> Vec<Term> {
    pieces(typed)
        .map(|(piece, quoted)| if quoted { Term::Text(pattern(&piece.to_lowercase())) } else { term(piece) })
        .collect()
}

/// How many terms a search has.
#[must_use]
pub fn count(typed: &str) -> usize {
    pieces(typed).count()
}

/// Patterns for LIKE that find every word in what SQL's `lower` made of a text; of ASCII on SQLite, and so here.
pub fn patterns(typed: &str) -> impl Iterator<Item = String> + '_ {
    pieces(typed).map(|(piece, _)| pattern(&piece.to_ascii_lowercase()))
}

/// The words, and what was quoted; a quote that is not closed is a letter.
fn pieces(typed: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = typed;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if let Some((phrase, after)) = rest.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
            rest = after;
            return Some((phrase.trim(), true));
        }
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after;
        (!word.is_empty()).then_some((word, false))
    })
    .filter(|(piece, _)| !piece.is_empty())
}

fn term(word: &str) -> Term {
    if let Some((url, path, iid)) = merge_request(word) {
        return Term::Address {
            url: url.to_owned(),
            reference: format!("{}!{iid} %", escaped(&path.to_lowercase())),
        };
    }
    let word = &*word.to_lowercase();
    let named = word.rsplit_once('!').filter(|(path, iid)| is_number(iid) && !path.contains('!'));
    let Some((path, iid)) = named.and_then(|(path, iid)| Some((path, iid.parse().ok()?))) else {
        return Term::Text(pattern(word));
    };
    let path = escaped(path);
    let whole = (!path.is_empty()).then(|| format!("{path}!{iid} %"));
    Term::Reference { iid, path: whole.map(|whole| [format!("%/{whole}"), whole]) }
}

/// Address, path of the project and number of a merge request whose page, or a part of it, has this address.
/// Source: <https://docs.gitlab.com/user/reserved_names/> (`/-/`).
fn merge_request(word: &str) -> Option<(&str, &str, &str)> {
    const PAGES: &str = "/merge_requests/";
    let (scheme, rest) = word.split_once("://")?;
    let (host, page) = rest.split_once('/')?;
    let (path, after) = page.split_once(PAGES)?;
    let iid = after.split(|letter: char| !letter.is_ascii_digit()).next().filter(|iid| is_number(iid))?;
    let end = scheme.len() + "://".len() + host.len() + 1 + path.len() + PAGES.len() + iid.len();
    Some((word.get(..end)?, path.strip_suffix("/-").unwrap_or(path), iid))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A pattern for LIKE that finds this text anywhere; `\` is its escape.
pub fn pattern(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// With the signs of LIKE as themselves.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Term, patterns, terms};

    fn text(pattern: &str) -> Term {
        Term::Text(pattern.into())
    }

    #[test]
    fn what_people_type_is_searched_for_as_it_is() {
        assert_eq!(terms(" 100%_Done\\ "), [text("%100\\%\\_done\\\\%")]);
        assert_eq!(terms("Rita  refund\tfix"), [text("%rita%"), text("%refund%"), text("%fix%")]);
        assert_eq!(terms("a \"Two  words\" b"), [text("%a%"), text("%two  words%"), text("%b%")]);
        assert_eq!(terms("5\" screen \"open"), [text("%5\"%"), text("%screen%"), text("%\"open%")]);
        assert_eq!(terms("\"\" \" \" !"), [text("%!%")]);
        assert!(terms("  ").is_empty());
        assert_eq!(patterns("a!1 \"B c\"").collect::<Vec<_>>(), ["%a!1%", "%b c%"]);
    }

    #[test]
    fn a_reference_is_that_of_one_merge_request() {
        let path = Some(["%/demo/store\\_front!12 %".into(), "demo/store\\_front!12 %".into()]);
        assert_eq!(terms("Demo/store_front!12"), [Term::Reference { iid: 12, path }]);
        assert_eq!(terms("!7"), [Term::Reference { iid: 7, path: None }]);
        assert_eq!(terms("!99999999999999999999"), [text("%!99999999999999999999%")]);
        assert_eq!(terms("wow!"), [text("%wow!%")]);
        assert_eq!(terms("feat!:"), [text("%feat!:%")]);
    }

    #[test]
    fn an_address_is_found_however_much_of_it_was_copied() {
        let of = |url: &str, reference: &str| Term::Address { url: url.into(), reference: reference.into() };
        let page = "https://gitlab.example.com/Demo/storefront/-/merge_requests/12";
        for tail in ["", "/diffs", "?tab=notes", "#note_4", "/diffs?file=a#x", "."] {
            assert_eq!(terms(&format!("{page}{tail}")), [of(page, "demo/storefront!12 %")], "{tail}");
        }
        let old = "http://[::1]:8080/gitlab/demo/storefront/merge_requests/1";
        assert_eq!(terms(old), [of(old, "gitlab/demo/storefront!1 %")]);
        for other in [
            "https://gitlab.example.com/demo/storefront/-/merge_requests/",
            "https://gitlab.example.com",
            "/a/-/merge_requests/1",
        ] {
            assert_eq!(terms(other), [text(&format!("%{}%", other.replace('_', "\\_")))]);
        }
    }
}
