//! Devices: browsers in which a user has signed in before.
//!
//! A device has a long-lived cookie with a random secret, of which the database keeps the hash. It signs no user
//! in: attempts to sign in as one of the device's users have a rate limit of their own, and go first in the queue
//! for hashing. So wrong passwords from elsewhere cannot keep the user out (OWASP, "Slow Down Online Guessing
//! Attacks with Device Cookies"). The reasons are in `docs/decisions/0028-devices.md`.

pub mod sql;

use std::time::Duration;

use crate::auth::token::Secret;
use crate::types::time::DAY;
use crate::web::Cx;
use crate::web::cookie::{self, Header};

/// A device on which its user has not signed in for this long is forgotten.
pub const LIFETIME: Duration = DAY.saturating_mul(365);
/// The devices of a user that are remembered, those with the latest sign-ins. It bounds the attempts that the
/// owner of an account can make at the front of the queue.
pub(crate) const MAX_OF_USER: u32 = 10;

/// The name of the cookie.
const DEVICE: &str = "device";

/// The secret in the request's cookie, not yet compared with the database.
#[must_use]
pub fn secret(cx: &Cx) -> Option<Secret> {
    cookie::get(cx, DEVICE).and_then(Secret::parse)
}

/// `Set-Cookie` for a device.
#[must_use]
pub fn cookie(cx: &Cx, secret: &Secret) -> Header {
    cookie::set(cx, DEVICE, secret, LIFETIME)
}
