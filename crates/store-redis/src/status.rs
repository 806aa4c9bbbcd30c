//! What a server says of itself, and what of it an operator should mend.

use std::collections::HashMap;

use redis::{FromRedisValue, Value, cmd};
use school::StoreError;

use crate::connection::Connection;
use crate::failure;

/// The first version whose streams number their places as we need it.
const OLDEST: u32 = 7;

/// What a server says of itself, for the status page and `pendopo doctor`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// Whether what it is told stands in a file at once, in the order in which it was told.
    pub appends: bool,
    /// When that file is safe from a power failure: `always`, `everysec` or `no`; unknown where the server doesn't say.
    pub synced: Option<String>,
    /// What it does when its memory is used up, if that is bounded.
    pub eviction: Option<String>,
    /// The memory it uses, in bytes.
    pub memory: u64,
}

impl Status {
    pub(crate) async fn ask(connection: &mut Connection) -> Result<Self, StoreError> {
        let info = cmd("INFO").query_async::<Value>(connection).await;
        let info = info.map_err(|error| failure::store_error(&error))?;
        let mut config = cmd("CONFIG");
        config.arg("GET").arg("appendfsync");
        let synced = config.query_async::<Value>(connection).await;
        // A server may keep that to itself.
        let synced = synced.ok().and_then(|value| last_text(&value));
        let text = last_text(&info)
            .ok_or_else(|| failure::corrupt("the server says nothing of itself"))?;
        Ok(Self::read(&text, synced))
    }

    fn read(info: &str, synced: Option<String>) -> Self {
        let fields: HashMap<&str, &str> = info
            .lines()
            .filter_map(|line| line.trim_end().split_once(':'))
            .collect();
        let field = |name| fields.get(name).copied().unwrap_or_default();
        let is_bounded = !matches!(field("maxmemory"), "" | "0");
        Self {
            version: field("redis_version").to_owned(),
            appends: field("aof_enabled") == "1",
            synced,
            eviction: is_bounded.then(|| field("maxmemory_policy").to_owned()),
            memory: field("used_memory").parse().unwrap_or_default(),
        }
    }

    pub(crate) fn is_too_old(&self) -> bool {
        let major = self.version.split('.').next().unwrap_or_default();
        major.parse::<u32>().is_ok_and(|major| major < OLDEST)
    }

    /// What an operator should mend where messages or sessions are kept; each names how.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.appends {
            warnings.push("what it is told is lost when it ends: set `appendonly yes`".to_owned());
        } else if self.synced.as_deref().is_some_and(|when| when != "always") {
            warnings.push(
                "a power failure may lose its last second: set `appendfsync always`".to_owned(),
            );
        }
        if let Some(policy) = self
            .eviction
            .as_deref()
            .filter(|policy| *policy != "noeviction")
        {
            warnings.push(format!(
                "it may throw things away when its memory is used up (`{policy}`): set `maxmemory-policy noeviction`"
            ));
        }
        warnings
    }
}

/// The last text in an answer, whatever it is wrapped in: a cluster answers for each node.
fn last_text(value: &Value) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().rev().find_map(last_text),
        Value::Map(pairs) => pairs.iter().rev().find_map(|(_, value)| last_text(value)),
        Value::VerbatimString { text, .. } => Some(text.clone()),
        Value::BulkString(_) | Value::SimpleString(_) => {
            String::from_redis_value(value.clone()).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(info: &str, synced: &str) -> Status {
        Status::read(info, Some(synced.to_owned()))
    }

    #[test]
    fn what_should_be_mended_is_said() {
        let good = "redis_version:7.0.15\r\naof_enabled:1\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(status(good, "always").warnings(), Vec::<String>::new());
        assert!(status(good, "everysec").warnings()[0].contains("appendfsync always"));
        let bad = "redis_version:7.0.15\r\naof_enabled:0\r\nmaxmemory:100\r\nmaxmemory_policy:allkeys-lru\r\n";
        let told = status(bad, "everysec").warnings();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("appendonly") && told[1].contains("noeviction"));
    }

    #[test]
    fn a_server_without_the_numbers_we_need_is_too_old() {
        for (version, expected) in [
            ("6.2.7", true),
            ("7.0.15", false),
            ("10.1", false),
            ("", false),
        ] {
            let status = status(&format!("redis_version:{version}"), "no");
            assert_eq!(status.is_too_old(), expected, "{version}");
        }
    }
}
