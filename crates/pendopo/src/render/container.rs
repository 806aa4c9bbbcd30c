//! What Compose and Swarm say of a container in the same words.

use super::model::{Limits, Mount, Service};
use super::yaml::{Map, Yaml};

/// Seconds between two questions whether a container is well, and what an answer may take.
const HEALTH_EVERY: &str = "10s";
const HEALTH_TIMEOUT: &str = "5s";

/// As both count CPUs.
pub(super) fn cpus(milli_cpus: u32) -> String {
    format!("{}.{:02}", milli_cpus / 1000, milli_cpus % 1000 / 10)
}

/// As both write memory.
pub(super) fn memory(mebibytes: u32) -> String {
    format!("{mebibytes}m")
}

/// Ports below 1024 without a capability: the engine's default, said for those that have another one.
pub(super) fn sysctls(service: &Service) -> Map {
    if service.ports.is_empty() {
        return Map::new();
    }
    Map::new().put("net.ipv4.ip_unprivileged_port_start", "0")
}

/// By the program itself, with more words: an image of ours has no shell.
pub(super) fn health(service: &Service, more: &[&str]) -> Map {
    let test = ["CMD".to_owned()].into_iter();
    let test = test.chain(service.health.clone());
    let more = more.iter().map(|word| (*word).to_owned());
    Map::new()
        .put("test", test.chain(more).collect::<Vec<_>>())
        .put("interval", HEALTH_EVERY)
        .put("timeout", HEALTH_TIMEOUT)
        .put("retries", 3_u32)
        .put("start_period", format!("{}s", service.start_seconds))
}

/// Without limits, the engine's log fills the disk.
pub(super) fn logging() -> Map {
    let options = Map::new().put("max-size", "10m").put("max-file", "3");
    Map::new()
        .put("driver", "json-file")
        .put("options", options)
}

pub(super) fn mounts(service: &Service) -> Vec<Yaml> {
    let mount = |mount: &Mount| match mount {
        Mount::Volume { name, target } => Map::new()
            .put("type", "volume")
            .put("source", *name)
            .put("target", *target)
            .into(),
        Mount::Readable { name, target } => Map::new()
            .put("type", "volume")
            .put("source", *name)
            .put("target", *target)
            .put("read_only", true)
            .into(),
        Mount::Memory { target, mebibytes } => {
            let size = Map::new().put("size", mebibytes << 20);
            let mount = Map::new().put("type", "tmpfs").put("target", *target);
            mount.put("tmpfs", size).into()
        }
    };
    service.mounts.iter().map(mount).collect()
}

/// As `deploy` says it in Swarm.
pub(super) fn limits(limits: Limits) -> Map {
    Map::new()
        .put("cpus", cpus(limits.milli_cpus))
        .put("memory", memory(limits.mebibytes))
        .put("pids", limits.processes)
}
