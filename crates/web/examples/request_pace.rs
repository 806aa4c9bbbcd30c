//! What one request costs in the service, without a socket: `cargo run --release -p web --example request_pace [ROUNDS]`.
//!
//! The store is a real one; reads run inline on this thread, as the server's do. Times are of this thread's CPU.

use std::io::{Write, stdout};

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use school::cursor::CursorKey;
use school::messages::{self, MessageInput, Posting};
use school::password::Hasher;
use school::people::{self, PersonInput};
use school::tokens::{self, NewToken, Scope};
use school::{Actor, Clock, Stores};
use store::sqlite::{Options, open};
use tower::Service as _;
use traffic::{Client, RequestId};
use web::{App, Config, Language, Layers};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let rounds = std::env::args()
        .nth(1)
        .map_or(Ok(200_000), |text| text.parse())?;
    let scratch = tempfile::tempdir()?;
    let opened = open(&scratch.path().join("pace.db"), &Options::default())?;
    let secret = fill(&opened.stores).await?;
    let mut service = web::service(App {
        stores: opened.stores,
        hasher: Hasher::start(1)?,
        clock: Clock::System,
        cursor_key: CursorKey::new(&[7; 32]).ok_or("32 bytes are a key")?,
        facts: lifecycle::Facts::default(),
        readiness: lifecycle::Readiness::default(),
        shutdown: lifecycle::shutdown::channel().1,
        config: Config::default(),
        language: Language::Id,
        open_api: false,
        copies_lag: false,
        version: "pace",
    });
    for path in [
        "/user/1",
        "/user/2",
        "/users?limit=20",
        "/messages?limit=50",
        "/health",
        "/nothing",
        "/login",
        "/",
    ] {
        let each = pace(&mut service, path, &secret, rounds).await?;
        writeln!(stdout(), "{path:20} {each:8.2} µs")?;
    }
    Ok(())
}

/// An administrator, 1,000 members and 50 messages; answers the administrator's token.
async fn fill(stores: &Stores) -> Result<String, Failure> {
    let (console, now) = (Actor::console(), Clock::System.now());
    for index in 0..=1000 {
        let input = PersonInput {
            first_name: "Ani".to_owned(),
            last_name: format!("Budi {index}"),
            email: Some(format!("ani{index}@sekolah.example")),
            role: (index == 0).then(|| "admin".to_owned()),
            username: None,
        };
        let new = input.check().map_err(|errors| errors.to_string())?;
        people::create(stores, &console, new, None, now).await?;
    }
    for index in 0..50 {
        let input = MessageInput {
            message: format!("Selamat pagi, ini pesan nomor {index}"),
            name: Some("Ani".to_owned()),
        };
        let new = input.check().map_err(|errors| errors.to_string())?;
        messages::post(stores, &console, Posting::Open, new, None, now).await?;
    }
    let token = NewToken {
        person_id: 1,
        label: "pace".to_owned(),
        scope: Scope::Write,
        days: Some(1),
    };
    let (_, secret) = tokens::create(stores, &console, token, now).await?;
    Ok(secret.reveal().to_owned())
}

async fn pace(service: &mut Layers, path: &str, secret: &str, rounds: u32) -> Result<f64, Failure> {
    let client = Client {
        address: [192, 0, 2, 1].into(),
        secure: true,
        request_id: RequestId(1),
    };
    let bearer = format!("Bearer {secret}");
    let before = cpu_ns()?;
    for _ in 0..rounds {
        let mut request = Request::builder()
            .uri(path)
            .header("host", "sekolah.example")
            .extension(client);
        if path != "/" && path != "/login" {
            request = request.header("authorization", &bearer);
        }
        let response = service.call(request.body(Body::empty())?).await?;
        response.into_body().collect().await?;
    }
    Ok((cpu_ns()? - before) / 1e3 / f64::from(rounds))
}

/// What this thread has used of the CPU.
fn cpu_ns() -> Result<f64, Failure> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(statistics
        .split(' ')
        .next()
        .ok_or("the kernel says")?
        .parse()?)
}
