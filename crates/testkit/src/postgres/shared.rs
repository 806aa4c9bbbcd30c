//! The memory that a server's processes share by System V's calls: it outlives them, unless they give it back.

use std::fs;
use std::process::Command;

use super::{Server, run};

/// Which line of `postmaster.pid` has the memory's key and its number.
const LINE: usize = 6;

/// Takes away what a killed server left, as the power failure would have.
pub(super) fn take_away(server: &Server) {
    run(Command::new("ipcrm").arg("-m").arg(number(server)));
}

fn number(server: &Server) -> String {
    let file = fs::read_to_string(server.file("data/postmaster.pid")).expect("it has run");
    let words = file.lines().nth(LINE).map(str::split_whitespace);
    let number = words.and_then(|mut words| words.nth(1));
    number.expect("it shares memory").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::eventually;

    fn is_there(number: &str) -> bool {
        let list = run(Command::new("ipcs").arg("-m"));
        list.lines()
            .any(|line| line.split_whitespace().nth(1) == Some(number))
    }

    #[test]
    fn a_server_that_ends_leaves_no_memory() {
        let server = Server::default();
        let number = number(&server);
        assert!(is_there(&number));
        drop(server);
        assert!(!is_there(&number));
    }

    #[test]
    fn a_server_that_is_killed_leaves_no_memory_and_starts_again() {
        let mut server = Server::default();
        let before = number(&server);
        server.kill();
        assert!(!is_there(&before));
        server.start();
        assert_eq!(server.sql("SELECT 1"), "1");
    }

    #[test]
    fn a_server_whose_starter_is_gone_leaves_no_memory() {
        let starting = std::thread::spawn(|| {
            let server = Server::default();
            let number = number(&server);
            (server, number)
        });
        let (_server, number) = starting.join().expect("a server");
        eventually("its end", || !is_there(&number));
    }
}
