//! What is wrong with sites and upstreams taken together, each fault with its key and the mend.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;

use super::{Address, Config, SiteConfig, UpstreamConfig, zeros};
use crate::folder::Folder;
use crate::proxy_protocol::LOCAL;
use crate::site::HostPattern;

/// The upstream that is always there: Pendopo's own pages and API.
pub const WEB: &str = "web";

/// One fault of a site, an upstream or a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {what}")]
pub struct RouteFault {
    /// The section, such as `edge.site` or `edge.upstream`.
    pub section: &'static str,
    /// The key with the place in its list, such as `edge.site[0].upstream`.
    pub key: String,
    /// What is wrong, and the mend.
    pub what: String,
}

impl Config {
    /// Every fault of the sites, the upstreams, the limits and the deadlines.
    pub fn route_faults(&self) -> Vec<RouteFault> {
        let upstreams = self.upstream.iter().enumerate();
        let mut faults: Vec<_> = upstreams
            .flat_map(|(index, upstream)| {
                let earlier = &self.upstream[..index];
                of_upstream(upstream, earlier)
                    .into_iter()
                    .map(move |(key, what)| fault("edge.upstream", index, &key, what))
            })
            .collect();
        for (index, site) in self.site.iter().enumerate() {
            let found = of_site(site, &self.site[..index], &self.upstream);
            faults.extend(
                found
                    .into_iter()
                    .map(|(key, what)| fault("edge.site", index, &key, what)),
            );
        }
        let others = self.limit_faults().into_iter().chain(self.proxy_fault());
        let others = others.chain(self.zero_faults());
        faults.extend(others.map(|(section, key, what)| RouteFault { section, key, what }));
        faults
    }

    fn proxy_fault(&self) -> Option<(&'static str, String, String)> {
        let what =
            "needs `edge.trusted_proxies`: name the networks of the proxies that send the header";
        let is_aimless = self.proxy_protocol && self.trusted_proxies.is_empty();
        let key = "edge.proxy_protocol";
        is_aimless.then(|| (key, key.to_owned(), what.to_owned()))
    }

    /// What a connection to our own listeners must begin with when it is made from this address: a PROXY header that
    /// names nobody, or nothing.
    pub fn greeting(&self, own: IpAddr) -> &'static [u8] {
        if self.proxy_protocol && self.trusts(own) {
            LOCAL
        } else {
            &[]
        }
    }

    /// Whether forwarded headers, or the PROXY header, of this peer are believed.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        let mut networks = self.trusted_proxies.iter();
        networks.any(|network| network.contains(&peer))
    }

    /// Whether any request may go to Pendopo's own pages and API.
    pub fn needs_web(&self) -> bool {
        self.site.is_empty()
            || self
                .site
                .iter()
                .any(|site| site.upstream.as_deref() == Some(WEB))
    }
}

type Found = Vec<(String, String)>;

fn fault(section: &'static str, index: usize, key: &str, what: String) -> RouteFault {
    RouteFault {
        section,
        key: format!("{section}[{index}].{key}"),
        what,
    }
}

fn of_upstream(upstream: &UpstreamConfig, earlier: &[UpstreamConfig]) -> Found {
    let mut found = Vec::new();
    let mut add = |key: &str, what: String| found.push((key.to_owned(), what));
    let name = upstream.name.as_str();
    if name.is_empty() {
        add(
            "name",
            "is missing: give the upstream a name such as `app`".to_owned(),
        );
    } else if name == WEB {
        add(
            "name",
            "`web` is Pendopo's own: give the upstream another name".to_owned(),
        );
    } else if !name.bytes().all(is_name_byte) {
        add(
            "name",
            format!("`{name}` may only have letters, digits, `-`, `_` and `.`"),
        );
    } else if earlier.iter().any(|other| other.name == name) {
        add(
            "name",
            format!("there are two upstreams `{name}`: give each its own name"),
        );
    }
    if upstream.targets.is_empty() {
        add(
            "targets",
            "is empty: name at least one, such as `[\"http://127.0.0.1:9001\"]`".to_owned(),
        );
    }
    if let Some(check) = &upstream.check {
        if !check.path.starts_with('/') || !check.path.bytes().all(|byte| byte.is_ascii_graphic()) {
            add(
                "check.path",
                format!("`{}` is no path: write one such as `/health`", check.path),
            );
        }
        if check.rise == 0 || check.fall == 0 || check.interval.duration().is_zero() {
            add(
                "check",
                "`rise`, `fall` and `interval` must not be 0".to_owned(),
            );
        }
    }
    found.extend(of_targets(upstream));
    found.extend(zeros::of_upstream(upstream));
    found
}

pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn of_targets(upstream: &UpstreamConfig) -> Found {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for (index, target) in upstream.targets.iter().enumerate() {
        let mut add = |what: String| found.push((format!("targets[{index}]"), what));
        match target.url().parse::<Address>() {
            Err(error) => add(error.to_string()),
            Ok(_) if target.weight() == 0 || target.weight() > 1000 => {
                add(
                    "the weight must be from 1 to 1000; leave the target out instead of 0"
                        .to_owned(),
                );
            }
            Ok(address) if !seen.insert(address.to_string()) => {
                add(format!(
                    "`{}` stands there twice: give it a weight instead",
                    target.url()
                ));
            }
            Ok(_) => {}
        }
    }
    if !upstream.targets.is_empty() && upstream.targets.iter().all(super::TargetConfig::is_backup) {
        found.push((
            "targets".to_owned(),
            "all are backups: at least one must not be".to_owned(),
        ));
    }
    found
}

fn of_site(site: &SiteConfig, earlier: &[SiteConfig], upstreams: &[UpstreamConfig]) -> Found {
    let mut found = Vec::new();
    let mut add = |key: &str, what: String| found.push((key.to_owned(), what));
    match site.host.parse::<HostPattern>() {
        Err(error) => add("host", error.to_string()),
        Ok(host) => {
            let is_same = |other: &&SiteConfig| {
                other.host.parse::<HostPattern>().as_ref() == Ok(&host)
                    && other.path.trim_end_matches('/') == site.path.trim_end_matches('/')
            };
            if earlier.iter().any(|other| is_same(&other)) {
                add(
                    "path",
                    format!(
                        "there is another site `{}` with the path `{}`",
                        site.host, site.path
                    ),
                );
            }
        }
    }
    if !crate::site::is_plain_path(&site.path) {
        add(
            "path",
            format!(
                "`{}` must begin with `/` and be plain, without `//`, dot segments or `%`",
                site.path
            ),
        );
    }
    found.extend(of_answers(site, upstreams));
    found
}

/// Who answers for a site: an upstream or a folder, and not both.
fn of_answers(site: &SiteConfig, upstreams: &[UpstreamConfig]) -> Option<(String, String)> {
    let found = |key: &str, what: String| Some((key.to_owned(), what));
    match (site.upstream.as_deref(), &site.root) {
        (Some(_), Some(_)) => found(
            "root",
            "stands beside `upstream`: a site has one of them".to_owned(),
        ),
        (None, Some(root)) => found("root", unservable(root)?),
        (None, None) => found(
            "upstream",
            "is missing: name an `[[edge.upstream]]`, or `web`, or give the site a `root`"
                .to_owned(),
        ),
        (Some(WEB), None) => None,
        (Some(name), None) if upstreams.iter().any(|upstream| upstream.name == name) => None,
        (Some(name), None) => found(
            "upstream",
            format!("there is no upstream `{name}`{}", nearest(name, upstreams)),
        ),
    }
}

fn unservable(root: &Path) -> Option<String> {
    let error = Folder::open(root).err()?;
    Some(format!(
        "the folder `{}` can't be opened: {error}",
        root.display()
    ))
}

fn nearest(name: &str, upstreams: &[UpstreamConfig]) -> String {
    let names: Vec<_> = upstreams
        .iter()
        .map(|upstream| format!("`{}`", upstream.name))
        .collect();
    if names.is_empty() {
        return format!(": add an `[[edge.upstream]]` with the name `{name}`");
    }
    format!(": there are {} and `web`", names.join(", "))
}
