//! JSON bodies, with errors that name the field.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use shared::ProblemCode;

use super::problem::{ApiError, capital};

/// The body of a request: a JSON object.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let arriving = web::Json::<Box<RawValue>>::from_request(request, payload);
        Box::pin(async move { Ok(Self(read(arriving.await?.get())?)) })
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    // As the values of its fields in their order, an array would do as well.
    if !text.starts_with('{') {
        return Err(ApiError::new(ProblemCode::Invalid, "The body is no JSON object."));
    }
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|error| {
        let path = error.path().to_string();
        let why = error.inner();
        // What is missing or there twice belongs to no field of its own.
        if !why.is_data() {
            return ApiError::new(ProblemCode::MalformedJson, capital(&why.to_string()));
        }
        match path.as_str() {
            "." | "?" => ApiError::new(ProblemCode::Invalid, capital(&why.to_string())),
            path => ApiError::new(ProblemCode::Invalid, format!("{path}: {why}")).about(path),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
        #[serde(default)]
        ids: Vec<i64>,
    }

    #[test]
    fn an_error_names_the_field_and_an_array_is_no_object() {
        let whole = Wanted { name: "x".into(), ids: vec![1] };
        assert_eq!(read::<Wanted>(r#"{"name":"x","ids":[1]}"#).expect("reads"), whole);
        for (text, field, words) in [
            (r#"["x",[1]]"#, None, "no JSON object"),
            ("null", None, "no JSON object"),
            (r#"{"name":7}"#, Some("name"), "name: invalid type"),
            (r#"{"name":"x","ids":[1,"2"]}"#, Some("ids[1]"), "ids[1]: invalid type"),
            ("{}", None, "Missing field `name`"),
            (r#"{"name":"x","other":1}"#, Some("other"), "unknown field `other`"),
            (r#"{"name":"x","name":"y"}"#, None, "Duplicate field `name`"),
        ] {
            let problem = read::<Wanted>(text).expect_err(text).into_problem();
            assert_eq!(problem.field.as_deref(), field, "{text}: {}", problem.detail);
            assert!(problem.detail.contains(words), "{text}: {}", problem.detail);
        }
    }
}
