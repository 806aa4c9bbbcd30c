//! A deployment as a Compose file, in the words that every version since 1.27 understands.

use toml::Value;

use super::model::{Deployment, Limits, Mount, Network, Service, Setting};
use super::yaml::{Map, Yaml};
use crate::secrets::SecretName;

/// Seconds between two questions whether a container is well, and what an answer may take.
const HEALTH_EVERY: &str = "10s";
const HEALTH_TIMEOUT: &str = "5s";

/// The whole file.
pub(crate) fn document(deployment: &Deployment) -> Map {
    let services = deployment.services.iter();
    let volumes = deployment.volumes().into_iter();
    let secrets = deployment.secrets().into_iter();
    Map::new()
        .put(
            "services",
            services
                .map(|service| (service.name, body(service)))
                .collect::<Map>(),
        )
        .put("networks", networks())
        .put_some(
            "volumes",
            volumes.map(|name| (name, Map::new())).collect::<Map>(),
        )
        .put_some(
            "secrets",
            secrets
                .map(|name| (name.as_str(), file(name)))
                .collect::<Map>(),
        )
}

fn file(name: SecretName) -> Map {
    Map::new().put("file", format!("${{SECRETS:-./secrets}}/{}", name.as_str()))
}

fn networks() -> Map {
    let network = |network: Network| {
        let body = Map::new();
        let body = if network.is_internal() {
            body.put("internal", true)
        } else {
            body
        };
        (network.as_str(), body)
    };
    Network::ALL.into_iter().map(network).collect()
}

fn body(service: &Service) -> Map {
    let networks = service.networks.iter().map(|network| network.as_str());
    let secrets = service.secrets.iter().map(|name| name.as_str());
    let ports = service.ports.iter();
    let ports =
        ports.map(|port| format!("${{{}:-{}}}:{}", port.variable, port.outside, port.inside));
    let build = service.build.as_deref().map_or_else(Map::new, build);
    Map::new()
        .put("image", service.image.as_str())
        .put_some("build", build)
        .put_some("command", service.command.clone())
        .put_some("environment", environment(&service.settings))
        .put_some("secrets", secrets.collect::<Vec<_>>())
        .put_some("volumes", mounts(service))
        .put("networks", networks.collect::<Vec<_>>())
        .put_some("ports", ports.collect::<Vec<_>>())
        .put("user", service.user.as_text())
        .put("read_only", true)
        .put("cap_drop", ["ALL"])
        .put("security_opt", ["no-new-privileges:true"])
        .put_some("sysctls", sysctls(service))
        .put("cpus", cpus(service.limits))
        .put("mem_limit", format!("{}m", service.limits.mebibytes))
        .put("pids_limit", service.limits.processes)
        .put("healthcheck", health(service))
        .put("restart", "unless-stopped")
        .put("stop_grace_period", format!("{}s", service.stop_seconds))
        .put("logging", logging())
}

fn build(context: &str) -> Map {
    let body = Map::new().put("context", context);
    body.put("dockerfile", "deploy/Dockerfile")
}

/// As Compose and Swarm count them.
fn cpus(limits: Limits) -> String {
    format!(
        "{}.{:02}",
        limits.milli_cpus / 1000,
        limits.milli_cpus % 1000 / 10
    )
}

/// Ports below 1024 without a capability: the engine's default, said for those that have another one.
fn sysctls(service: &Service) -> Map {
    if service.ports.is_empty() {
        return Map::new();
    }
    Map::new().put("net.ipv4.ip_unprivileged_port_start", "0")
}

fn health(service: &Service) -> Map {
    let test = ["CMD".to_owned()].into_iter();
    Map::new()
        .put(
            "test",
            test.chain(service.health.clone()).collect::<Vec<_>>(),
        )
        .put("interval", HEALTH_EVERY)
        .put("timeout", HEALTH_TIMEOUT)
        .put("retries", 3_u32)
        .put("start_period", format!("{}s", service.start_seconds))
}

/// Without limits, the engine's log fills the disk.
fn logging() -> Map {
    let options = Map::new().put("max-size", "10m").put("max-file", "3");
    Map::new()
        .put("driver", "json-file")
        .put("options", options)
}

fn mounts(service: &Service) -> Vec<Yaml> {
    let mount = |mount: &Mount| match mount {
        Mount::Volume { name, target } => Map::new()
            .put("type", "volume")
            .put("source", *name)
            .put("target", *target)
            .into(),
        Mount::Memory { target, mebibytes } => {
            let size = Map::new().put("size", mebibytes << 20);
            Map::new()
                .put("type", "tmpfs")
                .put("target", *target)
                .put("tmpfs", size)
                .into()
        }
    };
    service.mounts.iter().map(mount).collect()
}

fn environment(settings: &[Setting]) -> Map {
    settings
        .iter()
        .map(|(key, value)| (variable(key), text(value)))
        .collect()
}

/// The variable of a key.
fn variable(key: &str) -> String {
    format!("PENDOPO_{}", key.to_uppercase().replace('.', "__"))
}

/// A value as the environment has it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
