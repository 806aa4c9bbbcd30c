//! Who answers for `web`: until the stores are open somebody who asks for patience, from then on `web`.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::Body;
use edge::LocalService;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Service, ServiceExt};
use web::Layers;

/// The entrance; cheap to clone. Opened once, for all clones.
#[derive(Clone)]
pub(crate) struct Entrance {
    opened: Arc<OnceLock<Layers>>,
    /// Who answers now, so that a request costs no look at what all share.
    inside: Layers,
    is_open: bool,
}

impl Entrance {
    /// Closed: who asks is answered by `patience`.
    pub(crate) fn closed(patience: Layers) -> Self {
        Self {
            opened: Arc::default(),
            inside: patience,
            is_open: false,
        }
    }

    /// From now on `web` answers.
    pub(crate) fn open(&self, web: Layers) {
        // A second opening would change nothing.
        let _ = self.opened.set(web);
    }

    /// The entrance as the edge calls it.
    pub(crate) fn service(&self) -> LocalService {
        let answer = |response: Response<Body>| {
            response.map(|body| edge::Body::new(body.map_err(Into::into)))
        };
        LocalService::new(self.clone().map_response(answer))
    }
}

impl Service<Request<edge::Body>> for Entrance {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = <Layers as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inside.poll_ready(cx)
    }

    fn call(&mut self, request: Request<edge::Body>) -> Self::Future {
        if !self.is_open
            && let Some(web) = self.opened.get()
        {
            self.inside = web.clone();
            self.is_open = true;
        }
        self.inside.call(request.map(Body::new))
    }
}
