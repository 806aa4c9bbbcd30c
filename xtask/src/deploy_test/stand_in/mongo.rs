//! The stand-in for MongoDB: `SecantusDB` of Python's package index, which speaks its protocol, behind the programs of the
//! image that it stands in for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Recipe, build};
use crate::deploy_test::engine::Engine;
use crate::program::output;

/// What of the tests' environment it needs.
const PACKAGES: [&str; 9] = [
    "secantus",
    "secantusdb",
    "pymongo",
    "bson",
    "dns",
    "numpy",
    "shapely",
    "s2sphere",
    "future",
];

/// Where they stand in the image.
const PLACE: &str = "/usr/lib/python-packages";

/// At the first start it makes the user, then it starts the server with what the manifest says of TLS. A table that was
/// made just before a kill can't be opened again, so that as many as may be needed are made at once.
const MONGOD: &str = r#"
import argparse, os, sys
read = argparse.ArgumentParser()
read.add_argument("--bind_ip_all", action="store_true", required=True)
read.add_argument("--wiredTigerCacheSizeGB")
read.add_argument("--tlsMode", choices=["requireTLS"], required=True)
read.add_argument("--tlsCertificateKeyFile", required=True)
read.add_argument("--tlsCAFile", required=True)
said = read.parse_args()
if not os.path.exists("/data/db/made"):
    from pymongo import MongoClient
    from secantus import SecantusDBServer
    server = SecantusDBServer(storage_path="/data/db", cache_size="64M")
    server.start()
    client = MongoClient("127.0.0.1", server.port)
    password = open(os.environ["MONGO_INITDB_ROOT_PASSWORD_FILE"]).read().rstrip("\r\n")
    roles = [{"role": "root", "db": "admin"}]
    client.admin.command("createUser", os.environ["MONGO_INITDB_ROOT_USERNAME"], pwd=password, roles=roles)
    for number in range(200):
        client["warm"][f"c{number}"].insert_one({})
    client.close()
    server.stop()
    open("/data/db/made", "w").close()
words = ["-m", "secantus", "--auth", "--sync-on-commit", "--cache-size", "64M", "--host", "0.0.0.0", "--port", "27017"]
words += ["--storage-path", "/data/db", "--tls-require-client-cert", "--tls-ca-file", said.tlsCAFile]
words += ["--tls-cert-file", said.tlsCertificateKeyFile, "--tls-key-file", said.tlsCertificateKeyFile]
os.execv(sys.executable, [sys.executable, *words])
"#;

/// It asks whether the server answers, or counts documents where those are to be counted.
const MONGOSH: &str = r#"
import argparse, re
from pymongo import MongoClient
read = argparse.ArgumentParser()
read.add_argument("--quiet", action="store_true")
read.add_argument("--tls", action="store_true")
read.add_argument("--tlsCAFile", required=True)
read.add_argument("--tlsCertificateKeyFile", required=True)
read.add_argument("--username")
read.add_argument("--password")
read.add_argument("--eval", required=True)
said = read.parse_args()
client = MongoClient("127.0.0.1", 27017, tls=said.tls, tlsCAFile=said.tlsCAFile, directConnection=True,
                     tlsCertificateKeyFile=said.tlsCertificateKeyFile, serverSelectionTimeoutMS=3000,
                     username=said.username, password=said.password)
counted = re.fullmatch(r"db\.getSiblingDB\('(\w+)'\)\.(\w+)\.countDocuments\(\)", said.eval)
if counted:
    print(client[counted[1]][counted[2]].count_documents({}))
else:
    print(client.admin.command("ping")["ok"])
"#;

/// With the interpreter of the tests' environment and its library.
pub(in crate::deploy_test) fn mongo(root: &Path, engine: &Engine) -> Result<()> {
    let ask = |code: &str| {
        let python = root.join("target/venv/bin/python");
        output(Command::new(python).args(["-c", code])).map(|text| PathBuf::from(text.trim()))
    };
    let python = ask("import os, sys; print(os.path.realpath(sys.executable))")?;
    let home = ask("import sys; print(sys.base_prefix)")?;
    let library = ask("import sysconfig; print(sysconfig.get_path('stdlib'))")?;
    let packages = ask("import sysconfig; print(sysconfig.get_path('purelib'))")?;
    let folders = entries(&library, |name| {
        ![
            "test",
            "idlelib",
            "site-packages",
            "dist-packages",
            "ensurepip",
        ]
        .contains(&name)
            && !name.starts_with("config-")
    })?;
    let needed = entries(&packages, |name| {
        let name = name.to_lowercase();
        let whole = name.split(['.', '_', '-']).find(|part| !part.is_empty());
        PACKAGES.contains(&whole.unwrap_or_default())
            || name.contains("wiredtiger")
            || name == "packing"
    })?;
    let place = root.join("target/deploy-test/mongo");
    fs::create_dir_all(&place)?;
    let linked = modules(folders.iter().chain(&needed))?;
    let programs = [vec![python.clone()], linked].concat();
    let placed = needed.into_iter().map(|package| (package, PLACE));
    let recipe = Recipe {
        tag: "mongo:7.0-jammy",
        programs,
        folders,
        placed: placed.collect(),
        lines: format!(
            "ENV PYTHONHOME={} PYTHONPATH={PLACE} PYTHONDONTWRITEBYTECODE=1\nVOLUME /data/db /data/configdb\n",
            home.display(),
        ),
        scripts: vec![
            ("mongod", format!("#!{}{MONGOD}", python.display())),
            ("mongosh", format!("#!{}{MONGOSH}", python.display())),
        ],
        ..Recipe::default()
    };
    build(root, engine, &recipe, "/data/db /data/configdb")
}

/// What of a folder has such a name.
fn entries(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let reading = || format!("reading {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry?;
        if is_wanted(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// What is linked with something, below these.
fn modules<'a>(places: impl Iterator<Item = &'a PathBuf>) -> Result<Vec<PathBuf>> {
    let told = output(
        Command::new("find")
            .args(places)
            .args(["-type", "f", "-name", "*.so*"]),
    )?;
    Ok(told.lines().map(PathBuf::from).collect())
}
