//! Secrets that let somebody in: made at random, shown once, kept only as their hash.
//!
//! They hold 256 random bits, so that a plain hash is enough: there is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// How API tokens begin, so that people and scanners recognise a leak.
pub const TOKEN_PREFIX: &str = "aat_";
const RANDOM: usize = 43;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A secret for a session or a link: 256 random bits as base64url.
#[must_use]
pub fn random() -> SecretString {
    encode(&rand::random())
}

/// 256 bits as base64url, 43 characters.
#[must_use]
pub fn encode(bits: &[u8; 32]) -> SecretString {
    SecretString::from(URL_SAFE_NO_PAD.encode(bits))
}

/// A new API token: prefix, 43 random characters, 6 characters of checksum.
#[must_use]
pub fn token() -> SecretString {
    let mut random = [0_u8; RANDOM];
    random.fill_with(|| DIGITS[rand::random_range(0..DIGITS.len())]);
    with_checksum(&String::from_utf8_lossy(&random))
}

/// The API token that belongs to 256 given bits: the demo's stays the same over restarts.
#[must_use]
pub fn token_of(bits: &[u8; 32]) -> SecretString {
    let mut number = *bits;
    let mut random = String::with_capacity(RANDOM);
    for _ in 0..RANDOM {
        // Long division of the big-endian number by 62.
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = (rest << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(0);
            rest = value % 62;
        }
        random.push(char::from(DIGITS[rest as usize]));
    }
    with_checksum(&random)
}

/// Whether this can be a token: prefix, length and checksum. A typo needs no database.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(TOKEN_PREFIX) else { return false };
    if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(|byte| DIGITS.contains(&byte)) {
        return false;
    }
    let (random, sum) = rest.split_at(RANDOM);
    sum == checksum(random)
}

/// The beginning of a token, by which people tell their tokens apart.
#[must_use]
pub fn hint(token: &SecretString) -> String {
    token.expose_secret().chars().take(TOKEN_PREFIX.len() + 4).collect()
}

/// What is stored: lower-case hex of the SHA-256.
#[must_use]
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

fn with_checksum(random: &str) -> SecretString {
    SecretString::from(format!("{TOKEN_PREFIX}{random}{}", checksum(random)))
}

fn checksum(random: &str) -> String {
    let mut sum = crc32fast::hash(random.as_bytes());
    let mut digits = [DIGITS[0]; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(sum % 62) as usize];
        sum /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_recognised_and_typos_are_not() {
        for token in [token(), token_of(&[255; 32]), token_of(&[0; 32])] {
            let text = token.expose_secret();
            assert_eq!(text.len(), 53);
            assert!(is_token(text), "{text}");
            let mut typo = text.to_owned();
            let last = if typo.pop() == Some('x') { 'y' } else { 'x' };
            typo.push(last);
            assert!(!is_token(&typo));
            assert!(!is_token(&text[1..]) && !is_token(""));
        }
        assert_ne!(token_of(&[1; 32]).expose_secret(), token_of(&[2; 32]).expose_secret());
    }

    #[test]
    fn the_checksum_is_a_known_answer() {
        // CRC-32 of "123456789" is 0xcbf43926, the check value of its definition.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn secrets_differ_and_only_their_hash_is_kept() {
        let (one, two) = (random(), random());
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), 43);
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
