//! How the replica is, for people.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::settings::Place;
use super::watch::Health;
use crate::types::time::Micros;
use crate::ui::time::Age;

/// What the page is about.
pub struct Shown<'s> {
    /// Where the replica is.
    pub place: &'s Place,
    /// How it is.
    pub health: Health,
    /// Who loses the database's disk loses it, too.
    pub is_on_same_disk: bool,
    /// Who asks sees everything.
    pub is_admin: bool,
}

/// The page: how the replica is; without one, that there is none.
pub fn status<'s>(shown: Option<&'s Shown>, now: Micros) -> impl Render + 's {
    owned_html! {
        @ if let Some(shown) = shown {
            p {
                @ if shown.health.is_ok() {
                    : "The site is up, and its backup is well."
                } else {
                    : "The site is up, but its backup is not well."
                }
            }
            : facts(shown, now);
            @ if shown.is_on_same_disk {
                p { : "The backup is on the same disk as the database: it does not survive losing that." }
            }
        } else {
            p { : "The site is up. There is no backup: what is on this machine's disk is all there is." }
        }
    }
}

fn facts<'s>(shown: &'s Shown, now: Micros) -> impl Render + 's {
    owned_html! {
        dl(class="facts") {
            dt { : "Backup" }
            dd {
                @ if shown.is_admin {
                    : shown.place.to_string()
                } else {
                    : match shown.place { Place::Folder(_) => "A folder", Place::Bucket { .. } => "A bucket" }
                }
            }
            dt { : "Last copied" }
            dd { : copied(shown) }
            dt { : "Last verified" }
            dd { : verified(shown, now) }
        }
    }
}

fn copied<'s>(shown: &'s Shown) -> impl Render + 's {
    owned_html! {
        @ if let Some(age) = shown.health.last_sync_age {
            : seconds(age.as_secs());
        } else {
            : "Not yet";
        }
        @ if let Some(fault) = &shown.health.fault {
            : ": that is too long";
            @ if shown.is_admin { : " ("; : fault; : ")" }
        }
    }
}

fn verified<'s>(shown: &'s Shown, now: Micros) -> impl Render + 's {
    owned_html! {
        @ if let Some(last) = &shown.health.verification {
            : Age { at: last.at, now };
            : " ago";
            @ if let Some(fault) = &last.fault {
                : ": it could not be relied on";
                @ if shown.is_admin { : " ("; : fault; : ")" }
            } else {
                : ": it was restored, and it was whole";
            }
        } else {
            : "Not yet";
        }
    }
}

fn seconds(number: u64) -> String {
    if number == 1 { "1 second ago".to_owned() } else { format!("{number} seconds ago") }
}
