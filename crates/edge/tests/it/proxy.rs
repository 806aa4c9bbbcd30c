//! Requests that are handed on to servers of others.

mod answers;
mod as_nginx;
mod balancing;
mod bodies;
mod calls;
mod drain;
mod events;
mod failures;
mod headers;
mod http2;
mod names;
mod resting;
mod reuse;
mod secure;
mod tunnels;

pub(crate) use calls::python;
use edge::config::{SiteConfig, Span, TargetConfig, UpstreamConfig};
use testkit::Backend;

use crate::house::{House, Plan};

/// An upstream `app` with these targets that never waits long.
pub(crate) fn app(targets: &[String]) -> UpstreamConfig {
    UpstreamConfig {
        name: "app".to_owned(),
        targets: targets.iter().cloned().map(TargetConfig::Url).collect(),
        wait: Span::from_millis(0),
        ..UpstreamConfig::default()
    }
}

/// Every request goes to the upstream `app`.
pub(crate) fn everything_to(upstream: UpstreamConfig) -> impl FnOnce(&mut Plan) {
    |plan| {
        plan.config.upstream = vec![upstream];
        plan.config.site = vec![SiteConfig {
            upstream: Some("app".to_owned()),
            ..SiteConfig::default()
        }];
        plan.web = false;
    }
}

/// An edge before these servers.
pub(crate) fn before(backends: &[&Backend]) -> House {
    let urls: Vec<_> = backends.iter().map(|backend| backend.url()).collect();
    House::with(everything_to(app(&urls)))
}

/// A request without a body.
pub(crate) const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
