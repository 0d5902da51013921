//! Providers that people can sign in with, from a TOML file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::access::Role;

/// A provider of OpenID Connect.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Its name in addresses.
    pub id: String,
    /// What the button says.
    pub name: String,
    /// The issuer, exactly as its tokens say it.
    pub issuer: String,
    /// What the app is called there.
    pub client_id: String,
    /// The secret for the token endpoint; a public client has none.
    pub client_secret: Option<SecretString>,
    /// Scopes to ask for besides `openid`, `email` and `profile`.
    pub scopes: Vec<String>,
    /// The claim that lists a person's groups.
    pub groups_claim: String,
    /// The claim with GitLab's id of the same person.
    pub gitlab_user_id_claim: Option<String>,
    /// Whether a new person reaches all projects; otherwise an administrator grants them.
    pub all_projects: bool,
    /// Whether an account that has the same address already becomes this person's, if the provider says
    /// that it has verified the address.
    pub link_by_email: bool,
    /// What whoever signs in may do, whatever the groups.
    pub default_roles: Vec<Role>,
    /// What the members of a group may do.
    pub group_roles: BTreeMap<String, Vec<Role>>,
}

impl OidcConfig {
    /// The roles of somebody in these groups.
    #[must_use]
    pub fn roles<'a>(&self, groups: impl IntoIterator<Item = &'a String>) -> Vec<Role> {
        let by_group = groups.into_iter().filter_map(|group| self.group_roles.get(group)).flatten();
        let roles: BTreeSet<Role> = self.default_roles.iter().chain(by_group).copied().collect();
        roles.into_iter().collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    provider: Vec<Written>,
}

/// A provider as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    client_secret_file: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default = "groups")]
    groups_claim: String,
    gitlab_user_id_claim: Option<String>,
    #[serde(default)]
    all_projects: bool,
    #[serde(default)]
    link_by_email: bool,
    #[serde(default)]
    default_roles: Vec<String>,
    #[serde(default)]
    group_roles: BTreeMap<String, Vec<String>>,
}

fn groups() -> String {
    "groups".into()
}

/// Reads the file that `APPROVAL_OIDC_FILE` names; what is wrong with it is added to the faults.
pub fn providers(file: Option<&Path>, faults: &mut Vec<String>) -> Vec<OidcConfig> {
    let Some(file) = file else { return Vec::new() };
    let mut fault = |why: String| faults.push(format!("APPROVAL_OIDC_FILE {}: {why}", file.display()));
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            fault(format!("cannot be read: {error}"));
            return Vec::new();
        }
    };
    let written = match toml::from_str::<File>(&text) {
        Ok(written) => written.provider,
        Err(error) => {
            // Without the lines of the file that the whole message quotes: one may be a secret.
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            fault(format!("line {line}: {}", error.message()));
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for one in written {
        if !seen.insert(one.id.clone()) {
            fault(format!("two providers have the id {:?}", one.id));
        }
        match one.check(file) {
            Ok(provider) => all.push(provider),
            Err(why) => fault(why),
        }
    }
    all
}

impl Written {
    fn check(self, file: &Path) -> Result<OidcConfig, String> {
        let id = self.id;
        let fine = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if id.is_empty() || !id.chars().all(fine) {
            return Err(format!("the id {id:?} may have lower-case letters, digits and hyphens"));
        }
        super::read::http_url(&self.issuer)
            .map_err(|why| format!("{id}: the issuer {:?}: {why}", self.issuer))?;
        if !self.issuer.starts_with("https://") && !is_loopback(&self.issuer) {
            return Err(format!("{id}: the issuer must be https: over http anybody in between can sign in"));
        }
        let client_secret = match (self.client_secret, self.client_secret_file) {
            (Some(_), Some(_)) => {
                return Err(format!(
                    "{id}: client_secret and client_secret_file are both set: one is enough"
                ));
            }
            (Some(secret), None) => Some(secret),
            (None, Some(name)) => {
                // Beside this file, unless it says where.
                let path = file.parent().unwrap_or(Path::new("")).join(name);
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("{id}: cannot read {}: {error}", path.display()))?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => None,
        };
        let roles = |words: &[String]| {
            let known = |word: &String| {
                Role::parse(word).ok_or_else(|| {
                    format!(
                        "{id}: there is no role {word:?}; there are viewer, reviewer, administrator, auditor"
                    )
                })
            };
            words.iter().map(known).collect::<Result<Vec<_>, _>>()
        };
        let default_roles = roles(&self.default_roles)?;
        let group_roles = self
            .group_roles
            .iter()
            .map(|(group, words)| Ok((group.clone(), roles(words)?)))
            .collect::<Result<BTreeMap<_, _>, String>>()?;
        if default_roles.is_empty() && group_roles.is_empty() {
            return Err(format!("{id}: without group_roles or default_roles nobody could do anything"));
        }
        Ok(OidcConfig {
            name: self.name,
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret: client_secret.map(SecretString::from),
            scopes: self.scopes,
            groups_claim: self.groups_claim,
            gitlab_user_id_claim: self.gitlab_user_id_claim,
            all_projects: self.all_projects,
            link_by_email: self.link_by_email,
            default_roles,
            group_roles,
            id,
        })
    }
}

fn is_loopback(url: &str) -> bool {
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<OidcConfig>, Vec<String>) {
        let folder =
            std::env::temp_dir().join(format!("approval-app-oidc-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir_all(&folder).expect("made");
        let file = folder.join("providers.toml");
        fs::write(&file, text).expect("written");
        fs::write(folder.join("secret"), "from a file\n").expect("written");
        let mut faults = Vec::new();
        let all = providers(Some(&file), &mut faults);
        fs::remove_dir_all(&folder).expect("removed");
        (all, faults)
    }

    const CORP: &str =
        "[[provider]]\nid = 'corp'\nname = 'Corp'\nissuer = 'https://id.example.com'\nclient_id = 'app'\n";

    #[test]
    fn a_provider_is_read_and_its_groups_become_roles() {
        let text = format!(
            "{CORP}client_secret_file = 'secret'\ndefault_roles = ['viewer']\n[provider.group_roles]\napprovers = ['reviewer', 'viewer']\n"
        );
        let (all, faults) = read(&text);
        assert!(faults.is_empty(), "{faults:?}");
        let corp = &all[0];
        assert_eq!(
            secrecy::ExposeSecret::expose_secret(corp.client_secret.as_ref().expect("read")),
            "from a file"
        );
        assert_eq!(corp.roles(&["approvers".to_owned()]), [Role::Viewer, Role::Reviewer]);
        assert_eq!(corp.roles(&["others".to_owned()]), [Role::Viewer]);
    }

    #[test]
    fn whatever_is_wrong_is_said_without_secrets() {
        let cases = [
            (format!("{CORP}client_secret = 'hush'\n"), "nobody could do anything"),
            (format!("{CORP}client_secret = 'hush'\nclient_secret_file = 'secret'\n"), "both set"),
            (format!("{CORP}client_secret = 'hush'\ndefault_roles = ['boss']\n"), "no role \"boss\""),
            (
                format!("{CORP}client_secret = 'hush'\ndefault_role = ['viewer']\n"),
                "line 7: unknown field `default_role`",
            ),
            (format!("{CORP}client_secret = 'hush"), "line 6"),
            (CORP.replace("https", "http"), "must be https"),
            (CORP.replace("corp", "../corp"), "may have lower-case letters"),
            (
                format!("{CORP}default_roles = ['viewer']\n{CORP}default_roles = ['viewer']\n"),
                "two providers",
            ),
        ];
        for (text, why) in cases {
            let (_, faults) = read(&text);
            assert!(faults.iter().any(|fault| fault.contains(why)), "{why}: {faults:?}");
            assert!(!faults.join(" ").contains("hush"), "{faults:?}");
        }
    }
}
