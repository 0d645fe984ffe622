//! The pages for admins: the overview, and the lists of people.

pub mod backup;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::admin::Person;
use crate::html::text::{DOT, Isolated};
use crate::monitoring::{People, Reading, Sizes};
use crate::replica::location::Location;
use crate::site::job_runs::{Job, JobRecord};
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::field::{self, Field};
use crate::ui::pager;
use crate::ui::tabs::{Tab, tabs};
use crate::ui::time::{Age, Date};
use crate::user;
use crate::web::form::NO_ERRORS;
use crate::web::paths;

/// The lists of people.
const LISTS: [Tab; 4] = [
    (paths::ADMIN, "← Admin"),
    (paths::PEOPLE, "Newest"),
    (paths::BANNED_PEOPLE, "Banned"),
    (paths::ADMINS, "Admins"),
];

/// The pages that belong to the overview.
const PAGES: [Tab; 7] = [
    (paths::PEOPLE, "People"),
    (paths::FLAGS, "Flags"),
    (paths::HINTS, "Hints"),
    (paths::ERRORS, "Errors"),
    (paths::BACKUP, "Backup"),
    (paths::SETTINGS, "Settings"),
    (paths::LOG, "Moderation log"),
];

/// What the overview shows.
#[derive(Clone, Copy)]
pub struct Overview<'o> {
    /// The numbers.
    pub reading: &'o Reading,
    /// Where the replica is; `None`: there is none.
    pub location: Option<&'o Location>,
    /// The page's clock.
    pub clock: &'o Clock,
}

/// The overview.
pub fn overview<'o>(view: &'o Overview<'o>) -> impl Render + 'o {
    let Overview { reading, clock, .. } = *view;
    owned_html! {
        : tabs("Admin", &PAGES, "");
        h2(class="section") { : "People" }
        @ if let Some(people) = &reading.people { : numbers_of_people(people) } else { : unreadable() }
        h2(class="section") { : "Errors" }
        : errors(reading);
        h2(class="section") { : "Backup" }
        : backup(view);
        h2(class="section") { : "Jobs" }
        dl(class="facts", id="jobs") { @ for (job, record) in &reading.jobs { : self::job(*job, record, clock) } }
        h2(class="section") { : "Sizes" }
        : sizes(reading);
    }
}

fn unreadable() -> impl Render {
    owned_html! { p(class="hint") { : "This cannot be read at the moment." } }
}

fn numbers_of_people(people: &People) -> impl Render {
    let People { users, banned, admins, flagged } = *people;
    owned_html! {
        dl(class="facts", id="people") {
            dt { : "Users" } dd { a(href=paths::PEOPLE) { : grouped(users.unsigned_abs()) } }
            dt { : "Banned" } dd { a(href=paths::BANNED_PEOPLE) { : grouped(banned.unsigned_abs()) } }
            dt { : "Admins" } dd { a(href=paths::ADMINS) { : grouped(admins.unsigned_abs()) } }
            dt { : "Flagged" } dd { a(href=paths::FLAGS) { : grouped(flagged.unsigned_abs()) } }
        }
    }
}

fn errors<'r>(reading: &'r Reading) -> impl Render + 'r {
    let errors = reading.errors;
    owned_html! {
        @ if let (Some(open), Some(resolved)) = (errors.open, errors.resolved) {
            dl(class="facts", id="errors") {
                dt { : "Open" } dd { a(href=paths::ERRORS) { : grouped(open.unsigned_abs()) } }
                dt { : "Resolved" } dd { a(href=paths::RESOLVED_ERRORS) { : grouped(resolved.unsigned_abs()) } }
                dt { : "Since the start" } dd { : grouped(errors.stored + errors.dropped) }
            }
        } else { : unreadable() }
    }
}

fn backup<'o>(view: &'o Overview<'o>) -> impl Render + 'o {
    let Overview { reading, location, clock } = *view;
    owned_html! {
        @ if let Some(location) = location {
            dl(class="facts", id="backup") {
                dt { : "Location" } dd { : location.to_string() }
                @ if let Some(health) = &reading.replica {
                    dt { : "State" }
                    dd { a(href=paths::STATUS) { : if health.is_ok() { "well" } else { "not well" } } }
                    dt { : "Last verified" }
                    dd {
                        @ if let Some(last) = &health.verification {
                            : Age { at: last.at, clock }; : " ago";
                            @ if last.fault.is_some() { : ": it could not be relied on" }
                        } else { : "not yet" }
                    }
                }
                @ if let Some(bytes) = reading.replica_bytes { dt { : "Size" } dd { : megabytes(bytes) } }
                dt { : "Copy to try" } dd { a(href=paths::BACKUP) { : "Restore one, or look at it" } }
            }
        } else {
            p(class="hint") { : "There is no backup: this machine's disk has the only copy. "; a(href=paths::BACKUP) { : "How to get one" } }
        }
    }
}

fn job<'j>(job: Job, record: &'j JobRecord, clock: &'j Clock) -> impl Render + 'j {
    owned_html! {
        dt { : job.name() }
        dd {
            @ if let Some(last) = &record.last {
                : Age { at: last.started_at, clock }; : " ago, in "; : milliseconds(last.took.as_secs_f64());
                @ if let Some(fault) = &last.fault { : ", failed: "; : Isolated(fault) }
            } else if record.running_since.is_none() { : "not since the start" }
            @ if let Some(since) = record.running_since {
                @ if record.last.is_some() { : DOT }
                : "running for "; : Age { at: since, clock };
            }
            @ if record.failures > 0 { : DOT; : record.failures.to_string(); : " of "; : record.runs.to_string(); : " runs failed" }
        }
    }
}

fn sizes<'r>(reading: &'r Reading) -> impl Render + 'r {
    owned_html! {
        dl(class="facts", id="sizes") {
            @ if let Some(Sizes { database, freelist, .. }) = reading.sizes {
                dt { : "Database" } dd { : megabytes(database) }
                dt { : "Of that unused" } dd { : megabytes(freelist) }
            }
            @ if let Some(wal) = reading.wal { dt { : "WAL" } dd { : megabytes(wal) } }
            @ if let Some((pages, pieces)) = reading.kept {
                dt { : "Kept pages" } dd { : megabytes(pages) }
                dt { : "Kept pieces" } dd { : megabytes(pieces) }
            }
            @ if let Some(memory) = reading.memory { dt { : "Memory" } dd { : megabytes(memory) } }
            @ if let Some(connections) = reading.connections {
                dt { : "Connections" } dd { : connections.open.to_string(); : " of "; : connections.max.to_string() }
            }
        }
    }
}

/// A list of people, with the search.
pub fn people<'p>(here: &'p str, people: &'p Slice<Person>, clock: &'p Clock) -> impl Render + 'p {
    owned_html! {
        : tabs("People", &LISTS, here);
        : search("");
        @ if people.rows.is_empty() { p(class="empty") { : "There is nobody." } }
        else {
            : rows(&people.rows, clock);
            : pager::more(people.next, "after", "", "people");
        }
    }
}

/// The people whose names begin as it was typed.
pub fn found<'p>(typed: &'p str, people: &'p [Person], clock: &'p Clock) -> impl Render + 'p {
    owned_html! {
        : tabs("People", &LISTS, "");
        : search(typed);
        @ if people.is_empty() { p(class="empty") { : "No name begins so." } } else { : rows(people, clock) }
    }
}

fn search(typed: &str) -> impl Render + '_ {
    let name = Field::new("name", "Name", typed, &NO_ERRORS).autocomplete("off").hint("How it begins.");
    owned_html! {
        form(class="people", action=paths::PEOPLE, method="get", role="search") {
            : field::line(name);
            button(class="button") { : "Search" }
        }
    }
}

fn rows<'p>(people: &'p [Person], clock: &'p Clock) -> impl Render + 'p {
    owned_html! {
        ol(class="comments", id="people") { @ for person in people { : row(person, clock) } }
    }
}

fn row<'p>(person: &'p Person, clock: &'p Clock) -> impl Render + 'p {
    owned_html! {
        li {
            p {
                @ if let Some(author) = &person.author {
                    : user::views::author::name(author);
                    : DOT; a(href=paths::moderate_user(author.id)) { : "Moderate" }
                }
                @ if person.is_banned { : DOT; strong { : "banned" } }
            }
            p {
                : "since "; : Date(person.created_at); : " ("; : Age { at: person.created_at, clock }; : ")"; : DOT;
                : counted(person.posts_count, "post"); : DOT; : counted(person.comments_count, "comment"); : DOT;
                : "karma "; : person.karma.to_string()
            }
        }
    }
}

fn counted(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(number.unsigned_abs())) }
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let start = digits.len() % 3;
    let groups =
        digits.as_bytes()[start..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let first = (start > 0).then(|| digits[..start].to_owned());
    first.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// Megabytes of 1,000,000 bytes, with one digit.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", grouped(tenths / 10), tenths % 10)
}

fn milliseconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_groups_of_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (bytes, text) in
            [(0, "0.0 MB"), (1, "0.1 MB"), (2_000_000, "2.0 MB"), (1_234_560_000, "1,234.6 MB")]
        {
            assert_eq!(megabytes(bytes), text);
        }
    }
}
