//! `lorem-news doctor`: prints the checks, for people or scripts.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::database::DatabaseOption;
use super::output;
use crate::doctor::{self, Check, Verdict};

#[derive(Args, Debug)]
pub(crate) struct DoctorOptions {
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl DoctorOptions {
    /// An error if a check found a fault; a warning is none.
    pub(crate) fn run(&self, database: &DatabaseOption) -> Result<()> {
        let checks = doctor::examine(database.path(), database.file_mode());
        if self.json {
            output::line(Value::from_iter(checks.iter().map(as_json)));
        } else {
            checks.iter().for_each(|check| output::line(sentence(check)));
        }
        match checks.iter().filter(|check| check.verdict == Verdict::Fault).count() {
            0 => Ok(()),
            1 => bail!("there is a fault"),
            faults => bail!("there are {faults} faults"),
        }
    }
}

fn as_json(check: &Check) -> Value {
    let Check { name, verdict, found, advice } = check;
    json!({ "check": name, "verdict": verdict.name(), "found": found, "advice": advice })
}

fn sentence(check: &Check) -> String {
    let Check { name, verdict, found, advice } = check;
    let advice =
        if advice.is_empty() { String::new() } else { format!("\n                      → {advice}") };
    format!("{:<8} {name:<12} {found}{advice}", verdict.name())
}
