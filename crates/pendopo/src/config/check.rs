//! Settings that are good one by one, but not together.

use std::net::SocketAddr;

use edge::config::RouteFault;

use super::fault::{Fault, Faults};
use super::loaded::Loaded;
use super::setting::Origin;

/// Every contradiction, each with the keys that take part in it.
pub(super) fn contradictions(loaded: &Loaded) -> Result<(), Faults> {
    let faults: Vec<Fault> = [
        names(loaded),
        listeners(loaded),
        certificate(loaded),
        routes(loaded),
        replicas(loaded),
    ]
    .concat();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Faults(faults))
    }
}

fn names(loaded: &Loaded) -> Vec<Fault> {
    let wrong = loaded.config.domains.iter().filter(|name| !is_domain(name));
    let fault = |name: &String| {
        let what = format!(
            "`{name}` is no domain name: write one such as `sekolah.example`, without `https://` or a port"
        );
        Fault::of("domains", &loaded.origin("domains"), what)
    };
    wrong.map(fault).collect()
}

fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Two listeners on one address would take each other's connections.
fn listeners(loaded: &Loaded) -> Vec<Fault> {
    let config = &loaded.config;
    let listeners = [
        ("edge.http", config.edge.http.address()),
        ("edge.https", config.edge.https.address()),
        ("admin.listen", Some(config.admin.listen)),
        ("web.listen", Some(config.web.listen)),
    ];
    let mut faults = Vec::new();
    for (index, (key, address)) in listeners.iter().enumerate() {
        let earlier = listeners[..index]
            .iter()
            .find(|(_, other)| clash(*address, *other));
        if let Some((other, _)) = earlier {
            let what = format!(
                "is the same address as `{other}` ({}): give each its own",
                loaded.origin(other)
            );
            faults.push(Fault::of(key, &loaded.origin(key), what));
        }
    }
    if config.edge.http.address().is_none() && config.edge.https.address().is_none() {
        let what =
            "both `edge.http` and `edge.https` are off, so nobody could come in: open one of them";
        faults.push(Fault::of("edge.https", &loaded.origin("edge.https"), what));
    }
    faults
}

fn clash(one: Option<SocketAddr>, other: Option<SocketAddr>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) if one.port() == other.port() && one.port() != 0 => {
            one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified()
        }
        _ => false,
    }
}

fn routes(loaded: &Loaded) -> Vec<Fault> {
    let faults = loaded.config.edge.route_faults().into_iter();
    let told = |fault: RouteFault| {
        let origin = match loaded.origin(&fault.key) {
            // A key inside a list is set with the whole list.
            Origin::Default => loaded.origin(fault.section),
            own => own,
        };
        Fault::of(&fault.key, &origin, fault.what)
    };
    faults.map(told).collect()
}

fn replicas(loaded: &Loaded) -> Vec<Fault> {
    let store = &loaded.config.store;
    if store.records_read.is_empty() || store.records.file().is_none() {
        return Vec::new();
    }
    let what = "only a PostgreSQL server in `store.records` has replicas: leave it out";
    let key = "store.records_read";
    vec![Fault::of(key, &loaded.origin(key), what)]
}

fn certificate(loaded: &Loaded) -> Vec<Fault> {
    let tls = &loaded.config.edge.tls;
    let (set, missing) = match (&tls.certificate, &tls.key) {
        (Some(_), None) => ("edge.tls.certificate", "edge.tls.key"),
        (None, Some(_)) => ("edge.tls.key", "edge.tls.certificate"),
        _ => return Vec::new(),
    };
    vec![Fault::of(
        set,
        &loaded.origin(set),
        format!("needs `{missing}` beside it: set both, or neither"),
    )]
}
