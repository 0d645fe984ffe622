//! The badge of admins.

use horrorshow::Raw;

/// The word that feeds have behind an admin's name, in brackets, and pages as a badge. No name has it, see
/// [`is_reserved`](crate::user::look_alike::is_reserved).
pub const ADMIN: &str = "admin";

/// The badge behind an admin's name, with a blank before it; nothing behind the names of other users.
#[must_use]
pub fn admin(is_admin: bool) -> Raw<&'static str> {
    Raw(if is_admin { " <span class=badge>admin</span>" } else { "" })
}
