//! The page of the backup, with the copy to try.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{grouped, megabytes};
use crate::html::text::Isolated;
use crate::replica::RowCounts;
use crate::replica::trial::Trial;
use crate::site::trial::{Room, State};
use crate::status::views::{StatusView, status};
use crate::types::time::Clock;
use crate::ui::button;
use crate::ui::tabs::{Tab, tabs};
use crate::ui::time::{Age, DateAndTime};
use crate::web::account::Account;
use crate::web::paths;

const PAGES: [Tab; 2] = [(paths::ADMIN, "← Admin"), (paths::BACKUP, "Backup")];

/// What the page shows.
#[derive(Clone, Copy)]
pub struct Backup<'b> {
    /// The account that the page is made for.
    pub account: Account,
    /// The replica; `None`: there is none.
    pub replica: Option<&'b StatusView<'b>>,
    /// What has become of the copy.
    pub state: &'b State,
    /// The room for a copy.
    pub room: Option<Room>,
    /// The page's clock.
    pub clock: &'b Clock,
}

/// The page.
pub fn backup<'b>(view: &'b Backup<'b>) -> impl Render + 'b {
    let Backup { account, replica, state, room, clock } = *view;
    owned_html! {
        : tabs("Backup", &PAGES, paths::BACKUP);
        : status(replica, clock);
        h2(class="section") { : "A copy to try" }
        @ if replica.is_some() {
            p(class="hint") { : "The backup is restored into a folder beside the database, while the site runs. Nobody can be sure of a backup that was never restored." }
        } else {
            div(class="prose", id="no_backup") {
                p { : "Without a backup there is nothing to restore. Start the server with a place for one:" }
                p { code { : "lorem-news serve --replica s3://BUCKET/PATH …" } }
                p { : "A folder on another disk does as well: "; code { : "--replica file:///FOLDER" } : ". Litestream has to be installed, and the keys of the bucket are in the environment: see docs/resilience.md." }
            }
        }
        @ match state {
            State::Made(trial) => { : made(account, trial, clock) }
            State::Running(since) => {
                p(id="copy", role="status") { : "A copy is being restored and checked for "; : Age { at: *since, clock }; : "." }
                p { a(href=paths::BACKUP) { : "Look again" } }
            }
            State::Failed { at, why } => {
                p(id="copy") { : "The last attempt failed "; : Age { at: *at, clock }; : " ago: "; : Isolated(why) }
                @ if replica.is_some() { : start(account, room) }
            }
            State::Missing => { @ if replica.is_some() { : start(account, room) } }
        }
    }
}

/// The button that begins, or why there is none.
fn start(account: Account, room: Option<Room>) -> impl Render {
    let is_enough = room.is_some_and(Room::is_enough);
    owned_html! {
        @ if let Some(Room { needed, free }) = room {
            p(id="room") { : "It needs "; : megabytes(needed); : " on the disk; "; : megabytes(free); : " are free." }
        }
        @ if is_enough {
            div(class="actions") {
                form(method="post", action=paths::TRIAL) {
                    : account;
                    button(class="button", id="restore") { : "Restore a copy to try" }
                }
            }
        } else { p(class="hint") { : "That is not enough room for a copy." } }
    }
}

/// The copy, how to start it, and the button that deletes it.
fn made<'t>(account: Account, trial: &'t Trial, clock: &'t Clock) -> impl Render + 't {
    let RowCounts([users, posts, comments, _]) = trial.rows;
    let number = |rows: i64| grouped(rows.unsigned_abs());
    owned_html! {
        p(id="copy") { : "The backup was restored, and every page and reference of the copy was checked: it is whole." }
        dl(class="facts", id="copy_facts") {
            dt { : "File" } dd { : Isolated(&trial.path.display().to_string()) }
            dt { : "Newest write" }
            dd {
                @ if let Some(newest) = trial.newest { : Age { at: newest, clock }; : " ago ("; : DateAndTime(newest); : ")" }
                else { : "none" }
            }
            dt { : "Users" } dd { : number(users) }
            dt { : "Posts" } dd { : number(posts) }
            dt { : "Comments" } dd { : number(comments) }
            dt { : "Size" } dd { : megabytes(trial.bytes) }
        }
        div(class="prose") {
            p { : "To look at it, start a second server on it, on this machine:" }
            p(id="command") { code { : command(&trial.path.display().to_string()) } }
            p { : "Without "; code { : "--replica" } : " and "; code { : "SMTP_URL" } : ", also in the environment: the copy must not write into the backup, or send mails. Its sign-ins are those of the site." }
        }
        div(class="actions") {
            form(method="post", action=paths::TRIAL) {
                : account;
                : button::method_override("delete");
                button(class="button", id="delete") { : "Delete the copy" }
            }
        }
    }
}

/// The command that serves the copy. A shell takes the path as it is.
fn command(path: &str) -> String {
    let quoted = path.replace('\'', r"'\''");
    format!("lorem-news serve --relax-ssl --listen 127.0.0.1:3999 --database '{quoted}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_argument_of_the_command() {
        assert!(command("/a b/it's").ends_with(r"--database '/a b/it'\''s'"));
    }
}
