//! The files that hold secrets, and which of them everybody on the machine can read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lifecycle::password::is_open_to_all;

use crate::config::{Audit, Config, Loaded, Messages};
use crate::stores;

/// Each file once, with a setting that leads to it: passwords and keys that settings name, the configuration itself where
/// a secret stands in it, and private keys.
pub(crate) fn of(loaded: &Loaded) -> BTreeMap<PathBuf, String> {
    let keys = keys(&loaded.config);
    loaded.secrets_in_files().chain(keys).collect()
}

/// Says at the start which of them are open to all; files that are read again are looked at again then.
pub(crate) fn warn_of(loaded: &Loaded) {
    for (file, key) in of(loaded) {
        if is_open_to_all(&file) {
            tracing::warn!(
                key,
                file = %file.display(),
                "everybody on this machine can read a secret: `chmod o-r` its file"
            );
        }
    }
}

fn keys(config: &Config) -> Vec<(PathBuf, String)> {
    let (store, tls) = (&config.store, &config.edge.tls);
    let mut keys = Vec::new();
    let mut name = |key: &str, file: Option<&Path>| {
        keys.extend(file.map(|file| (file.to_owned(), key.to_owned())));
    };
    name("edge.tls.key", tls.key.as_deref());
    for pair in &tls.pair {
        name("edge.tls.pair", Some(&pair.key));
    }
    if let Messages::Mongo(address) = &store.messages {
        name("store.messages", address.key_file());
    }
    if let Audit::Mongo(address) = &store.audit {
        name("store.audit", address.key_file());
    }
    for named in stores::named_redis(store) {
        name(&named.key(), named.key_file());
    }
    keys
}
