//! Which site a request belongs to, and sites that make no sense.

use edge::config::{SiteConfig, Span, TargetConfig, UpstreamConfig};
use testkit::Backend;

use crate::house::{House, Plan};

fn upstream(name: &str, backend: &Backend) -> UpstreamConfig {
    UpstreamConfig {
        name: name.to_owned(),
        targets: vec![TargetConfig::Url(backend.url())],
        ..UpstreamConfig::default()
    }
}

fn site(host: &str, path: &str, upstream: &str) -> SiteConfig {
    SiteConfig {
        host: host.to_owned(),
        path: path.to_owned(),
        upstream: Some(upstream.to_owned()),
        ..SiteConfig::default()
    }
}

#[test]
fn host_and_path_decide_who_answers() {
    let (shop, api) = (Backend::saying("shop"), Backend::saying("api"));
    let house = House::with(|plan: &mut Plan| {
        plan.config.upstream = vec![upstream("shop", &shop), upstream("api", &api)];
        plan.config.site = vec![
            site("shop.example", "/", "shop"),
            site("shop.example", "/api", "api"),
            site("*.example", "/own", "web"),
        ];
    });
    let mut client = house.plain();
    let mut ask = |host: &str, path: &str| {
        let response = client.exchange(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        (response.status, response.text().to_owned())
    };
    assert_eq!(ask("shop.example", "/"), (200, "shop".to_owned()));
    assert_eq!(ask("Shop.Example:80", "/apis"), (200, "shop".to_owned()));
    assert_eq!(ask("shop.example", "/api/x"), (200, "api".to_owned()));
    assert_eq!(ask("a.example", "/owner").0, 404);
    assert_eq!(ask("b.example", "/own"), (418, "own".to_owned()));
    assert_eq!(ask("elsewhere", "/").0, 404);
    let records = house.records(6);
    assert_eq!(
        (&records[2]["site"], &records[5]["cause"]),
        (&"shop.example/api".into(), &"no_site".into())
    );
}

#[test]
fn a_path_that_belongs_to_another_site_once_resolved_is_refused() {
    let (open, private) = (Backend::saying("open"), Backend::saying("private"));
    let house = House::with(|plan: &mut Plan| {
        plan.config.upstream = vec![upstream("open", &open), upstream("private", &private)];
        plan.config.site = vec![site("*", "/", "open"), site("*", "/private", "private")];
    });
    for path in [
        "/x/../private",
        "//private/a",
        "/%70rivate",
        "/private/../x",
        "/./private",
        "/x/%2e%2e/private",
    ] {
        let response = house
            .plain()
            .exchange(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        assert_eq!(response.status, 400, "{path}");
    }
    for path in ["/a%20b", "/a/../b", "/private/%2fx"] {
        let response = house
            .plain()
            .exchange(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        assert_eq!(response.status, 200, "{path}");
    }
}

/// An edge whose one site goes to one upstream does not start with this change, and says so.
fn check_refused(change: &dyn Fn(&mut Plan), expected: &str) {
    let backend = Backend::saying("x");
    let directory = tempfile::tempdir().unwrap();
    let outcome = House::within(directory, |plan| {
        plan.config.upstream = vec![upstream("app", &backend)];
        plan.config.site = vec![site("*", "/", "app")];
        plan.web = false;
        change(plan);
    });
    let error = outcome.err().expect(expected).to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_folder_that_is_none_is_refused() {
    for (root, what) in [
        ("/no/such/folder", "No such file"),
        ("/etc/passwd", "Not a directory"),
    ] {
        let change = |plan: &mut Plan| {
            plan.config.site[0].upstream = None;
            plan.config.site[0].root = Some(root.into());
        };
        let expected = format!("`edge.site[0].root`: the folder `{root}` can't be opened: {what}");
        check_refused(&change, &expected);
    }
    check_refused(
        &|plan| plan.config.site[0].root = Some("/".into()),
        "`edge.site[0].root`: stands beside `upstream`",
    );
}

#[test]
fn sites_and_upstreams_that_make_no_sense_are_refused_with_their_key() {
    let backend = Backend::saying("x");
    let check = check_refused;
    check(
        &|plan| plan.config.site[0].upstream = Some("ap".to_owned()),
        "`edge.site[0].upstream`: there is no upstream `ap`: there are `app` and `web`",
    );
    check(
        &|plan| plan.config.site[0].upstream = None,
        "`edge.site[0].upstream`: is missing",
    );
    check(
        &|plan| plan.config.site[0].host = "a:80".to_owned(),
        "`edge.site[0].host`: `a:80` is no host",
    );
    check(
        &|plan| plan.config.site[0].path = "/a/../b".to_owned(),
        "`edge.site[0].path`",
    );
    check(
        &|plan| plan.config.site.push(site("*", "/", "app")),
        "`edge.site[1].path`: there is another site",
    );
    check(
        &|plan| plan.config.upstream.push(upstream("app", &backend)),
        "`edge.upstream[1].name`: there are two upstreams `app`",
    );
    check(
        &|plan| plan.config.upstream[0].name = "web".to_owned(),
        "`edge.upstream[0].name`: `web` is Pendopo's own",
    );
    check(
        &|plan| plan.config.upstream[0].targets.clear(),
        "`edge.upstream[0].targets`: is empty",
    );
    check(
        &|plan| plan.config.upstream[0].targets[0] = TargetConfig::Url("app:80".to_owned()),
        "`edge.upstream[0].targets[0]`: `app:80` is no target",
    );
    check(
        &|plan| plan.config.upstream[0].connect_timeout = Span::from_secs(0),
        "`edge.upstream[0].connect_timeout`: must not be 0",
    );
    check(
        &|plan| plan.config.timeout.handshake = Span::from_secs(0),
        "`edge.timeout.handshake`: must not be 0",
    );
    check(
        &|plan| plan.config.connections.per_address = 0,
        "`edge.connections.per_address`: must not be 0",
    );
    check(
        &|plan| plan.config.site[0].upstream = Some("web".to_owned()),
        "there is nobody to hand requests to",
    );
}
