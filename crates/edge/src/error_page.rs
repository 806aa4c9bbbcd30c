//! The small page that a visitor sees when the edge itself has to answer.

use traffic::RequestId;

use crate::error::Refusal;

/// A whole page without foreign parts; nothing in it comes from the request.
pub(crate) fn render(refusal: &Refusal, id: RequestId) -> Vec<u8> {
    let status = refusal.status.as_u16();
    let title = refusal.status.canonical_reason().unwrap_or("Error");
    let detail = escape(refusal.detail);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{detail}.</p>\n<p>Request <code>{id}</code></p>\n</html>\n"
    )
    .into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
