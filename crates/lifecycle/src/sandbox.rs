//! Closing the process in: rights that it won't need again are given up, so that who breaks into it finds little.
//!
//! Each is a fence of the kernel that can't be opened again, not even by root. Files are confined by [`Reach`] before
//! the first other thread starts, since threads inherit that fence and can't be given it later; system calls are
//! confined by [`Calls`] at once in all threads, when every listener is bound.

mod calls;
mod files;

use std::io;

use thiserror::Error;

pub use calls::Calls;
pub use files::{Reach, Right};

/// Why a fence could not be put up.
#[derive(Debug, Error)]
pub enum Unfenced {
    /// The kernel was built or started without it, or a container's rules hide it.
    #[error("this kernel does not offer it")]
    Absent,
    /// Another thread runs already, and would stand outside.
    #[error("other threads run already, and would stay outside")]
    TooLate,
    /// The kernel refused.
    #[error("{0}")]
    Refused(#[source] io::Error),
}

/// Keeps this thread and those it starts from gaining rights by running a program, as with a set-user-ID bit.
pub fn forbid_new_privileges() -> Result<(), Unfenced> {
    rustix::thread::set_no_new_privs(true).map_err(|error| Unfenced::Refused(error.into()))
}

/// How many threads this process has.
fn threads() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}
