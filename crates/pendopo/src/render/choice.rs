//! What the operator chose of a deployment.

/// The options of `pendopo render`.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether one thing is there"
)]
pub(crate) struct Choice {
    /// The names under which the school is reached.
    pub(crate) domains: Vec<String>,
    /// How many play the role `web`.
    pub(crate) web: u32,
    /// Whether records are kept in PostgreSQL, in a container of its own.
    pub(crate) postgres: bool,
    /// Whether messages, sessions and what replicas tell each other are in Redis.
    pub(crate) redis: bool,
    /// Whether the audit trail is kept in MongoDB, and messages where Redis doesn't.
    pub(crate) mongo: bool,
    /// Whether PostgreSQL is reached by way of `PgBouncer`.
    pub(crate) pgbouncer: bool,
    /// Whether another container follows the access log.
    pub(crate) log_reader: bool,
    /// Where the image can be built from.
    pub(crate) build: Option<String>,
}

impl Choice {
    /// The same with a server of its own for everything that can have one.
    pub(crate) fn with_every_server(&self) -> Self {
        Self {
            postgres: true,
            redis: true,
            mongo: true,
            pgbouncer: true,
            log_reader: true,
            ..self.clone()
        }
    }

    /// What can't work, with the mend.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.pgbouncer && !self.postgres {
            return Some(
                "PgBouncer stands before PostgreSQL: add `--postgres`, or leave out `--pgbouncer`",
            );
        }
        (self.web != 1 && !self.postgres).then_some(
            "SQLite is for one `web`: let records be kept in PostgreSQL with `--postgres`, or leave out `--web`",
        )
    }

    /// The options that say the same on the command line.
    pub(crate) fn as_words(&self) -> String {
        let domains = self.domains.iter().map(|name| format!(" --domain {name}"));
        let web = (self.web != 1).then(|| format!(" --web {}", self.web));
        let servers = [
            (self.postgres, " --postgres"),
            (self.redis, " --redis"),
            (self.mongo, " --mongo"),
            (self.pgbouncer, " --pgbouncer"),
            (self.log_reader, " --log-reader"),
        ];
        let servers = servers.into_iter().filter(|(is_chosen, _)| *is_chosen);
        let servers = servers.map(|(_, word)| word.to_owned());
        let build = self.build.iter().map(|folder| format!(" --build {folder}"));
        domains.chain(web).chain(servers).chain(build).collect()
    }
}
