//! What the figures were measured on.

use std::process::Command;

use anyhow::Result;

use crate::program::output;

/// What [`hardware`] tells, and the load generator.
pub(crate) fn describe() -> Result<String> {
    let wrk = output(Command::new("dpkg-query").args(["-W", "-f", "wrk ${Version}", "wrk"]))?;
    Ok(format!("{}, {}", hardware()?, wrk.trim()))
}

/// Processor, cores, memory, kernel and compiler in one paragraph.
pub(crate) fn hardware() -> Result<String> {
    let model =
        value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = value("/proc/meminfo", "MemTotal").unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    let kernel = output(Command::new("uname").args(["-sr"]))?;
    let compiler = output(Command::new("rustc").arg("--version"))?;
    Ok(format!(
        "{model}, {cores} cores, {memory} of memory, {}, {}",
        kernel.trim(),
        compiler.trim()
    ))
}

/// The day in UTC.
pub(crate) fn today() -> Result<String> {
    Ok(output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?
        .trim()
        .to_owned())
}

fn value(path: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let (_, value) = text
        .lines()
        .find_map(|line| line.split_once(':').filter(|parts| parts.0.trim() == key))?;
    Some(value.trim().to_owned())
}
