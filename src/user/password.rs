//! Passwords are stored as argon2id hashes (RFC 9106, <https://www.rfc-editor.org/rfc/rfc9106>). To hash or
//! to verify one takes 19 MiB and some tens of milliseconds: [`Cx::hashing`](crate::web::Cx::hashing) limits
//! how many run at once.

use std::sync::LazyLock;

use argon2::password_hash::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};

use rand::TryRng;
use rand::rngs::SysRng;

use crate::site::hashing::HashMemory;

/// The hash of a random password that is stored nowhere. A sign-in with an unknown name verifies its password
/// against this hash; an immediate refusal would show which names exist. The first use computes it, so use it
/// inside `Cx::hashing`.
pub static DUMMY_HASH: LazyLock<String> = LazyLock::new(|| {
    // Without random numbers no sign-in succeeds anyway, for a session needs them too.
    hash_bytes(&rand::random::<[u8; 32]>(), &mut HashMemory::default()).unwrap_or_default()
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
pub fn hash(password: &str, memory: &mut HashMemory) -> Result<String, Error> {
    hash_bytes(password.as_bytes(), memory)
}

fn hash_bytes(password: &[u8], memory: &mut HashMemory) -> Result<String, Error> {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    SysRng.try_fill_bytes(&mut salt).map_err(|_| Error::Crypto)?;
    let (algorithm, version, params) = (Algorithm::default(), Version::default(), Params::default());
    let output = compute(password, &salt, (algorithm, version, params.clone()), memory)?;
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// argon2 in `memory`, in place of an allocation of its own.
fn compute(
    password: &[u8],
    salt: &[u8],
    (algorithm, version, params): (Algorithm, Version, Params),
    memory: &mut HashMemory,
) -> Result<Output, Error> {
    let mut output = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = output.get_mut(..length).ok_or(Error::OutputSize)?;
    let blocks = memory.blocks(params.block_count());
    Argon2::new(algorithm, version, params).hash_password_into_with_memory(password, salt, output, blocks)?;
    Ok(Output::new(output)?)
}

/// Whether a hash, a PHC string, is the hash of this password. The parameters come from the string, so a hash
/// stays valid when [`hash`] gets other parameters.
#[must_use]
pub fn verify(password: &str, hash: &str, memory: &mut HashMemory) -> bool {
    try_verify(password.as_bytes(), hash, memory).unwrap_or_else(|error| {
        log::error!("a password hash cannot be used: {error}");
        false
    })
}

fn try_verify(password: &[u8], hash: &str, memory: &mut HashMemory) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Ok(false);
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let parameters = (algorithm, version, Params::try_from(&hash)?);
    // The comparison takes constant time.
    Ok(compute(password, salt, parameters, memory)? == *expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    fn hash(password: &str) -> Result<String, Error> {
        super::hash(password, &mut HashMemory::default())
    }

    fn verify(password: &str, hash: &str) -> bool {
        super::verify(password, hash, &mut HashMemory::default())
    }

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
    fn hashes_are_those_of_the_library_whatever_the_memory_held() {
        let mut memory = HashMemory::default();
        let library = Argon2::default().hash_password(b"password").expect("there are random numbers");
        for _ in 0..2 {
            assert!(super::verify("password", &library.to_string(), &mut memory));
            assert!(!super::verify("passwort", &library.to_string(), &mut memory));
            let own = super::hash("password", &mut memory).expect("there are random numbers");
            let own = PasswordHash::new(&own).expect("a PHC string");
            assert_eq!(PasswordVerifier::verify_password(&Argon2::default(), b"password", &own), Ok(()));
            memory.blocks(100).fill(argon2::Block::new());
        }
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
