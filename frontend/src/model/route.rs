//! Which page an address leads to.

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The inbox.
    Inbox,
    /// One check, by its id.
    Check(String),
    /// The service itself.
    System,
    /// Nothing is there.
    Missing,
}

impl Route {
    /// Reads a path below the base path; slashes at its ends mean nothing.
    #[must_use]
    pub fn of(path: &str, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let rest = match path.strip_prefix(base) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_matches('/'),
            Some(_) | None => return Route::Missing,
        };
        match rest.split_once('/') {
            None if rest.is_empty() => Route::Inbox,
            None if rest == "system" => Route::System,
            Some(("checks", id)) if !id.contains('/') => Route::Check(id.to_owned()),
            None | Some(_) => Route::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn addresses_below_the_base_path() {
        let of = |path| Route::of(path, "/approval-apps/");
        assert_eq!(of("/approval-apps"), Route::Inbox);
        assert_eq!(of("/approval-apps/"), Route::Inbox);
        assert_eq!(of("/approval-apps/checks/a-1"), Route::Check("a-1".into()));
        assert_eq!(of("/approval-apps/checks/a-1/"), Route::Check("a-1".into()));
        assert_eq!(of("/approval-apps/system"), Route::System);
        for nowhere in ["/approval-apps/checks", "/approval-apps/checks/a/b", "/approval-appsx", "/other"] {
            assert_eq!(of(nowhere), Route::Missing, "{nowhere}");
        }
    }

    #[test]
    fn the_base_path_may_be_the_root() {
        assert_eq!(Route::of("/", "/"), Route::Inbox);
        assert_eq!(Route::of("/system", "/"), Route::System);
    }
}
