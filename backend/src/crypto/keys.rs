//! The key of this instance: it seals secrets at rest and makes the set-up link. It is kept outside
//! the database, so that a copy of the database alone opens nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The least length of a key, in bytes.
pub const KEY_MIN: usize = 32;
const NONCE: usize = 24;
/// How sealed texts begin: the form, then the key's id, then nonce and ciphertext in base64.
const FORM: &str = "sealed:1:";

/// Where keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Given in the settings: the present key, and older ones that still open what they sealed.
    Given(Vec<SecretString>),
    /// A file of the app's own, made when it is missing: the present key in the first line.
    File(PathBuf),
}

/// Why there are no keys, or why something does not open.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used: {cause}")]
    File {
        /// The file.
        path: String,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// Shorter than [`KEY_MIN`].
    #[error("{0} holds a key of fewer than {KEY_MIN} characters")]
    TooShort(String),
    /// Sealed with a key that is not here.
    #[error(
        "a stored secret was sealed with another key: bring back the key file, or set APPROVAL_SECRET_KEY to the key it was sealed with"
    )]
    UnknownKey,
    /// Changed since it was sealed, or moved from another row.
    #[error("a stored secret was changed since it was sealed")]
    Broken,
}

/// The keys, the present one first.
#[derive(Clone)]
pub struct Keys(Vec<SecretString>);

impl Keys {
    /// Reads the keys; a missing file is made, readable by its owner only.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn load(source: &KeySource) -> Result<Self, KeyError> {
        let keys = match source {
            KeySource::Given(keys) => keys.clone(),
            KeySource::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => lines(&text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path)?,
                Err(cause) => return Err(at(path, cause)),
            },
        };
        let name = || match source {
            KeySource::Given(_) => "APPROVAL_SECRET_KEY".to_owned(),
            KeySource::File(path) => path.display().to_string(),
        };
        if keys.is_empty() || keys.iter().any(|key| key.expose_secret().len() < KEY_MIN) {
            return Err(KeyError::TooShort(name()));
        }
        Ok(Self(keys))
    }

    /// Puts a new key before the others in the file. Whoever is interrupted afterwards can still open
    /// everything.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn renew(path: &Path) -> Result<Self, KeyError> {
        let mut keys = Self::load(&KeySource::File(path.to_owned()))?.0;
        keys.insert(0, fresh());
        write(path, &keys)?;
        Ok(Self(keys))
    }

    /// Forgets all keys but the present one, once nothing is sealed with them any more.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn forget_old(&self, path: &Path) -> Result<(), KeyError> {
        write(path, &self.0[..1])
    }

    /// Seals a secret for one row: put into another row it does not open.
    #[must_use]
    pub fn seal(&self, row: &str, secret: &SecretString) -> String {
        let nonce: [u8; NONCE] = rand::random();
        let key = &self.0[0];
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: row.as_bytes() };
        let mut sealed = nonce.to_vec();
        // XChaCha20-Poly1305 refuses only what is longer than 256 GiB.
        sealed.extend(cipher(key).encrypt(&XNonce::from(nonce), payload).unwrap_or_default());
        format!("{FORM}{}:{}", key_id(key), STANDARD_NO_PAD.encode(sealed))
    }

    /// Opens what [`Self::seal`] made for this row. Text that was never sealed is given back as it is.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open(&self, row: &str, text: &str) -> Result<SecretString, KeyError> {
        let Some(rest) = text.strip_prefix(FORM) else { return Ok(SecretString::from(text)) };
        let (id, sealed) = rest.split_once(':').ok_or(KeyError::Broken)?;
        let key = self.0.iter().find(|key| key_id(key) == id).ok_or(KeyError::UnknownKey)?;
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| KeyError::Broken)?;
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(KeyError::Broken)?;
        let payload = Payload { msg: ciphertext, aad: row.as_bytes() };
        let plain = cipher(key).decrypt(&XNonce::from(*nonce), payload).map_err(|_| KeyError::Broken)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| KeyError::Broken)
    }

    /// Whether this is sealed with the present key.
    #[must_use]
    pub fn is_current(&self, text: &str) -> bool {
        text.strip_prefix(FORM)
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(id, _)| id == key_id(&self.0[0]))
    }

    /// 256 bits that only this instance can make: for secrets that must be the same after a restart
    /// without being stored.
    #[must_use]
    pub fn derive(&self, purpose: &str, id: &str) -> [u8; 32] {
        mac(&self.0[0], &format!("{purpose}\0{id}"))
    }
}

fn cipher(key: &SecretString) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&mac(key, "seal\0").into())
}

/// Names a key without telling anything about it.
fn key_id(key: &SecretString) -> String {
    hex::encode(&mac(key, "id\0")[..4])
}

/// Keys for different purposes are different: HMAC-SHA256 as a key derivation (NIST SP 800-108).
fn mac(key: &SecretString, purpose: &str) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.expose_secret().as_bytes()) else {
        return [0; 32];
    };
    mac.update(b"approval-app\0");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

fn fresh() -> SecretString {
    SecretString::from(hex::encode(rand::random::<[u8; 32]>()))
}

fn lines(text: &str) -> Vec<SecretString> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(SecretString::from).collect()
}

fn at(path: &Path, cause: std::io::Error) -> KeyError {
    KeyError::File { path: path.display().to_string(), cause }
}

/// Makes the file; if another process was faster, takes that one's key.
fn make(path: &Path) -> Result<Vec<SecretString>, KeyError> {
    let keys = vec![fresh()];
    let temporary = written_beside(path, &keys)?;
    // Unlike a rename, a link does not replace what another process put there meanwhile.
    let linked = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary).map_err(|cause| at(path, cause))?;
    match linked {
        Ok(()) => Ok(keys),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            std::fs::read_to_string(path).map(|text| lines(&text)).map_err(|cause| at(path, cause))
        }
        Err(cause) => Err(at(path, cause)),
    }
}

fn write(path: &Path, keys: &[SecretString]) -> Result<(), KeyError> {
    let temporary = written_beside(path, keys)?;
    std::fs::rename(&temporary, path).map_err(|cause| at(path, cause))
}

/// Writes the keys to a file of their own beside `path`, on the disk when this returns.
fn written_beside(path: &Path, keys: &[SecretString]) -> Result<PathBuf, KeyError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", uuid::Uuid::now_v7().simple()));
    let temporary = PathBuf::from(name);
    let text: String = keys.iter().map(|key| format!("{}\n", key.expose_secret())).collect();
    let writing = || {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    writing().map_err(|cause| {
        // Nobody needs a part of a key. If it was not made, there is nothing to delete.
        let _gone = std::fs::remove_file(&temporary);
        at(path, cause)
    })?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(some: &[&str]) -> Keys {
        let given = some.iter().map(|key| SecretString::from(key.repeat(8))).collect();
        Keys::load(&KeySource::Given(given)).expect("long enough")
    }

    #[test]
    fn what_is_sealed_opens_in_its_row_only() {
        let keys = keys(&["first-key"]);
        let secret = SecretString::from("hunter2");
        let sealed = keys.seal("rule 1", &secret);
        assert!(!sealed.contains("hunter2") && keys.is_current(&sealed));
        assert_ne!(sealed, keys.seal("rule 1", &secret));
        assert_eq!(keys.open("rule 1", &sealed).expect("opens").expose_secret(), "hunter2");
        assert!(matches!(keys.open("rule 2", &sealed), Err(KeyError::Broken)));
        let mut torn = sealed.clone();
        torn.truncate(sealed.len() - 4);
        assert!(matches!(keys.open("rule 1", &torn), Err(KeyError::Broken)));
        assert_eq!(keys.open("rule 1", "plain").expect("as it is").expose_secret(), "plain");
    }

    #[test]
    fn an_older_key_still_opens_and_an_unknown_one_does_not() {
        let sealed = keys(&["old-key-1"]).seal("r", &SecretString::from("s"));
        let both = keys(&["new-key-1", "old-key-1"]);
        assert_eq!(both.open("r", &sealed).expect("opens").expose_secret(), "s");
        assert!(!both.is_current(&sealed));
        assert!(matches!(keys(&["new-key-1"]).open("r", &sealed), Err(KeyError::UnknownKey)));
        assert!(Keys::load(&KeySource::Given(vec![SecretString::from("short")])).is_err());
    }

    #[test]
    fn a_key_file_is_made_once_and_is_private() {
        let folder =
            std::env::temp_dir().join(format!("approval-app-keys-{}", uuid::Uuid::now_v7().simple()));
        let path = folder.join("secret.key");
        let source = KeySource::File(path.clone());
        let first = Keys::load(&source).expect("made");
        let again = Keys::load(&source).expect("read");
        assert_eq!(first.derive("link", "1"), again.derive("link", "1"));
        assert_ne!(first.derive("link", "1"), first.derive("link", "2"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let renewed = Keys::renew(&path).expect("renewed");
        let sealed = first.seal("r", &SecretString::from("s"));
        assert!(renewed.open("r", &sealed).is_ok());
        renewed.forget_old(&path).expect("written");
        assert!(Keys::load(&source).expect("read").open("r", &sealed).is_err());
        assert_eq!(std::fs::read_dir(&folder).expect("listed").count(), 1, "nothing is left behind");
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
