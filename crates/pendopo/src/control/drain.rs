//! Emptying a target: no new requests to it, and word of those in flight until there are none.

use std::io;
use std::time::Duration;

use edge::{Chosen, Control};
use tokio::time::{Instant, sleep};

use super::DrainRequest;
use super::voice::Voice;

/// How often requests in flight are counted, and how long nothing is said while their number stays the same.
const LOOK: Duration = Duration::from_millis(100);
const SILENCE: Duration = Duration::from_secs(5);

type Outcome = Result<String, String>;

/// The outer result is whether the client is still there; the drain goes on without it.
pub(super) async fn drain(
    edge: &Control,
    request: &DrainRequest,
    voice: &mut Voice,
) -> io::Result<Outcome> {
    let chosen = match edge.choose(&request.target) {
        Ok(chosen) => chosen,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if let Some(upstream) = chosen.would_empty().filter(|_| !request.force) {
        return Ok(Err(format!(
            "`{upstream}` would have nobody else to send requests to: they would wait, and then get 503; `--force` drains {} all the same",
            chosen.labels()
        )));
    }
    chosen.drain();
    tracing::info!("no new requests are sent to {}", chosen.labels());
    voice
        .say(format!("no new requests are sent to {}", chosen.labels()))
        .await?;
    emptied(&chosen, Duration::from_millis(request.within_ms), voice).await
}

async fn emptied(chosen: &Chosen, within: Duration, voice: &mut Voice) -> io::Result<Outcome> {
    let began = Instant::now();
    let (mut said, mut said_at) = (None, began);
    loop {
        let in_flight = chosen.in_flight();
        if in_flight == 0 {
            return Ok(Ok(format!("{} is empty", chosen.labels())));
        }
        if began.elapsed() >= within {
            return Ok(Err(format!(
                "{in_flight} in flight after {} s: no new ones come, and `pendopo drain` can be asked again",
                within.as_secs()
            )));
        }
        if said != Some(in_flight) || said_at.elapsed() >= SILENCE {
            voice.say(format!("{in_flight} in flight")).await?;
            (said, said_at) = (Some(in_flight), Instant::now());
        }
        sleep(LOOK).await;
    }
}

/// Sends it requests again.
pub(super) fn resume(edge: &Control, target: &str) -> Outcome {
    let chosen = edge.choose(target).map_err(|error| error.to_string())?;
    chosen.resume();
    let text = format!("requests are sent to {} again", chosen.labels());
    tracing::info!("{text}");
    Ok(text)
}
