//! A deployment as objects of Kubernetes: a base and what is put onto it, for kustomize.

mod pod;
mod policy;
mod scale;
mod workload;

use toml::Value;

use super::File;
use super::model::{Configuration, Deployment, Service, Setting, Update};
use super::settings;
use super::yaml::{Map, Yaml};
use crate::cli::RoleName;

/// Where all of it is.
const NAMESPACE: &str = "pendopo";
/// The private listener, which the kubelet asks.
const PRIVATE: u32 = 9090;

/// Every file: `base`, the database server as a component, and two overlays.
pub(super) fn files(deployment: &Deployment) -> Vec<File> {
    let deployment = &fitted(deployment);
    let (ours, servers) = split(deployment);
    let mut names = vec!["namespace.yaml".to_owned(), "policies.yaml".to_owned()];
    let mut files = vec![
        manifest("base/namespace.yaml", &[namespace()]),
        manifest("base/policies.yaml", &policy::common()),
    ];
    for service in &ours {
        let name = service.name;
        names.push(format!("{name}.yaml"));
        files.push(manifest(
            &format!("base/{name}.yaml"),
            &objects(service, deployment),
        ));
        files.push(file(&format!("base/{name}.toml"), configuration(service)));
    }
    names.push("jobs.yaml".to_owned());
    files.push(manifest("base/jobs.yaml", &jobs(deployment)));
    files.push(manifest("base/kustomization.yaml", &[base(names, &ours)]));
    for service in &servers {
        let folder = format!("components/{}", service.name);
        let name = format!("{}.yaml", service.name);
        let kustomization = kustomization("Component").put("resources", [name.as_str()]);
        files.push(manifest(
            &format!("{folder}/{name}"),
            &objects(service, deployment),
        ));
        files.push(manifest(
            &format!("{folder}/kustomization.yaml"),
            &[kustomization],
        ));
    }
    files.push(manifest(
        "overlays/school/kustomization.yaml",
        &[school(&servers)],
    ));
    files.push(manifest(
        "overlays/city/kustomization.yaml",
        &[city(&servers)],
    ));
    files.push(manifest(
        "overlays/city/database.yaml",
        &database(deployment),
    ));
    files
}

/// Everything with the database server in one text, for `kubectl apply`.
pub(super) fn text(deployment: &Deployment) -> String {
    let deployment = &fitted(deployment);
    let (ours, _) = split(deployment);
    let configurations = ours.into_iter().map(|service| {
        let name = format!("{}.toml", service.name);
        object("v1", "ConfigMap", &format!("{}-config", service.name))
            .put("data", Map::new().put(name, configuration(service)))
    });
    let mut all = vec![namespace()];
    all.extend(policy::common());
    all.extend(configurations);
    for service in &deployment.services {
        all.extend(objects(service, deployment));
    }
    all.extend(jobs(deployment));
    documents(&all)
}

/// Here nobody keeps anything but the database server, and a service balances connections to the edges.
fn fitted(deployment: &Deployment) -> Deployment {
    let mut deployment = deployment.clone();
    for service in deployment
        .services
        .iter_mut()
        .filter(|service| is_ours(service))
    {
        service.update = Update::StartFirst;
        service.replicas = service.replicas.max(2);
        if let (Some(RoleName::Web), Configuration::Settings(_, settings)) =
            (service.role(), &mut service.configuration)
        {
            // What a pod keeps goes with it: a job makes the backups, on a volume of its own.
            settings.push(("backup.schedule", Value::from("off")));
        }
    }
    deployment
}

fn split(deployment: &Deployment) -> (Vec<&Service>, Vec<&Service>) {
    deployment
        .services
        .iter()
        .partition(|service| is_ours(service))
}

fn is_ours(service: &Service) -> bool {
    service.role().is_some()
}

fn objects(service: &Service, deployment: &Deployment) -> Vec<Map> {
    let mut objects = vec![workload::workload(service), workload::service(service)];
    if is_ours(service) {
        objects.push(scale::budget(service));
    }
    if service.name == "web" {
        objects.push(scale::autoscaler(service));
    }
    objects.push(policy::of_service(service, deployment));
    objects
}

fn jobs(deployment: &Deployment) -> Vec<Map> {
    let jobs = deployment.jobs.iter();
    let pairs = jobs.filter_map(|job| Some((job, deployment.service(job.of)?)));
    pairs
        .flat_map(|(job, service)| {
            let mut objects = workload::job(job, service);
            objects.push(policy::of_job(job, service, deployment));
            objects
        })
        .collect()
}

fn configuration(service: &Service) -> String {
    let listen: Setting = ("admin.listen", Value::from(format!("0.0.0.0:{PRIVATE}")));
    let mut more = vec![listen];
    if service.name == "edge" {
        // Edges come and go, so they share a certificate that is brought to them rather than each fetch one.
        more.push(("edge.acme.directory", Value::from("off")));
        more.push(("edge.tls.certificate", Value::from("/run/tls/tls.crt")));
        more.push(("edge.tls.key", Value::from("/run/tls/tls.key")));
    }
    let text = settings::file(service, &more).unwrap_or_default();
    // Names of targets are absolute.
    text.replace("//web:", &format!("//web.{NAMESPACE}.svc.cluster.local:"))
}

fn namespace() -> Map {
    let labels = Map::new()
        .put("pod-security.kubernetes.io/enforce", "restricted")
        .put("pod-security.kubernetes.io/warn", "restricted")
        .put("pod-security.kubernetes.io/audit", "restricted");
    let metadata = Map::new().put("name", NAMESPACE).put("labels", labels);
    Map::new()
        .put("apiVersion", "v1")
        .put("kind", "Namespace")
        .put("metadata", metadata)
}

fn kustomization(kind: &str) -> Map {
    let version = match kind {
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => "kustomize.config.k8s.io/v1beta1",
    };
    Map::new().put("apiVersion", version).put("kind", kind)
}

/// A changed configuration gets another name, so that its pods are renewed.
fn base(resources: Vec<String>, ours: &[&Service]) -> Map {
    let generators = ours.iter().map(|service| {
        let file = format!("{}.toml", service.name);
        Map::new()
            .put("name", format!("{}-config", service.name))
            .put("files", [file])
    });
    kustomization("Kustomization")
        .put("namespace", NAMESPACE)
        .put("resources", resources)
        .put("configMapGenerator", generators.collect::<Vec<_>>())
}

/// One school: its servers beside it.
fn school(servers: &[&Service]) -> Map {
    let components = servers.iter().map(|server| component(server.name));
    kustomization("Kustomization")
        .put("namespace", NAMESPACE)
        .put("resources", ["../../base"])
        .put("components", components.collect::<Vec<_>>())
}

fn component(name: &str) -> String {
    format!("../../components/{name}")
}

/// Many schools: more of everything, and a database server elsewhere.
fn city(servers: &[&Service]) -> Map {
    let others = servers.iter().filter(|server| server.name != "postgres");
    let components = others.map(|server| component(server.name));
    let replicas = |name: &str, count: u32| Map::new().put("name", name).put("count", count);
    let patch = |text: &str, kind: &str, name: &str| {
        let target = Map::new().put("kind", kind).put("name", name);
        Map::new().put("target", target).put("patch", text)
    };
    let autoscaler = "- op: replace\n  path: /spec/minReplicas\n  value: 4\n- op: replace\n  path: /spec/maxReplicas\n  value: 40\n";
    kustomization("Kustomization")
        .put("namespace", NAMESPACE)
        .put("resources", ["../../base", "database.yaml"])
        .put_some("components", components.collect::<Vec<_>>())
        .put("replicas", vec![replicas("edge", 3)])
        .put(
            "patches",
            vec![patch(autoscaler, "HorizontalPodAutoscaler", "web")],
        )
}

/// The database server of an overlay that has one elsewhere: put its name in the place of the example.
fn database(deployment: &Deployment) -> Vec<Map> {
    let spec = Map::new()
        .put("type", "ExternalName")
        .put("externalName", "postgres.example");
    let mut objects = vec![object("v1", "Service", "postgres").put("spec", spec)];
    if let Some(server) = deployment.service("postgres") {
        objects.push(policy::ways_out("database", server, deployment));
    }
    objects
}

/// The head of an object.
fn object(version: &str, kind: &str, name: &str) -> Map {
    let metadata = Map::new()
        .put("name", name)
        .put("namespace", NAMESPACE)
        .put("labels", labels(name));
    Map::new()
        .put("apiVersion", version)
        .put("kind", kind)
        .put("metadata", metadata)
}

/// What a pod is found by.
fn selector(name: &str) -> Map {
    Map::new().put("app.kubernetes.io/name", name)
}

fn labels(name: &str) -> Map {
    selector(name).put("app.kubernetes.io/part-of", "pendopo")
}

fn matching(name: &str) -> Map {
    Map::new().put("matchLabels", selector(name))
}

fn manifest(path: &str, objects: &[Map]) -> File {
    file(path, documents(objects))
}

fn file(path: &str, text: String) -> File {
    File {
        path: format!("k8s/{path}"),
        text,
    }
}

fn documents(objects: &[Map]) -> String {
    let texts = objects.iter().map(Map::to_string);
    format!(
        "# Made by `pendopo render k8s`; put what differs into an overlay of your own.\n{}",
        texts.collect::<Vec<_>>().join("---\n")
    )
}

/// A list of one-key maps is common here.
fn list<T: Into<Yaml>>(values: impl IntoIterator<Item = T>) -> Vec<Yaml> {
    values.into_iter().map(Into::into).collect()
}
