//! What a server gives up once it has what it needs, by the roles that it plays.

mod places;

use std::fmt::Display;
use std::path::PathBuf;

use anyhow::Result;
use lifecycle::Facts;
use lifecycle::sandbox::{Calls, Reach, Unfenced, forbid_new_privileges};

use crate::cli::RoleName;
use crate::config::{Config, Loaded, Switch};
use places::Places;

/// The fence around files of a running server, to which a later configuration must fit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sandbox {
    /// Absent where files are not fenced.
    reach: Option<Reach>,
    told: Vec<(&'static str, String)>,
}

/// What a fence stands around, and what an intruder could do where the kernel has none.
type Fence = (&'static str, &'static str);

const PRIVILEGES: Fence = (
    "new privileges",
    "a program with a set-user-ID bit would give more rights to who breaks in",
);
const FILES: Fence = (
    "files",
    "every file that this user can open is open to who breaks in",
);
const CALLS: Fence = ("system calls", "who breaks in can run programs");
/// The facts of the part `sandbox`: what each fence stands around.
pub(crate) const FENCES: [&str; 3] = [PRIVILEGES.0, FILES.0, CALLS.0];
/// The fact of a fence that was not wanted.
pub(crate) const OFF: &str = "off";
/// How the fact of one begins that could not be put up.
pub(crate) const ABSENT: &str = "not in force";

impl Sandbox {
    /// Confines this process to the files of its roles; before any other thread starts.
    pub(crate) fn around_files(roles: &[RoleName], loaded: &Loaded) -> Result<Self> {
        let mut sandbox = Self::default();
        if loaded.config.sandbox == Switch::Off {
            tracing::warn!(
                "the sandbox is off (`sandbox = \"off\"`): nothing stands between who breaks in and this machine"
            );
            sandbox.told = FENCES.map(|fence| (fence, OFF.to_owned())).to_vec();
            return Ok(sandbox);
        }
        let privileges = forbid_new_privileges().map(|()| "none can be gained");
        sandbox
            .told
            .push((PRIVILEGES.0, outcome(PRIVILEGES, privileges)));
        let files = loaded.files();
        let places = Places::of(roles, &loaded.config, &files);
        places.lay_out()?;
        let reach = places.reach();
        let confined = reach.confine();
        sandbox.reach = confined.is_ok().then_some(reach);
        sandbox.told.push((FILES.0, outcome(FILES, confined)));
        Ok(sandbox)
    }

    /// Confines all threads to the system calls of these roles, after the last listener was bound; and states what is
    /// in force.
    pub(crate) fn around_calls(&self, roles: &[RoleName], config: &Config, facts: &Facts) {
        for (name, value) in &self.told {
            facts.state("sandbox", *name, value);
        }
        if config.sandbox == Switch::On {
            // Questions to name servers come from sockets that the edge binds.
            let binds = roles.contains(&RoleName::Edge);
            facts.state(
                "sandbox",
                CALLS.0,
                outcome(CALLS, Calls { binds }.confine()),
            );
        }
    }

    /// What this configuration serves or reads again, and the running server can't reach any more.
    pub(crate) fn closed(&self, roles: &[RoleName], loaded: &Loaded) -> Vec<PathBuf> {
        let wanted = Places::of(roles, &loaded.config, &loaded.files()).of_reload();
        self.reach
            .as_ref()
            .map(|reach| reach.lacks(&wanted))
            .unwrap_or_default()
    }
}

/// How it went, for the status page and `pendopo doctor`; what is missing is said once, loudly.
fn outcome<T: Display>((name, danger): Fence, outcome: Result<T, Unfenced>) -> String {
    outcome.map_or_else(
        |error| {
            tracing::warn!(
                fence = name,
                %error,
                "the sandbox has no fence around {name}: {danger}; `pendopo doctor` says what is in force"
            );
            format!("{ABSENT}: {error}")
        },
        |held| held.to_string(),
    )
}
