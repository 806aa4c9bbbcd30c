//! A control group of the kernel's: what a machine of some size would let its processes use, and what they used.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

const ROOT: &str = "/sys/fs/cgroup";

/// What the group's processes may use together.
pub(crate) struct Limits {
    pub(crate) cores: usize,
    /// The cores that they may run on, such as `0-1`.
    pub(crate) cpus: String,
    pub(crate) memory_bytes: u64,
}

/// One group; it is removed with this, when its processes have ended.
pub(crate) struct Group {
    /// One in each hierarchy of the first version, one in all of the second.
    folders: Vec<PathBuf>,
}

impl Group {
    pub(crate) fn make(name: &str, limits: &Limits) -> Result<Self> {
        Self::make_below(Path::new(ROOT), name, limits)
            .context("a size of machine is made of control groups, which only root can make")
    }

    fn make_below(root: &Path, name: &str, limits: &Limits) -> Result<Self> {
        let settings = if is_unified(root) {
            fs::write(root.join("cgroup.subtree_control"), "+cpu +cpuset +memory")
                .context("turning the controllers on")?;
            unified(limits)
        } else {
            by_hierarchy(root, limits)?
        };
        let mut group = Self {
            folders: Vec::new(),
        };
        for (hierarchy, file, value) in settings {
            let folder = root.join(hierarchy).join(name);
            if !group.folders.contains(&folder) {
                fs::create_dir_all(&folder)
                    .with_context(|| format!("creating {}", folder.display()))?;
                group.folders.push(folder.clone());
            }
            if !file.is_empty() {
                fs::write(folder.join(file), &value)
                    .with_context(|| format!("writing {value} to {file}"))?;
            }
        }
        Ok(group)
    }

    /// The same command, which is in the group before it begins.
    pub(crate) fn around(&self, command: &Command) -> Command {
        let mut shell = Command::new("sh");
        let script = "while [ \"$1\" != -- ]; do echo $$ > \"$1/cgroup.procs\" || exit 1; shift; done; shift; exec \"$@\"";
        shell.args(["-c", script, "sh"]).args(&self.folders);
        shell.arg("--").arg(command.get_program());
        shell.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell
    }

    /// Processor time of everything that was ever in it.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let used = self.folders.iter().find_map(|folder| used(folder));
        used.context("the group does not tell what it used")
    }
}

/// Processor time of the group that a process is in, such as its container.
pub(crate) fn cpu_of(process: u32) -> Result<Duration> {
    let told = fs::read_to_string(format!("/proc/{process}/cgroup"))
        .with_context(|| format!("process {process} is in no group"))?;
    let mut folders = told.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (hierarchy, path) = (fields.next()?, fields.next()?);
        Some(
            Path::new(ROOT)
                .join(hierarchy)
                .join(path.trim_start_matches('/')),
        )
    });
    let used = folders.find_map(|folder| used(&folder));
    used.with_context(|| format!("the group of process {process} does not tell what it used"))
}

fn used(folder: &Path) -> Option<Duration> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    if let Some(nanoseconds) = read("cpuacct.usage") {
        return nanoseconds.trim().parse().ok().map(Duration::from_nanos);
    }
    let stat = read("cpu.stat")?;
    let used = stat
        .lines()
        .find_map(|line| line.strip_prefix("usage_usec "))?;
    used.parse().ok().map(Duration::from_micros)
}

/// Whether the second version has the controllers; some machines have it without any.
fn is_unified(root: &Path) -> bool {
    let controllers = fs::read_to_string(root.join("cgroup.controllers"));
    controllers.is_ok_and(|controllers| controllers.contains("memory"))
}

type Setting = (&'static str, &'static str, String);

fn unified(limits: &Limits) -> Vec<Setting> {
    vec![
        ("", "cpuset.cpus", limits.cpus.clone()),
        ("", "cpu.max", format!("{} 100000", limits.cores * 100_000)),
        ("", "memory.max", limits.memory_bytes.to_string()),
        ("", "memory.swap.max", "0".to_owned()),
    ]
}

fn by_hierarchy(root: &Path, limits: &Limits) -> Result<Vec<Setting>> {
    let Ok(nodes) = fs::read_to_string(root.join("cpuset/cpuset.mems")) else {
        bail!("{} has neither version's controllers", root.display());
    };
    Ok(vec![
        ("cpuset", "cpuset.cpus", limits.cpus.clone()),
        ("cpuset", "cpuset.mems", nodes.trim().to_owned()),
        ("cpu", "cpu.cfs_period_us", "100000".to_owned()),
        (
            "cpu",
            "cpu.cfs_quota_us",
            (limits.cores * 100_000).to_string(),
        ),
        (
            "memory",
            "memory.limit_in_bytes",
            limits.memory_bytes.to_string(),
        ),
        ("cpuacct", "", String::new()),
    ])
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            // Two hierarchies may be one folder by two names; what stays is empty and limits nobody.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests;
