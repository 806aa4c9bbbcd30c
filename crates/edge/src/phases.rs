//! A request's life: admit, route, pick, forward, finish.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::admission::Asker;
use crate::body::{Answered, Received};
use crate::codings::Codings;
use crate::compress::Terms;
use crate::config::Language;
use crate::content::{Body, Nothing};
use crate::drain::Stage;
use crate::error::{self, Refusal, Refused};
use crate::error_page;
use crate::exchange::{Ending, Exchange};
use crate::folder::Folder;
use crate::forward::{Call, Local};
use crate::gate::{self, Door};
use crate::headers::{self, X_REQUEST_ID};
use crate::link::Link;
use crate::proxy::{self, Said};
use crate::redirect;
use crate::refuse;
use crate::routes::Answers;
use crate::upstream::Upstream;

type Answer = Result<Response<Answered>, Infallible>;

/// Answers one request, whatever it is. It is noted from here on, also if the client is gone before the answer
/// is begun.
pub(crate) fn serve(
    link: Arc<Link>,
    request: Request<Incoming>,
) -> impl Future<Output = Answer> + Send {
    let (head, incoming) = request.into_parts();
    let exchange = Exchange::open(link, &head);
    let ending = Ending(Arc::clone(&exchange));
    live(exchange, ending, head, incoming)
}

async fn live(
    exchange: Arc<Exchange>,
    ending: Ending,
    mut head: Parts,
    incoming: Incoming,
) -> Answer {
    let said = Said::read(&mut head, exchange.link.is_trusted);
    let admitted = admit(&exchange, &mut head, &incoming).await;
    let reader = reader(&exchange, &head);
    let terms = terms(&exchange, &head);
    let routed = admitted.and_then(|()| route(&exchange, &head));
    let response = match routed {
        Err(refused) => refuse::respond(&exchange, reader, &refused),
        Ok(Route::Proof(text)) => redirect::proof(text),
        Ok(Route::Elsewhere(location)) => redirect::answer(location),
        Ok(Route::Web(local)) => {
            exchange.asks_web();
            let answer = forward(&exchange, local, head, incoming).await;
            settle(&exchange, reader, answer)
        }
        // Boxed, so that requests to the school's own pages do not carry its size.
        Ok(Route::Folder(folder)) => {
            exchange.asks_folder();
            let codings = Codings::read(&head.headers);
            let answer = Box::pin(folder.answer(&head, codings)).await;
            answer.unwrap_or_else(|refused| refuse::respond(&exchange, reader, &refused))
        }
        Ok(Route::Upstream(upstream)) => {
            let handed = proxy::forward(&exchange, upstream, (&mut head, incoming), said);
            let answer = Box::pin(handed).await;
            answer.unwrap_or_else(|refusal| refuse::respond(&exchange, reader, &refusal.into()))
        }
    };
    let response = terms.apply(response, &exchange.link.shared().compressing);
    Ok(finish(ending, response))
}

/// Who reads an answer of ours, if it is a page's reader.
fn reader(exchange: &Exchange, head: &Parts) -> Option<Language> {
    let says = exchange.present.has(&ACCEPT);
    says.then(|| error_page::reader(&head.headers, exchange.rules.config.language))
        .flatten()
}

/// How the answer may be compressed.
fn terms(exchange: &Exchange, head: &Parts) -> Terms {
    if exchange.rules.config.compress {
        let codings = if exchange.present.has(&ACCEPT_ENCODING) {
            Codings::read(&head.headers)
        } else {
            Codings::default()
        };
        Terms::read(head, codings, exchange.version, exchange.client.secure)
    } else {
        Terms::OFF
    }
}

/// Refuses what is malformed, too large or too much; what passes is in its plain form.
async fn admit(exchange: &Exchange, head: &mut Parts, incoming: &Incoming) -> Result<(), Refused> {
    let shared = exchange.link.shared();
    if !incoming.is_end_stream() {
        // Until somebody takes the body, an answer leaves it unread.
        exchange.link.pulse.leaves_body_unread();
    }
    gate::check(head, &Door::of(exchange, incoming))?;
    shared
        .metrics
        .dropped_headers(headers::plain(head, exchange.present));
    if incoming.size_hint().lower() > exchange.rules.config.request.body.get() {
        return Err((&error::BODY_TOO_LARGE).into());
    }
    limit(exchange, head).await
}

/// Counts the request in the limits of its site; it may have to wait.
async fn limit(exchange: &Exchange, head: &Parts) -> Result<(), Refused> {
    let (rules, shared) = (&exchange.rules, exchange.link.shared());
    let address = exchange.client.address;
    // Whoever is at the other end was looked at when the connection began, and is whenever bans come.
    if address != exchange.link.peer && exchange.link.desk.bans(address) {
        return Err((&error::BANNED).into());
    }
    shared.crowd.note(&exchange.link.desk.tally, address);
    // Whoever asks for what is not there is limited all the same.
    if let Ok(Some(site)) = rules.routes.site(head) {
        exchange.belongs_to(site);
    }
    let Some(admission) = &rules.admission else {
        return Ok(());
    };
    if gate::is_health(head) || shared.proof(head).is_some() {
        return Ok(());
    }
    let asker = Asker {
        address,
        headers: &head.headers,
        site: exchange.site().map(|site| &**site),
        is_spared: shared.spares(rules, address),
    };
    let admitted = match &shared.together {
        None => admission.admit(&asker, exchange.began),
        // Boxed, so that edges that stand alone don't carry its size.
        Some(together) => {
            Box::pin(admission.admit_together(together, &asker, exchange.began)).await
        }
    };
    if let Some(held) = admitted.held {
        exchange.is_held(held);
    }
    if let Some(turn) = admitted.turn? {
        // Boxed, so that requests that need not wait don't carry its size.
        Box::pin(turn.wait()).await;
    }
    Ok(())
}

/// Where a request goes.
enum Route<'a> {
    /// It is an authority's, which is shown this.
    Proof(Vec<u8>),
    /// To this address, by the client's own feet.
    Elsewhere(HeaderValue),
    /// To the school's own pages and API.
    Web(&'a Local),
    /// To the files of a folder.
    Folder(&'a Folder),
    /// To one of these targets.
    Upstream(&'a Arc<Upstream>),
}

fn route<'a>(exchange: &'a Exchange, head: &Parts) -> Result<Route<'a>, Refused> {
    let shared = exchange.link.shared();
    if let Some(text) = shared.proof(head) {
        return Ok(Route::Proof(text));
    }
    let redirect = exchange
        .rules
        .redirect
        .as_ref()
        .filter(|_| !exchange.client.secure);
    let elsewhere = redirect.and_then(|redirect| Some((redirect, redirect.domain(head)?)));
    if let Some((redirect, domain)) = elsewhere {
        if let Some(why) = shared.awaited(domain) {
            return Err(Refused::because(&error::CERTIFICATE_AWAITED, why));
        }
        if let Some(location) = redirect.location(head, domain) {
            return Ok(Route::Elsewhere(location));
        }
    }
    Ok(here(exchange, head)?)
}

/// Who answers for the request's site.
fn here<'a>(exchange: &'a Exchange, head: &Parts) -> Result<Route<'a>, &'static Refusal> {
    let local = &exchange.link.desk.local;
    let answers = match exchange.site() {
        Some(site) => &site.answers,
        // It has none because there are none, or because none fits.
        None => match exchange.rules.routes.site(head)? {
            None => &Answers::Web,
            Some(site) => &site.answers,
        },
    };
    match answers {
        Answers::Folder(folder) => Ok(Route::Folder(folder)),
        Answers::Upstream(upstream) => Ok(Route::Upstream(upstream)),
        _ if head.method == Method::CONNECT => Err(&error::NO_TUNNEL),
        Answers::Web => local.as_ref().map(Route::Web).ok_or(&error::NO_SITE),
    }
}

/// Hands the request over. Not async itself: the future that waits for an answer holds no more than the call.
fn forward(exchange: &Arc<Exchange>, local: &Local, head: Parts, incoming: Incoming) -> Call {
    let body = if incoming.is_end_stream() {
        Body::new(Nothing)
    } else {
        Body::new(Received::new(incoming, Arc::clone(exchange)))
    };
    let mut request = Request::from_parts(head, body);
    request.extensions_mut().insert(exchange.client);
    local.call(request)
}

/// The service's answer, unless the edge knows better: the service saw a body that broke off, and not why.
fn settle(
    exchange: &Exchange,
    reader: Option<Language>,
    answer: Option<Response<Body>>,
) -> Response<Body> {
    match (exchange.fault(), answer) {
        (Some(fault), _) => refuse::respond(exchange, reader, &fault.into()),
        (None, Some(response)) => response,
        (None, None) => refuse::respond(exchange, reader, &(&error::PANICKED).into()),
    }
}

/// Completes the answer's head; the record is written when its body has gone.
fn finish(ending: Ending, response: Response<Body>) -> Response<Answered> {
    let exchange = &ending.0;
    exchange.answered(response.status());
    let (mut head, body) = response.into_parts();
    exchange.rules.security.apply(
        &mut head.headers,
        exchange.is_foreign(),
        exchange.link.is_real(),
    );
    head.headers.insert(X_REQUEST_ID, exchange.name().clone());
    let is_http1 = exchange.version <= Version::HTTP_11;
    let is_leaving = exchange.link.desk.drain.stage() != Stage::Open;
    if is_leaving && is_http1 && head.status != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        head.headers.insert(CONNECTION, close);
    }
    Response::from_parts(head, Answered::new(body, ending))
}
