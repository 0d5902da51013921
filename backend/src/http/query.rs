//! Query strings, with errors that name the parameter.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use shared::ProblemCode;

use super::problem::{ApiError, capital};
use crate::db::search;

/// The query string, read.
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self).map_err(Into::into))
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let name = error.path().to_string();
        let said = error.inner().to_string();
        match form_urlencoded::parse(text.as_bytes()).find(|(key, _)| *key == name) {
            Some(_) if said.starts_with("unknown field") => {
                let known = said.split_once(", ").map_or("", |(_, known)| known);
                ApiError::parameter(&name, format!("There is no parameter {name:?}; {known}."))
            }
            Some((_, value)) => {
                let value: String = value.chars().take(60).collect();
                ApiError::parameter(&name, format!("{name} cannot be {value:?}: {said}."))
            }
            None => ApiError::new(ProblemCode::BadParameter, capital(&said)),
        }
    })
}

/// So many items come at once if nothing else is said.
const LIMIT: u8 = 50;
/// So many at most.
const LIMIT_MAX: u8 = 200;

/// How many items a page is to have: 1 to 200, or 50 if nothing is said.
///
/// # Errors
/// 400 about `limit`.
pub fn limit(given: Option<i64>) -> Result<u8, ApiError> {
    let Some(limit) = given else { return Ok(LIMIT) };
    u8::try_from(limit)
        .ok()
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or_else(|| ApiError::parameter("limit", format!("limit is {limit}; use 1 to {LIMIT_MAX}.")))
}

/// Where a page begins, as `read` takes it from the cursor; nothing on the first page.
///
/// # Errors
/// 400 about `cursor`.
pub fn after<T>(cursor: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
    match cursor.filter(|cursor| !cursor.is_empty()) {
        None => Ok(None),
        Some(cursor) => read(cursor).map(Some).ok_or_else(|| {
            ApiError::parameter("cursor", "This cursor was not made here; begin without one.")
        }),
    }
}

/// So many characters of a text that is looked for, far fewer than a database takes.
const LONGEST: usize = 1_000;

/// Checks that a text is not too long to be looked for.
///
/// # Errors
/// 400 about the parameter.
pub fn short_enough(name: &str, typed: Option<String>) -> Result<Option<String>, ApiError> {
    if typed.as_deref().is_some_and(|typed| typed.chars().count() > LONGEST) {
        return Err(ApiError::parameter(name, format!("{name} has more than {LONGEST} characters.")));
    }
    Ok(typed)
}

/// Checks that a search is not too long for the database.
///
/// # Errors
/// 400 about `q`.
pub fn searchable(typed: Option<String>) -> Result<Option<String>, ApiError> {
    let typed = short_enough("q", typed)?;
    if typed.as_deref().is_some_and(|typed| search::count(typed) > search::MOST) {
        return Err(ApiError::parameter("q", format!("Search for at most {} words.", search::MOST)));
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        limit: Option<u32>,
    }

    #[test]
    fn an_error_names_the_parameter_and_what_it_was() {
        assert_eq!(read::<Wanted>("limit=5").expect("reads").limit, Some(5));
        let told = |text: &str| {
            let problem = read::<Wanted>(text).expect_err("does not read").into_problem();
            (problem.field.unwrap_or_default(), problem.detail)
        };
        let (field, detail) = told("limit=many");
        assert_eq!(field, "limit");
        assert!(detail.starts_with("limit cannot be \"many\": "), "{detail}");
        let (field, detail) = told("limits=5");
        assert_eq!(
            (field.as_str(), detail.as_str()),
            ("limits", "There is no parameter \"limits\"; expected `limit`.")
        );
        assert!(searchable(Some("a".repeat(LONGEST + 1))).is_err());
        assert!(searchable(Some("\u{e9}".repeat(LONGEST))).is_ok());
    }
}
