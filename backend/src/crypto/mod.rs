//! Passwords, secrets that let somebody in, and the sealing of secrets at rest.
//!
//! Nothing here is invented: argon2id, SHA-256, HMAC and XChaCha20-Poly1305 from RustCrypto, put
//! together as their documentation says.

pub mod keys;
pub mod password;
pub mod secret;
