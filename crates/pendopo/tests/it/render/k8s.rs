//! `pendopo render k8s`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::tempdir;
use yaml_rust2::{Yaml, YamlLoader};

use super::manifest::{entries, texts};
use super::{accepts, rendered};
use crate::run::run;

const OVERLAYS: [&str; 2] = ["school", "city"];

/// A program that `cargo xtask test` installs.
fn tool(name: &str) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin");
    let path = path.join(name);
    assert!(
        path.exists(),
        "{} is not there: `cargo xtask test` installs it",
        path.display()
    );
    Command::new(path)
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaint}");
    said
}

/// What kustomize makes of an overlay, in a file.
fn built(directory: &Path, overlay: &str) -> PathBuf {
    built_with(directory, overlay, &["--redis", "--mongo"])
}

fn built_with(directory: &Path, overlay: &str, words: &[&str]) -> PathBuf {
    let folder = rendered(directory, &[&["k8s"], words].concat());
    let text = output(
        tool("kubectl")
            .arg("kustomize")
            .arg(folder.join("k8s/overlays").join(overlay)),
    );
    let file = directory.join(format!("{overlay}.yaml"));
    fs::write(&file, text).unwrap();
    file
}

fn objects(file: &Path) -> Vec<Yaml> {
    let text = fs::read_to_string(file).unwrap();
    YamlLoader::load_from_str(&text).expect("kustomize writes YAML")
}

fn kind<'a>(objects: &'a [Yaml], kind: &str) -> Vec<&'a Yaml> {
    let is_that = |object: &&Yaml| object["kind"].as_str() == Some(kind);
    objects.iter().filter(is_that).collect()
}

fn name(object: &Yaml) -> &str {
    object["metadata"]["name"].as_str().expect("a name")
}

/// The templates of everything that has pods.
fn templates(objects: &[Yaml]) -> Vec<(&str, &Yaml)> {
    objects.iter().filter_map(pod_of).collect()
}

/// What is done by the clock has a job within.
fn pod_of(object: &Yaml) -> Option<(&str, &Yaml)> {
    let spec = &object["spec"];
    let places = [&spec["template"], &spec["jobTemplate"]["spec"]["template"]];
    let found = places.into_iter().find(|place| !place.is_badvalue())?;
    Some((name(object), &found["spec"]))
}

#[test]
fn a_backup_is_made_each_night_on_a_volume_that_stays() {
    let directory = tempdir().unwrap();
    for overlay in OVERLAYS {
        let objects = objects(&built(directory.path(), overlay));
        let job = kind(&objects, "CronJob")[0];
        assert_eq!(job["spec"]["schedule"].as_str(), Some("0 2 * * *"));
        let (_, pod) = pod_of(job).unwrap();
        let command = texts(&pod["containers"][0]["args"]);
        assert_eq!(command, ["backup", "create", "--thin-out"]);
        let mut volumes = pod["volumes"].as_vec().unwrap().iter();
        let claim =
            volumes.find_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str());
        let claims = kind(&objects, "PersistentVolumeClaim");
        assert!(
            claims.iter().any(|one| Some(name(one)) == claim),
            "{claim:?}"
        );
    }
}

#[test]
fn kubernetes_own_schemas_find_no_fault() {
    let directory = tempdir().unwrap();
    let mut files: Vec<PathBuf> = OVERLAYS
        .map(|overlay| built(directory.path(), overlay))
        .into();
    let whole = directory.path().join("whole.yaml");
    fs::write(
        &whole,
        run(directory.path(), &["render", "k8s", "--redis", "--mongo"]).good(),
    )
    .unwrap();
    files.push(whole);
    for file in files {
        let mut validate = tool("kubernetes-validate");
        output(validate.arg("--strict").arg(&file));
        let broken = fs::read_to_string(&file).unwrap();
        let broken = broken.replacen("automountServiceAccountToken", "automountToken", 1);
        fs::write(&file, broken).unwrap();
        let output = tool("kubernetes-validate")
            .arg("--strict")
            .arg(&file)
            .output();
        assert!(!output.unwrap().status.success(), "a wrong key is found");
    }
}

#[test]
fn every_pod_meets_the_restricted_standard() {
    let directory = tempdir().unwrap();
    for overlay in OVERLAYS {
        let objects = objects(&built(directory.path(), overlay));
        let namespace = &kind(&objects, "Namespace")[0]["metadata"]["labels"];
        let enforced = &namespace["pod-security.kubernetes.io/enforce"];
        assert_eq!(enforced.as_str(), Some("restricted"));
        let templates = templates(&objects);
        assert!(templates.len() >= 3, "{overlay}: {}", templates.len());
        for (name, pod) in templates {
            let of_pod = &pod["securityContext"];
            assert_eq!(of_pod["runAsNonRoot"].as_bool(), Some(true), "{name}");
            assert!(of_pod["runAsUser"].as_i64() > Some(0), "{name}");
            let profile = &of_pod["seccompProfile"]["type"];
            assert_eq!(profile.as_str(), Some("RuntimeDefault"), "{name}");
            assert_eq!(pod["automountServiceAccountToken"].as_bool(), Some(false));
            for key in ["hostNetwork", "hostPID", "hostIPC"] {
                assert!(pod[key].is_badvalue(), "{name} has {key}");
            }
            for container in pod["containers"].as_vec().unwrap() {
                must_be_confined(name, container);
            }
            must_have_allowed_volumes(name, pod);
        }
    }
}

fn must_be_confined(name: &str, container: &Yaml) {
    let own = &container["securityContext"];
    assert_eq!(
        own["allowPrivilegeEscalation"].as_bool(),
        Some(false),
        "{name}"
    );
    assert_eq!(
        own["readOnlyRootFilesystem"].as_bool(),
        Some(true),
        "{name}"
    );
    assert_eq!(texts(&own["capabilities"]["drop"]), ["ALL"], "{name}");
    assert!(own["capabilities"]["add"].is_badvalue(), "{name}");
    for amount in ["requests", "limits"] {
        for kind in ["cpu", "memory"] {
            assert!(
                !container["resources"][amount][kind].is_badvalue(),
                "{name}"
            );
        }
    }
}

fn must_have_allowed_volumes(name: &str, pod: &Yaml) {
    let allowed = ["emptyDir", "secret", "configMap", "persistentVolumeClaim"];
    for volume in pod["volumes"].as_vec().unwrap() {
        let kinds: Vec<&str> = entries(volume).into_iter().map(|entry| entry.0).collect();
        let kind = kinds.into_iter().find(|kind| *kind != "name").unwrap();
        assert!(allowed.contains(&kind), "{name} has a {kind}");
    }
}

#[test]
fn nobody_reaches_anybody_but_by_a_policy() {
    let directory = tempdir().unwrap();
    let objects = objects(&built(directory.path(), "school"));
    let policies = kind(&objects, "NetworkPolicy");
    let of = |wanted: &str| {
        &policies
            .iter()
            .find(|policy| name(policy) == wanted)
            .unwrap()["spec"]
    };
    let deny = of("default-deny");
    assert_eq!(texts(&deny["policyTypes"]), ["Ingress", "Egress"]);
    assert!(deny["podSelector"].as_hash().unwrap().is_empty());
    assert!(deny["ingress"].is_badvalue() && deny["egress"].is_badvalue());
    let reached = |from: &str| -> Vec<String> {
        let rules = of(from)["egress"].as_vec().unwrap();
        rules.iter().map(|rule| peer(&rule["to"][0])).collect()
    };
    assert_eq!(reached("edge"), ["web"]);
    assert_eq!(reached("web"), ["postgres", "mongo", "redis"]);
    for job in ["migrate", "backup"] {
        assert_eq!(reached(job), ["postgres", "mongo", "redis"]);
    }
    assert_eq!(reached("postgres"), Vec::<String>::new());
    let callers = &of("postgres")["ingress"][0]["from"];
    let callers: Vec<String> = callers.as_vec().unwrap().iter().map(peer).collect();
    assert_eq!(callers, ["web", "migrate", "backup"]);
    assert_eq!(peer(&of("web")["ingress"][0]["from"][0]), "edge");
    assert!(of("migrate")["ingress"].as_vec().unwrap().is_empty());
}

#[test]
fn whoever_asks_the_database_reaches_it_outside_of_the_cluster_too() {
    let check = |words: &[&str], wanted: &[&str]| {
        let directory = tempdir().unwrap();
        let objects = objects(&built_with(directory.path(), "city", words));
        let policies = kind(&objects, "NetworkPolicy");
        let mut policies = policies.into_iter();
        let way = policies.find(|policy| name(policy) == "database").unwrap();
        let pods = &way["spec"]["podSelector"]["matchExpressions"][0]["values"];
        assert_eq!(texts(pods), wanted);
        let rule = &way["spec"]["egress"][0];
        assert!(rule["to"].is_badvalue(), "its address is anybody's guess");
        assert_eq!(rule["ports"][0]["port"].as_i64(), Some(5432));
    };
    check(&[], &["web", "migrate", "backup"]);
    check(&["--postgres", "--pgbouncer"], &["pgbouncer"]);
}

fn peer(rule: &Yaml) -> String {
    let name = &rule["podSelector"]["matchLabels"]["app.kubernetes.io/name"];
    name.as_str().expect("the name of pods").to_owned()
}

#[test]
fn the_roles_are_scaled_probed_and_drained() {
    let directory = tempdir().unwrap();
    let objects = objects(&built(directory.path(), "city"));
    let scaler = &kind(&objects, "HorizontalPodAutoscaler")[0]["spec"];
    assert_eq!(scaler["minReplicas"].as_i64(), Some(4), "the overlay's");
    let budgets = kind(&objects, "PodDisruptionBudget");
    assert_eq!(
        budgets
            .iter()
            .map(|budget| name(budget))
            .collect::<Vec<_>>(),
        ["edge", "web"]
    );
    for deployment in kind(&objects, "Deployment") {
        let name = name(deployment);
        let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
        assert_eq!(rolling["maxUnavailable"].as_i64(), Some(0), "{name}");
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let pause = &container["lifecycle"]["preStop"]["sleep"]["seconds"];
        assert_eq!(pause.as_i64(), Some(5), "{name}");
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let port = &container[probe]["httpGet"]["port"];
            assert_eq!(port.as_str(), Some("private"), "{name}");
        }
        let ready = container["readinessProbe"]["httpGet"]["path"].as_str();
        assert_eq!(ready, Some(format!("/readyz?role={name}").as_str()));
    }
    let jobs = kind(&objects, "Job");
    let command = &jobs[0]["spec"]["template"]["spec"]["containers"][0]["args"];
    assert_eq!(texts(command), ["migrate"]);
}

#[test]
fn a_changed_configuration_renews_the_pods() {
    let directory = tempdir().unwrap();
    let config = |file: &Path| {
        let objects = objects(file);
        let maps = kind(&objects, "ConfigMap").into_iter().map(name);
        maps.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = config(&built(directory.path(), "school"));
    let file = directory.path().join("deploy/k8s/base/edge.toml");
    let text = fs::read_to_string(&file).unwrap() + "# changed\n";
    fs::write(&file, text).unwrap();
    let folder = directory.path().join("deploy/k8s/overlays/school");
    let text = output(tool("kubectl").arg("kustomize").arg(folder));
    fs::write(directory.path().join("after.yaml"), text).unwrap();
    let after = config(&directory.path().join("after.yaml"));
    assert_ne!(before[0], after[0], "the edge's");
    assert_eq!(before[1], after[1], "web's");
}

#[test]
fn pendopo_takes_the_configuration_of_each_role() {
    let directory = tempdir().unwrap();
    let folder = rendered(directory.path(), &["k8s", "--domain", "sekolah.example"]);
    for role in ["edge", "web"] {
        let file = folder.join(format!("k8s/base/{role}.toml"));
        let said = accepts(directory.path(), &file);
        assert!(said.contains("admin.listen = \"0.0.0.0:9090\""), "{said}");
    }
}
