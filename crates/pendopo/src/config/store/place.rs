//! Where each kind of thing is kept that need not be beside the records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store_mongo::Address as Mongo;
use store_redis::Address as Redis;

/// Where messages are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Messages {
    /// Beside the records.
    #[default]
    Records,
    /// On a Redis server.
    Redis(Box<Redis>),
    /// On a MongoDB server.
    Mongo(Box<Mongo>),
}

/// Where something is kept that a Redis server can keep as well: sessions, bans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum RecordsOrRedis {
    /// Beside the records.
    #[default]
    Records,
    /// On a Redis server.
    Redis(Box<Redis>),
}

/// Where the audit trail is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Audit {
    /// Beside the records.
    #[default]
    Records,
    /// On a MongoDB server.
    Mongo(Box<Mongo>),
}

impl Messages {
    /// The MongoDB server, if it is one.
    pub(crate) fn mongo(&self) -> Option<&Mongo> {
        match self {
            Self::Mongo(address) => Some(address),
            Self::Records | Self::Redis(_) => None,
        }
    }
}

impl Audit {
    /// The MongoDB server, if it is one.
    pub(crate) fn mongo(&self) -> Option<&Mongo> {
        match self {
            Self::Mongo(address) => Some(address),
            Self::Records => None,
        }
    }
}

fn is_mongo(text: &str) -> bool {
    text.starts_with("mongodb://") || text.starts_with("mongodb+srv://")
}

/// Where something is that every process could do by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Common {
    /// In the memory of each process.
    #[default]
    Memory,
    /// On a Redis server.
    Redis(Box<Redis>),
}

fn is_redis(text: &str) -> bool {
    let scheme = text.split("://").next().unwrap_or_default();
    scheme.starts_with("redis") && scheme != text
}

/// Says what works instead; the text may hold a password, and is not repeated.
fn refused(text: &str, works: &str) -> String {
    let (scheme, _) = text.split_once("://").unwrap_or((text, ""));
    format!("`{scheme}` can't be used here by this version: what works is {works}")
}

impl FromStr for Messages {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "records" => Ok(Self::Records),
            _ if is_redis(text) => Ok(Self::Redis(Box::new(text.parse()?))),
            _ if is_mongo(text) => Ok(Self::Mongo(Box::new(text.parse()?))),
            _ => Err(refused(text, "`records`, `redis://…` and `mongodb://…`")),
        }
    }
}

impl FromStr for RecordsOrRedis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "records" => Ok(Self::Records),
            _ if is_redis(text) => Ok(Self::Redis(Box::new(text.parse()?))),
            _ => Err(refused(text, "`records` and `redis://…`")),
        }
    }
}

impl FromStr for Audit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "records" => Ok(Self::Records),
            _ if is_mongo(text) => Ok(Self::Mongo(Box::new(text.parse()?))),
            _ => Err(refused(text, "`records` and `mongodb://…`")),
        }
    }
}

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("records"),
            Self::Mongo(address) => address.fmt(f),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for RecordsOrRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("records"),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("records"),
            Self::Mongo(address) => address.fmt(f),
        }
    }
}

impl FromStr for Common {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "memory" => Ok(Self::Memory),
            _ if is_redis(text) => Ok(Self::Redis(Box::new(text.parse()?))),
            _ => Err(refused(text, "`memory` and `redis://…`")),
        }
    }
}

impl fmt::Display for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(address) => address.fmt(f),
        }
    }
}
