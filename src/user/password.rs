//! Passwords are kept as argon2id hashes, never as fast ones: <https://www.rfc-editor.org/rfc/rfc9106>.

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHasher};

/// Hashes a password with a new salt, as a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$…`): 19 MiB
/// and two passes, the least that OWASP's Password Storage Cheat Sheet recommends.
///
/// # Errors
/// When the system gives no random numbers.
pub fn hash(password: &str) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}
