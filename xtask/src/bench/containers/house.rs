//! The running containers of one way, with their network and volumes; all of it is removed with this.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::ways::{Room, Way};
use crate::bench::process::memory_bytes;
use crate::deploy_test::engine::Engine;

/// What the network, the containers and the volumes begin with.
const NAME: &str = "pendopo-bench";
/// Addresses are fixed, so that a container is waited for at its own before it has it.
pub(super) const SUBNET: &str = "10.211.7.0/24";
const DEADLINE: Duration = Duration::from_mins(1);

pub(super) struct House<'a> {
    engine: &'a Engine,
    way: &'a Way,
}

impl<'a> House<'a> {
    /// Everything is there and nothing runs.
    pub(super) fn furnish(engine: &'a Engine, way: &'a Way) -> Result<Self> {
        let house = Self { engine, way };
        house.clear();
        engine.docker(&["network", "create", "--subnet", SUBNET, NAME])?;
        for room in &way.rooms {
            for words in &room.before {
                house.create(room, &["run", "--rm"], &[], words)?;
            }
            let name = named(room.name);
            let words: Vec<&str> = room.words.iter().map(String::as_str).collect();
            let address = room.address.to_string();
            house.create(
                room,
                &["create"],
                &["--name", &name, "--ip", &address],
                &words,
            )?;
        }
        Ok(house)
    }

    fn create(&self, room: &Room, verb: &[&str], how: &[&str], words: &[&str]) -> Result<()> {
        let volume = format!("{}:/data", named(room.name));
        let place = ["--network", NAME, "--volume", &volume, "--no-healthcheck"];
        let flags: Vec<&str> = room.flags.iter().map(String::as_str).collect();
        let alias = ["--network-alias", room.name];
        let image = [room.image.as_str()];
        let all = [verb, how, &place, &alias, &flags, &image, words];
        self.engine.docker(&all.concat()).map(drop)
    }

    /// How long it takes until the way is ready.
    pub(super) fn start(&self) -> Result<Duration> {
        let begun = Instant::now();
        let names = self.names();
        let mut words = vec!["start"];
        words.extend(names.iter().map(String::as_str));
        self.engine.docker(&words)?;
        while !(self.way.is_ready)() {
            if begun.elapsed() > DEADLINE {
                bail!("it did not become ready: {}", self.said());
            }
            sleep(Duration::from_millis(1));
        }
        Ok(begun.elapsed())
    }

    pub(super) fn stop(&self) -> Result<()> {
        let names = self.names();
        let mut words = vec!["stop", "--time", "10"];
        words.extend(names.iter().rev().map(String::as_str));
        self.engine.docker(&words).map(drop)
    }

    /// Each container's first process.
    pub(super) fn processes(&self) -> Result<Vec<(&'static str, u32)>> {
        let rooms = self.way.rooms.iter();
        let found = rooms.map(|room| {
            let id = self.engine.pid(&named(room.name))?;
            Ok((
                room.name,
                u32::try_from(id).context("a process's number is too large")?,
            ))
        });
        found.collect()
    }

    pub(super) fn memory(&self) -> Result<Vec<(&'static str, u64)>> {
        let processes = self.processes()?.into_iter();
        Ok(processes
            .map(|(name, id)| (name, memory_bytes(&[id])))
            .collect())
    }

    /// When nothing has happened for two seconds.
    pub(super) fn settled_memory(&self) -> Result<Vec<(&'static str, u64)>> {
        sleep(Duration::from_secs(2));
        self.memory()
    }

    /// What requests carry, if they carry a token.
    pub(super) fn token(&self) -> Result<Option<String>> {
        let Some(room) = self.way.token else {
            return Ok(None);
        };
        let path = self.file(room, "admin-token")?;
        let token =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(Some(token.trim().to_owned()))
    }

    /// A file of a container's volume, as this machine has it.
    fn file(&self, room: &str, path: &str) -> Result<PathBuf> {
        let words = ["volume", "inspect", "--format", "{{.Mountpoint}}"];
        let place = self
            .engine
            .docker(&[&words[..], &[&named(room)]].concat())?;
        Ok(PathBuf::from(place).join(path))
    }

    fn names(&self) -> Vec<String> {
        self.way.rooms.iter().map(|room| named(room.name)).collect()
    }

    fn said(&self) -> String {
        let said = self.names().into_iter().map(|name| {
            let said = self.engine.said(&name).unwrap_or_default();
            format!("{name}: {said}")
        });
        said.collect::<Vec<_>>().join("\n")
    }

    fn clear(&self) {
        // What is not there can't be removed, which is what is wanted.
        for name in self.names() {
            let _ = self.engine.docker(&["rm", "--force", "--volumes", &name]);
            let _ = self.engine.docker(&["volume", "rm", "--force", &name]);
        }
        let _ = self.engine.docker(&["network", "rm", NAME]);
    }
}

fn named(room: &str) -> String {
    format!("{NAME}-{room}")
}

impl Drop for House<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}
