//! What is measured: the loads, and the other parts that a caller may pick.

use clap::ValueEnum;

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// One user over HTTPS
    Get,
    /// One user over HTTPS, at an equal rate
    Paced,
    /// The page of 50 messages over HTTPS
    Page,
    /// Create a user over HTTPS
    Create,
    /// One record over plain HTTP
    PlainGet,
    /// 20 records over plain HTTP
    PlainList,
    /// 20 records with the total over plain HTTP
    PlainListTotal,
    /// Create a record over plain HTTP
    PlainCreate,
    /// Get one user by chance, of more and more
    GrowthGet,
    /// List 20 users deep among more and more
    GrowthList,
    /// Create a user beside more and more
    GrowthCreate,
    /// List 20 messages by cursor among more and more
    GrowthMessages,
    /// Post a message beside more and more
    GrowthPost,
    /// Get one user beside more and more open connections
    Connections,
    /// Create a record by 1, 8 and 64 clients
    Clients,
    /// Get one user of PostgreSQL
    PostgresGet,
    /// List 20 users of PostgreSQL
    PostgresList,
    /// Create a user on PostgreSQL
    PostgresCreate,
    /// The page of 50 messages on Redis
    RedisPage,
    /// Make, prove and restore a backup
    Backups,
    /// How many users machines of some sizes hold; as root, since control groups hold them
    Sizes,
    /// Image, start, memory and cost of a request in containers, as root
    Containers,
    /// The edge as a proxy, beside nginx, `HAProxy` and Caddy
    Proxy,
    /// The same but `HAProxy`, which has no files: static files of 10 kB and 1 MB
    Files,
    /// The same four: full TLS handshakes
    Handshakes,
    /// The same four: times at a pinned rate
    Pinned,
    /// The same four: memory beside 10,000 idle connections
    Idle,
    /// Instructions, system calls and allocations a request
    Counts,
    /// Build from nothing, which takes minutes
    Build,
}

/// The parts that wrk loads, in the order of the report; what grows the tables comes last.
pub(crate) const LOADS: &[Part] = &[
    Part::Get,
    Part::Paced,
    Part::Page,
    Part::PlainGet,
    Part::PlainList,
    Part::PlainListTotal,
    Part::Create,
    Part::PlainCreate,
];

impl Part {
    /// The heading in the report.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Get => "`GET /user/{id}` over HTTPS",
            Self::Paced => {
                "`GET /user/{id}` over HTTPS at an equal rate, each connection resting 2 ms"
            }
            Self::Page => "message page of 50 messages over HTTPS",
            Self::Create => "`POST /user` over HTTPS",
            Self::PlainGet => "get one, plain HTTP",
            Self::PlainList => "list 20, plain HTTP",
            Self::PlainListTotal => "list 20 with the total, plain HTTP",
            Self::PlainCreate => "create, plain HTTP",
            Self::GrowthGet => "Growth: `GET /user/{id}` by chance, over HTTPS",
            Self::GrowthList => {
                "Growth: 20 users after a cursor deep in the table, with the total, over HTTPS"
            }
            Self::GrowthCreate => "Growth: `POST /user` over HTTPS",
            Self::GrowthMessages => "Growth: 20 messages after a cursor, over HTTPS",
            Self::GrowthPost => "Growth: `POST /messages` over HTTPS",
            Self::Connections => "Open connections: `GET /user/{id}` over HTTPS beside idle ones",
            Self::Clients => "Durable creates by few and by many clients",
            Self::PostgresGet => "On PostgreSQL: `GET /user/{id}` over HTTPS",
            Self::PostgresList => "On PostgreSQL: 20 users over HTTPS",
            Self::PostgresCreate => "On PostgreSQL: `POST /user` over HTTPS",
            Self::RedisPage => "On Redis: message page of 50 messages over HTTPS",
            Self::Backups => "Backups",
            Self::Sizes => "Users that a machine holds",
            Self::Containers => "Containers",
            Self::Proxy => "The edge as a proxy",
            Self::Files => "Static files",
            Self::Handshakes => "Full TLS handshakes",
            Self::Pinned => "Times at a pinned rate",
            Self::Idle => "Memory beside idle connections",
            Self::Counts => "What one request takes",
            Self::Build => "Build",
        }
    }
}
