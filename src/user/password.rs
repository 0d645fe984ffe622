//! Passwords are kept as argon2id hashes, never as fast ones: <https://www.rfc-editor.org/rfc/rfc9106>.
//! Both directions take 19 MiB and some tens of milliseconds: [`Cx::hashing`](crate::web::Cx::hashing)
//! bounds how many do at once.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};

/// The hash of a password that nobody knows. When there is nobody of the name that was given, verify
/// the password against this all the same: else the answer would come in a moment, and tell which
/// names exist. It is made when it is first asked for, so ask inside `Cx::hashing`.
pub static DUMMY: LazyLock<String> = LazyLock::new(|| {
    // Without random numbers nobody can sign in anyway, for a session needs them too.
    of(&rand::random::<[u8; 32]>()).unwrap_or_default()
});

/// The fewest characters.
pub const MIN_LENGTH: usize = 8;
/// The most bytes: more than any person or password manager makes, and little to hash.
pub const MAX_BYTES: usize = 1024;

/// Hashes a password with a new salt, as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$…`): 19 MiB
/// and two passes, the least that OWASP's Password Storage Cheat Sheet recommends.
///
/// # Errors
/// When the system gives no random numbers.
pub fn hash(password: &str) -> Result<String, Error> {
    of(password.as_bytes())
}

fn of(password: &[u8]) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password)?.to_string())
}

/// Whether `hash`, a PHC string, is that of this password. It costs what the string says, so an old
/// hash is good when [`hash`] has become dearer.
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
    fn only_the_right_password_is_verified() {
        let kept = hash("correct horse").expect("there are random numbers");
        assert!(verify("correct horse", &kept));
        for wrong in ["", "correct horse ", "Correct horse", "correct"] {
            assert!(!verify(wrong, &kept), "{wrong:?}");
        }
        assert_ne!(hash("correct horse").expect("as above"), kept, "the salt is new each time");
    }

    #[test]
    fn a_hash_with_other_parameters_is_verified_with_its_own() {
        let params = Params::new(64, 1, 1, None).expect("small, but allowed");
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let kept = cheap.hash_password(b"password").expect("there are random numbers").to_string();
        assert!(kept.contains("m=64,t=1,p=1"), "{kept}");
        assert!(verify("password", &kept) && !verify("passwort", &kept));
    }

    #[test]
    fn what_is_no_hash_verifies_nothing() {
        for damaged in ["", "password", "$argon2id$v=19$m=19456,t=2,p=1$", "$2b$12$abcdefghijklmnopqrstuu"] {
            assert!(!verify("password", damaged) && !verify("", damaged), "{damaged:?}");
        }
    }

    #[test]
    fn the_dummy_costs_what_a_real_hash_costs() {
        let parameters = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let real = hash("password").expect("there are random numbers");
        assert_eq!(parameters(&DUMMY), parameters(&real));
        assert_eq!(parameters(&real), ["", "argon2id", "v=19", "m=19456,t=2,p=1"]);
        assert_eq!(DUMMY.len(), real.len());
        assert!(!verify("password", &DUMMY) && !verify("", &DUMMY));
    }
}
