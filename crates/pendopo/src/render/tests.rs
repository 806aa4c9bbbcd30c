//! One change of the description is found in every manifest.

use toml::Value;

use super::model::{Configuration, Deployment};
use super::*;

fn choice() -> Choice {
    Choice {
        domains: Vec::new(),
        web: 1,
        postgres: true,
        redis: true,
        mongo: true,
        pgbouncer: true,
        log_reader: false,
        build: None,
    }
}

/// The three manifests, with the files that belong to them.
fn manifests(deployment: &Deployment) -> [String; 3] {
    let stack = stack::document(deployment).to_string();
    let settings = deployment.services.iter();
    let settings = settings.filter_map(|service| settings::file(service, &[]));
    let stack = settings.fold(stack, |all, text| all + &text);
    [
        compose::document(deployment).to_string(),
        stack,
        k8s::text(deployment),
    ]
}

/// Every manifest has the text after the change, and none had it before.
fn check(change: impl Fn(&mut Deployment), texts: [&str; 3]) {
    let mut deployment = roles::deployment(&choice());
    let before = manifests(&deployment);
    change(&mut deployment);
    let after = manifests(&deployment);
    for ((before, after), text) in before.iter().zip(&after).zip(texts) {
        assert!(!before.contains(text), "`{text}` was there:\n{before}");
        assert!(after.contains(text), "`{text}` is not in:\n{after}");
    }
}

#[test]
fn a_setting_of_a_role_reaches_all_three() {
    let set = |deployment: &mut Deployment| {
        let Configuration::Settings(_, settings) = &mut deployment.services[0].configuration else {
            panic!("the first is ours")
        };
        settings.push(("edge.hsts", Value::from("77d")));
    };
    check(
        set,
        [
            "PENDOPO_EDGE__HSTS: \"77d\"",
            "hsts = \"77d\"",
            "hsts = \"77d\"",
        ],
    );
}

#[test]
fn a_limit_reaches_all_three() {
    check(
        |deployment| deployment.services[1].limits.mebibytes = 333,
        [
            "mem_limit: \"333m\"",
            "memory: \"333m\"",
            "memory: \"333Mi\"",
        ],
    );
}

#[test]
fn an_image_reaches_all_three() {
    let image = "registry.example/pendopo:9";
    check(
        |deployment| deployment.services[0].image = format!("${{IMAGE:-{image}}}"),
        [
            "image: \"${IMAGE:-registry.example/pendopo:9}\"",
            "image: \"${IMAGE:-registry.example/pendopo:9}\"",
            "image: \"registry.example/pendopo:9\"",
        ],
    );
}

#[test]
fn who_talks_to_somebody_shares_a_network_with_them() {
    let deployment = roles::deployment(&choice());
    for service in &deployment.services {
        for name in &service.talks_to {
            let other = deployment.service(name).expect("a service of that name");
            assert!(!other.listens.is_empty(), "{name} listens");
            let mut shared = other.networks.iter();
            assert!(
                shared.any(|network| service.networks.contains(network)),
                "{} can't reach {name}",
                service.name
            );
        }
    }
}
