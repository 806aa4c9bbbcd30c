//! Hosts and paths: one reading of each, and the best rule against a search through all of them.

use crate::authority::{is_authority, without_port};
use crate::path;
use crate::site::{HostPattern, Sites, is_plain_path};

/// A rule a line, `host path`, and then the request, `authority path`.
pub fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let mut lines: Vec<(&str, &str)> = lines.collect();
    let Some((authority, asked)) = lines.pop() else {
        return;
    };
    has_one_reading(asked);
    if is_authority(authority) {
        let url: http::Uri = format!("http://{authority}/").parse().expect("a URI");
        assert_eq!(url.host(), Some(without_port(authority)));
        fits_best(&lines, authority, asked);
    }
}

fn has_one_reading(asked: &str) {
    let read = path::normal(asked);
    let mut segments = read.split('/').skip(1);
    let is_resolved = read == "/" || segments.all(|one| !matches!(one, "" | "." | ".."));
    assert!(is_resolved, "{asked} is {read}");
    if is_plain_path(asked) {
        let alike = read.trim_end_matches('/') == asked.trim_end_matches('/');
        assert!(alike, "{asked} is plain, yet read as {read}");
    }
}

/// A rule that counts, and its number.
type Rule<'a> = (HostPattern, &'a str, usize);

fn fits_best(lines: &[(&str, &str)], authority: &str, asked: &str) {
    let mut sites = Sites::default();
    let mut rules = Vec::<Rule<'_>>::new();
    for (number, (host, path)) in lines.iter().enumerate() {
        if let (Ok(host), true) = (host.parse::<HostPattern>(), is_plain_path(path)) {
            sites.add(host.clone(), path, number);
            rules.push((host, path.trim_end_matches('/'), number));
        }
    }
    let host = without_port(authority).to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let fitting = rules
        .iter()
        .filter(|(pattern, path, _)| at(pattern, host).is_some() && is_at(path, asked));
    // Of equals, the first counts; `max_by_key` takes the last.
    let best = fitting
        .rev()
        .max_by_key(|(pattern, path, _)| (at(pattern, host), path.len()));
    let expected = best.map(|(_, _, number)| number);
    assert_eq!(sites.find(authority, asked), expected);
}

/// How closely a pattern fits a host.
fn at(pattern: &HostPattern, host: &str) -> Option<usize> {
    match pattern {
        HostPattern::Exact(name) => (**name == *host).then_some(usize::MAX),
        HostPattern::Below(end) => {
            let name = host.strip_suffix(&**end)?;
            (!name.is_empty()).then_some(end.len())
        }
        HostPattern::Any => Some(0),
    }
}

fn is_at(path: &str, asked: &str) -> bool {
    asked == path || asked.starts_with(&format!("{path}/"))
}
