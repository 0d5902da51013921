//! Settings: where they come from, what is refused, and the table in the README.

use std::path::PathBuf;
use std::process::{Command, Output};

struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let path =
            std::env::temp_dir().join(format!("approval-app-config-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_approval-app"));
        command.args(args).current_dir(&self.0).env_clear().envs(variables.iter().copied());
        command.output().unwrap()
    }

    fn shown(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.run(args, variables);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left in the folder for temporary files hurts nobody.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

fn line<'a>(shown: &'a str, key: &str) -> &'a str {
    let found = shown.lines().find(|line| line.trim_start_matches("# ").starts_with(key));
    found.unwrap_or_else(|| panic!("no {key} in {shown}"))
}

#[test]
fn flags_win_over_variables_over_files_over_defaults() {
    let place = Place::new();
    let token = place.file("token", "glpat-from-a-file\n");
    let file = place.file(
        "settings.toml",
        "listen = \"127.0.0.1:1111\"\nreconcile_seconds = 60\nenrol = false\nlog_format = \"json\"\n\
         gitlab_url = \"https://gitlab.example.com\"\n",
    );
    let variables = [
        ("APPROVAL_CONFIG_FILE", file.as_str()),
        ("APPROVAL_RECONCILE_SECONDS", "90"),
        ("APPROVAL_GITLAB_TOKEN_FILE", token.as_str()),
        ("APPROVAL_HMAC_SECRET", "hush-hush"),
        ("DATABASE_URL", "postgres://app:pass-word@db.example/app"),
        ("PORT", "9000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4318/"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20let-me-in"),
    ];
    let shown = place.shown(&["config", "show", "--keep-calls-days", "7"], &variables);
    assert!(line(&shown, "listen").ends_with("# PORT") && line(&shown, "listen").contains("127.0.0.1:9000"));
    assert!(line(&shown, "reconcile_seconds = \"90\"").ends_with("# APPROVAL_RECONCILE_SECONDS"));
    assert!(line(&shown, "enrol = \"false\"").ends_with("settings.toml"));
    assert!(line(&shown, "log_format = \"json\"").ends_with("settings.toml"));
    assert!(line(&shown, "keep_calls_days = \"7\"").ends_with("# --keep-calls-days"));
    assert!(line(&shown, "session_hours").ends_with("# default"));
    assert!(line(&shown, "gitlab_token").contains("named by APPROVAL_GITLAB_TOKEN_FILE"));
    let traces = line(&shown, "otlp_traces_endpoint = \"http://collector.example:4318/v1/traces\"");
    assert!(traces.ends_with("# OTEL_EXPORTER_OTLP_ENDPOINT"), "{traces}");
    assert!(line(&shown, "otlp_headers").ends_with("# OTEL_EXPORTER_OTLP_HEADERS"), "{shown}");
    for secret in ["glpat-from", "hush-hush", "pass-word", "let-me-in"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let checked = place.shown(&["config", "check"], &variables);
    assert!(checked.contains("right"), "{checked}");
    let by_flag = place.shown(&["config", "show", "--config-file", &file], &[]);
    assert!(line(&by_flag, "listen").contains("1111"), "{by_flag}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let place = Place::new();
    let file = place.file("settings.toml", "lisen = \"x\"\n");
    let empty = place.file("token", "\n");
    let variables = [
        ("APPROVAL_CONFIG_FILE", file.as_str()),
        ("APPROVAL_BASEPATH", "/x"),
        ("APPROVAL_ENROL", "perhaps"),
        ("APPROVAL_HMAC_SECRET", "hush-hush"),
        ("APPROVAL_HMAC_SECRET_FILE", "/nowhere"),
        ("APPROVAL_GITLAB_TOKEN_FILE", empty.as_str()),
        ("APPROVAL_PUBLIC_URL", "https://approval.example/approval-apps/"),
        ("APPROVAL_OTLP_TRACES_ENDPOINT", "collector:4318"),
        ("APPROVAL_OTLP_HEADERS", "a=b,let-me-in"),
        ("APPROVAL_LOG_FORMAT", "xml"),
        ("APPROVAL_GITLAB_URL", "https://me:let-me-in@gitlab.example.com"),
        ("APPROVAL_DATABASE_URL", "postgres://u:let%me-in@db/x"),
    ];
    for command in [&["config", "check"][..], &["serve"], &["migrate"]] {
        let output = place.run(command, &variables);
        assert_eq!(output.status.code(), Some(78), "{command:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        for fault in [
            "there is no setting lisen; did you mean listen?",
            "there is no variable APPROVAL_BASEPATH; did you mean APPROVAL_BASE_PATH?",
            "APPROVAL_ENROL is \"perhaps\"",
            "APPROVAL_HMAC_SECRET and APPROVAL_HMAC_SECRET_FILE are both set",
            "APPROVAL_HMAC_SECRET_FILE: cannot read /nowhere",
            "APPROVAL_GITLAB_TOKEN_FILE: ",
            "token is empty",
            "write it without a path; what comes behind it is APPROVAL_BASE_PATH",
            "APPROVAL_OTLP_TRACES_ENDPOINT is \"collector:4318\"",
            "APPROVAL_OTLP_HEADERS: number 2 is no header",
            "APPROVAL_LOG_FORMAT is \"xml\"; write auto, pretty or json",
            "APPROVAL_DATABASE_URL: a % is followed by",
        ] {
            assert!(told.contains(fault), "{fault} is not told by {command:?}: {told}");
        }
        assert!(!told.contains("hush-hush") && !told.contains("let-me-in"), "{told}");
        assert!(!told.contains("let%me-in"), "{told}");
    }
    let shown = place.run(&["config", "show"], &variables);
    assert!(!String::from_utf8(shown.stdout).unwrap().contains("let-me-in"));
    assert!(!place.0.join("instance").exists(), "nothing was begun");
}

#[test]
fn the_documents_list_the_settings_as_they_are() {
    for (name, text) in [
        ("README.md", include_str!("../../../README.md")),
        ("docs/configuration.md", include_str!("../../../docs/configuration.md")),
    ] {
        let (_, rest) = text.split_once("<!-- settings: begin -->\n").expect("the table begins");
        let (table, _) = rest.split_once("<!-- settings: end -->").expect("the table ends");
        assert_eq!(
            table.trim(),
            approval_app::cli::settings_table().trim(),
            "{name}: make openapi writes it"
        );
    }
}

#[test]
fn what_is_blank_says_nothing() {
    let place = Place::new();
    let secret = place.file("secret", "a shared secret\n");
    let file = place.file(
        "settings.toml",
        "listen = \"127.0.0.1:1111\"\nrequire_signature = true\nkeep_calls_days = 7\n\
         public_url = \"\"\noidc_file = \" \"\nhmac_secret = \"\"\n",
    );
    let blank = [
        "LISTEN",
        "PUBLIC_URL",
        "DATABASE_URL",
        "GITLAB_URL",
        "GITLAB_TOKEN",
        "GITLAB_CA_FILE",
        "HMAC_SECRET",
        "ENROL",
        "REQUIRE_SIGNATURE",
        "RECONCILE_SECONDS",
        "KEEP_CALLS_DAYS",
        "TRUSTED_PROXIES",
        "SESSION_IDLE_MINUTES",
        "SECRET_KEY",
        "SECRET_KEY_FILE",
        "OIDC_FILE",
        "LOG_FORMAT",
        "METRICS_LISTEN",
        "OTLP_TRACES_ENDPOINT",
    ];
    let blank = blank.map(|name| format!("APPROVAL_{name}"));
    let mut variables: Vec<(&str, &str)> = blank.iter().map(|name| (name.as_str(), " ")).collect();
    variables.push(("APPROVAL_CONFIG_FILE", &file));
    variables.push(("APPROVAL_HMAC_SECRET_FILE", &secret));
    let refused = place.run(&["config", "check"], &variables);
    assert_eq!(refused.status.code(), Some(78));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("APPROVAL_DATABASE_URL is empty") && told.lines().count() == 1, "{told}");
    variables.push(("DATABASE_URL", "postgres://app@db.example/app"));
    assert_eq!(place.run(&["config", "check"], &variables).status.code(), Some(0));
    let shown = place.shown(&["config", "show"], &variables);
    assert!(line(&shown, "database_url").contains("db.example"), "{shown}");
    for (key, value) in
        [("listen", "127.0.0.1:1111"), ("require_signature", "true"), ("keep_calls_days", "7")]
    {
        assert!(line(&shown, &format!("{key} = {value:?}")).ends_with("settings.toml"), "{shown}");
    }
    assert!(line(&shown, "hmac_secret").contains("15 characters"), "{shown}");
    assert!(line(&shown, "session_idle_minutes").ends_with("# default"), "{shown}");
    let odd = [("APPROVAL_PUBLIC_URL", " HTTPS://Approvals.Example.com:443/ ")];
    assert_eq!(place.run(&["config", "check"], &odd).status.code(), Some(0));
}
