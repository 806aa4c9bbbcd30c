//! Asking DNS what the names of targets stand for: often, whatever a TTL says, and at once when a connection failed.
//!
//! Docker's name server states ten minutes for answers that are wrong within seconds, so nothing is cached.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RecordType;
use tokio::time::{Instant, sleep_until, timeout};

use super::Upstream;
use super::jitter::varied;
use super::roster::{Answer, Heard};
use super::source;

/// The pause between two rounds, and the least one when a connection failed.
const INTERVAL: Duration = Duration::from_secs(5);
const LEAST_GAP: Duration = Duration::from_millis(500);
/// How long one name may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks the names of an upstream up for ever; one round at a time.
pub(super) async fn watch(upstream: &Upstream, name_server: Option<SocketAddr>) {
    if upstream
        .sources
        .iter()
        .all(|source| source.name().is_none())
    {
        return;
    }
    let mut resolver = None;
    loop {
        let began = Instant::now();
        if resolver.is_none() {
            resolver = build(name_server);
        }
        if let Some(resolver) = &resolver {
            round(upstream, resolver).await;
        }
        sleep_until(began + LEAST_GAP).await;
        tokio::select! {
            () = sleep_until(began + varied(INTERVAL)) => {}
            () = upstream.asks.notified() => {}
        }
    }
}

fn build(name_server: Option<SocketAddr>) -> Option<TokioResolver> {
    let builder = match name_server {
        Some(server) => {
            let at_port = |mut connection: ConnectionConfig| {
                connection.port = server.port();
                connection
            };
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(at_port);
            let server = NameServerConfig::new(server.ip(), true, connections.into());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            Ok(TokioResolver::builder_with_config(
                config,
                TokioRuntimeProvider::default(),
            ))
        }
        None => TokioResolver::builder_tokio(),
    };
    let built = builder.and_then(|mut builder| {
        *builder.options_mut() = options(builder.options_mut().clone());
        builder.build()
    });
    built
        .inspect_err(|error| tracing::error!(%error, "can't ask DNS; is /etc/resolv.conf there? It is tried again"))
        .ok()
}

fn options(mut options: ResolverOpts) -> ResolverOpts {
    options.cache_size = 0;
    options.positive_max_ttl = Some(Duration::ZERO);
    options.negative_max_ttl = Some(Duration::ZERO);
    options.timeout = Duration::from_secs(1);
    options.attempts = 1;
    options
}

async fn round(upstream: &Upstream, resolver: &TokioResolver) {
    let asked = upstream
        .sources
        .iter()
        .map(async |source| match source.name() {
            Some(name) => {
                let is_of_tasks = source.roster().is_of_tasks();
                Some(ask(resolver, name, is_of_tasks).await)
            }
            None => None,
        });
    for (source, heard) in upstream.sources.iter().zip(join_all(asked).await) {
        let Some(heard) = heard else { continue };
        for error in heard.silences() {
            tracing::debug!(%error, "no answer about `{}`: the last one stands", source.address);
        }
        let now = upstream.clock.now();
        source.roster().hear(heard, |address, verdict, is_first| {
            let target = source.target(address, verdict, if is_first { 0 } else { now });
            upstream.meet(&target);
            target
        });
    }
    let members = source::members(&upstream.sources);
    // Compared, since a reload may have taken the rosters over in the middle of a round.
    let before = upstream.members();
    if !members
        .iter()
        .map(Arc::as_ptr)
        .eq(before.iter().map(Arc::as_ptr))
    {
        let labels: Vec<_> = members
            .iter()
            .map(|target| target.socket.to_string())
            .collect();
        tracing::info!(upstream = %upstream.name, "the targets of `{}` are now: {}", upstream.name, labels.join(", "));
        upstream.replace(members);
    }
}

/// A service of Docker Swarm has one address for all its tasks; `tasks.` and its name have one for each.
async fn ask(resolver: &TokioResolver, name: &str, is_of_tasks: bool) -> Answer {
    if !name.contains('.') && name != "localhost" {
        let tasks = look_up(resolver, &format!("tasks.{name}.")).await;
        // While nobody can say, the service's address must not take the place of its tasks.
        if tasks.has_addresses() || is_of_tasks && !tasks.is_denial() {
            return Answer {
                is_of_tasks: true,
                ..tasks
            };
        }
    }
    // Absolute: a search domain could lead to a stranger's host of the same name.
    look_up(resolver, &format!("{name}.")).await
}

/// Asks for each kind of address by itself: together, a failure of one would look like the absence of that kind.
async fn look_up(resolver: &TokioResolver, name: &str) -> Answer {
    let (ipv4, ipv6) = join(
        look_up_kind(resolver, name, RecordType::A),
        look_up_kind(resolver, name, RecordType::AAAA),
    )
    .await;
    Answer {
        ipv4,
        ipv6,
        is_of_tasks: false,
    }
}

async fn look_up_kind(resolver: &TokioResolver, name: &str, kind: RecordType) -> Heard {
    match timeout(PATIENCE, resolver.lookup(name, kind)).await {
        Err(_) => Heard::Silence(format!("no answer in time ({kind})")),
        Ok(Ok(found)) => {
            let answers = found.answers().iter();
            let addresses: Vec<_> = answers.filter_map(|it| it.data.ip_addr()).collect();
            if addresses.is_empty() {
                Heard::Nothing
            } else {
                Heard::Addresses(addresses)
            }
        }
        Ok(Err(error)) if error.is_no_records_found() => Heard::Nothing,
        Ok(Err(error)) => Heard::Silence(error.to_string()),
    }
}
