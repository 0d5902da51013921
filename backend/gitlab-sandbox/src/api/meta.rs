//! Who and what this is: the version, the token's user and the token itself.

use serde_json::json;

use super::answer::{Answer, Reply};
use super::{Context, entity};
use crate::clock::rfc3339;

/// `GET /version`.
pub(super) fn version() -> Reply {
    Ok(Answer::json(200, &json!({ "version": "18.6.0-ee", "revision": "5a4d80c0fe1", "enterprise": true })))
}

/// `GET /user`.
pub(super) fn user(context: &Context<'_>) -> Reply {
    let mut body = entity::user(context.world, context.caller.user);
    body["created_at"] = rfc3339(context.caller.token.created_at).into();
    body["bot"] = false.into();
    body["locked"] = false.into();
    body["external"] = false.into();
    body["email"] = format!("{}@example.test", body["username"].as_str().unwrap_or_default()).into();
    Ok(Answer::json(200, &body))
}

/// `GET /personal_access_tokens/self`.
pub(super) fn token(context: &Context<'_>) -> Reply {
    let token = &context.caller.token;
    Ok(Answer::json(
        200,
        &json!({
            "id": token.id,
            "name": "sandbox token",
            "description": null,
            "revoked": token.revoked,
            "active": true,
            "created_at": rfc3339(token.created_at),
            "last_used_at": rfc3339(context.now),
            "scopes": token.scopes,
            "user_id": token.user,
            "expires_at": token.expires_at,
        }),
    ))
}
