//! The server that is soaked, an origin behind it, and the two certificates that it is given in turn.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::contender::{accepts, answers, free_address};
use crate::bench::process::Process;
use crate::program;

/// Everything that runs; dropping it ends it.
pub(super) struct House {
    pub(super) rig: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) plain: SocketAddr,
    pub(super) secure: SocketAddr,
    /// What the first start wrote for its operator.
    pub(super) token: String,
    pub(super) process: Process,
    _origin: Process,
}

/// The certificates' folders.
pub(super) const SIDES: [&str; 2] = ["one", "other"];

impl House {
    /// Starts in an empty target/soak.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let folder = root.join("target/soak");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("clearing target/soak")?;
        }
        fs::create_dir_all(&folder).context("creating target/soak")?;
        let rig = root.join("target/release/rig");
        let (plain, secure) = (free_address()?, free_address()?);
        let (admin, behind) = (free_address()?, free_address()?);
        let mut origin = Command::new(&rig);
        origin.arg("origin").arg(behind.to_string());
        let mut origin = Process::start(&mut origin, &folder.join("origin.log"))?;
        origin.wait_until(|_| accepts(behind))?;
        let template = fs::read_to_string(root.join("bench/soak/pendopo.toml"))?;
        let filled = template
            .replace("PLAIN", &plain.to_string())
            .replace("SECURE", &secure.to_string())
            .replace("ADMIN", &admin.to_string())
            .replace("ORIGIN", &behind.to_string());
        certify(&rig, &folder, &filled)?;
        let mut server = Command::new(root.join("target/release/pendopo"));
        server
            .current_dir(&folder)
            .args(["serve", "--data", "data", "--config", "pendopo.toml"]);
        let mut process = Process::start(&mut server, &folder.join("printed.log"))?;
        process.wait_until(|_| answers(admin, "/readyz"))?;
        let token = fs::read_to_string(folder.join("data/admin-token"));
        Ok(Self {
            token: token.context("reading the admin token")?.trim().to_owned(),
            rig,
            folder,
            plain,
            secure,
            process,
            _origin: origin,
        })
    }

    /// What clients trust: both certificates.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }
}

/// Writes two certificates, a configuration that names each, and the first of them as the one that counts.
fn certify(rig: &Path, folder: &Path, config: &str) -> Result<()> {
    let mut authority = String::new();
    for side in SIDES {
        let place = folder.join(side);
        fs::create_dir(&place)?;
        program::run(Command::new(rig).arg("certificate").arg(&place))?;
        fs::write(place.join("pendopo.toml"), config.replace("PAIR", side))?;
        authority += &fs::read_to_string(place.join("cert.pem"))?;
    }
    fs::write(folder.join("authority.pem"), authority)?;
    let first = folder.join(SIDES[0]).join("pendopo.toml");
    fs::copy(first, folder.join("pendopo.toml")).context("copying the configuration")?;
    Ok(())
}
