use crate::drill::Drill;
fn repro() {
    for _ in 0..30 {
        let drill = Drill::start();
        let _server = drill.serve();
    }
}
#[test]
fn repro0() { repro() }
#[test]
fn repro1() { repro() }
#[test]
fn repro2() { repro() }
#[test]
fn repro3() { repro() }
#[test]
fn repro4() { repro() }
