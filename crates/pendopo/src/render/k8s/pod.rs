//! A pod: one container within the restricted standard.

use super::super::model::{Configuration, Mount, Service, settled};
use super::super::yaml::{Map, Yaml};
use super::{PRIVATE, labels, list};

/// Readable by its owner and its group.
const MODE: u32 = 0o440;
/// The place of a file that a role writes and nobody misses, such as the access log.
const SCRATCH: &str = "1Gi";

/// What the pod is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It serves until it is told to end.
    Serve,
    /// It does one thing.
    Once,
    /// The same, and what it writes stays.
    Keep,
}

/// The template of a workload's pods.
pub(super) fn template(name: &str, service: &Service, command: &[String], purpose: Purpose) -> Map {
    let metadata = Map::new().put("labels", labels(name));
    let spec = Map::new()
        .put("automountServiceAccountToken", false)
        // Variables named after services would be taken for settings.
        .put("enableServiceLinks", false)
        .put("terminationGracePeriodSeconds", service.stop_seconds + 15)
        .put("securityContext", security(service));
    let spec = match purpose {
        Purpose::Serve => spec.put("topologySpreadConstraints", spread(name)),
        Purpose::Once | Purpose::Keep => spec.put("restartPolicy", "OnFailure"),
    };
    let container = container(name, service, command, purpose);
    Map::new().put("metadata", metadata).put(
        "spec",
        spec.put("containers", vec![container])
            .put_some("volumes", volumes(service, purpose)),
    )
}

fn security(service: &Service) -> Map {
    let map = Map::new()
        .put("runAsNonRoot", true)
        .put("runAsUser", service.user.user)
        .put("runAsGroup", service.user.group)
        .put("fsGroup", service.user.group)
        .put("fsGroupChangePolicy", "OnRootMismatch")
        .put("seccompProfile", Map::new().put("type", "RuntimeDefault"));
    if service.ports.is_empty() {
        return map;
    }
    let sysctl = Map::new()
        .put("name", "net.ipv4.ip_unprivileged_port_start")
        .put("value", "0");
    map.put("sysctls", vec![sysctl])
}

/// One more on a node is no reason not to run at all.
fn spread(name: &str) -> Vec<Map> {
    vec![
        Map::new()
            .put("maxSkew", 1_u32)
            .put("topologyKey", "kubernetes.io/hostname")
            .put("whenUnsatisfiable", "ScheduleAnyway")
            .put("labelSelector", super::matching(name)),
    ]
}

fn container(name: &str, service: &Service, command: &[String], purpose: Purpose) -> Map {
    let nothing = Map::new().put("drop", ["ALL"]);
    let rights = Map::new()
        .put("allowPrivilegeEscalation", false)
        .put("readOnlyRootFilesystem", true)
        .put("capabilities", nothing);
    let map = Map::new()
        .put("name", name)
        .put("image", settled(&service.image))
        .put("args", command.to_vec())
        .put("env", environment(service))
        .put("resources", resources(service))
        .put("securityContext", rights)
        .put_some("volumeMounts", mounts(service));
    if purpose != Purpose::Serve {
        return map;
    }
    let sleep = Map::new().put("sleep", Map::new().put("seconds", 5_u32));
    let map = map.put("ports", ports(service));
    let map = probes(service)
        .into_iter()
        .fold(map, |map, (name, probe)| map.put(name, probe));
    // Whoever sends requests here learns late that they shall not any more.
    map.put("lifecycle", Map::new().put("preStop", sleep))
}

fn environment(service: &Service) -> Vec<Map> {
    let pair = |name: &str, value: &str| Map::new().put("name", name).put("value", value);
    match &service.configuration {
        Configuration::Settings(role, _) => {
            let file = format!("/etc/pendopo/{}.toml", role.as_str());
            vec![pair("PENDOPO_CONFIG", &file)]
        }
        Configuration::Environment(variables) => variables
            .iter()
            .map(|(name, value)| pair(name, value))
            .collect(),
    }
}

fn resources(service: &Service) -> Map {
    let amount = |milli_cpus: u32, mebibytes: u32| {
        Map::new()
            .put("cpu", format!("{milli_cpus}m"))
            .put("memory", format!("{mebibytes}Mi"))
    };
    let limits = service.limits;
    Map::new()
        .put(
            "requests",
            amount(limits.reserved_milli_cpus, limits.reserved_mebibytes),
        )
        .put("limits", amount(limits.milli_cpus, limits.mebibytes))
}

fn ports(service: &Service) -> Vec<Map> {
    let port = |name: &str, number: u32| Map::new().put("name", name).put("containerPort", number);
    let outside = service
        .ports
        .iter()
        .map(|open| port(open.name, open.inside.into()));
    let inside = service
        .listens
        .iter()
        .map(|number| port(service.name, (*number).into()));
    let private = service.role().map(|_| port("private", PRIVATE));
    outside.chain(inside).chain(private).collect()
}

fn probes(service: &Service) -> Vec<(&'static str, Map)> {
    let Some(role) = service.role() else {
        let exec = Map::new().put("command", service.health.clone());
        let probe = Map::new().put("exec", exec).put("timeoutSeconds", 5_u32);
        let start = probe
            .clone()
            .put("periodSeconds", 2_u32)
            .put("failureThreshold", service.start_seconds / 2);
        let probe = probe.put("periodSeconds", 10_u32);
        return vec![
            ("startupProbe", start),
            ("readinessProbe", probe.clone()),
            ("livenessProbe", probe.put("failureThreshold", 6_u32)),
        ];
    };
    let asked = |path: &str| {
        let get = Map::new().put("path", path).put("port", "private");
        Map::new().put("httpGet", get).put("timeoutSeconds", 3_u32)
    };
    let start = asked("/livez")
        .put("periodSeconds", 1_u32)
        .put("failureThreshold", service.start_seconds);
    let ready = asked(&format!("/readyz?role={}", role.as_str()));
    vec![
        ("startupProbe", start),
        ("readinessProbe", ready.put("periodSeconds", 2_u32)),
        (
            "livenessProbe",
            asked("/livez").put("periodSeconds", 10_u32),
        ),
    ]
}

fn mounts(service: &Service) -> Vec<Map> {
    let mount = |name: &str, path: &str| Map::new().put("name", name).put("mountPath", path);
    let places = service.mounts.iter().map(|place| match place {
        Mount::Volume { name, target } => mount(name, target),
        Mount::Readable { name, target } => mount(name, target).put("readOnly", true),
        Mount::Memory { target, .. } => mount(&memory_name(target), target),
    });
    let mut mounts: Vec<Map> = places.collect();
    if !service.secrets.is_empty() {
        mounts.push(mount("secrets", "/run/secrets").put("readOnly", true));
    }
    if service.role().is_some() {
        mounts.push(mount("config", "/etc/pendopo").put("readOnly", true));
    }
    if service.name == "edge" {
        mounts.push(mount("tls", "/run/tls").put("readOnly", true));
    }
    mounts
}

fn memory_name(target: &str) -> String {
    target.trim_start_matches('/').replace('/', "-")
}

/// What a role writes lives as long as its pod; a server's volume is claimed by its workload.
fn volumes(service: &Service, purpose: Purpose) -> Vec<Yaml> {
    let named = |name: &str| Map::new().put("name", name);
    let places = service.mounts.iter().filter_map(|place| match place {
        Mount::Volume { .. } | Mount::Readable { .. } if service.role().is_none() => None,
        Mount::Volume { name, .. } if purpose == Purpose::Keep => {
            let claim = Map::new().put("claimName", *name);
            Some(named(name).put("persistentVolumeClaim", claim))
        }
        Mount::Volume { name, .. } | Mount::Readable { name, .. } => {
            let scratch = Map::new().put("sizeLimit", SCRATCH);
            Some(named(name).put("emptyDir", scratch))
        }
        Mount::Memory { target, mebibytes } => {
            let memory = Map::new()
                .put("medium", "Memory")
                .put("sizeLimit", format!("{mebibytes}Mi"));
            Some(named(&memory_name(target)).put("emptyDir", memory))
        }
    });
    let mut volumes = list(places);
    if !service.secrets.is_empty() {
        let item = |name: &str| Map::new().put("key", name).put("path", name);
        let items = service.secrets.iter().map(|name| item(name.as_str()));
        let secret = from_secret("pendopo-secrets").put("items", list(items));
        volumes.push(named("secrets").put("secret", secret).into());
    }
    if let Some(role) = service.role() {
        let config = Map::new().put("name", format!("{}-config", role.as_str()));
        volumes.push(named("config").put("configMap", config).into());
    }
    if service.name == "edge" {
        volumes.push(
            named("tls")
                .put("secret", from_secret("pendopo-tls"))
                .into(),
        );
    }
    volumes
}

fn from_secret(name: &str) -> Map {
    Map::new().put("secretName", name).put("defaultMode", MODE)
}
