//! What an operator can set in a `[[edge.site]]`: which hosts and paths go where.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A rule of the front door; of those that fit a request, the one with the longest host counts, then the one with
/// the longest path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteConfig {
    /// A name such as `shop.example`, every name below one as in `*.example`, or `*` for all. Default `*`.
    pub host: String,
    /// The path and everything below it: `/api` fits `/api` and `/api/users`, not `/apis`. Default `/`.
    pub path: String,
    /// The name of an `[[edge.upstream]]`, or `web` for Pendopo's own pages and API. Each site has this or `root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// The names of the limits that hold here: those of `[[edge.limits]]`, and `address` for `[edge.limit]`. Default
    /// `[edge.limit]` and all that hold everywhere; `[]` limits nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Vec<String>>,
    /// A folder whose files are served, such as `/srv/files`. The request's whole path names the file below it: with
    /// the path `/assets`, `/assets/a.css` is `/srv/files/assets/a.css`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<PathBuf>,
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            host: "*".to_owned(),
            path: "/".to_owned(),
            upstream: None,
            limits: None,
            root: None,
        }
    }
}
