//! Which database an address names.

use std::fmt;
use std::path::PathBuf;

use super::DbError;

/// Where the data is.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the URL as libpq takes it, which may hold a password.
    Postgres(String),
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for DatabaseUrl {
    /// For people and logs: never a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "SQLite at {}", path.display()),
            DatabaseUrl::Postgres(url) => {
                let (_, place) = parts(url.split_once("://").map_or("", |(_, rest)| rest));
                write!(f, "PostgreSQL at {}", place.split('?').next().unwrap_or(""))
            }
        }
    }
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, a plain path, or `postgres://…`.
    ///
    /// # Errors
    /// [`DbError::BadUrl`] for any other scheme, and for SQLite in memory, which would lose what it acknowledged.
    pub fn parse(text: &str) -> Result<Self, DbError> {
        let text = text.trim();
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("postgres" | "postgresql") => postgres(text).map(Self::Postgres),
            Some("sqlite" | "file") => {
                let rest = text.split_once(':').map_or("", |(_, rest)| rest);
                Self::file(rest.strip_prefix("//").unwrap_or(rest))
            }
            Some(other) if text.contains("://") => Err(DbError::BadUrl(format!(
                "the database URL begins with {other:?}; use sqlite:PATH or postgres://USER@HOST/NAME"
            ))),
            // What was meant for PostgreSQL must not become the name of a file, with a password in it.
            _ if !text.starts_with(['/', '.'])
                && ["@", "password=", "dbname=", "host="].iter().any(|word| text.contains(word)) =>
            {
                Err(DbError::BadUrl(
                    "this is neither a file nor a URL; write postgres://USER:PASSWORD@HOST/NAME, or sqlite:PATH for a file"
                        .into(),
                ))
            }
            Some(_) | None => Self::file(text),
        }
    }

    fn file(path: &str) -> Result<Self, DbError> {
        let path = path.split('?').next().unwrap_or("");
        if path.is_empty() || path == ":memory:" {
            return Err(DbError::BadUrl(
                "SQLite needs a file: an in-memory database would lose what was acknowledged".into(),
            ));
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

/// User with password, and the place with options. The first end at the first @, if there is no / before it; only then a ? begins
/// the options.
fn parts(rest: &str) -> (&str, &str) {
    match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => (&rest[..at], &rest[at + 1..]),
        _ => ("", rest),
    }
}

/// How long a server that does not answer is waited for, where the URL does not say: without these the system waits for hours for
/// one whose machine is gone. Seconds, and milliseconds for the last. Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>.
const PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "10"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "10"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

/// A URL for libpq, its scheme as libpq wants it. What libpq would complain about is refused here, since it repeats what it
/// complains about, and that may be a part of the password.
/// Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>.
fn postgres(text: &str) -> Result<String, DbError> {
    let fault = |why: &str| {
        DbError::BadUrl(format!(
            "{why}; write postgres://USER:PASSWORD@HOST/NAME, and in user and password %40 for @, %2F for /, %25 for %"
        ))
    };
    let (_, rest) = text.split_once("://").ok_or_else(|| fault("there is no :// in it"))?;
    let (user, place) = parts(rest);
    let asks = place.contains('?');
    let (place, options) = place.split_once('?').unwrap_or((place, ""));
    let (hosts, name) = place.split_once('/').unwrap_or((place, ""));
    if hosts.contains('@') || user.is_empty() && name.contains('@') {
        return Err(fault("user or password hold an @ or a / as it is"));
    }
    let is_host = |host: &str| {
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (host, ""),
        };
        let fine = |letter: char| letter.is_alphanumeric() || "-._%[]:".contains(letter);
        host.chars().all(fine) && port.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !hosts.split(',').all(is_host) {
        return Err(fault("host or port are none"));
    }
    let mut signs = [user, hosts, name, options].into_iter().flat_map(|part| part.split('%').skip(1));
    let is_hex = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !signs.all(is_hex) {
        return Err(fault("a % is followed by something else than two hexadecimal digits"));
    }
    // A service of libpq's, or its variable, may say it as well.
    let given = |name: &str| {
        options
            .split('&')
            .any(|option| matches!(option.split('=').next(), Some(said) if said == name || said == "service"))
            || name == "connect_timeout" && std::env::var_os("PGCONNECT_TIMEOUT").is_some()
    };
    let added: Vec<String> = PATIENCE
        .iter()
        .filter(|(name, _)| !given(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let joint = match (added.is_empty(), asks, options.is_empty() || options.ends_with('&')) {
        (true, _, _) | (false, true, true) => "",
        (false, true, false) => "&",
        (false, false, _) => "?",
    };
    Ok(format!("postgresql://{rest}{joint}{}", added.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_database_and_never_show_a_password() {
        for (text, shown) in [
            ("instance/a.db", "SQLite at instance/a.db"),
            ("sqlite:instance/a.db", "SQLite at instance/a.db"),
            ("sqlite:///var/a.db", "SQLite at /var/a.db"),
            ("postgres://app:hunter2@db.example/app?sslmode=require", "PostgreSQL at db.example/app"),
            ("postgresql:///app", "PostgreSQL at /app"),
            ("postgres://app:p?x@db/app?user=a@b", "PostgreSQL at db/app"),
        ] {
            assert_eq!(DatabaseUrl::parse(text).expect(text).to_string(), shown);
        }
        for text in ["mysql://x/y", ":memory:", "sqlite::memory:", ""] {
            assert!(matches!(DatabaseUrl::parse(text), Err(DbError::BadUrl(_))), "{text}");
        }
        for fine in [
            "POSTGRES://app@db/app",
            "postgres://a,b:5433/app?target_session_attrs=read-write",
            "postgres://u:p%40ss@[::1]:5432/app",
            "postgresql://%2Fvar%2Frun%2Fpostgresql/app",
            "postgres://app@db/app?host=/var/run&user=a@b",
            "postgres://app:p?x@127.0.0.1:23050/app",
            "postgres://u:p@h/my@db",
            "postgres:///app?host=/var/run/postgresql",
            "postgres://:5433/app",
            "postgres://h/app?",
            "postgres://h/app?sslmode=disable&",
            "postgres://h/app?connect_timeout=3&keepalives_idle=5",
        ] {
            let DatabaseUrl::Postgres(url) = DatabaseUrl::parse(fine).expect(fine) else { panic!("{fine}") };
            assert!(url.starts_with("postgresql://"), "{url}");
            let (_, options) = url.rsplit_once('?').expect("has options");
            for (name, _) in PATIENCE {
                assert_eq!(options.matches(&format!("{name}=")).count(), 1, "{url}");
            }
            assert!(!options.contains("&&") && !options.starts_with('&'), "{url}");
        }
        for file in ["/srv/app@prod/x.db", "./a@b.db", "sqlite:a@b.db"] {
            assert!(matches!(DatabaseUrl::parse(file), Ok(DatabaseUrl::Sqlite(_))), "{file}");
        }
        // What libpq would repeat in its complaint.
        for text in [
            "postgres://u:pa%sSECRET@h/x",
            "postgres://u:paSEC/RET@h/x",
            "postgres://u:pa@SECRET@h/x",
            "postgres://u:paSECRET@h:port/x",
            "postgres:u:SECRET@h/x",
            "host=h password=SECRET dbname=x",
            "postgres//u:SECRET@h/db",
        ] {
            let why = DatabaseUrl::parse(text).expect_err(text).to_string();
            assert!(why.contains("write postgres://") && !why.contains("SEC"), "{why}");
        }
    }
}
