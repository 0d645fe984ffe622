//! `kill -9` under writes, again and again: 20 times, or as often as `KILLS` says.
//!
//! The long form: `KILLS=1000 cargo test --test faults killed -- --nocapture`.

use rand::RngExt;

use crate::harness::{Program, assert_sound, folder, open, seeded};
use crate::writers::{Writers, assert_kept, sessions, write};

const CLIENTS: usize = 8;
/// Posts that are there before the first kill.
const BEFORE: usize = 10;
/// After so many kills with one database the next begins: each kill has all of it checked.
const WITH_ONE_DATABASE: u32 = 50;

fn kills() -> u32 {
    std::env::var("KILLS").map_or(20, |kills| kills.parse().expect("KILLS is a number"))
}

#[test]
fn what_was_answered_before_it_was_killed_is_there_afterwards() {
    let (mut left, mut killed) = (kills(), 0);
    while left > 0 {
        let rounds = left.min(WITH_ONE_DATABASE);
        let written = kill_again_and_again(rounds);
        left -= rounds;
        killed += rounds;
        println!("{killed} kills; {written} writes in the last database, nothing lost");
    }
}

/// How many writes there were.
fn kill_again_and_again(rounds: u32) -> usize {
    let (_folder, database) = folder();
    seeded(&database, u32::try_from(BEFORE).unwrap());
    let mut random = rand::rng();
    let mut known = sessions(&open(&database));
    for round in 1..=rounds {
        let mut program = Program::serve(&database, &[]);
        let clients = Writers::start(program.address, CLIENTS);
        // At once, among the first, or in full swing.
        clients
            .await_answers([0, random.random_range(1..20), random.random_range(20..200)][round as usize % 3]);
        program.kill();
        let written = clients.end();
        assert_eq!(written.refused, 0, "{}", program.log());
        assert!(known.is_disjoint(&written.told), "a number was given twice");
        known.extend(written.told);
        // By turns the program itself is the first to find what it left, and somebody else.
        if random.random() {
            let again = Program::serve(&database, &[]);
            assert_eq!(again.get("/").status, 200);
        }
        let connection = open(&database);
        let kept = assert_kept(&connection, &known, BEFORE);
        let unanswered = kept.len() - known.len();
        assert!(unanswered <= CLIENTS, "round {round}: {unanswered} writes of nobody");
        assert_sound(&connection);
        known = kept;
    }
    known.insert(write(&Program::serve(&database, &[])));
    known.len()
}
