//! `lorem-news user`: changes that an operator makes to a user.

use std::io::IsTerminal;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use lorem_store::Database;

use super::database::DatabaseOption;
use super::output;
use crate::auth::token::Secret;
use crate::moderation::{Decision, ModerationAction, Subject};
use crate::reset::Maker;
use crate::site::hashing::HashMemory;
use crate::site::origin::Origin;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user::{name, password};
use crate::{moderation, reset, user};

#[derive(Args, Debug)]
pub(crate) struct UserOptions {
    #[command(flatten)]
    change: UserChange,
    /// The site's own address, such as `https://news.example`, with which a link to set a password begins
    #[arg(long, env, value_name = "URL", value_parser = Origin::parse)]
    base_url: Option<Origin<'static>>,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct UserChange {
    /// Make this user an admin, who can remove, lock and ban
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// Make this admin an ordinary user
    #[arg(long, value_name = "NAME")]
    no_admin: Option<String>,
    /// Give this user a new password, the first line of the standard input, and end their sessions
    #[arg(long, value_name = "NAME")]
    password: Option<String>,
    /// Print a link with which this user sets a new password: it works once, within an hour. Needs --base-url
    #[arg(long, value_name = "NAME")]
    reset: Option<String>,
}

impl UserOptions {
    pub(crate) fn run(self, database: &DatabaseOption) -> Result<()> {
        database.must_exist()?;
        output::line(database.with_db(|db| self.apply(db))?);
        Ok(())
    }

    /// Returns a sentence that says what has changed.
    fn apply(self, db: &Database) -> Result<String> {
        match self.change {
            UserChange { admin: Some(name), .. } => set_admin(db, &name, true),
            UserChange { no_admin: Some(name), .. } => set_admin(db, &name, false),
            UserChange { password: Some(name), .. } => set_password(db, &name),
            UserChange { reset: Some(name), .. } => make_link(db, &name, self.base_url.as_ref()),
            _ => bail!("no change is given"), // clap requires one of the group.
        }
    }
}

fn user_id(db: &Database, name: &str) -> Result<UserId> {
    let folded = name::folded(name);
    let account = db.read(|connection| user::sql::account(connection, &folded))?;
    Ok(account.with_context(|| format!("there is no user {name}"))?.id)
}

fn set_admin(db: &Database, name: &str, is_admin: bool) -> Result<String> {
    let id = user_id(db, name)?;
    let is_changed = db.write(move |connection| moderation::sql::set_admin(connection, id, is_admin))?;
    match (is_changed, is_admin) {
        (true, true) => Ok(format!("{name} is an admin")),
        (true, false) => Ok(format!("{name} is no admin")),
        (false, _) => bail!("{name} is banned: another admin has to unban them first"),
    }
}

fn set_password(db: &Database, name: &str) -> Result<String> {
    let id = user_id(db, name)?;
    if std::io::stdin().is_terminal() {
        output::prompt(format_args!("New password of {name}, which is shown as you type: "));
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if let Some(sentence) = user::password_errors(password, name).sentences().next() {
        anyhow::bail!("{sentence}");
    }
    let hash = password::hash(password, &mut HashMemory::default()).map_err(|error| anyhow!("{error}"))?;
    db.write(move |connection| reset::sql::set_password(connection, id, &hash, false))?;
    Ok(format!("{name} has a new password"))
}

/// Makes a link for anybody, admins too; returns it.
fn make_link(db: &Database, name: &str, base_url: Option<&Origin>) -> Result<String> {
    let base_url = base_url.context(reset::NO_BASE_URL)?;
    let (id, now, secret) = (user_id(db, name)?, Timestamp::now(), Secret::random());
    let token = db.write(move |connection| {
        let (action, subject) = (ModerationAction::Reset, Subject::User(id));
        let decision = Decision { action, subject, reason: "On the command line", now };
        moderation::sql::record(connection, None, &decision)?;
        reset::sql::create(connection, id, Maker::Operator, &secret, now)
    })?;
    Ok(reset::link(base_url, &token))
}
