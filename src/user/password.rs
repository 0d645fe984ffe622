//! Passwords are stored as argon2id hashes (RFC 9106, <https://www.rfc-editor.org/rfc/rfc9106>). To hash or
//! to verify one takes 19 MiB and some tens of milliseconds: [`Cx::hashing`](crate::web::Cx::hashing) limits
//! how many run at once.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};

/// The hash of a random password that is stored nowhere. A sign-in with an unknown name verifies its password
/// against this hash; an immediate refusal would show which names exist. The first use computes it, so use it
/// inside `Cx::hashing`.
pub static DUMMY_HASH: LazyLock<String> = LazyLock::new(|| {
    // Without random numbers no sign-in succeeds anyway, for a session needs them too.
    hash_bytes(&rand::random::<[u8; 32]>()).unwrap_or_default()
});

/// The fewest characters of a password.
pub const MIN_LENGTH: usize = 8;
/// The most bytes of a password: more than people and password managers use, and little to hash.
pub const MAX_BYTES: usize = 1024;

/// Hashes a password with a new salt, as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$…`): 19 MiB
/// and two passes, the least that OWASP's Password Storage Cheat Sheet recommends.
///
/// # Errors
/// If the system provides no random numbers.
pub fn hash(password: &str) -> Result<String, Error> {
    hash_bytes(password.as_bytes())
}

fn hash_bytes(password: &[u8]) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password)?.to_string())
}

/// Whether a hash, a PHC string, is the hash of this password. The parameters come from the string, so a hash
/// stays valid when [`hash`] gets other parameters.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    match Argon2::default().verify_password(password.as_bytes(), hash) {
        Ok(()) => true,
        Err(Error::PasswordInvalid) => false,
        Err(error) => {
            log::error!("a password hash cannot be used: {error}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{Algorithm, Params, Version};

    #[test]
    fn only_the_right_password_is_accepted() {
        let stored = hash("correct horse").expect("there are random numbers");
        assert!(verify("correct horse", &stored));
        for wrong in ["", "correct horse ", "Correct horse", "correct"] {
            assert!(!verify(wrong, &stored), "{wrong:?}");
        }
        assert_ne!(
            hash("correct horse").expect("there are random numbers"),
            stored,
            "the salt is new each time"
        );
    }

    #[test]
    fn a_hash_with_other_parameters_is_verified_with_its_own() {
        let params = Params::new(64, 1, 1, None).expect("small, but allowed");
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let stored = cheap.hash_password(b"password").expect("there are random numbers").to_string();
        assert!(stored.contains("m=64,t=1,p=1"), "{stored}");
        assert!(verify("password", &stored) && !verify("passwort", &stored));
    }

    #[test]
    fn a_damaged_hash_accepts_no_password() {
        for damaged in ["", "password", "$argon2id$v=19$m=19456,t=2,p=1$", "$2b$12$abcdefghijklmnopqrstuu"] {
            assert!(!verify("password", damaged) && !verify("", damaged), "{damaged:?}");
        }
    }

    #[test]
    fn the_dummy_hash_has_the_parameters_of_a_real_hash() {
        let parameters = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let real = hash("password").expect("there are random numbers");
        assert_eq!(parameters(&DUMMY_HASH), parameters(&real));
        assert_eq!(parameters(&real), ["", "argon2id", "v=19", "m=19456,t=2,p=1"]);
        assert_eq!(DUMMY_HASH.len(), real.len());
        assert!(!verify("password", &DUMMY_HASH) && !verify("", &DUMMY_HASH));
    }
}
