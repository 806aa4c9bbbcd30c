//! Which site a request belongs to: the longest host first, then the longest path.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::str::FromStr;

use crate::authority;
use crate::path;

/// A host as a site names it, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// This name or address.
    Exact(Box<str>),
    /// Every name that ends so; begins with a dot.
    Below(Box<str>),
    Any,
}

/// Why a text is no host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no host: write a name such as `shop.example`, `*.example` for all below it, or `*`, without a port"
)]
pub(crate) struct InvalidHost(String);

impl FromStr for HostPattern {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let host = text.to_ascii_lowercase();
        if host == "*" {
            return Ok(Self::Any);
        }
        let (pattern, name): (fn(Box<str>) -> Self, _) = match host.strip_prefix('*') {
            Some(below) if below.starts_with('.') => (Self::Below, &below[1..]),
            _ => (Self::Exact, host.as_str()),
        };
        if !is_name(name) {
            return Err(InvalidHost(text.to_owned()));
        }
        Ok(pattern(host.trim_start_matches('*').into()))
    }
}

/// A DNS name, or an address; IPv6 in brackets.
fn is_name(name: &str) -> bool {
    let in_brackets = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = in_brackets {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether a path is in the form that the gate gives it.
pub(crate) fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'%' | b'\\'))
        && path::is_plain(path)
}

/// Rules that lead to values of `T`.
#[derive(Debug)]
pub(crate) struct Sites<T> {
    exact: HashMap<Box<str>, Paths<T>>,
    /// The longest first.
    below: Vec<(Box<str>, Paths<T>)>,
    any: Paths<T>,
}

/// Path prefixes without a slash at the end, the longest first.
type Paths<T> = Vec<(Box<str>, T)>;

impl<T> Default for Sites<T> {
    fn default() -> Self {
        Self {
            exact: HashMap::new(),
            below: Vec::new(),
            any: Vec::new(),
        }
    }
}

impl<T> Sites<T> {
    /// Adds a rule; `path` is plain.
    pub(crate) fn add(&mut self, host: HostPattern, path: &str, value: T) {
        let paths = match host {
            HostPattern::Exact(name) => self.exact.entry(name).or_default(),
            HostPattern::Below(end) => self.below(end),
            HostPattern::Any => &mut self.any,
        };
        paths.push((path.trim_end_matches('/').into(), value));
        paths.sort_by_key(|(path, _)| Reverse(path.len()));
    }

    fn below(&mut self, end: Box<str>) -> &mut Paths<T> {
        let place = self.below.iter().position(|(own, _)| *own == end);
        let place = place.unwrap_or_else(|| {
            let before = self
                .below
                .partition_point(|(own, _)| own.len() >= end.len());
            self.below.insert(before, (end, Vec::new()));
            before
        });
        &mut self.below[place].1
    }

    /// The value of the rule that fits best. `authority` may have a port and is compared without regard to case.
    pub(crate) fn find(&self, authority: &str, path: &str) -> Option<&T> {
        let host = authority::host(authority);
        let is_lower = !host.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_lower {
            self.find_lower(host, path)
        } else {
            self.find_lower(&host.to_ascii_lowercase(), path)
        }
    }

    fn find_lower(&self, host: &str, path: &str) -> Option<&T> {
        let exact = self.exact.get(host).into_iter();
        let below = self
            .below
            .iter()
            .filter(|(end, _)| host.len() > end.len() && host.ends_with(&**end))
            .map(|(_, paths)| paths);
        exact
            .chain(below)
            .chain([&self.any])
            .find_map(|paths| at_path(paths, path))
    }
}

fn at_path<'a, T>(paths: &'a Paths<T>, path: &str) -> Option<&'a T> {
    let fits = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    paths
        .iter()
        .find(|(prefix, _)| fits(prefix))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
