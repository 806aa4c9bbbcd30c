//! Which layer of a proxy a function belongs to, by its name.

const NETWORK: &str = "kernel: TCP/IP and its filters";
const WAITING: &str = "kernel: waiting and waking";
const KERNEL_MEMORY: &str = "kernel: memory and copying";
const KERNEL: &str = "kernel: calls, files and the rest";
const TLS: &str = "TLS";
const HTTP: &str = "HTTP towards the client";
const UPSTREAM: &str = "proxying and the upstream";
const PHASES: &str = "gate, routes, limits, headers of the edge";
const LOG: &str = "access log";
const HEADERS: &str = "header maps and shared bytes";
const RUNTIME: &str = "sockets, tasks and timers";
const MEMORY: &str = "memory and copying";
const NGINX: &str = "nginx's own functions";
const NAMELESS: &str = "functions without names";
const REST: &str = "the rest";

/// All of them, in the order of a report.
pub(super) const LAYERS: &[&str] = &[
    HTTP,
    UPSTREAM,
    PHASES,
    LOG,
    HEADERS,
    RUNTIME,
    MEMORY,
    TLS,
    NGINX,
    NAMELESS,
    REST,
    NETWORK,
    WAITING,
    KERNEL_MEMORY,
    KERNEL,
];

/// Words in names, the most telling first.
const OWN: &[(&str, &[&str])] = &[
    (NGINX, &["ngx_"]),
    (UPSTREAM, &["edge::proxy", "edge::upstream"]),
    (LOG, &["edge::access_log", "traffic::record", "jiff::"]),
    (
        PHASES,
        &["edge::", "traffic::", "prometheus_client", "lifecycle::"],
    ),
    (TLS, &["rustls", "aws_lc", "aes", "gcm", "SSL_", "EVP_"]),
    (HTTP, &["hyper", "httparse", "h2::"]),
    (
        RUNTIME,
        &["tokio", "mio::", "clock_gettime", "asynccancel", "epoll_"],
    ),
    (
        MEMORY,
        &[
            "malloc", "calloc", "realloc", "free", "memmove", "memcpy", "memset", "memcmp", "mi_",
        ],
    ),
    (HEADERS, &["http::", "bytes::"]),
];

const KERNELS: &[(&str, &[&str])] = &[
    (
        WAITING,
        &[
            "ep_", "epoll", "wake", "sched", "_ipi", "futex", "timer", "task",
        ],
    ),
    (
        NETWORK,
        &[
            "tcp",
            "ip_",
            "ipv4",
            "inet",
            "skb",
            "sock",
            "sk_",
            "dst_",
            "dev_",
            "net",
            "nf_",
            "conntrack",
            "bbr",
            "loopback",
            "neigh",
        ],
    ),
    (
        KERNEL_MEMORY,
        &["kmem", "slab", "alloc", "free", "page", "copy", "mem"],
    ),
];

/// The layer of a function in this object.
pub(super) fn layer(is_kernel: bool, object: &str, symbol: &str) -> &'static str {
    let find = |rules: &[(&'static str, &[&str])]| {
        let fits = |words: &[&str]| words.iter().any(|word| symbol.contains(word));
        rules
            .iter()
            .find(|(_, words)| fits(words))
            .map(|(layer, _)| *layer)
    };
    if is_kernel {
        return find(KERNELS).unwrap_or(KERNEL);
    }
    if object.starts_with("libssl") || object.starts_with("libcrypto") {
        return TLS;
    }
    if symbol.starts_with("0x") {
        return NAMELESS;
    }
    find(OWN).unwrap_or(REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_the_layer_that_its_name_tells() {
        let check = |object, symbol, expected| assert_eq!(layer(false, object, symbol), expected);
        check("pendopo", "edge::upstream::own::Own::poll_head", UPSTREAM);
        check("pendopo", "edge::gate::check", PHASES);
        check(
            "pendopo",
            "hyper::proto::h1::io::Buffered<T,B>::poll_flush",
            HTTP,
        );
        check("pendopo", "http::header::map::HeaderMap<T>::get", HEADERS);
        check("libc.so.6", "_int_malloc", MEMORY);
        check("libcrypto.so.3", "0x00000000000f1234", TLS);
        check("nginx", "0x0000000000012345", NAMELESS);
        check("nginx", "ngx_http_parse_header_line", NGINX);
        assert_eq!(layer(true, "[kernel.kallsyms]", "tcp_ack"), NETWORK);
        assert_eq!(layer(true, "[kernel.kallsyms]", "ep_send_events"), WAITING);
        assert_eq!(layer(true, "[kernel.kallsyms]", "fdget"), KERNEL);
    }
}
