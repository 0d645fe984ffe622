//! The processes of one test: those whose command line names the test's folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::eventually;

/// The state of a process when it was read.
#[derive(Debug, Clone)]
pub struct Process {
    pub id: u32,
    pub parent: u32,
    /// The name of the program.
    pub name: String,
    /// The whole command line.
    pub arguments: String,
}

/// All processes for the folder, without zombies, which have no command line.
pub fn of(folder: &Path) -> Vec<Process> {
    let folder = folder.to_str().expect("a temporary folder has a plain name");
    let mut found: Vec<_> = all().into_iter().filter(|process| process.arguments.contains(folder)).collect();
    // The command lines of this test and of a shell that it runs may name the folder, too.
    found.retain(|process| process.id != std::process::id() && process.name != "sh");
    found
}

/// The ended children for which the process has not waited.
pub fn zombies_of(parent: u32) -> Vec<u32> {
    ids().filter(|&id| stat(id).is_some_and(|(_, state, its)| state == 'Z' && its == parent)).collect()
}

/// Whether the process exists, even as a zombie.
pub fn exists(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

/// Sends a signal to all processes at once, by its name, such as `KILL`.
pub fn signal(name: &str, ids: &[u32]) {
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let kill = format!("kill -{name} {}", ids.join(" "));
    let sent = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
    assert!(sent.success(), "{kill}");
}

/// Sends a signal to a process group, as a terminal does.
pub fn signal_group(name: &str, leader: u32) {
    let kill = format!("kill -{name} -{leader}");
    let sent = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
    assert!(sent.success(), "{kill}");
}

/// Waits until no process runs for the folder.
pub fn await_none(folder: &Path) {
    eventually("no process is left", || of(folder).is_empty().then_some(()));
}

fn all() -> Vec<Process> {
    ids().filter_map(read).collect()
}

fn ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("this is Linux");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// `None` when the process has ended.
fn read(id: u32) -> Option<Process> {
    let (name, _, parent) = stat(id)?;
    let arguments = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
    Some(Process { id, parent, name, arguments })
}

/// Name, state and parent, see proc_pid_stat(5). The name is in parentheses and may contain some.
fn stat(id: u32) -> Option<(String, char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (start, rest) = stat.rsplit_once(") ")?;
    let name = start.split_once('(')?.1.to_owned();
    let mut fields = rest.split(' ');
    Some((name, fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
