//! Where each kind of thing is kept that need not be beside the records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store_mongo::Address as Mongo;

/// Where messages are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Messages {
    /// Beside the records.
    #[default]
    Records,
    /// On a MongoDB server.
    Mongo(Box<Mongo>),
}

/// Where sessions are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Sessions {
    /// Beside the records.
    #[default]
    Records,
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
            Self::Records => None,
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
            _ if is_mongo(text) => Ok(Self::Mongo(Box::new(text.parse()?))),
            _ => Err(refused(text, "`records` and `mongodb://…`")),
        }
    }
}

impl FromStr for Sessions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "records" => Ok(Self::Records),
            _ => Err(refused(text, "`records`")),
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
        }
    }
}

impl fmt::Display for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("records"),
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
