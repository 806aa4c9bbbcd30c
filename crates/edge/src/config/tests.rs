//! Units are read as people write them, and refused with the mend.

use traffic::Delay;

use super::*;

#[test]
fn units_are_written_as_they_are_read() {
    for text in ["500ms", "10s", "90s", "5m", "12h", "30d", "0s"] {
        assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
    }
    for text in ["512B", "32KiB", "10MiB", "1GiB", "1025B", "0B"] {
        assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
    }
    for text in ["127.0.0.1:8080", "[::]:443", "off"] {
        assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
    }
    for text in ["20r/s", "1r/m", "off"] {
        assert_eq!(text.parse::<RateSetting>().unwrap().to_string(), text);
    }
}

#[test]
fn other_texts_are_refused_with_an_example() {
    for text in [
        "",
        "10",
        "s",
        "-1s",
        "1.5s",
        "10 parsecs",
        "99999999999999999999s",
        "18446744073709551615d",
    ] {
        assert!(
            text.parse::<Span>()
                .unwrap_err()
                .to_string()
                .contains("`10s`"),
            "{text}"
        );
    }
    for text in ["", "10", "10MB", "KiB", "18446744073709551615KiB"] {
        assert!(
            text.parse::<ByteSize>()
                .unwrap_err()
                .to_string()
                .contains("`10MiB`"),
            "{text}"
        );
    }
    assert!(
        "8080"
            .parse::<Listen>()
            .unwrap_err()
            .to_string()
            .contains("`127.0.0.1:8080`")
    );
    assert!(
        "20".parse::<RateSetting>()
            .unwrap_err()
            .to_string()
            .contains("`20r/s`")
    );
}

#[test]
fn a_limit_that_is_off_is_none() {
    let mut config = Config::default();
    assert_eq!(config.all_limits().len(), 1);
    config.limit.rate = RateSetting::OFF;
    assert_eq!(config.all_limits(), []);
    config.limit.rate = RateSetting::per_second(20);
    config.limit.nodelay = true;
    let policy = config.all_limits()[0].policy();
    assert_eq!(policy.map(|policy| policy.delay), Some(Delay::Never));
}

#[test]
fn our_own_connections_begin_as_a_proxys_where_they_must() {
    let own = "127.0.0.1".parse().unwrap();
    let mut config = Config {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Config::default()
    };
    assert_eq!(config.greeting(own), b"");
    config.proxy_protocol = true;
    assert_eq!(config.greeting(own), crate::proxy_protocol::LOCAL);
    assert_eq!(config.greeting("192.0.2.1".parse().unwrap()), b"");
}
