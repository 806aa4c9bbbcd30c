//! The gate's pure parts; what it does to whole requests is tested at the socket.

use super::target::normal;

#[test]
fn a_path_has_one_plain_reading() {
    for (written, read) in [
        ("/", "/"),
        ("/health", "/health"),
        ("//health", "/health"),
        ("/./health", "/health"),
        ("/a/../health", "/health"),
        ("/a/%2e%2E/health", "/health"),
        ("/%68ealth", "/health"),
        ("/a%2f..%2fhealth", "/health"),
        ("/..%5chealth", "/health"),
        ("/../../../etc", "/etc"),
        ("/100%", "/100%"),
        ("/%zz%4", "/%zz%4"),
    ] {
        assert_eq!(normal(written), read, "{written}");
    }
}
