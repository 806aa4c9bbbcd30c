//! One load by h2load: HTTP/2 over TLS, several requests at a time on each connection.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::bench::process::{cpu_seconds, memory_bytes};
use crate::bench::sample::Sample;
use crate::bench::wrk::CONNECTIONS;
use crate::program::output;
use crate::tools::program;

/// Requests at a time on each connection; with the connections, as many as wrk has.
const STREAMS: usize = 4;

/// Loads for some seconds. It tells no percentiles, which are left at 0.
pub(super) fn load(url: &str, seconds: u64, processes: &[u32]) -> Result<Sample> {
    let before = cpu_seconds(processes);
    let mut command = Command::new(program("h2load").context("h2load is missing")?);
    let clients = (CONNECTIONS / STREAMS).to_string();
    command.args(["-c", &clients, "-m", &STREAMS.to_string()]);
    let child = command
        .args(["-D", &seconds.to_string(), url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting h2load")?;
    sleep(Duration::from_millis(seconds * 750));
    let memory = memory_bytes(processes);
    let text = String::from_utf8(child.wait_with_output()?.stdout)?;
    let cpu = cpu_seconds(processes) - before;
    let requests = f64::from(good(&text).with_context(|| format!("h2load said: {text}"))?);
    Ok(Sample {
        requests,
        per_second: requests / Duration::from_secs(seconds).as_secs_f64(),
        cpu_us: cpu * 1e6 / requests,
        memory,
        ..Sample::default()
    })
}

/// Sends exactly so many requests; every answer must be good.
pub(crate) fn send(url: &str, requests: u32, words: &[String]) -> Result<()> {
    let mut command = Command::new(program("h2load").context("h2load is missing")?);
    let clients = CONNECTIONS.min(usize::try_from(requests)?);
    command.args(["-c", &clients.to_string(), "-n", &requests.to_string()]);
    let text = output(command.args(words).arg(url))?;
    let good = good(&text).with_context(|| format!("h2load said: {text}"))?;
    ensure!(
        good == requests,
        "{good} of {requests} requests were answered"
    );
    Ok(())
}

/// How many answers were good; any that was not is an error.
fn good(text: &str) -> Result<u32> {
    let codes = text
        .lines()
        .find_map(|line| line.strip_prefix("status codes: "));
    let mut codes = codes.context("no line of status codes")?.split(", ");
    let good = codes.next().and_then(|code| code.strip_suffix(" 2xx"));
    let good: u32 = good.context("no count of good answers")?.parse()?;
    let is_clean = codes.all(|code| code.starts_with("0 "));
    let is_whole = text.contains(" 0 failed, 0 errored, 0 timeout");
    ensure!(
        good > 0 && is_clean && is_whole,
        "not every answer was good"
    );
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
finished in 3.00s, 45848.00 req/s, 9.92MB/s
requests: 137544 total, 137576 started, 137544 done, 137544 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 137544 2xx, 0 3xx, 0 4xx, 0 5xx
";

    #[test]
    fn good_answers_are_counted() {
        assert_eq!(good(GOOD).unwrap(), 137_544);
    }

    #[test]
    fn failures_are_no_figures() {
        assert!(good("").is_err());
        assert!(good(&GOOD.replace("0 5xx", "3 5xx")).is_err());
        assert!(good(&GOOD.replace("0 errored", "1 errored")).is_err());
        assert!(good(&GOOD.replace("137544 2xx", "0 2xx")).is_err());
    }
}
