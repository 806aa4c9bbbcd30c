//! What keeps pods running, and the names by which they are found.

use super::super::model::{Job, Service};
use super::super::roles::{BACKUP, VERSION};
use super::super::yaml::Map;
use super::pod::{Purpose, template};
use super::{list, matching, object, selector};

/// When a backup is made: as everywhere, each night at two.
const NIGHTLY: &str = "0 2 * * *";
const TIME_ZONE: &str = "Asia/Jakarta";

/// How much of a disk a server gets at first.
const DISK: &str = "10Gi";

/// A deployment for a role, a stateful set for a server.
pub(super) fn workload(service: &Service) -> Map {
    let template = template(service.name, service, &service.command, Purpose::Serve);
    let spec = Map::new();
    // The number of those who play `web` is the autoscaler's.
    let spec = if service.name == "web" {
        spec
    } else {
        spec.put("replicas", service.replicas)
    };
    let spec = spec.put("selector", matching(service.name));
    if service.role().is_none() {
        let spec = spec
            .put("serviceName", service.name)
            .put("template", template)
            .put("volumeClaimTemplates", claims(service));
        return object("apps/v1", "StatefulSet", service.name).put("spec", spec);
    }
    let rolling = Map::new()
        .put("maxUnavailable", 0_u32)
        .put("maxSurge", 1_u32);
    let strategy = Map::new()
        .put("type", "RollingUpdate")
        .put("rollingUpdate", rolling);
    let spec = spec
        .put("revisionHistoryLimit", 5_u32)
        .put("minReadySeconds", 5_u32)
        .put("progressDeadlineSeconds", 300_u32)
        .put("strategy", strategy)
        .put("template", template);
    object("apps/v1", "Deployment", service.name).put("spec", spec)
}

fn claims(service: &Service) -> Vec<Map> {
    let claim = |(name, _)| {
        let metadata = Map::new().put("name", name);
        Map::new().put("metadata", metadata).put("spec", disk())
    };
    service.volumes().map(claim).collect()
}

/// What is asked of the cluster for a volume.
fn disk() -> Map {
    let size = Map::new().put("requests", Map::new().put("storage", DISK));
    Map::new()
        .put("accessModes", ["ReadWriteOnce"])
        .put("resources", size)
}

/// What is published goes through the cluster's balancer with the client's address; all else is found pod by pod.
pub(super) fn service(service: &Service) -> Map {
    let spec = Map::new().put("selector", selector(service.name));
    let port = |name: &str, number: u16| {
        Map::new()
            .put("name", name)
            .put("port", u32::from(number))
            .put("targetPort", name)
    };
    let spec = if service.ports.is_empty() {
        let ports = service
            .listens
            .iter()
            .map(|number| port(service.name, *number));
        spec.put("clusterIP", "None").put("ports", list(ports))
    } else {
        let ports = service
            .ports
            .iter()
            .map(|open| port(open.name, open.inside));
        spec.put("type", "LoadBalancer")
            .put("externalTrafficPolicy", "Local")
            .put("ports", list(ports))
    };
    object("v1", "Service", service.name).put("spec", spec)
}

/// Each version has a job of its own, since a job is never changed; the one for backups comes back each night.
pub(super) fn job(job: &Job, service: &Service) -> Vec<Map> {
    let once = |purpose| {
        Map::new()
            .put("backoffLimit", 6_u32)
            .put("activeDeadlineSeconds", 1800_u32)
            .put("ttlSecondsAfterFinished", 86400_u32)
            .put(
                "template",
                template(job.name, service, &job.command, purpose),
            )
    };
    if job.name != BACKUP {
        let name = format!("{}-{VERSION}", job.name);
        return vec![object("batch/v1", "Job", &name).put("spec", once(Purpose::Once))];
    }
    let spec = Map::new()
        .put("schedule", NIGHTLY)
        .put("timeZone", TIME_ZONE)
        .put("concurrencyPolicy", "Forbid")
        .put("startingDeadlineSeconds", 3600_u32)
        .put("jobTemplate", Map::new().put("spec", once(Purpose::Keep)));
    let volumes = service.volumes();
    let claims =
        volumes.map(|(name, _)| object("v1", "PersistentVolumeClaim", name).put("spec", disk()));
    claims
        .chain([object("batch/v1", "CronJob", job.name).put("spec", spec)])
        .collect()
}
