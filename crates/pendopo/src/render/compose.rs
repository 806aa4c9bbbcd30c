//! A deployment as a Compose file, in the words that every version since 1.27 understands.

use toml::Value;

use super::container::{cpus, health, logging, memory, mounts, sysctls};
use super::model::{Configuration, Deployment, Network, Service};
use super::yaml::{Map, Yaml};
use crate::secrets::SecretName;

/// The whole file.
pub(super) fn document(deployment: &Deployment) -> Map {
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
        let body = if network.is_internal() {
            Map::new().put("internal", true)
        } else {
            Map::new()
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
    Map::new()
        .put("image", service.image.as_str())
        .put_some(
            "build",
            service.build.as_deref().map_or_else(Map::new, build),
        )
        .put_some("command", service.command.clone())
        .put_some("environment", environment(&service.configuration))
        .put_some("secrets", secrets.collect::<Vec<_>>())
        .put_some("volumes", mounts(service))
        .put("networks", networks.collect::<Vec<_>>())
        .put_some("ports", ports.collect::<Vec<_>>())
        .put("user", service.user.as_text())
        .put("read_only", true)
        .put("cap_drop", ["ALL"])
        .put("security_opt", ["no-new-privileges:true"])
        .put_some("sysctls", sysctls(service))
        .put("cpus", cpus(service.limits.milli_cpus))
        .put("mem_limit", memory(service.limits.mebibytes))
        .put("pids_limit", service.limits.processes)
        .put("healthcheck", health(service, &[]))
        .put("restart", "unless-stopped")
        .put("stop_grace_period", format!("{}s", service.stop_seconds))
        .put("logging", logging())
        .put_some("scale", scale(service))
}

/// How many there are unless `--scale` says otherwise; one by itself.
fn scale(service: &Service) -> Yaml {
    match service.replicas {
        1 => Map::new().into(),
        many => many.into(),
    }
}

fn build(context: &str) -> Map {
    let body = Map::new().put("context", context);
    body.put("dockerfile", "deploy/Dockerfile")
}

fn environment(configuration: &Configuration) -> Map {
    match configuration {
        Configuration::Settings(_, settings) => settings
            .iter()
            .map(|(key, value)| (variable(key), text(value)))
            .collect(),
        Configuration::Environment(variables) => variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect(),
    }
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
