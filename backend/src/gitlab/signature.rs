//! `X-Gitlab-Signature`: lower-case hex HMAC-SHA256 of the raw body, keyed with the check's shared
//! secret. No prefix, no timestamp, no nonce: it proves who wrote the body, not when.
//!
//! Source: GitLab's `ee/app/services/external_status_checks/dispatch_service.rb`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header's name; header names ignore case.
pub const HEADER: &str = "x-gitlab-signature";

/// Whether `signature` is the body's signature under `secret`, in constant time.
#[must_use]
pub fn verify(secret: &str, body: &[u8], signature: &[u8]) -> bool {
    let mut claimed = [0_u8; 32];
    if hex::decode_to_slice(signature, &mut claimed).is_err() {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&claimed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::verify;

    /// Known answers, computed independently of GitLab and of this code.
    const KNOWN: [(&str, &str, &str); 3] = [
        ("secret-string", "{}", "1d949c495b301937dbcfefb61ba849c727377d2400d0078172769f17f08aa17f"),
        (
            "shared_secret",
            r#"{"object_kind":"merge_request"}"#,
            "3c3cf1a5e4de867d9ad7a2423163c8e84cb2d4325acb336979ec3ede40a8c02b",
        ),
        ("üß", r#"{"title":"é"}"#, "03682260b1e58839bc342f639bc856f87934bff818e2e5c28699e8fea95c1c12"),
    ];

    #[test]
    fn known_answers() {
        for (secret, body, signature) in KNOWN {
            assert!(verify(secret, body.as_bytes(), signature.as_bytes()), "{body}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let (secret, body, signature) = KNOWN[0];
        let body = body.as_bytes();
        assert!(!verify("other", body, signature.as_bytes()));
        assert!(!verify(secret, b"{} ", signature.as_bytes()));
        for bad in
            ["", "00", &signature[..62], &format!("{signature}00"), &format!("sha256={signature}"), "zz"]
        {
            assert!(!verify(secret, body, bad.as_bytes()), "{bad:?}");
        }
        let mut flipped = signature.to_owned();
        flipped.replace_range(..1, "2");
        assert!(!verify(secret, body, flipped.as_bytes()));
    }
}
