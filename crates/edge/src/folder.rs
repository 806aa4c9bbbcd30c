//! Answering with files of a folder.

mod asked;
mod conditions;
mod lifetime;
mod media;
mod opened;
mod parts;
mod ranges;
mod root;
mod sending;

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    LAST_MODIFIED, LOCATION, RANGE, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use rustix::io::Errno;

use crate::codings::Codings;
use crate::content::{Body, Nothing};
use crate::error::{self, Refusal, Refused};
use asked::Asked;
use conditions::{Validators, Verdict};
use opened::{Found, Opened};
use ranges::Wanted;
use root::{Patience, Root};
use sending::Sending;

/// A folder whose files a site serves: the request's whole path names the file below it, as with nginx's `root`.
#[derive(Debug)]
pub(crate) struct Folder {
    root: Arc<Root>,
}

impl Folder {
    /// Fails when there is no such folder, or it may not be entered.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let root = Arc::new(Root::new(path, Instant::now())?);
        Ok(Self { root })
    }

    /// The answer to a request in its plain form, but for what every answer has.
    pub(crate) async fn answer(
        &self,
        head: &Parts,
        codings: Codings,
    ) -> Result<Response<Body>, Refused> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return Err((&error::FILE_METHOD).into());
        }
        let asked = Asked::read(head.uri.path()).ok_or(&error::NO_FILE)?;
        match self.find(&asked, codings).await? {
            Found::File(opened) => answer(head, &asked, opened),
            Found::Directory if asked.is_directory => Err((&error::NO_FILE).into()),
            Found::Directory => with_slash(head).ok_or((&error::NO_FILE).into()),
        }
    }

    /// What is asked for: at once if the kernel knows the names, else from a thread that may wait for the disk.
    async fn find(&self, asked: &Asked, codings: Codings) -> Result<Found, &'static Refusal> {
        let directory = self.root.directory(Instant::now()).map_err(|error| {
            tracing::error!(%error, "the folder of a site can't be opened");
            &error::FOLDER_GONE
        })?;
        let path = asked.file();
        let found = opened::find(&self.root, &directory, &path, codings, Patience::None);
        if !matches!(found, Err(Errno::AGAIN)) {
            return found.map_err(refusal);
        }
        let root = Arc::clone(&self.root);
        let find = move || {
            let directory: &OwnedFd = &directory;
            opened::find(&root, directory, &path, codings, Patience::Any)
        };
        let found = tokio::task::spawn_blocking(find).await;
        found.unwrap_or(Err(Errno::IO)).map_err(refusal)
    }
}

fn refusal(errno: Errno) -> &'static Refusal {
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::INVAL => &error::NO_FILE,
        // Not readable, out of the folder, in circles, or no file at all.
        Errno::ACCESS | Errno::PERM | Errno::XDEV | Errno::LOOP | Errno::NXIO => {
            &error::FILE_DENIED
        }
        errno => {
            tracing::error!(error = %errno, "a file can't be opened");
            &error::FILE_UNREADABLE
        }
    }
}

/// A folder's own address ends with a slash: relative links in its page would lead elsewhere without.
fn with_slash(head: &Parts) -> Option<Response<Body>> {
    let (path, query) = (head.uri.path(), head.uri.query());
    let question = if query.is_some() { "?" } else { "" };
    let location = format!("{path}/{question}{}", query.unwrap_or_default());
    let mut response = empty(StatusCode::MOVED_PERMANENTLY);
    let location = HeaderValue::try_from(location).ok()?;
    response.headers_mut().insert(LOCATION, location);
    Some(response)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::new(Nothing));
    *response.status_mut() = status;
    response
}

fn answer(head: &Parts, asked: &Asked, opened: Opened) -> Result<Response<Body>, Refused> {
    let validators = Validators {
        tag: opened.tag.as_bytes(),
        modified: opened.modified,
    };
    match conditions::judge(&head.headers, validators) {
        Verdict::Failed => return Err((&error::PRECONDITION).into()),
        Verdict::Unchanged => {
            let mut response = empty(StatusCode::NOT_MODIFIED);
            describe(response.headers_mut(), asked, &opened);
            return Ok(response);
        }
        Verdict::Go => {}
    }
    let stated = head.headers.get(RANGE).filter(|_| {
        head.method == Method::GET && conditions::may_send_part(&head.headers, validators)
    });
    let wanted = stated.map_or(Wanted::Whole, |stated| {
        ranges::wanted(stated.as_bytes(), opened.length)
    });
    let mut response = match wanted {
        Wanted::Beyond => return Err(Refused::beyond(opened.length)),
        Wanted::Whole => whole(head, asked, opened),
        Wanted::One(part) => parts::one(asked, opened, part),
        Wanted::Many(many) => parts::many(asked, opened, many)?,
    };
    let headers = response.headers_mut();
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
}

fn whole(head: &Parts, asked: &Asked, opened: Opened) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    describe(headers, asked, &opened);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(opened.media));
    let length = opened.length;
    headers.insert(CONTENT_LENGTH, length.into());
    if head.method == Method::GET && length > 0 {
        *response.body_mut() = Body::new(Sending::part(opened, 0..length));
    }
    response
}

/// What is true of the file whichever part of it is sent.
fn describe(headers: &mut HeaderMap, asked: &Asked, opened: &Opened) {
    headers.reserve(16);
    headers.insert(ETAG, opened.tag.clone());
    if let Some(modified) = opened.last_modified() {
        headers.insert(LAST_MODIFIED, modified);
    }
    headers.insert(CACHE_CONTROL, lifetime::of(asked.name()));
    if opened.is_text() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Some(coding) = opened.coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
}
