//! What the layers do about what no handler should do.

use axum::body::Body;
use axum::routing::get;
use http_body_util::BodyExt as _;
use traffic::RequestId;

use super::*;

fn layers() -> Layers {
    let panics = async || -> Response { panic!("the secret cause") };
    Layers::around(
        Router::new().route("/panics", get(panics)),
        Language::En,
        Readers::default(),
    )
}

fn request(path: &str) -> Request {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_panic_is_a_problem_that_does_not_tell_its_cause() {
    let mut request = request("/panics");
    request.extensions_mut().insert(Client {
        address: [192, 0, 2, 1].into(),
        secure: true,
        request_id: RequestId(7),
    });
    let response = layers().call(request).await.unwrap();
    assert_eq!(response.status(), 500);
    let text = text(response).await;
    assert!(
        text.contains("\"code\":\"internal\"") && !text.contains("secret"),
        "{text}"
    );
    assert!(text.contains("00000000000000000000000000000007"), "{text}");
}

#[tokio::test]
async fn a_request_of_an_unknown_client_reaches_no_handler() {
    let response = layers().call(request("/panics")).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(text(response).await, "");
}
