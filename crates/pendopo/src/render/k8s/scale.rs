//! How many pods there may be, and how many there must be.

use super::super::model::Service;
use super::super::yaml::Map;
use super::{matching, object};

/// Whatever is done to the nodes, one goes on.
pub(super) fn budget(service: &Service) -> Map {
    let spec = Map::new()
        .put("minAvailable", 1_u32)
        .put("selector", matching(service.name));
    object("policy/v1", "PodDisruptionBudget", service.name).put("spec", spec)
}

/// By the CPU that is used of what was asked for; quickly up, slowly down.
pub(super) fn autoscaler(service: &Service) -> Map {
    let target = Map::new()
        .put("apiVersion", "apps/v1")
        .put("kind", "Deployment")
        .put("name", service.name);
    let goal = Map::new()
        .put("type", "Utilization")
        .put("averageUtilization", 70_u32);
    let cpu = Map::new().put("name", "cpu").put("target", goal);
    let metric = Map::new().put("type", "Resource").put("resource", cpu);
    let one = Map::new()
        .put("type", "Pods")
        .put("value", 1_u32)
        .put("periodSeconds", 60_u32);
    let down = Map::new()
        .put("stabilizationWindowSeconds", 300_u32)
        .put("policies", vec![one]);
    let spec = Map::new()
        .put("scaleTargetRef", target)
        .put("minReplicas", service.replicas)
        .put("maxReplicas", 10_u32)
        .put("metrics", vec![metric])
        .put("behavior", Map::new().put("scaleDown", down));
    object("autoscaling/v2", "HorizontalPodAutoscaler", service.name).put("spec", spec)
}
