//! The command line: every subcommand and option, as clap reads them.

mod ban;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use ban::{BanCommand, NewBan};

/// A school's server in one binary: accounts, messages and an API behind its own HTTPS front door.
#[derive(Debug, Parser)]
#[command(name = "pendopo", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where the options below stand in the help of every subcommand.
const EVERYWHERE: &str = "Options of every command";

/// Options that go with every subcommand.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// The configuration file [default: pendopo.toml, if it is there]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory in which everything is kept [default: data]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A setting, such as `edge.http=127.0.0.1:8080`; may be given more than once
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Options of `pendopo serve`, which may also stand without its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct ServeOptions {
    /// The roles to play, separated by commas [default: all]
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) role: Vec<RoleName>,
    /// A name under which the school is reached; opens the listeners to everybody, on ports 80 and 443
    #[arg(long, value_name = "HOST")]
    pub(crate) domain: Vec<String>,
    /// Take the listeners over from the server that uses the data directory, if there is one, which then drains
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Let everybody use the API without a token; only while every listener is on loopback
    #[arg(long)]
    pub(crate) open_api: bool,
}

/// A part of the product that a process can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum RoleName {
    /// The front door
    Edge,
    /// The API and the pages
    Web,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server; the same as `pendopo` alone
    Serve(ServeOptions),
    /// Validate the configuration, and say where each value comes from
    Check,
    /// Say what is really in force: store, certificate, clock, disk, limits
    Doctor,
    /// End with 0 if the server on this machine is ready, with 1 if it isn't
    Healthcheck(HealthcheckOptions),
    /// Add, list and disable people, and give them passwords
    #[command(subcommand)]
    User(UserCommand),
    /// Make, list and revoke API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Refuse clients by their addresses, list who is refused, and let them in again
    #[command(subcommand)]
    Ban(BanCommand),
    /// Say how the certificate stands, and have one fetched
    #[command(subcommand)]
    Cert(CertificateCommand),
    /// Have the running server read its configuration anew and put what differs in force, without losing a request
    Reload,
    /// Send a target of an upstream no new requests, and wait until it has answered those in flight
    Drain(DrainOptions),
    /// Make, list and prove backups, and restore one
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Copy records from one engine to another, beside a running server, and prove that every row is the same
    Copy(CopyOptions),
    /// Look after the audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Bring the database to this version's schema and end; servers do it by themselves when they start
    Migrate,
    /// Write the manifests of a deployment in containers
    #[command(subcommand)]
    Render(RenderCommand),
    /// Make the secrets of a deployment in containers, each in a file of its own; those that are there stay
    InitSecrets(SecretsOptions),
    /// Print a generated document
    #[command(hide = true)]
    Generate {
        /// Which one
        document: Document,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HealthcheckOptions {
    /// Ask only for this role, and what it needs
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<RoleName>,
    /// Be content with a server that was ready once, also while a store is away: for whoever ends what isn't well
    #[arg(long)]
    pub(crate) started: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RenderCommand {
    /// For Docker Compose: `compose.yaml`, with `--to` also the overlays and `.env.example`
    Compose {
        #[command(flatten)]
        options: RenderOptions,
        /// Have the image built from this checkout, as seen from the manifest
        #[arg(long, value_name = "DIR")]
        build: Option<String>,
    },
    /// For Docker Swarm: `stack.yaml`, with `--to` also the configuration of each role, which it needs beside it
    Stack(RenderOptions),
    /// For Kubernetes, with records in PostgreSQL: one text for `kubectl apply`, with `--to` a base and overlays
    K8s(RenderOptions),
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether one thing is there"
)]
pub(crate) struct RenderOptions {
    /// A name under which the school is reached; publishes ports 80 and 443, and has a certificate fetched
    #[arg(long, value_name = "HOST")]
    pub(crate) domain: Vec<String>,
    /// Keep records in PostgreSQL, in a container of its own
    #[arg(long)]
    pub(crate) postgres: bool,
    /// Keep messages and sessions in Redis, in a container of its own
    #[arg(long)]
    pub(crate) redis: bool,
    /// Keep the audit trail in MongoDB, in a container of its own, and messages if they are not in Redis
    #[arg(long)]
    pub(crate) mongo: bool,
    /// Let `web` reach PostgreSQL by way of `PgBouncer`, in a container of its own; needs `--postgres`
    #[arg(long)]
    pub(crate) pgbouncer: bool,
    /// Have the access log in a volume of its own, which another container follows
    #[arg(long)]
    pub(crate) log_reader: bool,
    /// How many play the role `web`; more than one needs `--postgres`
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) web: u32,
    /// Write every file into this directory, instead of the manifest to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SecretsOptions {
    /// The directory that gets them
    #[arg(long, value_name = "DIR", default_value = "secrets")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DrainOptions {
    /// An address such as `10.0.0.2:8000`, a name such as `app:8000` for all its addresses, or `UPSTREAM/ADDRESS`
    pub(crate) target: String,
    /// Send it requests again
    #[arg(long, conflicts_with_all = ["force", "within"])]
    pub(crate) undo: bool,
    /// Drain it also if its upstream has nobody else to send requests to
    #[arg(long)]
    pub(crate) force: bool,
    /// How long to wait until it is empty; with 1 as the exit code beyond
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) within: edge::config::Span,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person
    Add(NewUser),
    /// List people
    List {
        /// Only those with this text in a name, the address or the username
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Give a person a password: a one-time one that is printed, or one of your choice
    Passwd {
        /// The person's number, e-mail address or username
        person: String,
        #[command(flatten)]
        password: PasswordOptions,
    },
    /// Keep a person from signing in, and their tokens from working
    Disable {
        /// The person's number, e-mail address or username
        person: String,
    },
    /// Let a disabled person in again
    Enable {
        /// The person's number, e-mail address or username
        person: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewUser {
    /// First name
    pub(crate) first_name: String,
    /// Last name
    pub(crate) last_name: String,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// Name to sign in with, for those without an address
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// `admin`, `staff` or `member`
    #[arg(long, value_name = "ROLE", default_value = "member")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) password: PasswordOptions,
}

/// Where a password comes from; never the command line, which others on the machine can read.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct PasswordOptions {
    /// Ask for the password at the terminal, twice
    #[arg(long)]
    pub(crate) prompt: bool,
    /// Read the password from the first line of a file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, which is printed once
    New {
        /// Whose rights it carries: a person's number, e-mail address or username
        person: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        label: String,
        /// `read` or `write`
        #[arg(long, default_value = "read")]
        scope: String,
        /// Its life in days, 1 to 366
        #[arg(
            long,
            value_name = "DAYS",
            default_value_t = 90,
            conflicts_with = "without_end"
        )]
        days: u32,
        /// Make a token that never ends
        #[arg(long)]
        without_end: bool,
    },
    /// List tokens, without their secrets
    List {
        /// Only those of this person
        person: Option<String>,
    },
    /// Revoke a token
    Revoke {
        /// The token's number, as listed
        id: i64,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum CertificateCommand {
    /// Names, issuer, end, next attempt and last error, read from the files
    Status,
    /// Have the running server fetch one now, whether or not it is due, and whatever the pause after a failure
    Renew,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum AuditCommand {
    /// Walk over the whole trail and check each link of its chain
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Make one now, beside a running server, and prove it by restoring it into a scratch place
    Create {
        /// Then remove old ones that `backup.keep` does not keep, as after one of the schedule
        #[arg(long)]
        thin_out: bool,
    },
    /// List them with what each is worth
    List,
    /// Restore one into a scratch place, to prove that it is whole
    Verify(OneBackup),
    /// Put one in the place of what is there, which moves aside; stop the server first
    Restore(OneBackup),
}

#[derive(Debug, Args)]
pub(crate) struct OneBackup {
    /// A file; a name alone is looked for in `backup.to`
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file with the key that opens a sealed one, as `age-keygen` writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CopyOptions {
    /// Where the records are: `sqlite:PATH` or `postgres://user@host/database`
    #[arg(long, value_name = "URL")]
    pub(crate) from: String,
    /// Where they shall be: a file that is not there yet, or a database without any
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// The file with the password for `--from` [default: that of `store.records`]
    #[arg(long, value_name = "FILE")]
    pub(crate) from_password_file: Option<PathBuf>,
    /// The file with the password for `--to` [default: that of `store.records`]
    #[arg(long, value_name = "FILE")]
    pub(crate) to_password_file: Option<PathBuf>,
    /// Let nobody write to the old records until this command is ended, so that nothing is lost before the new ones are
    /// in force
    #[arg(long)]
    pub(crate) hold: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Document {
    Config,
    Cli,
    Openapi,
}

impl Cli {
    /// The subcommand, with the options of `serve` where it goes without its name; a complaint if they were mixed.
    pub(crate) fn chosen(self) -> Result<(Global, Command), &'static str> {
        let without_name = self.serve != ServeOptions::default();
        match self.command {
            None => Ok((self.global, Command::Serve(self.serve))),
            Some(_) if without_name => Err(
                "`--role`, `--domain` and `--open-api` go behind the subcommand that they belong to",
            ),
            Some(command) => Ok((self.global, command)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_goes_with_and_without_its_name() {
        for line in [
            &["pendopo", "--role", "edge,web"][..],
            &["pendopo", "serve", "--role", "edge,web"],
        ] {
            let (_, command) = Cli::parse_from(line).chosen().unwrap();
            let Command::Serve(options) = command else {
                panic!("{command:?}")
            };
            assert_eq!(options.role, [RoleName::Edge, RoleName::Web]);
        }
        assert!(
            Cli::parse_from(["pendopo", "--open-api", "check"])
                .chosen()
                .is_err()
        );
    }
}
