//! The files that pages load from here: in the binary, under names that change with their content.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

use crate::cache::CachePolicy;
use crate::error::Error;
use crate::extract::Path;

/// Where they stand.
pub(crate) const FOLDER: &str = "/assets/";

/// Name, media type and content of each file.
const FILES: [(&str, &str, &str); 2] = [
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../assets/style.css"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../assets/icon.svg"),
    ),
];

/// One file as it is served.
struct Asset {
    name: &'static str,
    path: String,
    etag: String,
    media_type: &'static str,
    content: &'static str,
}

/// Filled when the router is made, and only read from then on.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| FILES.into_iter().map(Asset::new).collect());

impl Asset {
    fn new((name, media_type, content): (&'static str, &'static str, &'static str)) -> Self {
        let digest = school::secret::hex(&Sha256::digest(content.as_bytes())[..8]);
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        Self {
            name,
            path: format!("{FOLDER}{stem}.{digest}.{kind}"),
            etag: format!("\"{digest}\""),
            media_type,
            content,
        }
    }
}

/// The address of the file `name`, for templates.
pub(crate) fn path(name: &'static str) -> &'static str {
    find(|asset| asset.name == name).map_or(name, |asset| &asset.path)
}

/// Digests every file, so that the first visitor does not wait for it.
pub(crate) fn prepare() {
    LazyLock::force(&ASSETS);
}

/// `GET /assets/{name}`: a file under the name that belongs to its content.
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    find(|asset| asset.path[FOLDER.len()..] == name)
        .map(|asset| asset.answer(&headers, CachePolicy::Forever))
        .ok_or_else(|| Error::not_found("there is no such file, or not any more"))
}

/// `GET /favicon.ico`: the icon, where browsers look for it when a page names none.
pub(crate) async fn favicon(headers: HeaderMap) -> Result<Response, Error> {
    find(|asset| asset.name == "icon.svg")
        .map(|asset| asset.answer(&headers, CachePolicy::Revalidate))
        .ok_or_else(|| Error::not_found("there is no icon"))
}

fn find(is_it: impl Fn(&Asset) -> bool) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| is_it(asset))
}

impl Asset {
    fn answer(&'static self, headers: &HeaderMap, policy: CachePolicy) -> Response {
        let etag = HeaderValue::from_str(&self.etag)
            .expect("hexadecimal digits in quotes are a header value");
        if headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .any(|value| names(value, &self.etag))
        {
            return (policy, [(ETAG, etag)], StatusCode::NOT_MODIFIED).into_response();
        }
        let media_type = HeaderValue::from_static(self.media_type);
        (
            policy,
            [(ETAG, etag), (CONTENT_TYPE, media_type)],
            self.content,
        )
            .into_response()
    }
}

/// Whether an `If-None-Match` names this entity tag; weak comparison (RFC 9110 §13.1.2).
fn names(value: &HeaderValue, etag: &str) -> bool {
    let tags = value.to_str().unwrap_or_default().split(',');
    tags.map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}
