//! Which page an address leads to.

use shared::Permission;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The inbox.
    Inbox,
    /// One check, by its id.
    Check(String),
    /// The record.
    History,
    /// People and groups.
    People,
    /// The service itself.
    System,
    /// One's own account.
    Account,
    /// Where one signs in.
    SignIn,
    /// Where a one-time link leads.
    Welcome,
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
            Some(("checks", id)) if !id.contains('/') => Route::Check(id.to_owned()),
            Some(_) => Route::Missing,
            None => match rest {
                "" => Route::Inbox,
                "audit" => Route::History,
                "people" => Route::People,
                "system" => Route::System,
                "account" => Route::Account,
                "sign-in" => Route::SignIn,
                "welcome" => Route::Welcome,
                _ => Route::Missing,
            },
        }
    }

    /// Whether the page is for those who are not signed in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self {
            Route::SignIn | Route::Welcome => true,
            Route::Inbox
            | Route::Check(_)
            | Route::History
            | Route::People
            | Route::System
            | Route::Account
            | Route::Missing => false,
        }
    }

    /// What one must be allowed to do to see it.
    #[must_use]
    pub const fn needs(&self) -> Option<Permission> {
        match self {
            Route::Inbox | Route::Check(_) | Route::System => Some(Permission::ChecksRead),
            Route::History => Some(Permission::AuditRead),
            Route::People => Some(Permission::Admin),
            Route::Account | Route::SignIn | Route::Welcome | Route::Missing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn addresses_below_the_base_path() {
        let of = |path: &str| Route::of(path, "/approval-apps/");
        assert_eq!(of("/approval-apps"), Route::Inbox);
        assert_eq!(of("/approval-apps/"), Route::Inbox);
        assert_eq!(of("/approval-apps/checks/a-1"), Route::Check("a-1".into()));
        assert_eq!(of("/approval-apps/checks/a-1/"), Route::Check("a-1".into()));
        for (path, route) in [
            ("audit", Route::History),
            ("people", Route::People),
            ("system", Route::System),
            ("account", Route::Account),
            ("sign-in", Route::SignIn),
            ("welcome", Route::Welcome),
        ] {
            assert_eq!(of(&format!("/approval-apps/{path}")), route);
        }
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
