//! Requests that are done at most once, however often they are sent. Source: The Idempotency-Key HTTP Header Field
//! (draft-ietf-httpapi-idempotency-key-header).

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::access::{Caller, Via};

/// The longest key, in characters.
const LONGEST: usize = 255;
/// For so long a key is known after its request was done.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What tells a request that is sent again from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Who chose the key: keys of different senders have nothing to do with each other. For a person in a browser it
    /// is the account, for a program its token.
    pub sender: String,
    /// The key.
    pub key: String,
    /// The SHA-256 of what is asked for, in hexadecimal digits: one key is for one request.
    pub fingerprint: String,
}

impl Once {
    /// A request of this caller under this key.
    #[must_use]
    pub fn new(caller: &Caller, key: String, method: &str, target: &str, body: &[u8]) -> Self {
        let sender = match &caller.via {
            Via::Browser { .. } => format!("account:{}", caller.account_id.as_str()),
            Via::Token { id, .. } => format!("token:{}", id.as_str()),
        };
        let mut hash = Sha256::new();
        // Neither a method nor a target holds a line end.
        hash.update(format!("{method}\n{target}\n"));
        hash.update(body);
        Self { sender, key, fingerprint: hex::encode(hash.finalize()) }
    }
}

/// Reads the header's value: a string in quotation marks, as the draft has it (RFC 9651, section 3.3.3), or the bare
/// characters, as most clients send it.
///
/// # Errors
/// What is wrong with it, for people.
pub fn read_key(value: &[u8]) -> Result<String, &'static str> {
    let text = std::str::from_utf8(value).unwrap_or("\u{0}").trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => unquoted(rest).ok_or("it begins with a quotation mark and does not end with one")?,
        None => text.to_owned(),
    };
    if key.is_empty() {
        return Err("it is empty");
    }
    if key.len() > LONGEST {
        return Err("it may have 255 characters");
    }
    if key.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        return Err("only visible ASCII characters and spaces can be in it");
    }
    Ok(key)
}

/// What stands before the closing quotation mark, which nothing may follow.
fn unquoted(rest: &str) -> Option<String> {
    let mut key = String::new();
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return letters.next().is_none().then_some(key),
            '\\' => key.push(letters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            _ => key.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, read_key};

    #[test]
    fn keys_come_bare_or_in_quotation_marks() {
        for (value, key) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("\"8e03978e\"", "8e03978e"),
            ("  CHG0042 / approve ", "CHG0042 / approve"),
            (r#""a \"quoted\" \\ one""#, r#"a "quoted" \ one"#),
            ("a\"b", "a\"b"),
        ] {
            assert_eq!(read_key(value.as_bytes()).as_deref(), Ok(key), "{value}");
        }
        assert!(read_key("x".repeat(LONGEST).as_bytes()).is_ok());
    }

    #[test]
    fn what_cannot_be_a_key_is_said_to_be_none() {
        let long = "x".repeat(LONGEST + 1);
        for value in
            ["", "   ", "\"\"", "\"open", "\"a\" b", "\"a\\n\"", "tab\there", "\u{e4}", long.as_str()]
        {
            assert!(read_key(value.as_bytes()).is_err(), "{value}");
        }
        assert!(read_key(&[0xff, b'a']).is_err());
    }
}
