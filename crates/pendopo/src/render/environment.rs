//! `.env.example`: what an operator may change of a Compose file without editing it.

use std::fmt::Write;

use super::choice::Choice;
use super::yaml::{Map, Yaml};

/// Every variable, with what it is.
const VARIABLES: &[(&str, &str)] = &[
    ("IMAGE", "The image that every role runs."),
    (
        "PENDOPO_DOMAINS",
        "The names under which the school is reached, with commas; a certificate is fetched for them. Set the ports to 80 and 443 then.",
    ),
    (
        "HTTP_PORT",
        "The port of this machine for HTTP, such as 80 or 127.0.0.1:8080.",
    ),
    (
        "HTTPS_PORT",
        "The port of this machine for HTTPS, such as 443 or 127.0.0.1:8443.",
    ),
    (
        "BALANCE",
        "How requests are spread over `web`: round_robin, least_conn, ip_hash or rendezvous.",
    ),
    (
        "PENDOPO_LANGUAGE",
        "The language of pages when the browser states none: id or en.",
    ),
    (
        "TIME_ZONE",
        "The time zone of the pages and of the backups: UTC, WIB, WITA, WIT, or an offset such as +07:00.",
    ),
    (
        "POSTGRES_IMAGE",
        "The image of PostgreSQL, with compose.postgres.yaml.",
    ),
    (
        "REDIS_IMAGE",
        "The image of Redis, with compose.redis.yaml.",
    ),
    (
        "MONGO_IMAGE",
        "The image of MongoDB, with compose.mongo.yaml.",
    ),
    (
        "PGBOUNCER_IMAGE",
        "The image of PgBouncer, with compose.pgbouncer.yaml.",
    ),
    (
        "LOG_READER_IMAGE",
        "The image that has `tail`, with compose.log-reader.yaml.",
    ),
    (
        "SECRETS",
        "The directory that `pendopo init-secrets` filled.",
    ),
];

/// Each variable that the manifest has, with its default.
pub(super) fn example(choice: &Choice, manifest: &Map) -> String {
    let mut text = format!(
        "# Made by `pendopo render compose{}`: copy it to `.env` and change what you want. No secret belongs here.\n",
        choice.as_words()
    );
    for (name, meaning) in VARIABLES {
        if let Some(default) = default(&Yaml::Map(manifest.clone()), name) {
            let _ = write!(text, "\n# {meaning}\n#{name}={default}\n");
        }
    }
    text
}

/// What stands for a variable that nobody set, wherever it is used first.
fn default(value: &Yaml, name: &str) -> Option<String> {
    match value {
        Yaml::Text(text) => {
            let (_, behind) = text.split_once(&format!("${{{name}:-"))?;
            Some(behind.split_once('}')?.0.to_owned())
        }
        Yaml::List(list) => list.iter().find_map(|value| default(value, name)),
        Yaml::Map(map) => map.iter().find_map(|(_, value)| default(value, name)),
        Yaml::Number(_) | Yaml::Flag(_) => None,
    }
}
