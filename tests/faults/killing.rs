//! Kills the server with SIGKILL under writes, 20 times or as often as `KILLS` says.
//!
//! A long run: `KILLS=1000 cargo test --test faults killed -- --nocapture`.

use rand::RngExt;

use crate::harness::{Program, assert_sound, folder, open, seeded};
use crate::writers::{Writers, assert_kept, sessions, write};

const CLIENTS: usize = 8;
/// The number of posts before the first kill.
const BEFORE: usize = 10;
/// The number of kills for one database. Each kill is followed by a check of the whole database, which grows.
const KILLS_PER_DATABASE: u32 = 50;

fn kills() -> u32 {
    std::env::var("KILLS").map_or(20, |kills| kills.parse().expect("KILLS is a number"))
}

#[test]
fn an_acknowledged_write_survives_when_the_server_is_killed() {
    let (mut left, mut killed) = (kills(), 0);
    while left > 0 {
        let rounds = left.min(KILLS_PER_DATABASE);
        let written = kill_repeatedly(rounds);
        left -= rounds;
        killed += rounds;
        println!("{killed} kills; {written} writes in the last database, none lost");
    }
}

/// Kills servers of one database. Returns the number of writes that it holds in the end.
fn kill_repeatedly(rounds: u32) -> usize {
    let (_folder, database) = folder();
    seeded(&database, u32::try_from(BEFORE).unwrap());
    let mut random = rand::rng();
    let mut known = sessions(&open(&database));
    for round in 1..=rounds {
        let mut program = Program::serve(&database, &[]);
        let clients = Writers::start(program.address, CLIENTS);
        // At the start, among the first writes, or under full load.
        clients.await_acknowledged(
            [0, random.random_range(1..20), random.random_range(20..200)][round as usize % 3],
        );
        program.kill();
        let written = clients.end();
        assert_eq!(written.refused, 0, "{}", program.log());
        assert!(known.is_disjoint(&written.acknowledged), "a session id was assigned twice");
        known.extend(written.acknowledged);
        // At random, the program or this test is the first to open the database after the kill.
        if random.random() {
            let again = Program::serve(&database, &[]);
            assert_eq!(again.get("/").status, 200);
        }
        let connection = open(&database);
        let kept = assert_kept(&connection, &known, BEFORE);
        let unacknowledged = kept.len() - known.len();
        assert!(unacknowledged <= CLIENTS, "round {round}: {unacknowledged} unacknowledged writes are kept");
        assert_sound(&connection);
        known = kept;
    }
    known.insert(write(&Program::serve(&database, &[])));
    known.len()
}
