//! The status page.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::replica::location::Location;
use crate::replica::status::Health;
use crate::types::time::Clock;
use crate::ui::time::Age;

/// The replica, as the status page shows it.
pub struct StatusView<'s> {
    /// The replica's location.
    pub location: &'s Location,
    /// The replica's health.
    pub health: Health,
    /// The replica is on the database's disk, so that one failure loses both.
    pub is_on_same_disk: bool,
    /// The viewer is an admin, who sees the location and the faults.
    pub is_admin: bool,
}

/// The page's content for readers: nothing about the replica.
pub fn up() -> impl Render {
    owned_html! {
        p { : "The site is up." }
    }
}

/// The page's content for observers and admins; `None`: there is no replica.
pub fn status<'s>(replica: Option<&'s StatusView>, clock: &'s Clock) -> impl Render + 's {
    owned_html! {
        @ if let Some(replica) = replica {
            p {
                @ if replica.health.is_ok() {
                    : "The site is up, and its backup is well."
                } else {
                    : "The site is up, but its backup is not well."
                }
            }
            : facts(replica, clock);
            @ if replica.is_on_same_disk {
                p { : "The backup is on the same disk as the database: it does not survive losing that." }
            }
        } else {
            p { : "The site is up. There is no backup: this machine's disk has the only copy." }
        }
    }
}

fn facts<'s>(replica: &'s StatusView, clock: &'s Clock) -> impl Render + 's {
    owned_html! {
        dl(class="facts") {
            dt { : "Backup" }
            dd {
                @ if replica.is_admin {
                    : replica.location.to_string()
                } else {
                    : match replica.location {
                        Location::Folder(_) => "A folder",
                        Location::Bucket { .. } => "A bucket",
                    }
                }
            }
            dt { : "Last copied" }
            dd { : last_copied(replica) }
            dt { : "Last verified" }
            dd { : last_verified(replica, clock) }
        }
    }
}

fn last_copied<'s>(replica: &'s StatusView) -> impl Render + 's {
    owned_html! {
        @ if let Some(age) = replica.health.last_sync_age {
            : seconds_ago(age.as_secs());
        } else {
            : "Not yet";
        }
        @ if let Some(fault) = &replica.health.fault {
            : ": that is too long";
            @ if replica.is_admin { : " ("; : fault; : ")" }
        }
    }
}

fn last_verified<'s>(replica: &'s StatusView, clock: &'s Clock) -> impl Render + 's {
    owned_html! {
        @ if let Some(last) = &replica.health.verification {
            : Age { at: last.at, clock };
            : " ago";
            @ if let Some(fault) = &last.fault {
                : ": it could not be relied on";
                @ if replica.is_admin { : " ("; : fault; : ")" }
            } else {
                : ": it was restored, and it was whole";
            }
        } else {
            : "Not yet";
        }
    }
}

fn seconds_ago(seconds: u64) -> String {
    if seconds == 1 { "1 second ago".to_owned() } else { format!("{seconds} seconds ago") }
}
