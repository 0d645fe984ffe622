//! `lorem-news sql`: SQL on the database by the SQLite of this program, so that nobody opens the file with another
//! version.

use std::io::Read;

use anyhow::{Context, Result};
use clap::Args;
use lorem_store::{check_file, pragmas};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, OpenFlags, Row};
use serde_json::{Map, Value};

use super::database::DatabaseOption;
use super::output;
use crate::schema::SCHEMA;

#[derive(Args, Debug)]
pub(crate) struct StatementsOptions {
    /// Allow changes: all statements in one transaction, while a running server waits
    #[arg(long)]
    write: bool,
    /// Print each row as a JSON object, with the bytes of a BLOB as hexadecimal digits
    #[arg(long)]
    json: bool,
    /// The statements; without them, the standard input
    #[arg(value_name = "SQL")]
    statements: Option<String>,
}

impl StatementsOptions {
    pub(crate) fn run(self, database: &DatabaseOption) -> Result<()> {
        database.must_exist()?;
        check_file(database.path(), &SCHEMA)?;
        let statements = match self.statements {
            Some(statements) => statements,
            None => {
                let mut typed = String::new();
                std::io::stdin().read_to_string(&mut typed).context("cannot read the statements")?;
                typed
            }
        };
        let access =
            if self.write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let connection =
            Connection::open_with_flags(database.path(), access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(pragmas::BUSY_TIMEOUT)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let form = if self.json { Form::Json } else { Form::Tabs };
        connection.execute_batch(if self.write { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        // What fails is undone: the connection is dropped within the transaction.
        run_all(&connection, &statements, form)?;
        connection.execute_batch("COMMIT")?;
        Ok(())
    }
}

/// Runs one statement after the other, and prints the rows of each.
fn run_all(connection: &Connection, statements: &str, form: Form) -> Result<()> {
    let mut batch = Batch::new(connection, statements);
    while let Some(mut statement) = batch.next()? {
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        if form == Form::Tabs && !names.is_empty() {
            output::line(names.join("\t"));
        }
        while let Some(row) = rows.next()? {
            output::line(form.line(&names, row)?);
        }
    }
    Ok(())
}

/// How rows are printed, one a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The values with a tab between them, below the names of the columns.
    Tabs,
    /// An object.
    Json,
}

impl Form {
    fn line(self, names: &[String], row: &Row) -> Result<String> {
        let values = (0..names.len()).map(|at| row.get_ref(at));
        Ok(match self {
            Form::Tabs => {
                values.map(|value| value.map(plain)).collect::<rusqlite::Result<Vec<_>>>()?.join("\t")
            }
            Form::Json => {
                let pairs = names.iter().zip(values).map(|(name, value)| Ok((name.clone(), json(value?))));
                Value::Object(pairs.collect::<rusqlite::Result<Map<_, _>>>()?).to_string()
            }
        })
    }
}

/// A value in one line, with backslashes before tabs and ends of lines.
fn plain(value: ValueRef) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text)
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n")
            .replace('\r', "\\r"),
        ValueRef::Blob(bytes) => hexadecimal(bytes),
    }
}

fn json(value: ValueRef) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => hexadecimal(bytes).into(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing into a String does not fail.
        text
    })
}
