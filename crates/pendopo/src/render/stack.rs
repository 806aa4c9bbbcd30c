//! A deployment as a stack of Docker Swarm: nothing that `docker stack deploy` ignores.

use super::container::{cpus, health, limits, logging, memory, mounts, sysctls};
use super::model::{Configuration, Deployment, Job, Network, Service, Update};
use super::yaml::{Map, Yaml};
use crate::secrets::SecretName;

/// Readable by its owner and its group, as YAML's numbers say 0440.
const MODE: u32 = 0o440;
/// Where a role finds its configuration.
const CONFIGURATION: &str = "/etc/pendopo.toml";

/// The whole file. Configs and secrets never change under their name, so that the names have a version.
pub(super) fn document(deployment: &Deployment) -> Map {
    let services = deployment.services.iter();
    let services = services.map(|service| (service.name, running(service)));
    let jobs = deployment.jobs.iter().filter_map(|job| {
        let service = deployment.service(job.of)?;
        Some((job.name, once(service, job)))
    });
    let volumes = deployment.volumes().into_iter();
    let secrets = deployment.secrets().into_iter();
    Map::new()
        .put("version", "3.9")
        .put("services", services.chain(jobs).collect::<Map>())
        .put("networks", networks())
        .put_some(
            "volumes",
            volumes.map(|name| (name, Map::new())).collect::<Map>(),
        )
        .put_some(
            "configs",
            deployment
                .services
                .iter()
                .filter_map(config)
                .collect::<Map>(),
        )
        .put_some(
            "secrets",
            secrets
                .map(|name| (name.as_str(), secret(name)))
                .collect::<Map>(),
        )
}

fn networks() -> Map {
    let network = |network: Network| {
        let body = Map::new().put("driver", "overlay");
        let body = if network.is_internal() {
            body.put("internal", true)
        } else {
            body
        };
        (network.as_str(), body)
    };
    Network::ALL.into_iter().map(network).collect()
}

fn config(service: &Service) -> Option<(&'static str, Map)> {
    let Configuration::Settings(..) = service.configuration else {
        return None;
    };
    let name = service.name;
    let body = Map::new()
        .put(
            "name",
            format!("${{STACK:-pendopo}}-{name}-${{CONFIG_VERSION:-1}}"),
        )
        .put("file", format!("./{name}.toml"));
    Some((name, body))
}

fn secret(name: SecretName) -> Map {
    let name = name.as_str();
    Map::new()
        .put(
            "name",
            format!("${{STACK:-pendopo}}-{name}-${{SECRETS_VERSION:-1}}"),
        )
        .put("file", format!("${{SECRETS:-./secrets}}/{name}"))
}

fn running(service: &Service) -> Map {
    let ports = service.ports.iter().map(|port| {
        // Not through the mesh, which hides the clients' addresses.
        Map::new()
            .put("target", u32::from(port.inside))
            .put(
                "published",
                format!("${{{}:-{}}}", port.variable, port.outside),
            )
            .put("protocol", "tcp")
            .put("mode", "host")
    });
    // Swarm ends whoever isn't healthy, and who only waits for a store is of more use alive.
    let more: &[&str] = match service.role() {
        Some(_) => &["--started"],
        None => &[],
    };
    container(service, &service.command)
        .put_some("ports", ports.collect::<Vec<_>>())
        .put_some("sysctls", sysctls(service))
        .put("healthcheck", health(service, more))
        .put("deploy", deploy(service))
}

/// A job runs when it is scaled to one, and is not started again when it has ended.
fn once(service: &Service, job: &Job) -> Map {
    let restart = Map::new().put("condition", "none");
    let deploy = Map::new()
        .put("replicas", 0_u32)
        .put("endpoint_mode", "dnsrr")
        .put("restart_policy", restart)
        .put("resources", resources(service))
        .put_some("placement", placement(service));
    let health = Map::new().put("disable", true);
    container(service, &job.command)
        .put("healthcheck", health)
        .put("deploy", deploy)
}

/// What a service and its jobs share.
fn container(service: &Service, command: &[String]) -> Map {
    let networks = service.networks.iter().map(|network| network.as_str());
    let map = Map::new()
        .put("image", service.image.as_str())
        .put("command", command.to_vec())
        .put_some("environment", environment(service));
    let map = match config(service) {
        Some((name, _)) => map.put("configs", vec![readable(name, CONFIGURATION, service)]),
        None => map,
    };
    let secrets = service.secrets.iter().map(|name| {
        let name = name.as_str();
        readable(name, name, service)
    });
    map.put_some("secrets", secrets.collect::<Vec<_>>())
        .put_some("volumes", mounts(service))
        .put("networks", networks.collect::<Vec<_>>())
        .put("user", service.user.as_text())
        .put("read_only", true)
        .put("cap_drop", ["ALL"])
        .put("stop_grace_period", format!("{}s", service.stop_seconds))
        .put("logging", logging())
}

fn readable(source: &str, target: &str, service: &Service) -> Map {
    Map::new()
        .put("source", source)
        .put("target", target)
        .put("uid", service.user.user.to_string())
        .put("gid", service.user.group.to_string())
        .put("mode", MODE)
}

fn environment(service: &Service) -> Map {
    match &service.configuration {
        Configuration::Settings(..) => Map::new().put("PENDOPO_CONFIG", CONFIGURATION),
        Configuration::Environment(variables) => variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect(),
    }
}

fn deploy(service: &Service) -> Map {
    let restart = Map::new().put("condition", "any").put("delay", "2s");
    Map::new()
        .put("replicas", service.replicas)
        // Each task has its own address: the balancer of a virtual one goes on with tasks that end.
        .put("endpoint_mode", "dnsrr")
        .put("resources", resources(service))
        .put("restart_policy", restart)
        .put(
            "update_config",
            update(service).put("failure_action", "rollback"),
        )
        .put("rollback_config", update(service))
        .put_some("placement", placement(service))
}

/// A new version counts as failed when it isn't well within the time that it has to start.
fn update(service: &Service) -> Map {
    let order = match service.update {
        Update::StartFirst => "start-first",
        Update::StopFirst => "stop-first",
    };
    Map::new()
        .put("parallelism", 1_u32)
        .put("delay", "5s")
        .put("monitor", format!("{}s", service.start_seconds))
        .put("order", order)
}

fn resources(service: &Service) -> Map {
    let reservations = Map::new()
        .put("cpus", cpus(service.limits.reserved_milli_cpus))
        .put("memory", memory(service.limits.reserved_mebibytes));
    Map::new()
        .put("limits", limits(service.limits))
        .put("reservations", reservations)
}

/// A volume is on one node, and a published port too: the operator says which.
fn placement(service: &Service) -> Map {
    if service.nodes.is_empty() {
        return Map::new();
    }
    let constraint = format!("${{{}:-node.role == manager}}", service.nodes);
    Map::new().put("constraints", Yaml::from([constraint]))
}
