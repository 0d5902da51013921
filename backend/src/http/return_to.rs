//! Where to go after signing in: only to a page of the app.

/// The path to go to, if it is one below the base path; anything else would let a link to the app
/// lead elsewhere. Browsers read `\` as `/` and drop control characters, so that neither may occur.
#[must_use]
pub fn checked<'a>(base_path: &str, wanted: &'a str) -> Option<&'a str> {
    let odd = |letter: char| letter == '\\' || letter.is_control() || letter.is_whitespace();
    let below = wanted.strip_prefix(base_path)?;
    let path = below.split(['?', '#']).next().unwrap_or_default();
    let climbs = path.split('/').any(|part| {
        let part = part.to_ascii_lowercase().replace("%2e", ".");
        part == ".." || part == "."
    });
    let fine = below.starts_with('/')
        && !below.starts_with("//")
        && !wanted.starts_with("//")
        && !wanted.chars().any(odd)
        && !climbs
        && !path.starts_with("/api/");
    fine.then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn only_pages_of_the_app_are_returned_to() {
        let base = "/approval-apps";
        for fine in ["/approval-apps/", "/approval-apps/checks/1?tab=a#x", "/approval-apps/audit?q=//x"] {
            assert_eq!(checked(base, fine), Some(fine));
        }
        for refused in [
            "",
            "/",
            "https://evil.example/approval-apps/",
            "//evil.example/approval-apps/",
            "/approval-apps",
            "/approval-apps.evil.example/",
            "/approval-apps//evil.example",
            "/approval-apps/\\evil.example",
            "/approval-apps/../../evil",
            "/approval-apps/%2e%2E/evil",
            "/approval-apps/\t/evil.example",
            "/approval-apps/api/v1/session",
            "javascript:alert(1)",
        ] {
            assert_eq!(checked(base, refused), None, "{refused:?}");
        }
        assert_eq!(checked("", "/checks"), Some("/checks"));
        assert_eq!(checked("", "//evil.example"), None);
        assert_eq!(checked("", "/\\evil.example"), None);
    }
}
