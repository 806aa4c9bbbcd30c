//! Who may reach whom: nobody, but for what the deployment says.

use super::super::model::{Deployment, Job, Service};
use super::super::yaml::Map;
use super::{PRIVATE, list, matching, object, selector};

/// The namespace from which the private listeners may be asked for metrics.
const MONITORING: &str = "monitoring";

/// Nothing goes in or out by itself, except questions to the cluster's DNS.
pub(super) fn common() -> Vec<Map> {
    let everybody = Map::new().put("podSelector", Map::new());
    let deny = everybody.clone().put("policyTypes", ["Ingress", "Egress"]);
    let questions = ["UDP", "TCP"].map(|protocol| port(protocol, 53));
    let rule = Map::new()
        .put("to", vec![in_namespace("kube-system")])
        .put("ports", list(questions));
    let dns = everybody
        .put("policyTypes", ["Egress"])
        .put("egress", vec![rule]);
    vec![
        object("networking.k8s.io/v1", "NetworkPolicy", "default-deny").put("spec", deny),
        object("networking.k8s.io/v1", "NetworkPolicy", "dns").put("spec", dns),
    ]
}

/// What a service lets in and where it goes.
pub(super) fn of_service(service: &Service, deployment: &Deployment) -> Map {
    let mut ingress = Vec::new();
    if !service.ports.is_empty() {
        let ports = service
            .ports
            .iter()
            .map(|open| port("TCP", open.inside.into()));
        ingress.push(Map::new().put("ports", list(ports)));
    }
    let callers = callers(service, deployment);
    if !callers.is_empty() {
        ingress.push(
            Map::new()
                .put("from", list(callers.into_iter().map(pods)))
                .put("ports", listeners(service)),
        );
    }
    if service.role().is_some() {
        ingress.push(
            Map::new()
                .put("from", vec![in_namespace(MONITORING)])
                .put("ports", vec![port("TCP", PRIVATE)]),
        );
    }
    policy(service.name, ingress, egress(service, deployment))
}

/// A job goes where its service goes, and lets nobody in.
pub(super) fn of_job(job: &Job, service: &Service, deployment: &Deployment) -> Map {
    policy(job.name, Vec::new(), egress(service, deployment))
}

/// The way of everybody who talks to a server, where that is outside.
pub(super) fn ways_out(name: &str, server: &Service, deployment: &Deployment) -> Map {
    let expression = Map::new()
        .put("key", "app.kubernetes.io/name")
        .put("operator", "In")
        .put("values", callers(server, deployment));
    let selector = Map::new().put("matchExpressions", vec![expression]);
    let rule = Map::new().put("ports", listeners(server));
    let spec = Map::new()
        .put("podSelector", selector)
        .put("policyTypes", ["Egress"])
        .put("egress", vec![rule]);
    object("networking.k8s.io/v1", "NetworkPolicy", name).put("spec", spec)
}

fn policy(name: &str, ingress: Vec<Map>, egress: Vec<Map>) -> Map {
    let spec = Map::new()
        .put("podSelector", matching(name))
        .put("policyTypes", ["Ingress", "Egress"])
        .put("ingress", ingress)
        .put("egress", egress);
    object("networking.k8s.io/v1", "NetworkPolicy", name).put("spec", spec)
}

fn callers(service: &Service, deployment: &Deployment) -> Vec<&'static str> {
    let talks = |other: &&Service| other.talks_to.contains(&service.name);
    let services = deployment.services.iter().filter(talks);
    let names: Vec<&str> = services.map(|other| other.name).collect();
    let jobs = deployment
        .jobs
        .iter()
        .filter(|job| names.contains(&job.of))
        .map(|job| job.name)
        .collect::<Vec<_>>();
    [names, jobs].concat()
}

fn egress(service: &Service, deployment: &Deployment) -> Vec<Map> {
    let reached = service
        .talks_to
        .iter()
        .filter_map(|name| deployment.service(name));
    let rule = |other: &Service| {
        Map::new()
            .put("to", vec![pods(other.name)])
            .put("ports", listeners(other))
    };
    reached.map(rule).collect()
}

fn listeners(service: &Service) -> Vec<Map> {
    let numbers = service.listens.iter();
    numbers
        .map(|number| port("TCP", (*number).into()))
        .collect()
}

fn port(protocol: &str, number: u32) -> Map {
    Map::new().put("protocol", protocol).put("port", number)
}

fn pods(name: &str) -> Map {
    let labels = Map::new().put("matchLabels", selector(name));
    Map::new().put("podSelector", labels)
}

fn in_namespace(name: &str) -> Map {
    let labels = Map::new().put("kubernetes.io/metadata.name", name);
    let selector = Map::new().put("matchLabels", labels);
    Map::new().put("namespaceSelector", selector)
}
