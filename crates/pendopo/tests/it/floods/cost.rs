//! What a process has used so far, as Linux tells it.

use std::fs;
use std::time::Duration;

/// Processor time and memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    processor: Duration,
    /// Resident now, in bytes.
    pub(crate) memory: u64,
    /// The most that was resident since the peak was forgotten.
    pub(crate) peak: u64,
}

impl Cost {
    pub(crate) fn of(pid: i32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
        Self {
            processor: processor(pid),
            memory: bytes(&status, "VmRSS:"),
            peak: bytes(&status, "VmHWM:"),
        }
    }

    /// Processor time since an earlier look.
    pub(crate) fn processor_since(&self, earlier: &Self) -> Duration {
        self.processor.saturating_sub(earlier.processor)
    }

    /// From now on, the peak is that of what follows.
    pub(crate) fn forget_peak(pid: i32) {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of our own");
    }
}

/// All its threads together; a nanosecond's precision, where `stat` has ten milliseconds.
fn processor(pid: i32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    let nanos = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

fn bytes(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes
        .and_then(|number| number.parse().ok())
        .expect("a size in kB");
    kilobytes * 1024
}
