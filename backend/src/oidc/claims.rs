//! What a provider says about a person.

use std::collections::BTreeMap;

use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AdditionalClaims, EndUserEmail, EndUserName, EndUserUsername, IdTokenClaims, LocalizedClaim,
    UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::OidcConfig;
use crate::domain::person::{address, is_reserved, tidy_name};

/// Claims that OpenID Connect has no name for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Others(BTreeMap<String, Value>);

impl AdditionalClaims for Others {}

/// Who somebody is, as a provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// The person's id there, which never changes.
    pub subject: String,
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether the provider has made sure that the address is theirs.
    pub email_verified: bool,
    /// The groups.
    pub groups: Vec<String>,
    /// GitLab's id of the same person.
    pub gitlab_user_id: Option<i64>,
}

/// Token and answer are two types with the same methods, and without a trait that both have.
macro_rules! said {
    ($claims:expr) => {
        Said {
            name: $claims.name(),
            username: $claims.preferred_username(),
            email: $claims.email(),
            email_verified: $claims.email_verified(),
            others: $claims.additional_claims(),
        }
    };
}

impl Identity {
    /// What the token says.
    pub(super) fn of_token(config: &OidcConfig, claims: &IdTokenClaims<Others, CoreGenderClaim>) -> Self {
        let mut identity = Self {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: None,
            email: None,
            email_verified: false,
            groups: Vec::new(),
            gitlab_user_id: None,
        };
        identity.take(config, &said!(claims));
        identity
    }

    /// Adds what the provider says where it is asked about the person.
    pub(super) fn complete(&mut self, config: &OidcConfig, claims: &UserInfoClaims<Others, CoreGenderClaim>) {
        self.take(config, &said!(claims));
    }

    /// Takes what is said, and leaves what is not.
    fn take(&mut self, config: &OidcConfig, said: &Said<'_>) {
        let name = said
            .name
            .and_then(|name| name.get(None))
            .and_then(|name| tidy_name(name))
            .filter(|name| !is_reserved(name));
        let username = said.username.and_then(|name| tidy_name(name)).filter(|name| !is_reserved(name));
        self.name = name.or_else(|| self.name.take()).or(username);
        if let Some(email) = said.email.and_then(|email| address(email)) {
            self.email = Some(email.to_owned());
            self.email_verified = said.email_verified == Some(true);
        }
        if let Some(groups) = said.others.0.get(&config.groups_claim) {
            self.groups = words(groups);
        }
        let claim = config.gitlab_user_id_claim.as_ref();
        if let Some(value) = claim.and_then(|claim| said.others.0.get(claim)) {
            match number(value) {
                Some(id) => self.gitlab_user_id = Some(id),
                // Without it the person can decide on their own merge requests.
                None => {
                    tracing::warn!(provider = config.id, "the claim with GitLab's user id holds no such id");
                }
            }
        }
    }
}

/// What is of use, wherever it is said.
struct Said<'a> {
    name: Option<&'a LocalizedClaim<EndUserName>>,
    username: Option<&'a EndUserUsername>,
    email: Option<&'a EndUserEmail>,
    email_verified: Option<bool>,
    others: &'a Others,
}

/// A list of words; some providers give a single one as it is.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// A GitLab id; some providers know only text, or only numbers with a point.
fn number(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && number < 1e15).then_some(number as i64);
    let id = value
        .as_i64()
        .or_else(|| value.as_f64().and_then(whole))
        .or_else(|| value.as_str()?.trim().parse().ok());
    id.filter(|id| *id > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{number, words};

    #[test]
    fn lists_and_numbers_come_in_several_forms() {
        assert_eq!(words(&json!(["a", 1, "b"])), ["a", "b"]);
        assert_eq!(words(&json!("a")), ["a"]);
        assert!(words(&json!({"a": true})).is_empty());
        assert_eq!(number(&json!(7)), Some(7));
        assert_eq!(number(&json!(" 7 ")), Some(7));
        assert_eq!(number(&json!(7.0)), Some(7));
        for wrong in [json!("x"), json!(-5), json!(0), json!(7.5), json!(1e300), json!(null), json!([7])] {
            assert_eq!(number(&wrong), None, "{wrong}");
        }
    }
}
