//! The fence around system calls: seccomp.

mod allowed;

use std::collections::BTreeMap;
use std::fmt;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter, apply_filter_all_threads,
};

use super::Unfenced;

/// The system calls that remain: those of a server that has its listeners. No program can be started, no memory made
/// executable, no listener opened, and nothing of the kernel be configured; what is refused fails with `EPERM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// Whether sockets may still be bound to an address of our choice, as questions to name servers are.
    pub binds: bool,
}

/// A fence that stands.
#[derive(Debug, Clone, Copy)]
pub struct Filtered(usize);

impl fmt::Display for Filtered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seccomp, {} system calls left", self.0)
    }
}

impl Calls {
    /// Confines all threads of this process, and those they start.
    pub fn confine(self) -> Result<Filtered, Unfenced> {
        self.put_up(apply_filter_all_threads)
    }

    /// Confines this thread, and those it starts.
    pub fn confine_thread(self) -> Result<Filtered, Unfenced> {
        self.put_up(apply_filter)
    }

    fn put_up(
        self,
        apply: impl Fn(&[seccompiler::sock_filter]) -> seccompiler::Result<()>,
    ) -> Result<Filtered, Unfenced> {
        let rules = self.rules().map_err(refused)?;
        let left = rules.len();
        let refusal = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        let list = program(rules, refusal, SeccompAction::Allow).map_err(refused)?;
        // Where the newer call is not known, the C library starts its threads by the older one, whose flags can be seen.
        let newer = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        let unknown = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let threads = program(newer, SeccompAction::Allow, unknown).map_err(refused)?;
        apply(&threads).map_err(refused)?;
        apply(&list).map_err(refused)?;
        Ok(Filtered(left))
    }

    /// What is allowed: a call without conditions always, one with conditions if all of one group hold.
    fn rules(self) -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::Error> {
        let mut rules: BTreeMap<_, _> = allowed::ALWAYS
            .iter()
            .map(|call| (*call, Vec::new()))
            .collect();
        if self.binds {
            rules.insert(libc::SYS_bind, Vec::new());
        }
        let this_process = u64::from(std::process::id());
        let thread = libc::CLONE_THREAD.cast_unsigned().into();
        let executable = libc::PROT_EXEC.cast_unsigned().into();
        for (call, argument, op, values) in [
            (libc::SYS_clone, 0, Op::MaskedEq(thread), &[thread][..]),
            (libc::SYS_mmap, 2, Op::MaskedEq(executable), &[0]),
            (libc::SYS_mprotect, 2, Op::MaskedEq(executable), &[0]),
            (libc::SYS_tgkill, 0, Op::Eq, &[this_process]),
            (libc::SYS_socket, 0, Op::Eq, allowed::FAMILIES),
            (libc::SYS_prctl, 0, Op::Eq, allowed::PROCESS_OPTIONS),
            (libc::SYS_ioctl, 1, Op::Eq, allowed::DEVICE_REQUESTS),
        ] {
            let group = values.iter().map(|value| {
                let condition = SeccompCondition::new(argument, Width::Dword, op.clone(), *value)?;
                Ok(SeccompRule::new(vec![condition])?)
            });
            rules.insert(call, group.collect::<Result<_, seccompiler::Error>>()?);
        }
        Ok(rules)
    }
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    listed: SeccompAction,
) -> Result<BpfProgram, seccompiler::Error> {
    let here = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter = SeccompFilter::new(rules, otherwise, listed, here)?;
    Ok(filter.try_into()?)
}

fn refused(error: seccompiler::Error) -> Unfenced {
    match error {
        seccompiler::Error::Prctl(cause) | seccompiler::Error::Seccomp(cause) => {
            match cause.raw_os_error() {
                Some(libc::ENOSYS | libc::EINVAL) => Unfenced::Absent,
                _ => Unfenced::Refused(cause),
            }
        }
        other => Unfenced::Refused(std::io::Error::other(other)),
    }
}

#[cfg(test)]
mod tests;
