//! `lorem-news user`: changes that an operator makes to a user.

use std::io::IsTerminal;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use lorem_store::Database;

use super::database::DatabaseOption;
use super::output;
use crate::site::hashing::HashMemory;
use crate::types::id::UserId;
use crate::user::{name, password};
use crate::{device, moderation, session, user};

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct UserChange {
    /// Make this user an admin, who can remove, lock and ban
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// Make this admin an ordinary user
    #[arg(long, value_name = "NAME")]
    no_admin: Option<String>,
    /// Give this user a new password, the first line of the standard input, and end their sessions
    #[arg(long, value_name = "NAME")]
    password: Option<String>,
}

impl UserChange {
    pub(crate) fn run(self, database: &DatabaseOption) -> Result<()> {
        database.must_exist()?;
        output::line(database.with_db(|db| self.apply(db))?);
        Ok(())
    }

    /// Returns a sentence that says what has changed.
    fn apply(self, db: &Database) -> Result<String> {
        match (self.admin, self.no_admin, self.password) {
            (Some(name), ..) => set_admin(db, &name, true),
            (_, Some(name), _) => set_admin(db, &name, false),
            (.., Some(name)) => set_password(db, &name),
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
    // A person who knew the old password may have sessions and devices.
    db.write(move |connection| {
        user::sql::set_password(connection, id, &hash)?;
        device::sql::forget(connection, id)?;
        session::sql::destroy_others(connection, id, None)
    })?;
    Ok(format!("{name} has a new password"))
}
