//! Passwords: argon2id with OWASP's parameters, few at a time, on threads that may block.
//!
//! Source: <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

/// So many passwords are hashed at once: each takes the memory and a processor core.
const AT_ONCE: usize = 2;
/// So many may wait; more are told to come back.
const WAITING: usize = 64;

/// What hashing a password costs, and what guessing one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

/// Why a password was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many others wait already.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// A stored hash that this program never writes, or work that panicked.
    #[error("a password could not be hashed")]
    Broken,
}

/// What looking at a password came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is another password, or there is none.
    Wrong,
    /// It is right. If the parameters changed since it was stored, here it is hashed anew.
    Right(Option<String>),
}

/// The room where passwords are hashed; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    cost: Cost,
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    hashed: Arc<AtomicU64>,
}

impl Passwords {
    /// A room with these parameters.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        Self {
            cost,
            working: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            hashed: Arc::default(),
        }
    }

    /// How many passwords were hashed so far: tests compare the work that sign-ins cost.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Hashes a new password; the result is text in the PHC string format.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        let cost = self.cost;
        self.run(move |_| hash(cost, &password)).await
    }

    /// Compares a password with what is stored. Without a stored hash the same work is done, so that
    /// time does not tell whether somebody has an account.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub async fn verify(
        &self,
        stored: Option<String>,
        password: SecretString,
    ) -> Result<Verified, PasswordError> {
        let cost = self.cost;
        self.run(move |hashed| {
            let (known, stored) = match &stored {
                Some(text) => (true, PasswordHash::new(text).map_err(|_| PasswordError::Broken)?),
                None => (false, nobodys(cost)?),
            };
            let right = hasher(cost)?.verify_password(password.expose_secret().as_bytes(), &stored).is_ok();
            if !(known && right) {
                return Ok(Verified::Wrong);
            }
            if is_current(cost, &stored) {
                return Ok(Verified::Right(None));
            }
            hashed.fetch_add(1, Ordering::Relaxed);
            Ok(Verified::Right(Some(hash(cost, &password)?)))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AtomicU64) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.working).acquire_owned().await.map_err(|_| PasswordError::Broken)?;
        let hashed = Arc::clone(&self.hashed);
        let done = tokio::task::spawn_blocking(move || {
            hashed.fetch_add(1, Ordering::Relaxed);
            let done = work(&hashed);
            // Held by the work and not by whoever waits for it: callers may give up.
            drop((place, turn));
            done
        });
        done.await.unwrap_or(Err(PasswordError::Broken))
    }
}

fn hasher(cost: Cost) -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(cost.memory, cost.passes, 1, None).map_err(|_| PasswordError::Broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(cost: Cost, password: &SecretString) -> Result<String, PasswordError> {
    let salt: [u8; 16] = rand::random();
    hasher(cost)?
        .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| PasswordError::Broken)
}

/// A hash that no password has, as far as anybody can know.
fn nobodys(cost: Cost) -> Result<PasswordHash, PasswordError> {
    let broken = |_| PasswordError::Broken;
    let mut hash = PasswordHash::new(&format!("$argon2id$v=19$m={},t={},p=1", cost.memory, cost.passes))
        .map_err(|_| PasswordError::Broken)?;
    hash.salt = Some(Salt::new(&rand::random::<[u8; 16]>()).map_err(broken)?);
    hash.hash = Some(Output::new(&rand::random::<[u8; 32]>()).map_err(broken)?);
    Ok(hash)
}

fn is_current(cost: Cost, stored: &PasswordHash) -> bool {
    let wanted = Params::new(cost.memory, cost.passes, 1, None).ok();
    let known = Params::try_from(stored).ok();
    let same =
        |a: Params, b: Params| (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost());
    stored.algorithm.as_str() == "argon2id" && wanted.zip(known).is_some_and(|(a, b)| same(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory: 64, passes: 1 };

    fn typed(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_nothing_else_is() {
        let room = Passwords::new(CHEAP);
        let stored = room.hash(typed("correct horse battery")).await.expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let verify = async |stored: Option<&str>, password| {
            room.verify(stored.map(str::to_owned), typed(password)).await.expect("looked at")
        };
        assert_eq!(verify(Some(&stored), "correct horse battery").await, Verified::Right(None));
        assert_eq!(verify(Some(&stored), "correct horse batterx").await, Verified::Wrong);
        assert_eq!(verify(None, "correct horse battery").await, Verified::Wrong);
        assert_eq!(room.hashed(), 4, "nobody's password costs the same work");
    }

    #[tokio::test]
    async fn other_parameters_hash_anew() {
        let old = Passwords::new(CHEAP).hash(typed("correct horse battery")).await.expect("hashed");
        let room = Passwords::new(Cost { memory: 128, passes: 1 });
        let found = room.verify(Some(old), typed("correct horse battery")).await.expect("looked at");
        let Verified::Right(Some(new)) = found else { panic!("{found:?}") };
        assert!(new.contains("m=128"), "{new}");
        let again = room.verify(Some(new), typed("correct horse battery")).await.expect("looked at");
        assert_eq!(again, Verified::Right(None));
    }

    #[test]
    fn the_parameters_are_those_that_owasp_names() {
        assert_eq!(Cost::default(), Cost { memory: 19_456, passes: 2 });
    }
}
