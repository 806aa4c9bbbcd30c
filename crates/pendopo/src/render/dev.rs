//! An overlay for those who write Pendopo: the roles are built from the checkout, and again at each change.

use super::model::{Deployment, Service};
use super::yaml::Map;

/// The stage of the Dockerfile that has the compiler.
const STAGE: &str = "compiler";
/// Where the checkout is seen.
const SOURCE: &str = "/src";

/// The overlay.
pub(super) fn document(deployment: &Deployment, checkout: &str) -> Map {
    let ours = deployment
        .services
        .iter()
        .filter(|service| service.role().is_some());
    let names = ours.clone().map(|service| data(service.name));
    let volumes = names.chain(["dev-target".to_owned(), "dev-cargo".to_owned()]);
    Map::new()
        .put(
            "services",
            ours.map(|service| (service.name, body(service, checkout)))
                .collect::<Map>(),
        )
        .put(
            "volumes",
            volumes.map(|name| (name, Map::new())).collect::<Map>(),
        )
}

/// Not that of the image, whose user is another one.
fn data(name: &str) -> String {
    format!("dev-{name}-data")
}

fn body(service: &Service, checkout: &str) -> Map {
    let build = Map::new()
        .put("context", checkout)
        .put("dockerfile", "deploy/Dockerfile")
        .put("target", STAGE);
    let chore = ["cargo", "run", "--quiet", "--package", "xtask", "--", "dev"];
    let program = format!("{SOURCE}/target/debug/pendopo");
    let health = ["CMD", &program, "healthcheck", "--role", service.name];
    let health = Map::new().put("test", health).put("start_period", "1800s");
    Map::new()
        .put("image", "pendopo-dev")
        .put("build", build)
        .put("entrypoint", chore)
        .put("command", ["--role", service.name])
        .put("working_dir", SOURCE)
        .put("environment", Map::new().put("CARGO_HOME", "/cargo"))
        .put("volumes", volumes(service, checkout))
        // The volumes are root's, and so is the checkout in most of the engine's machines.
        .put("user", "0:0")
        // The chore is told to end by a signal, which has no effect on a first process that does not handle it.
        .put("init", true)
        .put("cap_add", ["DAC_OVERRIDE"])
        .put("read_only", false)
        .put("cpus", "2.00")
        .put("mem_limit", "6144m")
        .put("pids_limit", 2048_u32)
        .put("healthcheck", health)
}

fn volumes(service: &Service, checkout: &str) -> Vec<Map> {
    let mount = |kind: &str, source: &str, target: &str| {
        Map::new()
            .put("type", kind)
            .put("source", source)
            .put("target", target)
    };
    let size = Map::new().put("size", 512_u32 << 20);
    let temporary = Map::new().put("type", "tmpfs").put("target", "/tmp");
    vec![
        mount("bind", checkout, SOURCE),
        mount("volume", "dev-target", &format!("{SOURCE}/target")),
        mount("volume", "dev-cargo", "/cargo"),
        mount("volume", &data(service.name), "/data"),
        temporary.put("tmpfs", size),
    ]
}
