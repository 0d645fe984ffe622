//! Outputs that cannot be written: a full disk, a reader that is gone, closed descriptors. The work is done, the
//! exit code is that of the work, and nothing panics.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::harness::{ask, assert_sound, eventually, folder, number, on, open, program, seeded};

/// A way in which an output cannot be written.
#[derive(Debug, Clone, Copy)]
pub enum Broken {
    /// The disk is full.
    Full,
    /// A pipe whose reader is gone.
    Gone,
    /// There is no descriptor.
    Closed,
}

pub const BROKEN: [Broken; 3] = [Broken::Full, Broken::Gone, Broken::Closed];

impl Broken {
    fn stream(self) -> Stdio {
        match self {
            Broken::Full => File::options().write(true).open("/dev/full").expect("/dev/full").into(),
            // The reading end is dropped at once.
            Broken::Gone => std::io::pipe().expect("a pipe").1.into(),
            Broken::Closed => Stdio::null(),
        }
    }

    /// Starts the command with both outputs broken.
    pub fn start(self, command: &Command) -> Child {
        let arguments = std::iter::once(command.get_program()).chain(command.get_args());
        let mut broken = match self {
            Broken::Full | Broken::Gone => Command::new("env"),
            Broken::Closed => {
                let mut shell = Command::new("sh");
                shell.args(["-c", "exec \"$@\" <&- >&- 2>&-", "sh"]);
                shell
            }
        };
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        broken.env_clear().env("PATH", "/usr/bin:/bin").envs(variables).args(arguments);
        broken.stdin(Stdio::null()).stdout(self.stream()).stderr(self.stream());
        broken.spawn().expect("it starts")
    }

    /// Runs the command with both outputs broken; returns the exit code.
    pub fn run(self, command: &Command) -> Option<i32> {
        let mut child = self.start(command);
        eventually("the program ends", || child.try_wait().expect("a child")).code()
    }
}

#[test]
fn commands_report_success_whatever_becomes_of_their_output() {
    for broken in BROKEN {
        for help in
            [&["--help"][..], &["--version"], &["serve", "--help"], &["help", "user"], &["replica", "env"]]
        {
            assert_eq!(broken.run(&program(help)), Some(0), "{broken:?} {help:?}");
        }
        let (folder, database) = folder();
        let copy = folder.path().join("copy.sqlite3");
        assert_eq!(broken.run(&on(&database, &["migrate"])), Some(0), "{broken:?}");
        assert_eq!(broken.run(&on(&database, &["seed", "--posts", "3"])), Some(0), "{broken:?}");
        let name: String = open(&database)
            .query_row("SELECT screen_name FROM users WHERE NOT is_admin LIMIT 1", [], |row| row.get(0))
            .expect("it is seeded");
        assert_eq!(broken.run(&on(&database, &["user", "--admin", &name])), Some(0), "{broken:?}");
        let admins = format!("SELECT count(*) FROM users WHERE is_admin AND screen_name = '{name}'");
        assert_eq!(number(&open(&database), &admins), 1, "{broken:?}");
        let copy_path = copy.to_str().expect("a text");
        assert_eq!(broken.run(&on(&database, &["backup", copy_path])), Some(0), "{broken:?}");
        for file in [&database, &copy] {
            assert_sound(&open(file));
        }
    }
}

#[test]
fn commands_report_failure_whatever_becomes_of_their_output() {
    for broken in BROKEN {
        let (_folder, database) = folder();
        seeded(&database, 1);
        let mut migrate = on(&database, &["migrate"]);
        assert_eq!(broken.run(migrate.env("RUST_LOG", "info,access=of")), Some(0), "{broken:?}");
        for (arguments, code) in [
            (&["user", "--admin", "Melusine"][..], 1),
            (&["seed"], 1),
            (&["backup", "/nowhere/copy.sqlite3"], 1),
            (&["restore"], 1),
            (&["verify"], 1),
            (&["dance"], 2),
            (&["serve", "--listen", "nowhere"], 2),
        ] {
            assert_eq!(broken.run(&on(&database, arguments)), Some(code), "{broken:?} {arguments:?}");
        }
    }
}

/// An address that no other test has: of a process' own.
fn own_address(port: u16) -> SocketAddr {
    let [_, a, b, c] = std::process::id().to_be_bytes();
    (Ipv4Addr::new(127, a, b, c.max(1)), port).into()
}

#[test]
fn a_server_runs_whatever_becomes_of_its_output() {
    for (broken, port) in BROKEN.into_iter().zip(3001..) {
        let (_folder, database) = folder();
        seeded(&database, 3);
        let address = own_address(port);
        let arguments = ["serve", "--relax-ssl", "--benchmarking", "--slow-ms", "0"];
        let mut command = on(&database, &arguments);
        command.args(["--listen", &address.to_string()]).env("RUST_LOG", "debug");
        let mut server = broken.start(&command);
        eventually("it listens", || {
            assert!(server.try_wait().expect("a child").is_none(), "{broken:?}: it has ended");
            TcpStream::connect(address).ok()
        });
        if matches!(broken, Broken::Closed) {
            // A file that were opened in their place would be written to by the log.
            for descriptor in 0..3 {
                let target =
                    fs::read_link(format!("/proc/{}/fd/{descriptor}", server.id())).expect("it is open");
                assert_eq!(target.as_os_str(), OsStr::new("/dev/null"), "{descriptor}");
            }
        }
        for _ in 0..20 {
            assert_eq!(ask(address, "POST", "/benchmarking/post_create", &[]).status, 200, "{broken:?}");
            assert_eq!(ask(address, "GET", "/", &[]).status, 200, "{broken:?}");
        }
        let stopped = Command::new("kill").arg(server.id().to_string()).status().expect("kill runs");
        assert!(stopped.success());
        let status = eventually("it stops", || server.try_wait().expect("a child"));
        assert_eq!(status.code(), Some(0), "{broken:?}");
        assert_eq!(number(&open(&database), "SELECT count(*) FROM posts"), 23, "{broken:?}");
        assert_sound(&open(&database));
    }
}
