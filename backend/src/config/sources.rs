//! Where settings come from beneath flags and variables: files that hold one secret, conventional names, and a
//! TOML file. The order is: flag, `APPROVAL_*`, `APPROVAL_*_FILE`, conventional name, TOML file, default.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Value;

/// Conventional names that count where the own name is not set; of several for one setting the later one wins.
const CONVENTIONAL: [(&str, &str); 8] = [
    ("database_url", "DATABASE_URL"),
    ("gitlab_url", "GITLAB_URL"),
    ("gitlab_token", "GITLAB_TOKEN"),
    ("listen", "PORT"),
    // <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>
    ("otlp_traces_endpoint", OTLP_BASE),
    ("otlp_traces_endpoint", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
    ("otlp_headers", "OTEL_EXPORTER_OTLP_HEADERS"),
    ("otlp_headers", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
];

/// Names the collector without the place for traces.
const OTLP_BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// A setting as the command line declares it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its key in the TOML file, for example `gitlab_url`; the flag is the same with dashes.
    pub key: String,
    /// Its variable, for example `APPROVAL_GITLAB_URL`.
    pub variable: String,
    /// What it is for, in one or two sentences.
    pub help: String,
    /// What counts if nothing is said; `None` if nothing does.
    pub default: Option<String>,
    /// Whether it must not be shown.
    pub secret: bool,
}

impl Setting {
    /// The variable that names a file which holds the value; only secrets have one.
    #[must_use]
    pub fn file_variable(&self) -> Option<String> {
        // The key that seals secrets may have several lines; its file is a setting of its own.
        (self.secret && self.key != "secret_key").then(|| format!("{}_FILE", self.variable))
    }

    /// The conventional names that count as well.
    pub fn conventional(&self) -> impl Iterator<Item = &'static str> {
        CONVENTIONAL.iter().filter(|(key, _)| *key == self.key).map(|(_, name)| *name)
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A variable with a conventional name.
    Variable(String),
    /// A file that a variable, or a key of the TOML file, names.
    Secret {
        /// Who names it.
        named_by: String,
        /// The file.
        path: PathBuf,
    },
    /// The TOML file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Secret { named_by, path } => write!(f, "{}, named by {named_by}", path.display()),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone)]
pub struct Found {
    /// The value, as text.
    pub value: String,
    /// Where from.
    pub origin: Origin,
}

/// What is said beneath flags and own variables.
#[derive(Clone, Default)]
pub struct Beneath {
    /// By key.
    pub found: BTreeMap<String, Found>,
    /// What is wrong with it, one line each; never a value of a secret.
    pub faults: Vec<String>,
    /// The variables of secrets whose file could not be read: they are set, and that they are not must not be said as well.
    pub unread: Vec<String>,
}

impl Beneath {
    /// Gathers it: `variable` looks up a variable, `file` is the TOML file if one is named.
    #[must_use]
    pub fn gather(
        settings: &[Setting],
        file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut beneath = Self::default();
        if let Some(path) = file {
            beneath.read_toml(settings, path);
        }
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        for setting in settings {
            for name in setting.conventional() {
                if let Some(value) = given(name) {
                    let value = match name {
                        "PORT" => format!("127.0.0.1:{value}"),
                        OTLP_BASE => format!("{}/v1/traces", value.trim_end_matches('/')),
                        _ => value,
                    };
                    beneath.put(setting, value, Origin::Variable(name.into()));
                }
                if setting.secret {
                    beneath.read_named(setting, name, &given);
                }
            }
            if setting.file_variable().is_some() {
                beneath.read_named(setting, &setting.variable, &given);
            }
        }
        beneath
    }

    fn put(&mut self, setting: &Setting, value: String, origin: Origin) {
        self.found.insert(setting.key.clone(), Found { value, origin });
    }

    /// The file that `NAME_FILE` names, if it is set.
    fn read_named(&mut self, setting: &Setting, name: &str, given: &impl Fn(&str) -> Option<String>) {
        let file_name = format!("{name}_FILE");
        let Some(path) = given(&file_name) else { return };
        if given(name).is_some() {
            self.faults.push(format!("{name} and {file_name} are both set: one is enough"));
        }
        self.read_secret(setting, &file_name, PathBuf::from(path));
    }

    fn read_secret(&mut self, setting: &Setting, named_by: &str, path: PathBuf) {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let value = text.trim_end_matches(['\r', '\n']).to_owned();
                if value.is_empty() {
                    // Without this secret more would be let in, or nothing would work: nobody names a file for that.
                    self.unread.push(setting.variable.clone());
                    return self.faults.push(format!("{named_by}: {} is empty", path.display()));
                }
                self.put(setting, value, Origin::Secret { named_by: named_by.into(), path });
            }
            Err(error) => {
                self.unread.push(setting.variable.clone());
                self.faults.push(format!("{named_by}: cannot read {}: {error}", path.display()));
            }
        }
    }

    fn read_toml(&mut self, settings: &[Setting], path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.faults.push(format!("{}: cannot be read: {error}", path.display())),
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // The error's own text quotes the line, which may hold a secret.
                let line = error.span().map_or(1, |span| line_of(&text, span.start));
                let why = error.message();
                let hint = "texts stand in quotation marks, as in listen = \"0.0.0.0:8080\"";
                return self.faults.push(format!("{}, line {line}: {why}; {hint}", path.display()));
            }
        };
        for (key, value) in &table {
            self.read_key(settings, path, key, value);
        }
    }

    fn read_key(&mut self, settings: &[Setting], path: &Path, key: &str, value: &Value) {
        let known = |key: &str| settings.iter().find(|setting| setting.key == key);
        let holder = || known(key.strip_suffix("_file")?).filter(|setting| setting.file_variable().is_some());
        let place = path.display();
        let (Some(setting), named) = (match (known(key), holder()) {
            (Some(setting), _) => (Some(setting), false),
            (None, holder) => (holder, true),
        }) else {
            let meant = meant(settings.iter().map(|setting| setting.key.as_str()), key);
            return self.faults.push(format!("{place}: there is no setting {key}; {meant}"));
        };
        let Some(text) = text_of(value) else {
            let why = "write a text, a number, true or false, or a list of texts";
            return self.faults.push(format!("{place}: {key} is a {}; {why}", value.type_str()));
        };
        // As a blank variable, it says nothing; but where the database is must not be left to chance.
        if text.trim().is_empty() && setting.key != "database_url" {
            return;
        }
        if named {
            if self.found.contains_key(&setting.key) {
                let why = format!("{place}: {} and {key} are both set: one is enough", setting.key);
                return self.faults.push(why);
            }
            return self.read_secret(setting, key, PathBuf::from(text));
        }
        if let Some(Found { origin: Origin::Secret { named_by, .. }, .. }) = self.found.get(key) {
            self.faults.push(format!("{place}: {key} and {named_by} are both set: one is enough"));
        }
        self.put(setting, text, Origin::File(path.to_owned()));
    }
}

/// What to do about a name that is not known: it may be one that looks much like it.
#[must_use]
pub fn meant<'a>(known: impl Iterator<Item = &'a str>, name: &str) -> String {
    let nearest = known.map(|one| (strsim::levenshtein(one, name), one)).min();
    let own = name.strip_prefix("APPROVAL_").unwrap_or(name).len();
    match nearest.filter(|(differ, _)| differ * 3 <= own) {
        Some((_, nearest)) => format!("did you mean {nearest}?"),
        None => "approval-app serve --help names all".into(),
    }
}

/// A value as a flag would say it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// The number of the line, from 1, in which a byte stands.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, secret: bool) -> Setting {
        Setting {
            key: key.into(),
            variable: format!("APPROVAL_{}", key.to_uppercase()),
            help: String::new(),
            default: None,
            secret,
        }
    }

    fn settings() -> Vec<Setting> {
        let open = ["listen", "gitlab_url", "reconcile_seconds", "enrol", "trusted_proxies"];
        let secret = ["gitlab_token", "hmac_secret", "secret_key"];
        open.map(|key| setting(key, false)).into_iter().chain(secret.map(|key| setting(key, true))).collect()
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("approval-app-sources-{}", uuid::Uuid::now_v7()));
            std::fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, text).expect("is written");
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // What is left in the folder for temporary files hurts nobody.
            let _left = std::fs::remove_dir_all(&self.0);
        }
    }

    fn value<'a>(beneath: &'a Beneath, key: &str) -> Option<&'a str> {
        beneath.found.get(key).map(|found| found.value.as_str())
    }

    #[test]
    fn a_file_says_what_flags_say() {
        let folder = Folder::new();
        let text = "listen = \"0.0.0.0:1\"\nreconcile_seconds = 60\nenrol = false\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
        let path = folder.file("a.toml", text);
        let beneath = Beneath::gather(&settings(), Some(&path), |_| None);
        assert!(beneath.faults.is_empty(), "{:?}", beneath.faults);
        assert_eq!(value(&beneath, "listen"), Some("0.0.0.0:1"));
        assert_eq!(value(&beneath, "reconcile_seconds"), Some("60"));
        assert_eq!(value(&beneath, "enrol"), Some("false"));
        assert_eq!(value(&beneath, "trusted_proxies"), Some("10.0.0.0/8,::1"));
        assert_eq!(beneath.found["listen"].origin, Origin::File(path));
    }

    #[test]
    fn what_is_nearer_wins() {
        let folder = Folder::new();
        let (toml, token) =
            (folder.file("a.toml", "gitlab_token = \"toml\"\n"), folder.file("t", "file\r\n"));
        let gather = |set: &[&str]| {
            Beneath::gather(&settings(), Some(&toml), |name| {
                let value =
                    if name.ends_with("_FILE") { token.display().to_string() } else { "plain".into() };
                set.contains(&name).then_some(value)
            })
        };
        assert_eq!(value(&gather(&[]), "gitlab_token"), Some("toml"));
        assert_eq!(value(&gather(&["GITLAB_TOKEN"]), "gitlab_token"), Some("plain"));
        assert_eq!(value(&gather(&["GITLAB_TOKEN_FILE"]), "gitlab_token"), Some("file"));
        let all = gather(&["GITLAB_TOKEN", "APPROVAL_GITLAB_TOKEN_FILE"]);
        assert_eq!(value(&all, "gitlab_token"), Some("file"));
        assert!(all.faults.is_empty(), "{:?}", all.faults);
        let both = gather(&["APPROVAL_GITLAB_TOKEN", "APPROVAL_GITLAB_TOKEN_FILE"]);
        assert_eq!(
            both.faults,
            ["APPROVAL_GITLAB_TOKEN and APPROVAL_GITLAB_TOKEN_FILE are both set: one is enough"]
        );
    }

    #[test]
    fn every_fault_of_a_file_is_told_and_no_secret_is() {
        let folder = Folder::new();
        let text = "lisen = 1\nenrol = 1.5\nhmac_secret = \"hush\"\nhmac_secret_file = \"/nowhere\"\ngitlab_token_file = \"/nowhere\"\n";
        let path = folder.file("a.toml", text);
        let faults = Beneath::gather(&settings(), Some(&path), |_| None).faults;
        let told = faults.join("\n");
        assert_eq!(faults.len(), 4, "{told}");
        assert!(told.contains("there is no setting lisen; did you mean listen?"), "{told}");
        assert!(told.contains("enrol is a float"), "{told}");
        assert!(told.contains("both set"), "{told}");
        assert!(told.contains("gitlab_token_file: cannot read /nowhere"), "{told}");
        assert!(!told.contains("hush"), "{told}");
        let broken = folder.file("b.toml", "listen = \"x\"\nhmac_secret = hush\n");
        let faults = Beneath::gather(&settings(), Some(&broken), |_| None).faults;
        assert_eq!(faults.len(), 1);
        assert!(faults[0].contains("line 2") && !faults[0].contains("hush"), "{faults:?}");
        let missing = Beneath::gather(&settings(), Some(Path::new("/nowhere.toml")), |_| None).faults;
        assert!(missing[0].starts_with("/nowhere.toml: cannot be read"), "{missing:?}");
    }
}
