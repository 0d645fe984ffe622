//! Hashing passwords on the real program: the memory that it leaves behind.

use std::env;
use std::thread;

use crate::client::Client;
use crate::harness::*;

/// Clients that sign in at once.
const CLIENTS: usize = 50;
/// The most KiB of resident memory after sign-ins.
const MAX_RESIDENT: u64 = 60 * 1024;

/// `SIGN_INS=1000 cargo test --test web hashing` tries a thousand.
#[test]
fn sign_ins_leave_no_memory_behind() {
    let (_folder, database) = folder();
    seeded(&database, 20);
    let names: Vec<String> = {
        let connection = open(&database);
        let mut names = connection.prepare("SELECT screen_name FROM users").expect("the schema is known");
        let names = names.query_map([], |row| row.get(0)).expect("there are users");
        names.collect::<Result<_, _>>().expect("names are text")
    };
    let program = Program::serve(&database, &["--no-rate-limits"]);
    let sign_ins: usize = env::var("SIGN_INS").ok().and_then(|number| number.parse().ok()).unwrap_or(200);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (program, names) = (&program, &names);
            scope.spawn(move || {
                for number in (client..sign_ins).step_by(CLIENTS) {
                    // A known name, or an unknown one, for which a hash is computed, too.
                    let (name, status) =
                        if number % 4 == 0 { ("nobody", 422) } else { (&*names[number % names.len()], 303) };
                    let answer = Client::at(program.address).sign_in(name);
                    assert_eq!(answer.status, status, "{}", answer.text());
                }
            });
        }
    });
    let too_much = || format!("{} KiB are resident after {sign_ins} sign-ins", program.resident());
    eventually_or(too_much, || (program.resident() < MAX_RESIDENT).then_some(()));
    println!("{} KiB are resident after {sign_ins} sign-ins", program.resident());
}
